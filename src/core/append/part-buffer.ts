/** Bytes of one part in memory, by their offsets in the whole upload. */
export type PartBuffer = {
  /** The offset of the first byte that there is room for. */
  readonly from: number
  /** Takes a copy of `bytes`, which begin at `offset`. */
  set(bytes: Uint8Array, offset: number): void
  /** The bytes from `from` to `to`, without a copy. */
  slice(from: number, to: number): Uint8Array<ArrayBuffer>
  /** The memory, which another part may have once this one is sent. */
  release(): Uint8Array<ArrayBuffer>
}

/**
 * Room for the bytes from `from` to `to`; it grows to `limit` when more come. `memory` is taken for it if that is enough: what a
 * part before it has left, so that there is never a second one beside it.
 */
export function createPartBuffer(
  from: number,
  to: number,
  limit: number,
  memory: Uint8Array<ArrayBuffer> | null = null,
): PartBuffer {
  let bytes = memory !== null && memory.length >= to - from ? memory : new Uint8Array(to - from)
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
    release: () => bytes,
  }
}
