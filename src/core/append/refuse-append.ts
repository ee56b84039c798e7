import { fail, type Refusal } from '../errors'
import type { Gateway } from '../gateway'
import { detectionSampleBytes } from '../ports/content-type-detector'
import { refuse } from '../uploads/settle-object'
import { sampleMismatch } from '../uploads/verify-object'
import type { Held } from './hold'
import { holdMs } from './plan'

/**
 * Ends an upload whose bytes are not what was promised, or are lost. Throws `upload_refused`; `append_in_progress` when this
 * request has the upload no more: what it sees may be another one's doing, such as pieces that are in a part now.
 * `database_failed` before that.
 */
export async function refuseAppend(
  gateway: Gateway,
  { file, hold, ledger }: Held,
  refusal: Refusal,
): Promise<never> {
  const held = { token: hold.token, until: gateway.now() + holdMs }
  if (!(await gateway.appends.prolong(file, held, ledger.partsSkipped)))
    fail({ code: 'append_in_progress', retryAfterSeconds: 1 })
  await refuse(gateway, file, refusal)
  fail({ code: 'upload_refused', fileId: file.id, refusal })
}

/** Refuses the upload if the bytes that it begins with are recognisably of another type than was declared. */
export async function requireBeginning(
  gateway: Gateway,
  held: Held,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const sample = bytes.slice(0, detectionSampleBytes)
  const mismatch = await sampleMismatch(gateway, held.file.contentType, sample)
  if (mismatch !== null) await refuseAppend(gateway, held, mismatch)
}
