import { createDigestStream } from '../contents/digest'
import { peek } from '../contents/peek'
import { fail, GatewayError } from '../errors'
import { isStored, type StoredFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import { requireWithin } from '../grants/grant'
import {
  claimFor,
  earlyClaimFor,
  type FileReply,
  failInProgress,
  type IdempotencyKey,
  type IdempotencyRecord,
  replyOf,
} from '../idempotency/idempotency'
import type { Sha256 } from '../ids'
import { detectionSampleBytes } from '../ports/content-type-detector'
import type { NewUploadIntent, StreamDetails, UploadIntent } from '../ports/upload-repository'
import { claimUpload, edgePlan, intentOf, type NewFile } from './begin-upload'
import { bytesOfPut, finishUpload, leaveNothing, requireType } from './finish-upload'
import { createPartWriter, type ObjectWriter } from './part-writer'
import { edgeUploadTtlMs } from './upload'

export type UploadStream = {
  file: NewFile
  /** A chunk is only valid until the next one is asked for. */
  chunks: AsyncIterator<Uint8Array>
  /** The most bytes that are taken. */
  byteSizeMax: number
  /** The most bytes that can come, when the client has said so. */
  announcedBytesMax: number | null
  /** The client has said how many bytes come, and not only how many can. */
  isAnnouncedExactly?: boolean
  /** Of all bytes, as the client promised it; left out or null: it did not. */
  sha256?: Sha256 | null
  /** Asked for after the last chunk. What it throws ends the upload. */
  details: () => Promise<StreamDetails>
  idempotencyKey: IdempotencyKey | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

export type StreamedUpload = { file: StoredFile; details: StreamDetails; replayed: boolean }

/**
 * Stores bytes as they come as a new, ready file, with a part of them in memory at a time. Two database round
 * trips: the intent before the first byte goes to the bucket, and the end; one more over 5 MiB. Bytes that the
 * organization has are known only by the hash, that is at the end: then what was just put is dropped again.
 * Nothing is reserved meanwhile, as known bytes cost nothing; the quota decides at the end.
 *
 * An idempotency key is held from the beginning, for as long as the upload may take. What the request is, its
 * fingerprint, is known only at the end, because it needs the hash: so a repetition is read whole before it gets the
 * stored reply.
 *
 * Throws `type_mismatch`, `content_too_large`, `digest_mismatch`, what a grant can throw, `quota_exceeded`, `too_many_uploads`, `too_many_files`, what an idempotency key, `chunks`
 * and `details` can throw, `upload_superseded` when the file was deleted meanwhile, `store_failed`,
 * `database_failed`. After all of these nothing is left behind but what the sweep removes.
 */
export async function uploadStream(gateway: Gateway, input: UploadStream): Promise<StreamedUpload> {
  const { file } = input
  if (file.grant) requireWithin(file.grant, file.contentType, null)
  const { sample, all } = await peek(input.chunks, detectionSampleBytes)
  await requireType(gateway, file.contentType, sample)

  const now = gateway.now()
  const intent = { ...(await intentOf(gateway, file, edgePlan(null), now)), ...takenBy(input) }
  const key = input.idempotencyKey
  const claim = key && earlyClaimFor(key, edgeUploadTtlMs, now)
  const begun = await claimUpload(gateway, { intent, claim, sha256: null, completesReply: false }, now).catch(
    (error) => {
      // It may have taken effect: no other request would get the key, or the share of the grant, for a quarter of an hour.
      const mayHaveBegun = error instanceof GatewayError && error.failure.code === 'database_failed'
      if (mayHaveBegun && (claim !== null || file.grant)) leaveNothing(gateway, intent)
      throw error
    },
  )
  if (begun.outcome === 'claimed') {
    const { record } = begun
    if (record.fingerprint === null) failInProgress(record, now)
    return replayed(gateway, input, await receive(input, all, null), record)
  }

  const writer = createPartWriter(gateway, intent.upload.objectKey, {
    contentType: file.contentType,
    byteSizeMax: input.announcedBytesMax,
    noteMultipart: async (id) => {
      // Deleted meanwhile: the end of this upload will find nothing to end.
      if (!(await gateway.uploads.noteMultipart(intent.file, id))) fail({ code: 'upload_superseded' })
    },
  })
  try {
    return await store(gateway, input, intent, await receive(input, all, writer), writer)
  } catch (error) {
    // The idempotency key is free first; a multipart upload that cannot be aborted is in the outbox by then.
    leaveNothing(gateway, intent, () => writer.abort())
    throw error
  }
}

/** What the upload takes of its grant: no more than can come, so that a lost answer does not block the rest for long. */
function takenBy({ announcedBytesMax, isAnnouncedExactly }: UploadStream): Pick<NewUploadIntent, 'takes'> {
  if (announcedBytesMax === null) return {}
  return { takes: isAnnouncedExactly ? { exactly: announcedBytesMax } : { atMost: announcedBytesMax } }
}

/** All that has come, hashed, and written unless there is no `writer`. */
type Received = { byteSize: number; sha256: Sha256; details: StreamDetails }

async function receive(
  input: UploadStream,
  chunks: AsyncIterable<Uint8Array>,
  writer: ObjectWriter | null,
): Promise<Received> {
  const hash = createDigestStream('sha256')
  let byteSize = 0
  for await (const chunk of chunks) {
    byteSize += chunk.length
    if (byteSize > input.byteSizeMax) fail({ code: 'content_too_large', limitBytes: input.byteSizeMax })
    if (input.file.grant) requireWithin(input.file.grant, input.file.contentType, byteSize)
    await hash.update(chunk)
    await writer?.write(chunk)
  }
  const sha256 = (await hash.digest()) as Sha256
  if (input.sha256 && input.sha256 !== sha256)
    fail({ code: 'digest_mismatch', algorithm: 'sha256', expected: input.sha256, actual: sha256 })
  return { byteSize, details: await input.details(), sha256 }
}

async function store(
  gateway: Gateway,
  input: UploadStream,
  intent: UploadIntent,
  received: Received,
  writer: ObjectWriter,
): Promise<StreamedUpload> {
  const { byteSize, sha256, details } = received
  const object = await writer.complete(sha256)
  const fingerprint = (await claimOf(input, received, gateway.now()))?.fingerprint ?? null
  const bytes = bytesOfPut(object, byteSize, sha256)
  const file = await finishUpload(gateway, intent, bytes, { details, fingerprint })
  return { file, details, replayed: false }
}

/** The answer to a request whose key another one has used. */
async function replayed(
  gateway: Gateway,
  input: UploadStream,
  received: Received,
  holder: IdempotencyRecord<FileReply>,
): Promise<StreamedUpload> {
  const now = gateway.now()
  const claim = (await claimOf(input, received, now)) ?? fail({ code: 'internal' })
  const answer = replyOf(holder, claim, now)
  // The same request's fingerprint and reply come in one batch.
  if (answer === 'stale' || !isStored(answer.reply.file)) fail({ code: 'internal' })
  return { file: answer.reply.file, details: received.details, replayed: true }
}

function claimOf({ file, idempotencyKey, operation }: UploadStream, received: Received, now: number) {
  const { details, sha256 } = received
  const request = [file.filename, file.contentType, file.metadata, details.origin, details.resource, sha256]
  return claimFor(idempotencyKey, operation, request, now)
}
