import { chunksOf } from './chunks'

const algorithms = { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256' } as const

/** Of whole files; with `sha1` clients check single requests. */
export type DigestAlgorithm = 'md5' | 'sha256'

/** A hash that is fed piece by piece. */
export type DigestStream = {
  /** `chunk` may be reused when this resolves. */
  update(chunk: Uint8Array): Promise<void>
  /** Ends the stream and returns the hash in lower-case hexadecimal. */
  digest(): Promise<string>
}

/** Feed few large chunks: passing 4 KiB chunks over costs more than hashing them. */
export function createDigestStream(algorithm: keyof typeof algorithms): DigestStream {
  const stream = new crypto.DigestStream(algorithms[algorithm])
  const writer = stream.getWriter()
  return {
    update: (chunk) => writer.write(chunk),
    async digest() {
      await writer.close()
      return new Uint8Array(await stream.digest).toHex()
    },
  }
}

/** The digest of all bytes of `stream` in lower-case hexadecimal. Never holds more than a chunk of them. */
export async function digestOf(
  algorithm: DigestAlgorithm,
  stream: ReadableStream<Uint8Array>,
): Promise<string> {
  const hash = createDigestStream(algorithm)
  for await (const chunk of chunksOf(stream)) await hash.update(chunk)
  return hash.digest()
}
