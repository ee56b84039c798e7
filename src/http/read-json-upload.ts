import { fail, GatewayError } from '../core/errors'
import { envelopeMaxBytes, type JsonUpload, JsonUploadScanner } from './json-upload-scanner'

/** Few large reads: with the default 4 KB chunks, handing them over costs more than decoding them. */
const readBytes = 384 * 1024

/**
 * The JSON body of an upload, decoded as it arrives. Refuses with `content_too_large` before reading when
 * the Content-Length leaves no doubt: no JSON writer needs more than six bytes for a character (`\u002b`,
 * which is how .NET writes a plus). Otherwise as soon as `maxDecodedBytes` are exceeded.
 */
export async function readJsonUpload(
  request: Request,
  { field, maxDecodedBytes }: { field: string; maxDecodedBytes: number },
): Promise<JsonUpload> {
  const contentLength = contentLengthOf(request)
  const bodyMaxBytes = 6 * 4 * Math.ceil(maxDecodedBytes / 3) + envelopeMaxBytes
  if (contentLength !== null && contentLength > bodyMaxBytes)
    fail({ code: 'content_too_large', limitBytes: maxDecodedBytes })
  const expectedBytesMax = contentLength === null ? null : Math.floor((contentLength * 3) / 4)
  const scanner = new JsonUploadScanner({ field, maxDecodedBytes, expectedBytesMax })
  if (request.body === null) return scanner.end()

  const reader = request.body.getReader({ mode: 'byob' })
  let buffer = new Uint8Array(Math.min(readBytes, Math.max(contentLength ?? readBytes, 1)))
  try {
    for (;;) {
      const { value, done } = await reader.readAtLeast(buffer.length, buffer)
      if (value !== undefined) scanner.push(value)
      if (done || value === undefined) return scanner.end()
      buffer = new Uint8Array(value.buffer)
    }
  } catch (error) {
    await reader.cancel().catch(() => {})
    if (error instanceof GatewayError) throw error
    fail({ code: 'invalid_request', issues: [{ field: '', message: 'the body ended early' }] }, error)
  }
}

function contentLengthOf(request: Request): number | null {
  const header = request.headers.get('content-length')
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : null
}
