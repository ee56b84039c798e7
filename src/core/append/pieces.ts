import { chunksOf } from '../contents/chunks'
import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { ObjectKey } from '../ids'
import type { Piece } from './ledger'
import type { PartBuffer } from './part-buffer'

/** Reads a piece back to where it belongs. Throws `store_failed`, also when it is not what was put. */
export async function readPiece(
  gateway: Gateway,
  key: ObjectKey,
  { from, to }: Piece,
  buffer: PartBuffer,
): Promise<void> {
  const found = await gateway.objects.get(key)
  const isWhole = found?.object.byteSize === to - from
  if (!isWhole) fail({ code: 'store_failed', operation: 'get' }, new Error('a piece is not as it was put'))
  let at = from
  for await (const chunk of chunksOf(found.body, to - from)) {
    if (at + chunk.length > to) fail({ code: 'store_failed', operation: 'read' })
    buffer.set(chunk, at)
    at += chunk.length
  }
  if (at !== to) fail({ code: 'store_failed', operation: 'read' })
}
