import { fail } from '../errors'
import { type Gateway, singlePutMaxBytes } from '../gateway'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import { beginUpload, intentOf, type NewFile } from './begin-upload'
import { type PresignedUpload, presignBegun, presignReplayed, singlePutPlan } from './single-put'
import { type HeaderSeal, noHeaderSeal } from './upload'

export type PresignUpload = {
  file: NewFile
  /** Exactly how many bytes will come; null: any number up to what one PUT can carry. */
  byteSize: number | null
  /**
   * For clients that are told which headers to send. `writeOnce` is a wish: it is sealed where the store is
   * known to take it. Left out: a bare URL.
   */
  seal?: HeaderSeal
  idempotencyKey: IdempotencyKey | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

/**
 * Promises a place for bytes that the client will PUT into the bucket itself. One database round trip.
 * A repeated request gets the same place under a newly signed URL; its lifetime grows anew while the
 * bytes are awaited, and never after that.
 *
 * Throws `upload_too_large` over 5 GiB, `checksum_unverifiable`, `quota_exceeded`, `too_many_uploads`,
 * `too_many_unsized_uploads`, `too_many_files`, what an idempotency key can throw, `replay_over`, `store_failed` where
 * the store has to be asked what it enforces, `database_failed`.
 */
export async function presignUpload(gateway: Gateway, input: PresignUpload): Promise<PresignedUpload> {
  const now = gateway.now()
  const { file, byteSize } = input
  if (byteSize !== null && byteSize > singlePutMaxBytes)
    fail({ code: 'upload_too_large', limitBytes: singlePutMaxBytes, byteSize })
  const seal = input.seal ?? noHeaderSeal
  const checksums = input.seal ? [seal.md5, seal.sha256, file.checksum] : []
  const request = [file.filename, file.contentType, file.metadata, byteSize, ...checksums]
  const claim = await claimFor(input.idempotencyKey, input.operation, request, now)
  const intent = await intentOf(gateway, file, await singlePutPlan(gateway, byteSize, seal), now)
  const begun = await beginUpload(gateway, intent, { claim, sha256: null, completesReply: true }, now)
  return 'replay' in begun
    ? presignReplayed(gateway, begun)
    : presignBegun(gateway, intent.file, intent.upload)
}
