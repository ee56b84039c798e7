import { parseIncomingKey } from '../contents/content'
import type { Gateway } from '../gateway'
import type { ObjectKey } from '../ids'
import type { DueObject } from '../ports/deletion-repository'
import type { Upload } from '../uploads/upload'

/**
 * How long the sweep waits before it tries again what could not be deleted, and at the least before it looks
 * again at a key where something may land that began in time.
 */
export const deletionRetryMs = 60 * 60 * 1000

/** How many multipart uploads are aborted at a time: a Worker waits for the headers of six answers at once. */
const abortsAtOnce = 4

/** The keys of `upload` that no outbox lists: to be deleted once it is over. What fails is found by the sweep. */
export function incomingKeysOf({ objectKey }: Upload): ObjectKey[] {
  return parseIncomingKey(objectKey) === null ? [] : [objectKey]
}

/**
 * Deletes objects that the outbox lists already, or that are incoming and not awaited any more, after the answer is
 * sent. No database round trip: the next sweep deletes them once more, with many others, and takes them off the outbox.
 */
export function deleteObjects(gateway: Gateway, due: readonly (DueObject | ObjectKey)[]): void {
  if (due.length === 0) return
  const objects = due.map((one) => (typeof one === 'string' ? { key: one, multipart: null } : one))
  const work = async () => {
    const { failed, failure } = await deleteFromStore(gateway, objects)
    if (failed.length > 0) throw failure
  }
  gateway.background(
    work().catch((cause) => {
      gateway.log({ event: 'deletion_left_to_sweep', objects: due.length, cause })
    }),
  )
}

/** What became of a deletion of several objects; `failure` is what the last of `failed` met. */
export type Deletion = { deleted: ObjectKey[]; failed: ObjectKey[]; failure: unknown }

/** Deletes what the outbox lists and takes it off. Safe to repeat. */
export async function deleteListed(gateway: Gateway, due: readonly DueObject[]): Promise<Deletion> {
  const deletion = await deleteFromStore(gateway, due)
  if (deletion.deleted.length > 0)
    await gateway.deletions.done(deletion.deleted, gateway.now(), deletionRetryMs)
  return deletion
}

/** Aborts their multipart uploads and deletes the objects. Safe to repeat. */
async function deleteFromStore(gateway: Gateway, due: readonly DueObject[]): Promise<Deletion> {
  const ready: ObjectKey[] = []
  const unready: ObjectKey[] = []
  let failure: unknown
  for (let at = 0; at < due.length; at += abortsAtOnce)
    await Promise.all(
      due.slice(at, at + abortsAtOnce).map(async (object) => {
        try {
          await abortMultipart(gateway, object)
          ready.push(object.key)
        } catch (cause) {
          failure = cause
          unready.push(object.key)
        }
      }),
    )
  const deletion = await deleteKeys(gateway, ready)
  return {
    deleted: deletion.deleted,
    failed: [...unready, ...deletion.failed],
    failure: deletion.failure ?? failure,
  }
}

/** Parts are no object: deleting the key would leave them. */
async function abortMultipart(gateway: Gateway, { key, multipart }: DueObject): Promise<void> {
  if (multipart === null) return
  const { method, id } = multipart
  if (id === null) {
    // No id was recorded: the request died, or the store's answer was lost. Only the S3 endpoint can list uploads,
    // the binding's among them. What a store cannot list, it ends by its own lifecycle rule.
    await gateway.clientMultipart.abortAll(key)
    return
  }
  await (method === 'edge' ? gateway.workerMultipart : gateway.clientMultipart).abort(key, id)
}

/**
 * Deletes the objects. When the store refuses them together, each is tried alone, so that one bad key does not
 * keep the others.
 */
export async function deleteKeys(gateway: Gateway, keys: readonly ObjectKey[]): Promise<Deletion> {
  const deletion: Deletion = { deleted: [], failed: [], failure: undefined }
  if (keys.length === 0) return deletion
  try {
    await gateway.objects.delete(keys)
    deletion.deleted.push(...keys)
    return deletion
  } catch (together) {
    if (keys.length === 1) return { ...deletion, failed: [...keys], failure: together }
  }
  for (const key of keys)
    try {
      await gateway.objects.delete([key])
      deletion.deleted.push(key)
    } catch (alone) {
      deletion.failed.push(key)
      deletion.failure = alone
    }
  return deletion
}
