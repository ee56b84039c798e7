import type { Gateway } from '../gateway'
import type { ObjectKey } from '../ids'

/** How long the sweep waits before it deletes a watched key again. */
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

/** Deletes the objects and takes them off the outbox. Safe to repeat. */
export async function deleteListedObjects(gateway: Gateway, keys: readonly ObjectKey[]): Promise<void> {
  await gateway.objects.delete(keys)
  const now = gateway.now()
  await gateway.deletions.done(keys, now, now + deletionRetryMs)
}
