import type { Context } from 'hono'
import { typeOfName } from '../../../core/contents/content'
import { fail, failField } from '../../../core/errors'
import { essenceOf } from '../../../core/files/content-type'
import { summaryOf } from '../../../core/files/file-summary'
import { sanitizeFilename } from '../../../core/files/filename'
import { asSeenBy } from '../../../core/grants/grant'
import type { Sha256 } from '../../../core/ids'
import { ownerOf } from '../../../core/organizations/principal'
import { uploadStream } from '../../../core/uploads/upload-stream'
import { type BodyReader, contentLengthOf, readBody } from '../../../http/body-reader'
import { declaredContentType } from '../../../http/declared-content-type'
import { operation } from '../../../http/operation'
import { presentFile } from '../../../http/present-file'

const api = { source: 'api', sourceDetail: null, connectorMetadata: null } as const

/** The whole body is the file: what `curl -T report.pdf "{url}/"` sends. It is stored as it comes. */
export const putFileOperation = operation({
  name: 'putFile',
  method: 'put',
  path: '/:token/:filename',
  summary: 'Store the body as a file, in one request',
  access: 'files:write or grant',
  answers: { 201: 'File' },
  fails: [
    'invalid_request',
    'unsupported_body',
    'one_request_too_large',
    'body_timed_out',
    'digest_mismatch',
    'grant_refuses_type',
    'grant_too_large',
    'grant_used_up',
    'type_mismatch',
    'quota_exceeded',
    'too_many_uploads',
    'too_many_files',
    'upload_superseded',
    'store_failed',
  ],
  async handle(c, caller) {
    const gateway = c.get('gateway')
    const owner = ownerOf(caller)
    const limitBytes = gateway.limits.formUploadMaxBytes
    const announced = contentLengthOf(c.req.raw)
    const filename =
      sanitizeFilename(c.req.param('filename') ?? '') ?? failField('filename', 'has no visible character')
    const contentType = contentTypeOf(c, filename)
    const sha256 = digestOf(c)
    refuseEncoded(c)
    if ((announced ?? 0) > limitBytes) fail({ code: 'one_request_too_large', limitBytes })
    const body = readBody(c.req.raw, { maxBytes: Number.MAX_SAFE_INTEGER })
    try {
      const { file } = await uploadStream(gateway, {
        file: { ...owner, filename, contentType, metadata: {} },
        chunks: chunksOf(body, limitBytes),
        byteSizeMax: limitBytes,
        announcedBytesMax: announced,
        isAnnouncedExactly: true,
        sha256,
        details: async () => ({ origin: api, resource: null }),
        idempotencyKey: null,
        operation: 'grants.putFile',
      })
      return c.json(presentFile(summaryOf(asSeenBy(owner, file)), null), 201)
    } finally {
      body.release()
    }
  },
})

async function* chunksOf(body: BodyReader, limitBytes: number): AsyncGenerator<Uint8Array> {
  let received = 0
  for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) {
    received += chunk.length
    if (received > limitBytes) fail({ code: 'one_request_too_large', limitBytes })
    yield chunk
  }
}

/** What programs say that do not know the type of what they send. */
const unknownTypes: ReadonlySet<string> = new Set([
  '',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
])

/** As the header says, or else as the name's extension does. */
function contentTypeOf(c: Context, filename: string): string {
  const declared = c.req.header('content-type') ?? ''
  const byName = unknownTypes.has(essenceOf(declared)) ? typeOfName(filename) : null
  return byName ?? declaredContentType(declared, 'Content-Type')
}

/** The SHA-256 that `Repr-Digest` promises (RFC 9530); null: none. Other digests are not compared. */
function digestOf(c: Context): Sha256 | null {
  const header = c.req.header('repr-digest')
  const base64 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(header ?? '')?.[1]
  if (base64 !== undefined) return Uint8Array.fromBase64(base64).toHex() as Sha256
  if (header !== undefined && /\bsha-256=/.test(header))
    failField('Repr-Digest', 'must be sha-256=:<base64 of 32 bytes>: (RFC 9530)')
  return null
}

/** An encoded body would be stored as it comes, and handed out as what it is not. */
function refuseEncoded(c: Context): void {
  const encoding = c.req.header('content-encoding') ?? 'identity'
  if (encoding.trim().toLowerCase() !== 'identity')
    fail({ code: 'unsupported_body', expected: 'the bytes of the file, without Content-Encoding' })
}
