import { GatewayError } from '../errors'
import type { StoredFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import { type Sha256, sha256Of } from '../ids'
import { detectionSampleBytes } from '../ports/content-type-detector'
import type { UploadIntent, VerifiedBytes } from '../ports/upload-repository'
import { beginUpload, edgePlan, intentOf, type NewFile } from './begin-upload'
import {
  adoptKnown,
  bytesOfPut,
  finishUpload,
  leaveNothing,
  requireType,
  storedOrSuperseded,
} from './finish-upload'

export type UploadBytes = {
  file: NewFile
  bytes: Uint8Array<ArrayBuffer>
  idempotencyKey: IdempotencyKey | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

/**
 * Stores bytes that are in the Worker as a new, ready file. Bytes the organization already has are not
 * stored again. Two database round trips: the intent with the look-up of known bytes, and the end.
 *
 * Throws `type_mismatch`, `quota_exceeded`, `too_many_uploads`, `too_many_files`, what an idempotency key can throw,
 * `upload_superseded` when another request with the same key took over, `store_failed`, `database_failed`.
 */
export async function uploadBytes(
  gateway: Gateway,
  input: UploadBytes,
): Promise<{ file: StoredFile; replayed: boolean }> {
  const now = gateway.now()
  const { file, bytes } = input
  await requireType(gateway, file.contentType, bytes.slice(0, detectionSampleBytes))

  const sha256 = await sha256Of(bytes)
  const request = [file.filename, file.contentType, file.metadata, sha256]
  const claim = await claimFor(input.idempotencyKey, input.operation, request, now)
  const intent = await intentOf(gateway, file, edgePlan(bytes.length), now)
  const begun = await beginUpload(gateway, intent, { claim, sha256, completesReply: false }, now)
  if ('replay' in begun) return { file: storedOrSuperseded(begun.replay), replayed: true }

  const adopted = begun.known && (await adoptKnown(gateway, intent, begun.known))
  if (adopted) return { file: adopted, replayed: false }
  const verified = await put(gateway, intent, bytes, sha256)
  try {
    return { file: await finishUpload(gateway, intent, verified), replayed: false }
  } catch (error) {
    // The known bytes, for which nothing was reserved, are gone. Any other failure may have taken effect: the sweep sees.
    if (error instanceof GatewayError && error.failure.code === 'quota_exceeded')
      leaveNothing(gateway, intent)
    throw error
  }
}

/** Puts the bytes where they stay. Throws `store_failed`; then nothing is left behind. */
async function put(
  gateway: Gateway,
  intent: UploadIntent,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: Sha256,
): Promise<VerifiedBytes> {
  const { objectKey, contentType } = intent.upload
  try {
    const object = await gateway.objects.put(objectKey, bytes, { contentType, sha256 })
    return bytesOfPut(object, bytes.length, sha256)
  } catch (error) {
    leaveNothing(gateway, intent)
    throw error
  }
}
