import { fail, failField } from '../../../core/errors'
import { summaryOf } from '../../../core/files/file-summary'
import { sanitizeFilename } from '../../../core/files/filename'
import { asSeenBy } from '../../../core/grants/grant'
import { ownerOf } from '../../../core/organizations/principal'
import { uploadStream } from '../../../core/uploads/upload-stream'
import { refuseEncoded } from '../../../http/body-bytes'
import { type BodyReader, contentLengthOf, readBody } from '../../../http/body-reader'
import { contentTypeOfFile } from '../../../http/declared-content-type'
import { promisedSha256 } from '../../../http/digest-fields'
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
    const contentType = contentTypeOfFile(c.req.header('content-type') ?? '', filename, 'Content-Type')
    const sha256 = promisedSha256(c.req.header('repr-digest'), 'Repr-Digest')
    refuseEncoded(c.req.raw)
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
