import { incomingKeyFor, parseIncomingKey, parseObjectKey } from '../contents/content'
import { deleteObjects } from '../deletions/delete-objects'
import type { FileRecord, PendingFile } from '../files/file-record'
import { isStored } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { FileKey, ObjectKey } from '../ids'
import { refuse } from './settle-object'
import { settleUpload } from './settle-upload'
import { promotionMaxMs } from './upload'

/** What the store says has happened to an object. */
export type ObjectCreated = {
  key: ObjectKey
  /** Opaque, without quotes; null: it does not say. */
  etag: string | null
  /** In milliseconds since 1970 UTC, by the store's clock; 0: it does not say. */
  at: number
  /** The object is a copy of another one (CopyObject), not bytes that a client sent. */
  isCopy: boolean
}

/** What is known of an object that the store tells of. */
export type EventSubject = {
  /** The file whose upload put bytes there; null: none. */
  file: FileRecord | null
  /** The outbox lists the key: nothing at it is wanted. */
  isListed: boolean
}

/** What these events are about, by key. One database round trip for all. */
export async function subjectsOfEvents(
  gateway: Gateway,
  events: readonly ObjectCreated[],
): Promise<Map<ObjectKey, EventSubject>> {
  if (events.length === 0) return new Map()
  const keys = [...new Set(events.map(({ key }) => key))]
  const named = keys.map((key) => ({ key, file: fileKeyOf(key) }))
  const { files, listed } = await gateway.uploads.findByObjectKeys(named)
  const isListed = new Set(listed)
  const byKey = new Map(
    files.flatMap((file) => {
      const key = uploadedTo(file)
      return key === null ? [] : [[key, file]]
    }),
  )
  return new Map(keys.map((key) => [key, { file: byKey.get(key) ?? null, isListed: isListed.has(key) }]))
}

/** The file whose id the key says, whether or not there is one. */
function fileKeyOf(key: ObjectKey): FileKey | null {
  const parts = parseIncomingKey(key) ?? parseObjectKey(key)
  return parts && { organizationId: parts.organizationId, id: parts.fileId }
}

/** Where the bytes of the file were put, or are awaited; null: it has none, or those that were put for another file. */
function uploadedTo(file: FileRecord): ObjectKey | null {
  if (file.status === 'uploading') return file.upload.objectKey
  if (!isStored(file) || file.isDuplicate) return null
  const { objectKey, sourceEtag } = file.content
  return sourceEtag === null ? objectKey : incomingKeyFor(file.organizationId, file.id)
}

/** How far the store's clock may be from ours. */
const clockToleranceMs = 60_000

/**
 * Settles the upload that an event is about; safe to repeat, in any order, as it asks the store itself what is
 * there.
 *
 * Attack: the holder of an upload URL adds `x-amz-copy-source` and has the store copy an object that the holder may
 * not read. So an event that says "copied" refuses the upload. If the copy was already accepted, its ETag matches
 * and the file is revoked. A later copy under the same key has no effect on the file.
 *
 * What has come without being awaited is deleted at once: an incoming object whose upload is over, as a URL can
 * be used until it expires, and what the outbox lists. Other keys are left alone: others may use the bucket too.
 * Throws `store_failed`, `database_failed`.
 */
export async function settleEvent(
  gateway: Gateway,
  event: ObjectCreated,
  { file, isListed }: EventSubject,
): Promise<void> {
  if (file !== null) await settleFile(gateway, event, file)
  const isAwaited = file?.status === 'uploading'
  if (isListed || (!isAwaited && parseIncomingKey(event.key) !== null))
    await gateway.objects.delete([event.key])
}

async function settleFile(gateway: Gateway, event: ObjectCreated, file: FileRecord): Promise<void> {
  if (!event.isCopy) {
    if (file.status === 'uploading') await settleUpload(gateway, file)
    return
  }
  const ended = file.status === 'uploading' ? await refuseCopy(gateway, file) : file
  if (ended === null || !isStored(ended)) return
  const { etag, sourceEtag, watchUntil } = ended.content
  if (watchUntil === null || event.etag === null || event.etag !== (sourceEtag ?? etag)) return
  const promotedAt = watchUntil - promotionMaxMs
  if (sourceEtag !== null && event.at > promotedAt + clockToleranceMs) return
  const due = await gateway.uploads.revoke(ended, { code: 'copied_not_uploaded' }, gateway.now())
  deleteObjects(gateway, due)
}

/** Bytes that pass through the Worker have no URL to add a copy source to. */
async function refuseCopy(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  if (file.upload.method === 'edge' || file.upload.method === 'append') return file
  return refuse(gateway, file, { code: 'copied_not_uploaded' })
}
