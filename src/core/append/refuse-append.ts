import { fail, type Refusal } from '../errors'
import type { Gateway } from '../gateway'
import { detectionSampleBytes } from '../ports/content-type-detector'
import { refuse } from '../uploads/settle-object'
import { sampleMismatch } from '../uploads/verify-object'
import type { AppendedFile } from './hold'

/** Ends an upload whose bytes are not what was promised, and throws `upload_refused`; `database_failed` before that. */
export async function refuseAppend(gateway: Gateway, file: AppendedFile, refusal: Refusal): Promise<never> {
  await refuse(gateway, file, refusal)
  fail({ code: 'upload_refused', fileId: file.id, refusal })
}

/**
 * Ends an upload whose parts the store does not know any more: what was received is lost. Throws `upload_refused`, `upload_over`
 * when another request had ended it, which is why the parts are gone; `database_failed` before that.
 */
export async function refuseLost(gateway: Gateway, file: AppendedFile): Promise<never> {
  const refusal: Refusal = { code: 'parts_lost' }
  const ended = await refuse(gateway, file, refusal)
  if (ended?.status === 'error') fail({ code: 'upload_refused', fileId: file.id, refusal: ended.refusal })
  fail({ code: 'upload_over', fileId: file.id, status: ended?.status ?? 'failed' })
}

/** Refuses the upload if the bytes that it begins with are recognisably of another type than was declared. */
export async function requireBeginning(
  gateway: Gateway,
  file: AppendedFile,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const mismatch = await sampleMismatch(gateway, file.contentType, bytes.slice(0, detectionSampleBytes))
  if (mismatch !== null) await refuseAppend(gateway, file, mismatch)
}
