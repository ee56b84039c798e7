import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { type Failure, type FailureCode, type FailureOf, GatewayError } from '../../../src/core/errors'
import { directUploadFailures } from '../../../src/dialects/direct-upload/errors'
import type { HttpEnv } from '../../../src/http/context'

const fileId = '00000000-0000-7000-8000-000000000000'

/** One of each, with the status it is answered with. */
const cases: { [Code in FailureCode]: [status: number, failure: Omit<FailureOf<Code>, 'code'>] } = {
  unauthenticated: [401, { reason: 'expired' }],
  missing_scope: [403, { scope: 'files:write' }],
  wrong_organization: [403, {}],
  rate_limited: [429, { retryAfterSeconds: 7 }],
  invalid_request: [422, { issues: [{ field: 'blob.filename', message: 'is odd' }] }],
  unsupported_body: [422, { expected: 'JSON' }],
  unsupported_content_type: [422, { contentType: 'audio/ogg', supported: [] }],
  content_too_large: [413, { limitBytes: 100 }],
  body_timed_out: [408, {}],
  upload_too_large: [422, { limitBytes: 100, byteSize: 101 }],
  size_mismatch: [422, { expected: 5, actual: 6 }],
  known_size_mismatch: [422, { promised: 5, known: 6 }],
  checksum_unverifiable: [422, { algorithm: 'sha256', limitBytes: 100 }],
  type_mismatch: [422, { declared: 'application/pdf', actual: 'image/png' }],
  quota_exceeded: [403, {}],
  too_many_uploads: [403, {}],
  too_many_unsized_uploads: [403, {}],
  too_many_files: [403, {}],
  grant_forbids: [403, {}],
  grant_refuses_origin: [403, {}],
  grant_refuses_type: [422, { contentType: 'audio/ogg', accepted: ['image/*'] }],
  grant_too_large: [413, { limitBytes: null }],
  grant_used_up: [403, {}],
  grant_not_found: [404, { grantId: 'any' }],
  one_request_too_large: [413, { limitBytes: 100 }],
  digest_mismatch: [422, { algorithm: 'sha256', expected: 'aa', actual: 'bb' }],
  offset_mismatch: [409, { expectedBytes: 5, providedBytes: 6 }],
  length_mismatch: [422, { expectedBytes: 5, providedBytes: 6 }],
  beyond_length: [413, { byteSize: 5 }],
  append_in_progress: [409, { retryAfterSeconds: 3 }],
  not_appendable: [409, { fileId }],
  too_many_associations: [422, { max: 7 }],
  upload_refused: [409, { fileId, refusal: { code: 'aborted' } }],
  not_arrived: [409, { fileId }],
  upload_over: [409, { fileId, status: 'ready' }],
  replay_over: [409, { fileId, became: 'deleted' }],
  not_multipart: [409, { fileId }],
  part_size_out_of_bounds: [422, { minBytes: 5, maxBytes: 9 }],
  part_size_too_small: [422, { partsMax: 10, minBytes: 8 }],
  part_size_without_parts: [422, {}],
  part_not_planned: [422, { partCount: 3 }],
  parts_missing: [409, { missing: [2], wrongSize: [], unknown: [] }],
  parts_required: [409, {}],
  parts_refused: [409, {}],
  parts_not_listable: [404, {}],
  quota_below_usage: [409, { usedBytes: 5, reservedBytes: 6 }],
  scope_not_grantable: [403, { scope: 'org:admin' }],
  expiry_not_grantable: [403, { latest: 0 }],
  expiry_in_past: [422, {}],
  organization_unnamed: [422, {}],
  too_many_api_keys: [409, { max: 1000 }],
  organization_not_found: [404, { organizationId: 'nobody' }],
  api_key_not_found: [404, { keyId: '0011223344556677' }],
  file_not_found: [404, { fileId }],
  file_uploading: [404, { fileId }],
  precondition_failed: [412, { etag: '"abc"' }],
  file_refused: [404, { fileId, refusal: { code: 'copied_not_uploaded' } }],
  idempotency_key_reused: [422, {}],
  idempotency_in_progress: [409, { retryAfterSeconds: 3 }],
  upload_superseded: [409, {}],
  store_failed: [502, { operation: 'put' }],
  database_failed: [502, { operation: 'uploads.begin' }],
  identity_provider_failed: [502, {}],
  internal: [500, {}],
}

const aboutInput = [
  ...['invalid_request', 'unsupported_body', 'unsupported_content_type', 'upload_too_large'],
  ...['size_mismatch', 'type_mismatch', 'known_size_mismatch', 'checksum_unverifiable'],
  ...['grant_refuses_type', 'digest_mismatch', 'length_mismatch'],
  ...['too_many_associations', 'expiry_in_past', 'organization_unnamed', 'part_not_planned'],
  ...['part_size_out_of_bounds', 'part_size_too_small', 'part_size_without_parts'],
]

async function answerTo(failure: Failure): Promise<Response> {
  const app = new Hono<HttpEnv>()
  app.get('/', () => {
    throw new GatewayError(failure, { cause: new Error('the cause, with a secret') })
  })
  app.onError((error, c) => {
    if (!(error instanceof GatewayError)) throw error
    return directUploadFailures.renderFailure(c, error.failure)
  })
  return app.request('/')
}

describe('the Direct Upload dialect', () => {
  it.each(Object.entries(cases))('answers %s in its own shape', async (code, [status, facts]) => {
    const answer = await answerTo({ code, ...facts } as Failure)
    const text = await answer.text()
    expect(answer.status).toBe(status)
    expect(JSON.parse(text)).toEqual(
      aboutInput.includes(code)
        ? {
            detail: [
              {
                loc: expect.arrayContaining(['body']),
                msg: expect.stringMatching(/^Value error, ./),
                type: 'value_error',
              },
            ],
          }
        : { detail: expect.stringMatching(/./), error: expect.stringMatching(/./), error_code: code },
    )
    for (const inside of ['secret', fileId, 'uploads.begin']) expect(text).not.toContain(inside)
    expect(answer.headers.get('retry-after')).toBe(
      'retryAfterSeconds' in facts ? String(facts.retryAfterSeconds) : null,
    )
    expect(answer.headers.has('www-authenticate')).toBe(code === 'unauthenticated')
  })

  it.each(['md5', 'sha256'] as const)(
    'says under its own name that no %s can be verified',
    async (algorithm) => {
      const answer = await answerTo({ code: 'checksum_unverifiable', algorithm, limitBytes: 100 })
      expect(await answer.json()).toEqual({
        detail: [
          {
            loc: ['body', 'blob', 'checksum'],
            msg: 'Value error, can be verified up to 100 bytes; leave it out for larger files',
            type: 'value_error',
          },
        ],
      })
    },
  )

  it('says why a blob has no bytes, whatever the reason', async () => {
    const refusals = [
      { code: 'size_mismatch', expected: 5, actual: 6 },
      { code: 'type_mismatch', declared: 'a/b', actual: 'c/d' },
      { code: 'type_mismatch', declared: 'a/b', stored: 'c/d' },
      { code: 'type_mismatch', declared: 'a/b', stored: null },
      { code: 'checksum_mismatch', algorithm: 'sha256', expected: 'x', actual: 'y' },
      { code: 'encoding_not_promised', encoding: 'gzip' },
      { code: 'copied_not_uploaded' },
      { code: 'quota_exceeded' },
      { code: 'never_arrived' },
    ] as const
    const said = await Promise.all(
      refusals.map(async (refusal) => (await answerTo({ code: 'file_refused', fileId, refusal })).text()),
    )
    expect(new Set(said).size).toBe(refusals.length)
    for (const text of said) expect(text).not.toContain('undefined')
  })
})
