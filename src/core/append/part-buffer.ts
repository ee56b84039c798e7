/** Bytes of one part in memory, by their offsets in the whole upload. */
export type PartBuffer = {
  /** The offset of the first byte that there is room for. */
  readonly from: number
  /** Takes a copy of `bytes`, which begin at `offset`. */
  set(bytes: Uint8Array, offset: number): void
  /** The bytes from `from` to `to`, without a copy. */
  slice(from: number, to: number): Uint8Array<ArrayBuffer>
}

/** Room for the bytes from `from` to `to`; it grows to `limit` when more come. */
export function createPartBuffer(from: number, to: number, limit: number): PartBuffer {
  let bytes = new Uint8Array(to - from)
  return {
    from,
    set(chunk, offset) {
      const end = offset - from + chunk.length
      if (end > bytes.length) {
        const larger = new Uint8Array(limit - from)
        larger.set(bytes)
        bytes = larger
      }
      bytes.set(chunk, offset - from)
    },
    slice: (first, last) => bytes.subarray(first - from, last - from),
  }
}
