import { incomingKeyFor, incomingPrefix, parseIncomingKey } from '../contents/content'
import type { FileKey, ObjectKey } from '../ids'

/** By what one request appends to an upload, which no other does meanwhile. */
export type Hold = {
  /** Of this request and no other one. */
  token: string
  /** After that the request counts as dead, in milliseconds since 1970 UTC. */
  until: number
}

/**
 * An object that holds bytes which came after the last whole part of an upload. `token` is that of the request that put it:
 * no key is put twice.
 */
export type Piece = { from: number; to: number; token: string }

/** What is known of an upload in progress beyond what its file says. */
export type Ledger = {
  /** What was received after the last whole part, in order, without gaps. */
  pieces: readonly Piece[]
  /** How many requests may have left a part in the store that is not recorded. */
  partsSkipped: number
}

const piecesFolder = '/pieces/'

/** Where a piece is put: below the incoming key of its file. */
export function pieceKeyOf({ organizationId, id }: FileKey, piece: Piece): ObjectKey {
  return `${incomingKeyFor(organizationId, id)}${piecesFolder}${pieceName(piece)}` as ObjectKey
}

/** What the key of a piece says, whether or not there is one; null when `text` is not exactly what `pieceKeyOf` makes. */
export function parsePieceKey(text: string): { file: FileKey; piece: Piece } | null {
  if (!text.startsWith(incomingPrefix)) return null
  const at = text.indexOf(piecesFolder)
  const incoming = at < 0 ? null : parseIncomingKey(text.slice(0, at))
  const piece = incoming && parsePieceName(text.slice(at + piecesFolder.length))
  return piece && { file: { organizationId: incoming.organizationId, id: incoming.fileId }, piece }
}

/** A piece as it is written down. */
export function pieceName({ from, to, token }: Piece): string {
  return `${from}-${to}-${token}`
}

/** The piece of such a name; null when it is none. */
export function parsePieceName(name: string): Piece | null {
  const [, from, to, token] = /^(\d{1,15})-(\d{1,15})-([0-9a-f]{16})$/.exec(name) ?? []
  return token === undefined ? null : { from: Number(from), to: Number(to), token }
}

/** Sizes are of one class if the larger is less than 16 times as large as the power of 16 below the smaller. */
function classOf(byteSize: number): number {
  return Math.floor(Math.log2(byteSize) / 4)
}

/** So many small pieces are put together before there are more of them. */
const foldAt = 15

/**
 * Where the piece begins that is to hold the bytes up to `to`, of which those from `from` on are new: there, or, if many
 * pieces before it are not of a larger class, at the first of these. So there are never more than some dozens, however
 * small the portions, and each byte is put a few times at most. `pieces` end at `from`.
 */
export function foldedFrom(pieces: readonly Piece[], from: number, to: number): number {
  let start = from
  for (let kept = pieces.length; to > start; ) {
    const size = to - start
    let first = kept
    for (; first > 0; first--) {
      const piece = pieces[first - 1]
      if (piece === undefined || classOf(piece.to - piece.from) > classOf(size)) break
    }
    if (kept - first < foldAt) return start
    start = pieces[first]?.from ?? start
    kept = first
  }
  return start
}
