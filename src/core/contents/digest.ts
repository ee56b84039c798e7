/** Few large reads: with the default 4 KB chunks, handing them over costs more than hashing them. */
const readBytes = 384 * 1024

const algorithms = { md5: 'MD5', sha256: 'SHA-256' } as const

/** The digest of all bytes of `stream` in lower-case hexadecimal. Never holds more than one read of them. */
export async function digestOf(
  algorithm: keyof typeof algorithms,
  stream: ReadableStream<Uint8Array>,
): Promise<string> {
  const hash = new crypto.DigestStream(algorithms[algorithm])
  const writer = hash.getWriter()
  // Both fail with what the read throws; it is thrown once, below.
  hash.digest.catch(() => {})
  writer.closed.catch(() => {})
  const reader = stream.getReader({ mode: 'byob' })
  let buffer = new Uint8Array(readBytes)
  try {
    for (;;) {
      const { value, done } = await reader.readAtLeast(buffer.length, buffer)
      if (value !== undefined && value.length > 0) await writer.write(value)
      if (done || value === undefined) break
      buffer = new Uint8Array(value.buffer)
    }
    await writer.close()
  } catch (error) {
    await writer.abort(error).catch(() => {})
    throw error
  }
  return new Uint8Array(await hash.digest).toHex()
}
