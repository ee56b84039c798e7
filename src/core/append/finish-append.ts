import { deleteObjects } from '../deletions/delete-objects'
import { fail, GatewayError } from '../errors'
import type { FileRecord, PendingFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import { type Sha256, sha256Of } from '../ids'
import type { StoredObject } from '../ports/object-store'
import { bytesOfPut } from '../uploads/finish-upload'
import { settleObject } from '../uploads/settle-object'
import { digestRefusal } from '../uploads/verify-object'
import { createAppendWriter } from './append-writer'
import { type AppendedFile, type Held, letGo, takeHold } from './hold'
import { pieceKeyOf } from './ledger'
import { refuseAppend, requireBeginning } from './refuse-append'

/** What is known of all bytes of an upload. */
export type Gathered = {
  /** null: they are in parts. */
  bytes: Uint8Array<ArrayBuffer> | null
  /** Of all bytes, where they came in one request; null: it is not known. */
  sha256: Sha256 | null
}

/**
 * Ends an upload all of whose bytes were received before, which a request left at that: it died, or the store did not answer.
 * Returns the file as it then is; as it was, while a request is at it. Throws `upload_refused`, `store_failed`,
 * `database_failed`.
 */
export async function finishReceived(gateway: Gateway, pending: PendingFile): Promise<FileRecord | null> {
  const { organizationId, id, upload } = pending
  const offset = upload.method === 'append' ? upload.receivedBytes : 0
  try {
    const held = await takeHold(gateway, { organizationId }, id, { offset, announcedBytes: 0 })
    return 'hold' in held ? await finishHeld(gateway, held) : held.file
  } catch (error) {
    // Another request has it, or it has just ended.
    if (error instanceof GatewayError && isOthersDoing.has(error.failure.code))
      return gateway.files.find(organizationId, id)
    throw error
  }
}

async function finishHeld(gateway: Gateway, held: Held): Promise<FileRecord | null> {
  const writer = createAppendWriter(gateway, held, { announcedBytes: 0, isLast: true, isAtomic: false })
  try {
    return await finishAppend(gateway, held, { bytes: await writer.gather(), sha256: null })
  } catch (error) {
    gateway.background(letGo(gateway, held, error))
    throw error
  }
}

const isOthersDoing: ReadonlySet<string> = new Set([
  'file_not_found',
  'upload_over',
  'upload_refused',
  'append_in_progress',
  'offset_mismatch',
])

/**
 * Makes one object of all bytes, verifies it, and gives it to the file. Whichever request does this, and however often, the
 * object is the same: what is put in one piece is put only if there is none, and parts are put together by the ETags that
 * were recorded.
 *
 * Returns the file as it then is, null when it was deleted meanwhile. Throws `upload_refused`, `store_failed`,
 * `database_failed`.
 */
export async function finishAppend(
  gateway: Gateway,
  held: Held,
  gathered: Gathered,
): Promise<FileRecord | null> {
  const { file, ledger } = held
  const finished = await (gathered.bytes === null
    ? finishParts(gateway, held, gathered.sha256)
    : finishWhole(gateway, held, gathered.bytes))
  deleteObjects(
    gateway,
    ledger.pieces.map((piece) => pieceKeyOf(file, piece)),
  )
  return finished
}

async function finishWhole(
  gateway: Gateway,
  held: Held,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<FileRecord | null> {
  await requireBeginning(gateway, held, bytes)
  const sha256 = await sha256Of(bytes)
  await requireDigest(gateway, held, sha256)
  const object = await putWhole(gateway, held, bytes, sha256)
  return settle(gateway, held.file, object, sha256)
}

/**
 * Puts the bytes where they stay. An object that is there was put by an earlier request of this upload whose answer was
 * lost: it is taken if it has the same bytes, and otherwise the upload is refused.
 */
async function putWhole(
  gateway: Gateway,
  held: Held,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: Sha256,
): Promise<StoredObject> {
  const { objectKey, contentType } = held.file.upload
  const options = { contentType, sha256 }
  if (!gateway.store.supportsIfNoneMatch) return gateway.objects.put(objectKey, bytes, options)
  const put = await gateway.objects.putOnce(objectKey, bytes, options)
  if (put !== null) return put
  const found = await gateway.objects.get(objectKey)
  if (found === null)
    fail({ code: 'store_failed', operation: 'put' }, new Error('no object is there after all'))
  const actual = await sha256Of(new Uint8Array(await new Response(found.body).arrayBuffer()))
  if (actual === sha256) return found.object
  return refuseAppend(gateway, held, {
    code: 'checksum_mismatch',
    algorithm: 'sha256',
    expected: actual,
    actual: sha256,
  })
}

async function finishParts(gateway: Gateway, held: Held, sha256: Sha256 | null): Promise<FileRecord | null> {
  const { file } = held
  const { objectKey, multipartId, byteSize } = file.upload
  const id = multipartId ?? fail({ code: 'internal' })
  if (byteSize === 0) {
    // No store makes an object of no parts.
    await gateway.workerMultipart.abort(objectKey, id)
    return finishWhole(gateway, held, new Uint8Array())
  }
  if (sha256 !== null) await requireDigest(gateway, held, sha256)
  const parts = await gateway.appends.parts(file)
  const completed = await gateway.workerMultipart.complete(objectKey, id, parts)
  if (completed.outcome === 'invalid_parts') return refuseAppend(gateway, held, { code: 'parts_lost' })
  // No such upload: an earlier request completed it, or the store has ended it. The object tells which.
  const stated = completed.outcome === 'completed' ? completed.object : null
  const object = stated ?? (await gateway.objects.head(objectKey))
  if (object === null) return refuseAppend(gateway, held, { code: 'parts_lost' })
  return sha256 !== null && object.byteSize === byteSize
    ? settle(gateway, held.file, object, sha256)
    : settleObject(gateway, { file, upload: file.upload, object })
}

async function requireDigest(gateway: Gateway, held: Held, sha256: Sha256): Promise<void> {
  const refusal = digestRefusal(held.file.upload, { md5: null, sha256 })
  if (refusal !== null) await refuseAppend(gateway, held, refusal)
}

async function settle(
  gateway: Gateway,
  file: AppendedFile,
  object: StoredObject,
  sha256: Sha256,
): Promise<FileRecord | null> {
  const bytes = bytesOfPut(object, object.byteSize, sha256)
  const settled = await gateway.uploads.settle({ file, upload: file.upload }, bytes, gateway.now())
  deleteObjects(gateway, settled.due)
  return settled.file
}
