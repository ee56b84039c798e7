import type { Gateway } from '../gateway'
import type { OrganizationId } from '../ids'
import { type IdempotencyClaim, replyOf } from './idempotency'

/**
 * What `step` resolves to, a step that is safe to repeat: no reply is stored. The same request under the same key
 * runs it again and is told what is so then; another request throws `idempotency_key_reused`. Where the step
 * throws, the key is free again. Without a claim this is the step alone; with one, one database round trip more.
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
