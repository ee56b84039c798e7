import { contentLengthOf, readBody } from './body-reader'
import { envelopeMaxBytes, type JsonUpload, JsonUploadScanner } from './json-upload-scanner'

/**
 * The JSON body of an upload, decoded as it arrives. Refuses with `content_too_large` before reading when
 * the Content-Length leaves no doubt: no JSON writer needs more than six bytes for a character (`\u002b`,
 * which is how .NET writes a plus). Otherwise as soon as `maxDecodedBytes` are exceeded. Throws
 * `body_timed_out` when the client falls silent, `invalid_request` when the body is cut off or malformed.
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
