import { fail } from '../errors'
import type { Gateway } from '../gateway'
import { claimFor } from '../idempotency/idempotency'
import { beginUpload, intentOf, type Replay } from '../uploads/begin-upload'
import { leaveNothing } from '../uploads/finish-upload'
import { requireVerifiable } from '../uploads/single-put'
import { startMultipart } from '../uploads/start-multipart'
import { comesInParts } from '../uploads/upload'
import type { NewAppend, Portion, Progress } from './append'
import { appendHeld } from './append-bytes'
import { type Held, newHold } from './hold'
import { lookAtAppend } from './look-at-append'
import { planAppend } from './plan'

/**
 * Promises a place for bytes that will be appended, and takes the first ones, if there are any. An upload of no bytes is
 * ready at once. One database round trip, one more where the bytes come in parts, and those of `appendBytes` but the first.
 * When the first bytes fail, nothing is left behind, but for the reason of a refusal and what a retry with the same key goes on
 * with.
 *
 * Throws `upload_too_large`, `checksum_unverifiable`, `quota_exceeded`, `too_many_uploads`, `too_many_files`, what a grant and
 * what an idempotency key can throw, `upload_superseded`, `store_failed`, `database_failed`, and what `appendBytes` throws.
 */
export async function createAppend(
  gateway: Gateway,
  input: NewAppend,
  portion: Portion | null,
): Promise<{ progress: Progress; replayed: boolean }> {
  const { file, byteSize, sha256, statement, idempotencyKey, operation } = input
  if (sha256 !== null && byteSize !== null) requireVerifiable(gateway, byteSize, { md5: null, sha256 })
  const now = gateway.now()
  const delivery = { ...planAppend(byteSize, gateway.limits), sha256 }
  const plan = { delivery, ttlMs: gateway.limits.uploadMaxAgeSeconds * 1000, isPromoted: false }
  const request = [file.filename, file.contentType, file.metadata, byteSize, sha256, statement]
  const claim = await claimFor(idempotencyKey, operation, request, now)
  const first = portion ?? (byteSize === 0 ? nothing : null)
  const hold = newHold(gateway, now)
  const intent = {
    ...(await intentOf(gateway, file, plan, now)),
    takes: { exactly: byteSize ?? 0 },
    hold: first && hold,
    statement,
  }
  const isInParts = comesInParts(delivery)
  const options = { claim, sha256: null, completesReply: !isInParts }
  const begun = await beginUpload(gateway, intent, options, now)
  if ('replay' in begun) return { progress: await replayed(gateway, input, begun), replayed: true }
  const multipartId = isInParts
    ? await startMultipart(gateway, gateway.workerMultipart, intent, { isClaimed: claim !== null })
    : null
  const upload = { ...intent.upload, multipartId }
  const pending: Held['file'] = { ...intent.file, status: 'uploading', upload }
  if (first === null) return { progress: { status: 'uploading', file: pending, statement }, replayed: false }
  const held = { file: pending, statement, ledger: { pieces: [], partsSkipped: 0 }, hold }
  try {
    return { progress: await appendHeld(gateway, file, held, first), replayed: false }
  } catch (error) {
    // No client was told of it. Under a key a retry finds it, and goes on.
    if (claim === null) leaveNothing(gateway, intent)
    throw error
  }
}

const nothing: Portion = {
  offset: 0,
  announcedBytes: 0,
  chunks: { next: async () => ({ done: true, value: undefined }) },
}

/** How the upload stands that an earlier request with the same key began. Throws `replay_over`. */
async function replayed(gateway: Gateway, { file }: NewAppend, replay: Replay): Promise<Progress> {
  const { id: fileId } = replay.replay
  switch (replay.subjectStatus) {
    case null:
      return fail({ code: 'replay_over', fileId, became: 'deleted' })
    case 'error':
      return fail({ code: 'replay_over', fileId, became: 'refused' })
    case 'failed':
      return fail({ code: 'replay_over', fileId, became: 'failed' })
    default:
      return lookAtAppend(gateway, file, fileId)
  }
}
