import type { Sha256 } from '../ids'

/** A SHA-256 that is fed piece by piece. */
export type Sha256Stream = {
  /** `chunk` may be reused when this resolves. */
  update(chunk: Uint8Array): Promise<void>
  digest(): Promise<Sha256>
}

/** Few large chunks are fast; with 4 KiB ones, handing them over costs more than hashing them. */
export function createSha256Stream(): Sha256Stream {
  const stream = new crypto.DigestStream('SHA-256')
  const writer = stream.getWriter()
  return {
    update: (chunk) => writer.write(chunk),
    async digest() {
      await writer.close()
      return new Uint8Array(await stream.digest).toHex() as Sha256
    },
  }
}
