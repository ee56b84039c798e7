import { chunksOf } from '../contents/chunks'
import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { ObjectKey } from '../ids'
import type { Piece } from './ledger'
import type { PartBuffer } from './part-buffer'

/** Reads a piece back to where it belongs. False when the store has it no more. Throws `store_failed`. */
export async function readPiece(
  gateway: Gateway,
  key: ObjectKey,
  { from, to }: Piece,
  buffer: PartBuffer,
): Promise<boolean> {
  const found = await gateway.objects.get(key)
  if (found === null) return false
  let at = from
  for await (const chunk of chunksOf(found.body, to - from)) {
    if (at + chunk.length > to) fail({ code: 'store_failed', operation: 'read' })
    buffer.set(chunk, at)
    at += chunk.length
  }
  return at === to || fail({ code: 'store_failed', operation: 'read' })
}
