import { contentLengthOf, readBody } from './body-reader'
import { envelopeMaxBytes, type JsonUpload, JsonUploadScanner } from './json-upload-scanner'

/**
 * The JSON body of an upload, decoded as it arrives. Throws `content_too_large` before reading if the Content-Length is
 * too large even for the longest spelling (six bytes a character: `\u002b`, as .NET writes a plus), otherwise as soon as
 * `maxDecodedBytes` are exceeded; `body_timed_out` when the client falls silent; `invalid_request` when the body is cut
 * off or malformed.
 */
export async function readJsonUpload(
  request: Request,
  { field, maxDecodedBytes }: { field: string; maxDecodedBytes: number },
): Promise<JsonUpload> {
  const body = readBody(request, {
    maxBytes: 6 * 4 * Math.ceil(maxDecodedBytes / 3) + envelopeMaxBytes,
    limitBytes: maxDecodedBytes,
  })
  try {
    const contentLength = contentLengthOf(request)
    const expectedBytesMax = contentLength === null ? null : Math.floor((contentLength * 3) / 4)
    const scanner = new JsonUploadScanner({ field, maxDecodedBytes, expectedBytesMax })
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) scanner.push(chunk)
    return scanner.end()
  } finally {
    body.release()
  }
}
