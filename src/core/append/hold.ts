import { fail, GatewayError } from '../errors'
import { isStored, type PendingFile, type StoredFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { Owner } from '../grants/grant'
import type { FileId } from '../ids'
import type { FoundAppend, OwnedFile } from '../ports/append-repository'
import type { AppendUpload } from '../uploads/upload'
import type { Portion } from './append'
import type { Hold, Ledger } from './ledger'
import { appendableBytes, holdMs } from './plan'

/** A file whose bytes are being appended. */
export type AppendedFile = PendingFile & { upload: AppendUpload }

/** An upload that one request has for itself. */
export type Held = {
  file: AppendedFile
  statement: string | null
  ledger: Ledger
  hold: Hold
}

export function newHold(gateway: Gateway, now: number): Hold {
  return { token: gateway.randomBytes(8).toHex(), until: now + holdMs }
}

export function ownedFile({ organizationId, grant }: Owner, id: FileId): OwnedFile {
  return { organizationId, id, grantId: grant?.id ?? null }
}

/** Lets another request go on from the last step, after `error`. It handles its own failure: the time of the hold passes. */
export async function letGo(
  gateway: Gateway,
  { file, hold }: Pick<Held, 'file' | 'hold'>,
  error: unknown,
): Promise<void> {
  // A put that was not answered may still land.
  const skipsPart = error instanceof GatewayError && error.failure.code === 'store_failed'
  try {
    await gateway.appends.release(file, hold.token, skipsPart)
  } catch (cause) {
    gateway.log({ event: 'append_left_to_next', fileId: file.id, cause })
  }
}

/**
 * Takes the upload for a request that brings `portion`; a file that is ready is returned as it is, unless the portion says
 * that it brings bytes. One database round trip. Throws `file_not_found`, `upload_over`, `not_appendable`, `append_in_progress`,
 * `offset_mismatch`, `length_mismatch`, `beyond_length`, `upload_too_large`, `quota_exceeded`, `grant_too_large`,
 * `database_failed`.
 */
export async function takeHold(
  gateway: Gateway,
  owner: Owner,
  id: FileId,
  portion: Omit<Portion, 'chunks'>,
): Promise<Held | { file: StoredFile; statement: string | null }> {
  const now = gateway.now()
  const hold = newHold(gateway, now)
  const { offset, announcedBytes, isLast = false } = portion
  const end = announcedBytes === null ? null : offset + announcedBytes
  const byteSize = portion.byteSize ?? (isLast ? end : null)
  const wish = { hold, offset, byteSize, end, filename: portion.filename ?? null }
  const found = await gateway.appends.take(ownedFile(owner, id), wish, now)
  if (found === null) fail({ code: 'file_not_found', fileId: id })
  const { file, statement } = found
  if (isStored(file)) {
    requireNothing(file, portion)
    return { file, statement }
  }
  const appended = requireAppended(found, now)
  if (found.hold?.token !== hold.token) sayWhyNot(found, appended.file, wish, now)
  return { ...appended, hold }
}

/** The upload that is found, if its bytes are being appended and may go on. Throws `upload_over`, `not_appendable`. */
export function requireAppended(
  { file, ledger, statement }: FoundAppend,
  now: number,
): Pick<Held, 'file' | 'ledger' | 'statement'> {
  if (file.status !== 'uploading') fail({ code: 'upload_over', fileId: file.id, status: file.status })
  const { upload } = file
  if (upload.method !== 'append' || ledger === null) fail({ code: 'not_appendable', fileId: file.id })
  // One whose bytes are all there is settled, however late.
  const isOver = upload.expiresAt <= now && upload.receivedBytes !== upload.byteSize
  if (isOver) fail({ code: 'upload_over', fileId: file.id, status: file.status })
  return { file: { ...file, upload }, ledger, statement }
}

/** Throws unless the portion expects no byte to be missing, and brings none as far as that is known before they come. */
function requireNothing({ content }: StoredFile, { offset, announcedBytes }: Omit<Portion, 'chunks'>): void {
  const { byteSize } = content
  if (offset !== byteSize) fail({ code: 'offset_mismatch', expectedBytes: byteSize, providedBytes: offset })
  if ((announcedBytes ?? 0) > 0) fail({ code: 'beyond_length', byteSize })
}

/** Throws what `take` refused. What has changed since then counts as another request's doing. */
function sayWhyNot(
  { hold }: FoundAppend,
  { upload }: AppendedFile,
  { offset, byteSize, end }: { offset: number; byteSize: number | null; end: number | null },
  now: number,
): never {
  const { receivedBytes } = upload
  if (hold !== null && hold.until > now)
    fail({ code: 'append_in_progress', retryAfterSeconds: Math.ceil((hold.until - now) / 1000) })
  if (offset !== receivedBytes)
    fail({ code: 'offset_mismatch', expectedBytes: receivedBytes, providedBytes: offset })
  if (byteSize !== null && byteSize !== (upload.byteSize ?? byteSize))
    fail({
      code: 'length_mismatch',
      expectedBytes: upload.byteSize ?? receivedBytes,
      providedBytes: byteSize,
    })
  if (byteSize !== null && byteSize < receivedBytes)
    fail({ code: 'length_mismatch', expectedBytes: receivedBytes, providedBytes: byteSize })
  const limitBytes = appendableBytes(upload)
  if (byteSize !== null && byteSize > limitBytes) fail({ code: 'upload_too_large', limitBytes, byteSize })
  const length = upload.byteSize ?? byteSize
  if (end !== null && length !== null && end > length) fail({ code: 'beyond_length', byteSize: length })
  fail({ code: 'append_in_progress', retryAfterSeconds: 1 })
}
