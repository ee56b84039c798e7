import type { Gateway } from '../gateway'
import type { ObjectKey } from '../ids'

/** How long the sweep waits before it deletes a watched key again, or one that could not be deleted. */
export const deletionRetryMs = 60 * 60 * 1000

/**
 * Deletes objects that the outbox already lists, after the answer is sent. What fails here stays listed
 * and is tried again by the sweep.
 */
export function deleteObjects(gateway: Gateway, keys: readonly ObjectKey[]): void {
  if (keys.length === 0) return
  gateway.background(
    deleteListedObjects(gateway, keys).catch((cause) => {
      gateway.log({ event: 'deletion_left_to_sweep', objects: keys.length, cause })
    }),
  )
}

/**
 * Deletes the objects and takes them off the outbox. Safe to repeat. When the store refuses them together,
 * each is tried alone, so that one bad key does not keep the others; throws what the last bad one met.
 */
export async function deleteListedObjects(gateway: Gateway, keys: readonly ObjectKey[]): Promise<void> {
  const deleted: ObjectKey[] = []
  let failure: unknown
  try {
    await gateway.objects.delete(keys)
    deleted.push(...keys)
  } catch (together) {
    failure = together
    if (keys.length > 1) failure = await deleteOneByOne(gateway, keys, deleted)
  }
  const now = gateway.now()
  if (deleted.length > 0) await gateway.deletions.done(deleted, now, now + deletionRetryMs)
  if (failure !== undefined) throw failure
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
