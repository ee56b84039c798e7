import type { FileRecord } from '../files/file-record'
import { isStored } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { ObjectKey } from '../ids'
import { deleteObjects } from './delete-objects'
import { refuse, settleUpload } from './settle-upload'

/** What the store says has happened to an object. */
export type ObjectCreated = {
  key: ObjectKey
  /** Opaque, without quotes; null: it does not say. */
  etag: string | null
  /** The object is a copy of another one (CopyObject), not bytes that somebody sent. */
  isCopy: boolean
}

/** The files whose uploads put bytes at the keys of these events. One database round trip for all. */
export async function filesOfEvents(
  gateway: Gateway,
  events: readonly ObjectCreated[],
): Promise<Map<ObjectKey, FileRecord>> {
  if (events.length === 0) return new Map()
  const files = await gateway.uploads.findByObjectKeys([...new Set(events.map(({ key }) => key))])
  return new Map(
    files.flatMap((file) => ('upload' in file && file.upload ? [[file.upload.objectKey, file]] : [])),
  )
}

/**
 * Settles the upload that an event is about; safe to repeat, in any order, as it asks the store itself what is
 * there. A copy under the key of an upload is refused: whoever holds a URL may have added
 * `x-amz-copy-source` to make the store copy what he may not read. That is so also when the copy was taken for
 * his bytes in the meantime. Throws `store_failed`, `database_failed`.
 */
export async function settleEvent(gateway: Gateway, event: ObjectCreated, file: FileRecord): Promise<void> {
  if (file.status === 'uploading') {
    if (!event.isCopy) await settleUpload(gateway, file)
    else if (file.upload.method !== 'edge') await refuse(gateway, file, { code: 'copied_not_uploaded' })
    return
  }
  if (!event.isCopy || !isStored(file) || !file.upload) return
  const taken = file.upload.promotingEtag ?? file.content.etag
  if (event.etag === null || event.etag !== taken) return
  await gateway.uploads.revoke(file, { code: 'copied_not_uploaded' }, gateway.now())
  deleteObjects(gateway, [file.content.objectKey])
}
