import type { Gateway } from '../gateway'
import type { OrganizationId } from '../ids'
import { type IdempotencyClaim, replyOf } from './idempotency'

/**
 * Runs `step` under an idempotency key, without storing a reply: the step must be safe to repeat. The same request under
 * the same key runs it again and gets the present answer; another request throws `idempotency_key_reused`. If the step
 * throws, the key is free again. One database round trip more than `step`; none without a claim.
 */
export async function underKey<T>(
  gateway: Gateway,
  organizationId: OrganizationId,
  claim: IdempotencyClaim | null,
  step: () => Promise<T>,
): Promise<T> {
  if (claim === null) return step()
  const now = gateway.now()
  const holder = { organizationId, requestId: gateway.newId() }
  const record = await gateway.idempotencyKeys.take(holder, claim, now)
  if (record !== null) replyOf(record, claim, now)
  try {
    return await step()
  } catch (error) {
    gateway.background(
      gateway.idempotencyKeys.release(holder, claim).catch((cause) => {
        gateway.log({ event: 'idempotency_key_not_released', cause })
      }),
    )
    throw error
  }
}
