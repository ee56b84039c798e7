import { deleteObjects } from '../deletions/delete-objects'
import { fail, GatewayError } from '../errors'
import type { Gateway } from '../gateway'
import type { UploadedPart } from '../uploads/uploaded-part'
import type { AppendWriter, AppendWriting } from './append-writing'
import type { Held } from './hold'
import { foldedFrom, type Piece, pieceKeyOf } from './ledger'
import { createPartBuffer, type PartBuffer } from './part-buffer'
import { readPiece } from './pieces'
import { holdMs, partNumberAt } from './plan'
import { refuseAppend, requireBeginning } from './refuse-append'

/** Of so many pieces, what a client that has broken off leaves is put together with some. */
const piecesMax = 64

/**
 * Writes the bytes of one request to where its upload stands. There is one part in memory: while it is sent, no chunk is
 * taken, and so none is read from the client. What does not fill a part is put as a piece, an object of its own, which a
 * later request reads back.
 *
 * Methods throw `store_failed`, `database_failed`, `quota_exceeded` and `grant_too_large` of bytes that no length promised,
 * `append_in_progress` when another request has taken the upload over, `upload_over` when one has ended it, and
 * `upload_refused` when the first bytes are of another type than was declared, or the store has lost the parts. After that
 * nothing may be called.
 */
export function createAppendWriter(
  gateway: Gateway,
  held: Held,
  { announcedBytes, isLast, isAtomic }: AppendWriting,
): AppendWriter {
  const { file, ledger, hold } = held
  const { byteSize, multipartId, objectKey, receivedBytes: start } = file.upload
  // What is put in one piece is one part of its own size.
  const partBytes = multipartId === null ? Math.max(1, byteSize ?? 1) : file.upload.partBytes
  const announcedEnd = announcedBytes === null ? null : start + announcedBytes
  let position = start
  /** Where the part begins that is being filled. */
  let first = Math.floor(start / partBytes) * partBytes
  let buffer: PartBuffer | null = null
  /** What the part before has left. */
  let memory: Uint8Array<ArrayBuffer> | null = null
  let parts: UploadedPart[] = []
  /** What the database knows, and what it is to know next. */
  let committed = start
  let recorded = ledger.pieces
  let pieces = ledger.pieces
  let { until } = hold

  const dropPieces = (dropped: readonly Piece[]) =>
    deleteObjects(
      gateway,
      dropped.map((piece) => pieceKeyOf(file, piece)),
    )

  const lost = () => refuseAppend(gateway, held, { code: 'parts_lost' })

  const overtaken = () => fail({ code: 'append_in_progress', retryAfterSeconds: 1 })

  /** Parts that were put and are not recorded: no other request may put one of their numbers. */
  const prolongNow = async () => {
    until = gateway.now() + holdMs
    const skipped = ledger.partsSkipped + parts.length
    if (!(await gateway.appends.prolong(file, { token: hold.token, until }, skipped))) overtaken()
  }

  const prolong = async () => {
    if (until - gateway.now() <= (holdMs * 2) / 3) await prolongNow()
  }

  const commit = async ({ goesOn, isEnd }: { goesOn: boolean; isEnd: boolean }) => {
    until = gateway.now() + holdMs
    const { partsSkipped } = ledger
    const range = { from: committed, to: position }
    const step = { ...range, parts, pieces, isEnd, partsSkipped, until: goesOn ? until : null }
    if (!(await gateway.appends.commit(file, hold.token, step))) overtaken()
    const dropped = recorded.filter((piece) => !pieces.includes(piece))
    committed = position
    recorded = pieces
    parts = []
    dropPieces(dropped)
  }

  /** Room for the part that is being filled or, where it will not be full, for what will be put as a piece. */
  const open = (): PartBuffer => {
    const limit = first + partBytes
    const end = Math.min(announcedEnd ?? limit, limit)
    const isWhole = announcedEnd === null || isLast || end === limit || end === byteSize
    return createPartBuffer(isWhole ? first : foldedFrom(pieces, position, end), end, limit, memory)
  }

  /** The bytes from `from` to `position`; those that are in pieces are read back. */
  const collect = async (from: number): Promise<Uint8Array<ArrayBuffer>> => {
    const room = buffer === null || buffer.from > from ? createPartBuffer(from, position, position) : buffer
    const own = Math.max(start, first)
    if (buffer !== null && room !== buffer) room.set(buffer.slice(own, position), own)
    buffer = room
    for (const piece of pieces.filter((one) => one.from >= from)) {
      await prolong()
      if (!(await readPiece(gateway, pieceKeyOf(file, piece), piece, room))) await lost()
    }
    return room.slice(from, position)
  }

  /** Sends the part that `position` ends. */
  const sendPart = async () => {
    const bytes = await collect(first)
    if (first === 0) await requireBeginning(gateway, held, bytes)
    await prolong()
    const partNumber = partNumberAt(file.upload, first, ledger.partsSkipped, gateway.store)
    const part = await gateway.workerMultipart.uploadPart(objectKey, multipartId ?? '', partNumber, bytes)
    if (part === null) return lost()
    parts.push(part)
    pieces = []
    memory = buffer?.release() ?? null
    buffer = null
    first = position
  }

  const putPiece = async (from: number) => {
    const piece: Piece = { from, to: position, token: hold.token }
    const bytes = await collect(from)
    await prolong()
    const headers = { contentType: 'application/octet-stream', sha256: null }
    await gateway.objects.put(pieceKeyOf(file, piece), bytes, headers)
    pieces = [...pieces.filter((kept) => kept.from < from), piece]
  }

  /** Keeps what was written; what is not in a part yet as a piece that begins at `from`. */
  const settleDown = async (from: number) => {
    if (buffer !== null) await putPiece(from)
    if (position === committed) return gateway.appends.release(file, hold.token, false)
    try {
      await commit({ goesOn: false, isEnd: false })
    } catch (error) {
      // It is not kept. After an answer of the database that was lost it may be.
      const isKnown = error instanceof GatewayError && error.failure.code !== 'database_failed'
      if (isKnown) dropPieces(pieces.filter((piece) => !recorded.includes(piece)))
      throw error
    }
  }

  const keep = () => {
    const own = Math.max(start, first)
    const inMemory = pieces.filter(({ from }) => buffer !== null && from >= buffer.from)
    return settleDown(foldedFrom(inMemory, own, position))
  }

  return {
    position: () => position,

    async write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        buffer ??= open()
        const taken = Math.min(chunk.length - at, first + partBytes - position)
        buffer.set(chunk.subarray(at, at + taken), position)
        position += taken
        at += taken
        if (multipartId === null || position < first + partBytes) continue
        await sendPart()
        if (isAtomic) await prolongNow()
        // With the last byte of the request, the step that lets go of the upload commits the part too.
        else if (position !== announcedEnd) await commit({ goesOn: true, isEnd: false })
      }
      await prolong()
    },

    keep,

    async salvage() {
      if (isAtomic) return gateway.appends.release(file, hold.token, false)
      if (pieces.length < piecesMax) await settleDown(committed)
      else await keep()
    },

    async gather() {
      if (multipartId === null) return collect(0)
      if (buffer !== null || pieces.length > 0) await sendPart()
      if (position > committed || parts.length > 0 || byteSize === null)
        await commit({ goesOn: true, isEnd: true })
      return null
    },
  }
}
