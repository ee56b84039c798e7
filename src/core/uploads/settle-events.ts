import type { FileRecord, PendingFile } from '../files/file-record'
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
  /** In milliseconds since 1970 UTC, by the store's clock; 0: it does not say. */
  at: number
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

/** How far the store's clock may be from ours. */
const clockToleranceMs = 60_000

/**
 * Settles the upload that an event is about; safe to repeat, in any order, as it asks the store itself what is
 * there. A copy under the key of an upload is refused: whoever holds a URL may have added
 * `x-amz-copy-source` to make the store copy what he may not read. That is so also when the copy was taken for
 * his bytes in the meantime, which `file` need not know of yet; a copy that was made after his bytes were taken is
 * nobody's: it changes nothing. Throws `store_failed`, `database_failed`.
 */
export async function settleEvent(gateway: Gateway, event: ObjectCreated, file: FileRecord): Promise<void> {
  if (!event.isCopy) {
    if (file.status === 'uploading') await settleUpload(gateway, file)
    return
  }
  const ended = file.status === 'uploading' ? await refuseCopy(gateway, file) : file
  if (ended === null || !isStored(ended) || !ended.upload) return
  const { promotingEtag, promotingAt } = ended.upload
  if (event.etag === null || event.etag !== (promotingEtag ?? ended.content.etag)) return
  if (promotingAt !== null && event.at > promotingAt + clockToleranceMs) return
  const due = await gateway.uploads.revoke(ended, { code: 'copied_not_uploaded' }, gateway.now())
  deleteObjects(gateway, due)
}

/** Bytes that pass through the Worker have no URL to add a copy source to. */
async function refuseCopy(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  if (file.upload.method === 'edge') return file
  return refuse(gateway, file, { code: 'copied_not_uploaded' })
}
