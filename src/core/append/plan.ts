import { fail } from '../errors'
import type { Limits, StoreFacts } from '../gateway'
import { partBytesMin, partCountMax } from '../uploads/parts'
import type { AppendDelivery } from '../uploads/upload'

const mebibyte = 1024 ** 2

/** The size of parts while no client says how many bytes there will be, if they may be as large: enough for 74 GiB. */
const partBytesOfUnknown = 8 * mebibyte

/**
 * How many parts an upload may have that was begun without a length. The numbers beyond are for parts that a request may
 * have put without their being recorded.
 */
export const partCountMaxOfUnknown = 9500

/** How long a request has the upload for itself unless it prolongs that. */
export const holdMs = 90_000

/**
 * How the bytes of an upload of `byteSize` (null: not known yet) are cut into parts: 5 MiB each, more where there would be
 * more than 10 000 of them. Throws `upload_too_large`.
 */
export function planAppend(byteSize: number | null, limits: Limits): AppendDelivery {
  if (byteSize !== null && byteSize > limits.appendMaxBytes)
    fail({ code: 'upload_too_large', limitBytes: limits.appendMaxBytes, byteSize })
  return {
    method: 'append',
    byteSize,
    md5: null,
    sha256: null,
    contentDisposition: null,
    partBytes: partBytesFor(byteSize, Math.floor(limits.appendMaxBytes / partCountMax)),
    multipartId: null,
    receivedBytes: 0,
  }
}

function partBytesFor(byteSize: number | null, partMaxBytes: number): number {
  const usual = Math.min(byteSize === null ? partBytesOfUnknown : partBytesMin, partMaxBytes)
  const isEnough = byteSize === null || byteSize <= usual * partCountMax
  return isEnough ? usual : Math.ceil(byteSize / partCountMax / mebibyte) * mebibyte
}

/** The most bytes that fit into an upload that was begun with parts of `partBytes`. */
export function appendableBytes({ byteSize, partBytes }: AppendDelivery): number {
  return byteSize ?? partBytes * partCountMaxOfUnknown
}

/**
 * The number of the part that begins at `offset`. Parts are numbered one after the other, but a number is left out for each
 * request that may have put a part which is not recorded: such a put may still land, and must not replace another one. Where
 * a store wants all parts named, no number is left out: there the same bytes have the same ETag, so that a part which lands
 * late with the same bytes changes nothing, and one with others is seen at the end.
 */
export function partNumberAt(
  { byteSize, partBytes }: AppendDelivery,
  offset: number,
  partsSkipped: number,
  store: Pick<StoreFacts, 'allowsSurplusParts'>,
): number {
  const planned = byteSize === null ? partCountMaxOfUnknown : Math.ceil(byteSize / partBytes)
  const skipped = store.allowsSurplusParts ? Math.min(partsSkipped, partCountMax - planned) : 0
  return offset / partBytes + 1 + skipped
}
