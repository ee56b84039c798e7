import type { Context } from 'hono'
import { openContent } from '../core/contents/open-content'
import { fail } from '../core/errors'
import { contentDispositionOf } from '../core/files/content-disposition'
import { essenceOf } from '../core/files/content-type'
import type { StoredFile } from '../core/files/file-record'
import { parseByteRange } from './byte-range'
import type { HttpEnv } from './context'
import { evaluatePreconditions, ifRangeHolds } from './preconditions'

/** Types that a browser may show: they run no code. Every other type is a download. */
const inertTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'])

/**
 * The bytes of `file` through the Worker, with preconditions (304 and 412), one Range and 206 or 416, HEAD, and
 * headers under which user content cannot run: `nosniff`, a sandbox, and `attachment` for all but inert images.
 * Only bytes with the recorded ETag are served. Throws `precondition_failed`, `file_not_found` when the bytes
 * are gone, `store_failed`.
 */
export async function serveContent(
  c: Context<HttpEnv>,
  file: StoredFile,
  options: { cacheControl: string },
): Promise<Response> {
  const { content } = file
  const headers = headersOf(file, options.cacheControl)
  const validators = { etag: `"${content.etag}"`, lastModified: file.createdAt }
  const now = c.get('gateway').now()
  const outcome = evaluatePreconditions(c.req.raw, validators, now)
  if (outcome === 'failed') fail({ code: 'precondition_failed', etag: validators.etag })
  if (outcome === 'not_modified') return new Response(null, { status: 304, headers })

  // Ranges are defined for GET alone (RFC 9110, section 14.2).
  const wantsRange = c.req.method === 'GET' && ifRangeHolds(c.req.raw.headers, validators, now)
  const range = wantsRange ? parseByteRange(c.req.header('range'), content.byteSize) : null
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${content.byteSize}`)
    headers.set('cache-control', 'no-store')
    return new Response(null, { status: 416, headers })
  }
  if (range !== null)
    headers.set(
      'content-range',
      `bytes ${range.offset}-${range.offset + range.length - 1}/${content.byteSize}`,
    )
  const status = range === null ? 200 : 206
  const length = range?.length ?? content.byteSize
  headers.set('content-length', String(length))
  if (c.req.method === 'HEAD' || length === 0) return new Response(null, { status, headers })

  const body = await openContent(c.get('gateway'), file, range)
  // Says its length by itself, and fails when the store does not keep it.
  return new Response(body.pipeThrough(new FixedLengthStream(length)), { status, headers })
}

function headersOf(file: StoredFile, cacheControl: string): Headers {
  const inert = inertTypes.has(essenceOf(file.contentType))
  return new Headers({
    'accept-ranges': 'bytes',
    'cache-control': cacheControl,
    'content-disposition': contentDispositionOf(inert ? 'inline' : 'attachment', file.filename),
    'content-security-policy': "sandbox; default-src 'none'",
    'content-type': file.contentType,
    etag: `"${file.content.etag}"`,
    'last-modified': new Date(file.createdAt).toUTCString(),
    'x-content-type-options': 'nosniff',
  })
}
