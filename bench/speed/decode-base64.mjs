const chunkBytes = 384 * 1024

/**
 * The bytes of the text after the first `"content":"` of a JSON body, up to the next quote: the fastest of the decoders
 * that were tried. It reads into one buffer, and decodes into another one of the final size.
 */
export async function decodeBase64(request) {
  const bytes = new Uint8Array(Math.floor((Number(request.headers.get('content-length')) * 3) / 4) + 3)
  const reader = request.body.getReader({ mode: 'byob' })
  const decoder = new TextDecoder()
  let buffer = new Uint8Array(chunkBytes)
  let filled = 0
  let rest = null
  for (;;) {
    const { value, done } = await reader.readAtLeast(buffer.length, buffer)
    if (value !== undefined) {
      const chunk = decoder.decode(value)
      const text = rest === null ? chunk.slice(chunk.indexOf('"content":"') + 11) : rest + chunk
      const close = text.indexOf('"')
      const { read, written } = bytes
        .subarray(filled)
        .setFromBase64(close === -1 ? text : text.slice(0, close), {
          lastChunkHandling: close === -1 ? 'stop-before-partial' : 'loose',
        })
      filled += written
      rest = text.slice(read)
      buffer = new Uint8Array(value.buffer)
    }
    if (done) return bytes.subarray(0, filled)
  }
}
