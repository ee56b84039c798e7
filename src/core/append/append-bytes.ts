import { createDigestStream } from '../contents/digest'
import { fail, GatewayError } from '../errors'
import { isStored } from '../files/file-record'
import { findOwn } from '../files/get-file'
import type { Gateway } from '../gateway'
import { asSeenBy, type Owner } from '../grants/grant'
import type { FileId, Sha256 } from '../ids'
import { storedOrSuperseded } from '../uploads/finish-upload'
import { refuse } from '../uploads/settle-object'
import type { Portion, Progress } from './append'
import { createAppendWriter } from './append-writer'
import type { AppendWriter } from './append-writing'
import { finishAppend } from './finish-append'
import { type Held, letGo, takeHold } from './hold'
import { appendableBytes } from './plan'

/**
 * Appends the bytes of one request to an upload. They are kept as they come, so that little is lost when the client breaks
 * off; with a digest, or if the portion is atomic, all of them are, or none. With the last ones the upload is settled: the file is ready, or refused. Two
 * database round trips, one more for each part; two more at the end of an upload in parts.
 *
 * Throws `file_not_found`, `upload_over`, `not_appendable`, `append_in_progress`, `offset_mismatch`, `length_mismatch`,
 * `beyond_length`, `upload_too_large`, `content_too_large`, `digest_mismatch`, `upload_refused`, `upload_superseded` when the
 * file was deleted meanwhile, `quota_exceeded`, `grant_too_large`, `store_failed`, `database_failed`, and what the chunks
 * throw.
 */
export async function appendBytes(
  gateway: Gateway,
  owner: Owner,
  id: FileId,
  portion: Portion,
): Promise<Progress> {
  const held = await takeHold(gateway, owner, id, portion).catch(async (error) => {
    if (portion.endsWhenTooLong && isTooLong(error)) await endTooLong(gateway, owner, id, portion)
    throw error
  })
  if (!('hold' in held)) {
    // A client that does not say how many bytes come sends its last request without any.
    const { value } = await portion.chunks.next()
    if (value?.length > 0) fail({ code: 'beyond_length', byteSize: held.file.content.byteSize })
    return { status: 'ready', ...held, file: asSeenBy(owner, held.file) }
  }
  return appendHeld(gateway, owner, held, portion)
}

/** The same for an upload that this request has already. */
export function appendHeld(gateway: Gateway, owner: Owner, held: Held, portion: Portion): Promise<Progress> {
  const work = receive(gateway, owner, held, portion)
  // A client that has gone takes its request with it, but not what is to be kept of it.
  gateway.background(work.catch(() => {}))
  return work
}

async function receive(gateway: Gateway, owner: Owner, held: Held, portion: Portion): Promise<Progress> {
  const { file } = held
  const { announcedBytes, isLast = false, digest = null, isAtomic = digest !== null } = portion
  const writer = createAppendWriter(gateway, held, { announcedBytes, isLast, isAtomic })
  let hasBrokenOff = false
  const next = () =>
    portion.chunks.next().catch((cause) => {
      hasBrokenOff = true
      throw cause
    })
  try {
    const sha256 = await takeAll(held, { ...portion, chunks: { next } }, writer)
    const { byteSize } = file.upload
    const position = writer.position()
    if (position === (byteSize ?? position) && (isLast || byteSize !== null))
      return await finish(gateway, owner, held, { bytes: await writer.gather(), sha256, position })
    await writer.keep()
    if (isLast && byteSize !== null)
      fail({ code: 'length_mismatch', expectedBytes: byteSize, providedBytes: position })
    const upload = { ...file.upload, receivedBytes: position }
    return { status: 'uploading', file: { ...file, upload }, statement: held.statement }
  } catch (error) {
    if (portion.endsWhenTooLong && isTooLong(error)) await endTooLong(gateway, owner, file.id, portion)
    gateway.background(hasBrokenOff ? salvage(gateway, held, writer) : letGo(gateway, held, error))
    throw error
  }
}

/** Keeps what had come when the client broke off. */
async function salvage(gateway: Gateway, held: Held, writer: AppendWriter): Promise<void> {
  try {
    await writer.salvage()
  } catch (cause) {
    gateway.log({ event: 'append_not_salvaged', fileId: held.file.id, cause })
    await letGo(gateway, held, cause)
  }
}

/**
 * Writes all chunks. Returns the SHA-256 of all bytes of the upload, if these are all and nothing else computes it. Throws
 * `digest_mismatch`, `beyond_length`, `content_too_large`, and what writer and chunks throw.
 */
async function takeAll(
  { file: { upload } }: Held,
  { chunks, announcedBytes, isLast = false, digest = null }: Portion,
  writer: AppendWriter,
): Promise<Sha256 | null> {
  const isAll = upload.receivedBytes === 0 && (isLast || announcedBytes === upload.byteSize)
  const whole = isAll && upload.multipartId !== null ? createDigestStream('sha256') : null
  const promised = digest && createDigestStream(digest.algorithm)
  const limitBytes = appendableBytes(upload)
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    if (writer.position() + next.value.length > limitBytes)
      fail(
        upload.byteSize === null
          ? { code: 'content_too_large', limitBytes }
          : { code: 'beyond_length', byteSize: upload.byteSize },
      )
    await whole?.update(next.value)
    await promised?.update(next.value)
    await writer.write(next.value)
  }
  const actual = await promised?.digest()
  if (digest && actual !== undefined && actual !== digest.expected)
    fail({ code: 'digest_mismatch', ...digest, actual })
  return whole && ((await whole.digest()) as Sha256)
}

/** Settles an upload whose bytes are all there. */
async function finish(
  gateway: Gateway,
  owner: Owner,
  held: Held,
  {
    bytes,
    sha256,
    position,
  }: { bytes: Uint8Array<ArrayBuffer> | null; sha256: Sha256 | null; position: number },
): Promise<Progress> {
  const { file, statement } = held
  const complete = { ...held, file: { ...file, upload: { ...file.upload, byteSize: position } } }
  const finished = await finishAppend(gateway, complete, { bytes, sha256 })
  if (finished && !isStored(finished) && finished.status !== 'uploading')
    fail({ code: 'upload_refused', fileId: file.id, refusal: finished.refusal })
  return { status: 'ready', file: asSeenBy(owner, storedOrSuperseded(finished)), statement }
}

function isTooLong(error: unknown): boolean {
  return error instanceof GatewayError && ['beyond_length', 'content_too_large'].includes(error.failure.code)
}

/** Ends the upload, of which a request has brought more bytes than it was to have. */
async function endTooLong(gateway: Gateway, owner: Owner, id: FileId, portion: Portion): Promise<void> {
  const file = await findOwn(gateway, owner, id)
  if (file?.status !== 'uploading') return
  const expected = file.upload.byteSize ?? portion.offset
  const actual = Math.max(portion.offset + (portion.announcedBytes ?? 0), expected + 1)
  await refuse(gateway, file, { code: 'size_mismatch', expected, actual })
}
