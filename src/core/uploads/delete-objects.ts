import type { Gateway } from '../gateway'
import type { ObjectKey } from '../ids'
import type { DueObject } from '../ports/repositories'

/**
 * How long the sweep waits before it tries again what could not be deleted, and at the least before it looks
 * again at a key where something may still land.
 */
export const deletionRetryMs = 60 * 60 * 1000

/** How many multipart uploads are aborted at a time: a Worker waits for the headers of six answers at once. */
const abortsAtOnce = 4

/**
 * Deletes objects that the outbox already lists, after the answer is sent. What fails here stays listed
 * and is tried again by the sweep.
 */
export function deleteObjects(gateway: Gateway, due: readonly (DueObject | ObjectKey)[]): void {
  if (due.length === 0) return
  const objects = due.map((one) => (typeof one === 'string' ? { key: one, multipart: null } : one))
  gateway.background(
    deleteListedObjects(gateway, objects).catch((cause) => {
      gateway.log({ event: 'deletion_left_to_sweep', objects: due.length, cause })
    }),
  )
}

/**
 * Aborts their multipart uploads, deletes the objects and takes them off the outbox. Safe to repeat. When the
 * store refuses them together, each is tried alone, so that one bad key does not keep the others; throws what
 * the last bad one met. Returns how many were deleted.
 */
export async function deleteListedObjects(gateway: Gateway, due: readonly DueObject[]): Promise<number> {
  const ready: ObjectKey[] = []
  const deleted: ObjectKey[] = []
  let failure: unknown
  for (let at = 0; at < due.length; at += abortsAtOnce)
    await Promise.all(
      due.slice(at, at + abortsAtOnce).map(async (object) => {
        try {
          await abortMultipart(gateway, object)
          ready.push(object.key)
        } catch (cause) {
          failure = cause
        }
      }),
    )
  try {
    if (ready.length > 0) await gateway.objects.delete(ready)
    deleted.push(...ready)
  } catch (together) {
    failure = together
    if (ready.length > 1) failure = await deleteOneByOne(gateway, ready, deleted)
  }
  if (deleted.length > 0) await gateway.deletions.done(deleted, gateway.now(), deletionRetryMs)
  if (failure !== undefined) throw failure
  return deleted.length
}

/** Parts are no object: deleting the key would leave them. */
async function abortMultipart(gateway: Gateway, { key, multipart }: DueObject): Promise<void> {
  if (multipart === null) return
  // Its creator died, or got no answer, before it could write the store's name down.
  if (multipart.id === null) return gateway.multipartUploads.abortAll(key)
  if (multipart.method === 'edge') return gateway.objects.abortMultipart(key, multipart.id)
  return gateway.multipartUploads.abort(key, multipart.id)
}

async function deleteOneByOne(
  gateway: Gateway,
  keys: readonly ObjectKey[],
  deleted: ObjectKey[],
): Promise<unknown> {
  let failure: unknown
  for (const key of keys)
    try {
      await gateway.objects.delete([key])
      deleted.push(key)
    } catch (alone) {
      failure = alone
    }
  return failure
}
