import { type Context, Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import {
  type Failure,
  type FailureCode,
  type FailureOf,
  GatewayError,
  type Refusal,
} from '../../src/core/errors'
import { ctxfyFailures } from '../../src/dialects/ctxfy/errors'
import { directUploadFailures } from '../../src/dialects/direct-upload/errors'
import { quantcdnFailures } from '../../src/dialects/quantcdn/errors'
import { resumableFailures } from '../../src/dialects/resumable/failures'
import type { HttpEnv } from '../../src/http/context'
import { plainFailures } from '../../src/http/plain-failures'
import { problems } from '../../src/http/problem-details'

/** One of each. What is in them must not be in an answer unless the dialect means to say it. */
const samples: { [Code in FailureCode]: FailureOf<Code> } = {
  unauthenticated: { code: 'unauthenticated', reason: 'expired' },
  missing_scope: { code: 'missing_scope', scope: 'files:write' },
  wrong_organization: { code: 'wrong_organization' },
  rate_limited: { code: 'rate_limited', retryAfterSeconds: 7 },
  invalid_request: { code: 'invalid_request', issues: [{ field: 'size', message: 'must be a number' }] },
  unsupported_body: { code: 'unsupported_body', expected: 'multipart/form-data' },
  unsupported_content_type: {
    code: 'unsupported_content_type',
    contentType: 'audio/ogg',
    supported: ['image/png'],
  },
  content_too_large: { code: 'content_too_large', limitBytes: 100 },
  body_timed_out: { code: 'body_timed_out' },
  upload_too_large: { code: 'upload_too_large', limitBytes: 100, byteSize: 101 },
  size_mismatch: { code: 'size_mismatch', expected: 5, actual: 6 },
  known_size_mismatch: { code: 'known_size_mismatch', promised: 5, known: 6 },
  checksum_unverifiable: { code: 'checksum_unverifiable', algorithm: 'sha256', limitBytes: 100 },
  type_mismatch: { code: 'type_mismatch', declared: 'application/pdf', actual: 'image/png' },
  quota_exceeded: { code: 'quota_exceeded' },
  too_many_uploads: { code: 'too_many_uploads' },
  too_many_unsized_uploads: { code: 'too_many_unsized_uploads' },
  too_many_files: { code: 'too_many_files' },
  grant_forbids: { code: 'grant_forbids' },
  grant_refuses_origin: { code: 'grant_refuses_origin' },
  grant_refuses_type: { code: 'grant_refuses_type', contentType: 'audio/ogg', accepted: ['image/*'] },
  grant_too_large: { code: 'grant_too_large', limitBytes: 100 },
  grant_used_up: { code: 'grant_used_up' },
  grant_not_found: { code: 'grant_not_found', grantId: 'secret-grant' },
  one_request_too_large: { code: 'one_request_too_large', limitBytes: 100 },
  digest_mismatch: { code: 'digest_mismatch', algorithm: 'sha256', expected: 'aa', actual: 'bb' },
  offset_mismatch: { code: 'offset_mismatch', expectedBytes: 5, providedBytes: 6 },
  length_mismatch: { code: 'length_mismatch', expectedBytes: 5, providedBytes: 6 },
  beyond_length: { code: 'beyond_length', byteSize: 5 },
  append_in_progress: { code: 'append_in_progress', retryAfterSeconds: 7 },
  not_appendable: { code: 'not_appendable', fileId: '00000000-0000-7000-8000-000000000000' },
  too_many_associations: { code: 'too_many_associations', max: 7 },
  upload_refused: {
    code: 'upload_refused',
    fileId: '00000000-0000-7000-8000-000000000000',
    refusal: { code: 'aborted' },
  },
  not_arrived: { code: 'not_arrived', fileId: '00000000-0000-7000-8000-000000000000' },
  upload_over: {
    code: 'upload_over',
    fileId: '00000000-0000-7000-8000-000000000000',
    status: 'ready',
  },
  replay_over: {
    code: 'replay_over',
    fileId: '00000000-0000-7000-8000-000000000000',
    became: 'deleted',
  },
  not_multipart: { code: 'not_multipart', fileId: '00000000-0000-7000-8000-000000000000' },
  part_size_out_of_bounds: { code: 'part_size_out_of_bounds', minBytes: 5, maxBytes: 9 },
  part_size_too_small: { code: 'part_size_too_small', partsMax: 10, minBytes: 8 },
  part_size_without_parts: { code: 'part_size_without_parts' },
  part_not_planned: { code: 'part_not_planned', partCount: 3 },
  parts_missing: { code: 'parts_missing', missing: [2], wrongSize: [3], unknown: [4] },
  parts_required: { code: 'parts_required' },
  parts_refused: { code: 'parts_refused' },
  parts_not_listable: { code: 'parts_not_listable' },
  quota_below_usage: { code: 'quota_below_usage', usedBytes: 5, reservedBytes: 6 },
  scope_not_grantable: { code: 'scope_not_grantable', scope: 'org:admin' },
  expiry_not_grantable: { code: 'expiry_not_grantable', latest: 0 },
  expiry_in_past: { code: 'expiry_in_past' },
  organization_unnamed: { code: 'organization_unnamed' },
  too_many_api_keys: { code: 'too_many_api_keys', max: 1000 },
  organization_not_found: { code: 'organization_not_found', organizationId: 'nobody' },
  api_key_not_found: { code: 'api_key_not_found', keyId: '0011223344556677' },
  file_not_found: { code: 'file_not_found', fileId: '00000000-0000-7000-8000-000000000000' },
  file_uploading: { code: 'file_uploading', fileId: '00000000-0000-7000-8000-000000000000' },
  file_refused: {
    code: 'file_refused',
    fileId: '00000000-0000-7000-8000-000000000000',
    refusal: { code: 'size_mismatch', expected: 5, actual: 6 },
  },
  precondition_failed: { code: 'precondition_failed', etag: '"abc"' },
  idempotency_key_reused: { code: 'idempotency_key_reused' },
  idempotency_in_progress: { code: 'idempotency_in_progress', retryAfterSeconds: 3 },
  upload_superseded: { code: 'upload_superseded' },
  store_failed: { code: 'store_failed', operation: 'put' },
  database_failed: { code: 'database_failed', operation: 'uploads.begin' },
  identity_provider_failed: { code: 'identity_provider_failed' },
  internal: { code: 'internal' },
}

/** The status each dialect answers with, code by code, as its public pages have it. */
const statuses: Record<string, { [Code in FailureCode]: number }> = {
  quantcdn: {
    unauthenticated: 401,
    missing_scope: 403,
    wrong_organization: 403,
    rate_limited: 429,
    invalid_request: 400,
    unsupported_body: 400,
    unsupported_content_type: 400,
    content_too_large: 413,
    body_timed_out: 408,
    upload_too_large: 413,
    size_mismatch: 400,
    known_size_mismatch: 400,
    checksum_unverifiable: 400,
    type_mismatch: 400,
    quota_exceeded: 403,
    too_many_uploads: 403,
    too_many_unsized_uploads: 403,
    too_many_files: 403,
    grant_forbids: 403,
    grant_refuses_origin: 403,
    grant_refuses_type: 415,
    grant_too_large: 413,
    grant_used_up: 403,
    grant_not_found: 404,
    one_request_too_large: 413,
    digest_mismatch: 400,
    offset_mismatch: 409,
    length_mismatch: 400,
    beyond_length: 413,
    append_in_progress: 409,
    not_appendable: 409,
    too_many_associations: 400,
    upload_refused: 404,
    not_arrived: 404,
    upload_over: 409,
    replay_over: 409,
    not_multipart: 409,
    part_size_out_of_bounds: 400,
    part_size_too_small: 400,
    part_size_without_parts: 400,
    part_not_planned: 400,
    parts_missing: 409,
    parts_required: 409,
    parts_refused: 409,
    parts_not_listable: 404,
    quota_below_usage: 403,
    scope_not_grantable: 403,
    expiry_not_grantable: 403,
    expiry_in_past: 400,
    organization_unnamed: 400,
    too_many_api_keys: 403,
    organization_not_found: 403,
    api_key_not_found: 404,
    file_not_found: 404,
    file_uploading: 404,
    file_refused: 404,
    precondition_failed: 412,
    idempotency_key_reused: 422,
    idempotency_in_progress: 409,
    upload_superseded: 409,
    store_failed: 500,
    database_failed: 500,
    identity_provider_failed: 500,
    internal: 500,
  },
  ctxfy: {
    unauthenticated: 401,
    missing_scope: 403,
    wrong_organization: 403,
    rate_limited: 429,
    invalid_request: 400,
    unsupported_body: 400,
    unsupported_content_type: 400,
    content_too_large: 413,
    body_timed_out: 408,
    upload_too_large: 400,
    size_mismatch: 400,
    known_size_mismatch: 400,
    checksum_unverifiable: 400,
    type_mismatch: 400,
    quota_exceeded: 403,
    too_many_uploads: 403,
    too_many_unsized_uploads: 403,
    too_many_files: 403,
    grant_forbids: 403,
    grant_refuses_origin: 403,
    grant_refuses_type: 415,
    grant_too_large: 413,
    grant_used_up: 403,
    grant_not_found: 404,
    one_request_too_large: 413,
    digest_mismatch: 400,
    offset_mismatch: 409,
    length_mismatch: 400,
    beyond_length: 413,
    append_in_progress: 409,
    not_appendable: 409,
    too_many_associations: 400,
    upload_refused: 409,
    not_arrived: 409,
    upload_over: 409,
    replay_over: 409,
    not_multipart: 409,
    part_size_out_of_bounds: 400,
    part_size_too_small: 400,
    part_size_without_parts: 400,
    part_not_planned: 400,
    parts_missing: 409,
    parts_required: 409,
    parts_refused: 409,
    parts_not_listable: 404,
    quota_below_usage: 409,
    scope_not_grantable: 403,
    expiry_not_grantable: 403,
    expiry_in_past: 400,
    organization_unnamed: 400,
    too_many_api_keys: 409,
    organization_not_found: 404,
    api_key_not_found: 404,
    file_not_found: 404,
    file_uploading: 404,
    file_refused: 404,
    precondition_failed: 412,
    idempotency_key_reused: 422,
    idempotency_in_progress: 409,
    upload_superseded: 409,
    store_failed: 500,
    database_failed: 500,
    identity_provider_failed: 500,
    internal: 500,
  },
}

type Render = (c: Context<HttpEnv>, failure: Failure) => Response

/** What a dialect answers when a handler throws `failure`. */
async function answerTo(failure: Failure, render: Render): Promise<Response> {
  const app = new Hono<HttpEnv>()
  app.use(async (c, next) => {
    c.set('requestId', 'the-request-id')
    await next()
  })
  app.get('/some/path', () => {
    throw new GatewayError(failure, { cause: new Error('the cause, with a secret') })
  })
  app.onError((error, c) => {
    if (!(error instanceof GatewayError)) throw error
    return render(c, error.failure)
  })
  return app.request('/some/path')
}

const isRetryable = (code: FailureCode) =>
  ['rate_limited', 'idempotency_in_progress', 'append_in_progress'].includes(code)

function expectCommon(failure: Failure, answer: Response, text: string): void {
  expect(text).not.toContain('secret')
  expect(answer.headers.get('retry-after')).toBe(
    'retryAfterSeconds' in failure ? String(failure.retryAfterSeconds) : null,
  )
  expect(answer.headers.has('www-authenticate')).toBe(failure.code === 'unauthenticated')
  expect(answer.headers.has('retry-after')).toBe(isRetryable(failure.code))
  expect(answer.headers.get('etag')).toBe(failure.code === 'precondition_failed' ? failure.etag : null)
}

const cases = Object.values(samples).map((failure): [FailureCode, Failure] => [failure.code, failure])

describe('bytes of another type than was declared', () => {
  const types = { declared: 'image/png', actual: 'application/zip' }
  const fileId = '00000000-0000-7000-8000-000000000000'
  const words = 'the bytes are a ZIP archive (application/zip), not a PNG image (image/png)'

  it.each([
    ['QuantCDN', quantcdnFailures.renderFailure],
    ['Ctxfy', ctxfyFailures.renderFailure],
    ['Direct Upload', directUploadFailures.renderFailure],
    ['problem details', problems.renderFailure],
  ])('are named in words by %s, with what the client can do once they are deleted', async (_, render) => {
    const refusal = { code: 'type_mismatch', ...types } as const
    expect(await (await answerTo({ code: 'type_mismatch', ...types }, render)).text()).toContain(words)
    for (const code of ['file_refused', 'upload_refused'] as const) {
      const text = await (await answerTo({ code, fileId, refusal }, render)).text()
      expect(text).toContain(`${words}; begin a new upload with the type of the bytes`)
    }
  })

  it.each([
    ['QuantCDN', quantcdnFailures.renderFailure],
    ['Ctxfy', ctxfyFailures.renderFailure],
    ['Direct Upload', directUploadFailures.renderFailure],
    ['problem details', problems.renderFailure],
  ])('are told by %s from a stored Content-Type that was not promised', async (_, render) => {
    for (const [stored, said] of [
      [
        'text/html',
        'the stored Content-Type is text/html, image/png was promised; begin a new upload and send',
      ],
      [null, 'no Content-Type is stored, image/png was promised; begin a new upload and send'],
    ] as const)
      for (const code of ['file_refused', 'upload_refused'] as const) {
        const refusal = { code: 'type_mismatch', declared: 'image/png', stored } as const
        expect(await (await answerTo({ code, fileId, refusal }, render)).text()).toContain(said)
      }
  })

  it.each([
    ['image/x-unheard-of', 'an image (image/x-unheard-of)'],
    ['application/x-unheard-of', 'application/x-unheard-of'],
    ['image/jpg', 'a JPEG image (image/jpg)'],
    ['Application/PDF; a=b', 'a PDF document (Application/PDF; a=b)'],
    [
      'application/vnd.ms-excel.sheet.macroEnabled.12',
      'a document (application/vnd.ms-excel.sheet.macroEnabled.12)',
    ],
  ])('are said to be no %s as %s', async (declared, said) => {
    const answer = await answerTo(
      { code: 'type_mismatch', declared, actual: 'font/woff2' },
      quantcdnFailures.renderFailure,
    )
    expect(await answer.text()).toContain(`the bytes are a font (font/woff2), not ${said}`)
  })
})

describe('what only a use case can judge about a value', () => {
  it.each<[string, FailureCode, string, string]>([
    ['Ctxfy', 'expiry_in_past', 'expiration_date', 'must be in the future'],
    ['Ctxfy', 'organization_unnamed', 'organization', 'is required with the root key'],
    ['problem details', 'known_size_mismatch', 'size', 'is 5, but the bytes with this sha256 are 6'],
    [
      'problem details',
      'checksum_unverifiable',
      'sha256',
      'can be verified up to 100 bytes; leave it out for larger files',
    ],
    ['problem details', 'too_many_associations', 'resourceId', 'a file has at most 7 associations'],
    ['problem details', 'part_size_out_of_bounds', 'partSize', 'must be from 5 to 9 bytes'],
    ['problem details', 'part_size_too_small', 'partSize', 'gives more than 10 parts; use at least 8 bytes'],
    ['problem details', 'part_size_without_parts', 'partSize', 'needs multipart: true'],
    [
      'problem details',
      'part_not_planned',
      'partNumbers',
      'must be from 1 to 3, the number of parts of this upload',
    ],
  ])('is said by %s of %s under the name that %s has there', async (dialect, code, field, message) => {
    const answer = await answerTo(
      samples[code],
      (dialect === 'Ctxfy' ? ctxfyFailures : problems).renderFailure,
    )
    const { errors, details } = await answer.json<Record<string, unknown>>()
    expect(errors ?? details).toEqual([{ field, message }])
  })
})

describe('why an upload was refused', () => {
  const refusals = [
    { code: 'size_mismatch', expected: 5, actual: 6 },
    { code: 'checksum_mismatch', algorithm: 'sha256', expected: 'x', actual: 'y' },
    { code: 'encoding_not_promised', encoding: 'gzip' },
    { code: 'copied_not_uploaded' },
    { code: 'quota_exceeded' },
    { code: 'never_arrived' },
    { code: 'aborted' },
  ] as const

  it.each<[string, Render, string[]]>([
    [
      'QuantCDN',
      quantcdnFailures.renderFailure,
      [
        'File not found: its upload was refused (6 bytes came, 5 were promised)',
        'File not found: its upload was refused (the bytes have another sha256 than was promised)',
        'File not found: its upload was refused (Content-Encoding gzip was not promised)',
        'File not found: its upload was refused (it was copied from another object)',
        "File not found: its upload was refused (the organization's storage quota is exceeded)",
        'File not found: its upload never arrived',
        'File not found: its upload was aborted',
      ],
    ],
    [
      'problem details',
      problems.renderFailure,
      [
        'The file has no bytes: 6 bytes came, 5 were promised',
        'The file has no bytes: the SHA-256 of the bytes is not the promised one',
        'The file has no bytes: Content-Encoding gzip was not promised',
        'The file has no bytes: the bytes were copied from another object',
        "The file has no bytes: the organization's storage quota is exceeded",
        'The file has no bytes: the bytes never arrived',
        'The file has no bytes: it was aborted',
      ],
    ],
    [
      'Direct Upload',
      directUploadFailures.renderFailure,
      [
        'This blob has no bytes: 6 bytes came, 5 were promised',
        'This blob has no bytes: they had another SHA-256 than was promised',
        'This blob has no bytes: their Content-Encoding gzip was not promised',
        'This blob has no bytes: they were copied from another object instead of uploaded',
        "This blob has no bytes: the organization's storage quota is exceeded",
        'This blob has no bytes: they never arrived',
        'This blob has no bytes: their upload was aborted',
      ],
    ],
  ])('is said in the words of %s', async (_, render, sentences) => {
    const fileId = '00000000-0000-7000-8000-000000000000'
    const said = await Promise.all(
      refusals.map(async (refusal) => {
        const answer = await answerTo({ code: 'file_refused', fileId, refusal }, render)
        const { message, detail } = await answer.json<Record<string, unknown>>()
        return message ?? detail
      }),
    )
    expect(said).toEqual(sentences)
  })
})

describe('every failure in the QuantCDN dialect', () => {
  it.each(cases)('%s has the documented shape', async (code, failure) => {
    const answer = await answerTo(failure, quantcdnFailures.renderFailure)
    const text = await answer.text()
    expect(answer.status).toBe(statuses.quantcdn?.[code])
    expectCommon(failure, answer, text)
    expect(JSON.parse(text)).toEqual({
      error: true,
      message: expect.stringMatching(/.{5}/),
      ...(answer.status === 400
        ? { details: [{ field: expect.any(String), message: expect.stringMatching(/.{5}/) }] }
        : {}),
    })
  })
})

describe('every failure in the Ctxfy dialect', () => {
  it.each(cases)('%s has the documented shape', async (code, failure) => {
    const answer = await answerTo(failure, ctxfyFailures.renderFailure)
    const text = await answer.text()
    expect(answer.status).toBe(statuses.ctxfy?.[code])
    expectCommon(failure, answer, text)
    expect(JSON.parse(text)).toEqual({
      error: expect.stringMatching(/^[A-Z][A-Za-z ]+$/),
      message: expect.stringMatching(/.{5}/),
      code: answer.status,
      ...(answer.status === 400
        ? { details: [{ field: expect.any(String), message: expect.stringMatching(/.{5}/) }] }
        : {}),
      ...(answer.status === 500 ? { requestId: 'the-request-id' } : {}),
    })
  })
})

describe('every failure as problem details', () => {
  it.each(cases)('%s has the shape of RFC 9457', async (_, failure) => {
    const answer = await answerTo(failure, problems.renderFailure)
    const text = await answer.text()
    expectCommon(failure, answer, text)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect([400, 401, 402, 403, 404, 408, 409, 412, 413, 415, 422, 423, 429, 500, 501, 502, 503]).toContain(
      answer.status,
    )
    expect(JSON.parse(text)).toEqual({
      type: 'about:blank',
      title: expect.stringMatching(/^[A-Z][A-Za-z ]+$/),
      status: answer.status,
      detail: expect.stringMatching(/.{5}/),
      instance: '/some/path',
      ...(answer.status === 400
        ? { errors: [{ field: expect.any(String), message: expect.stringMatching(/.{5}/) }] }
        : {}),
    })
  })
})

/** Where clients of tus and FilePond read something into the status; the others are told apart by the sentence alone. */
const plainStatuses: Partial<Record<FailureCode, number>> = {
  ...{ unauthenticated: 401, missing_scope: 403, grant_forbids: 403, grant_used_up: 403 },
  ...{ file_not_found: 404, file_uploading: 404, not_appendable: 403 },
  ...{ offset_mismatch: 409, append_in_progress: 423, idempotency_in_progress: 423 },
  ...{ upload_over: 410, replay_over: 410, upload_superseded: 410 },
  ...{ beyond_length: 413, upload_too_large: 413, content_too_large: 413 },
  ...{ quota_exceeded: 413, grant_too_large: 413 },
  ...{ unsupported_body: 415, type_mismatch: 415, grant_refuses_type: 415 },
  ...{ digest_mismatch: 460, length_mismatch: 400, invalid_request: 400 },
  ...{ rate_limited: 429, too_many_uploads: 429, too_many_unsized_uploads: 429 },
  ...{ body_timed_out: 503, store_failed: 503, database_failed: 503, internal: 500 },
}

describe('every failure in the words of tus and FilePond', () => {
  it.each(cases)('%s is one sentence, under a status that their clients know', async (code, failure) => {
    const answer = await answerTo(failure, plainFailures.renderFailure)
    const text = await answer.text()
    expect(text).not.toContain('secret')
    expect(text).toMatch(/^[^\n]{5,}$/)
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=UTF-8')
    const known = [400, 401, 403, 404, 409, 410, 412, 413, 415, 423, 429, 460, 500, 503]
    expect(known).toContain(answer.status)
    if (plainStatuses[code] !== undefined) expect(answer.status).toBe(plainStatuses[code])
    // A client that is to try again is told when.
    expect(answer.headers.has('retry-after')).toBe([423, 429].includes(answer.status))
    expect(answer.headers.get('upload-offset')).toBe(code === 'offset_mismatch' ? '5' : null)
  })

  it.each<[Refusal, number]>([
    [{ code: 'size_mismatch', expected: 5, actual: 6 }, 413],
    [{ code: 'type_mismatch', declared: 'image/png', actual: 'image/gif' }, 415],
    [{ code: 'checksum_mismatch', algorithm: 'sha256', expected: 'x', actual: 'y' }, 460],
    [{ code: 'checksum_mismatch', algorithm: 'md5', expected: 'x', actual: 'y' }, 460],
    [{ code: 'encoding_not_promised', encoding: 'gzip' }, 415],
    [{ code: 'parts_lost' }, 410],
    [{ code: 'copied_not_uploaded' }, 400],
    [{ code: 'quota_exceeded' }, 413],
    [{ code: 'grant_exceeded' }, 413],
    [{ code: 'never_arrived' }, 410],
    [{ code: 'aborted' }, 410],
  ])('an upload that was refused says why: %o is %i', async (refusal, status) => {
    const fileId = '00000000-0000-7000-8000-000000000000'
    const answer = await answerTo({ code: 'upload_refused', fileId, refusal }, plainFailures.renderFailure)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toMatch(/^The upload was refused: .{5,}/)
  })
})

describe('every failure of a resumable upload', () => {
  const types: Partial<Record<FailureCode, string>> = {
    offset_mismatch: 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset',
    length_mismatch: 'https://iana.org/assignments/http-problem-types#inconsistent-upload-length',
    beyond_length: 'https://iana.org/assignments/http-problem-types#inconsistent-upload-length',
  }

  it.each(cases)('%s is a problem, and says whether bytes are still awaited', async (code, failure) => {
    const answer = await answerTo(failure, resumableFailures.renderFailure)
    const text = await answer.text()
    expectCommon(failure, answer, text)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('upload-complete')).toBe(code === 'upload_refused' ? '?1' : '?0')
    expect(answer.headers.get('upload-offset')).toBe(code === 'offset_mismatch' ? '5' : null)
    expect(JSON.parse(text)).toMatchObject({
      type: types[code] ?? 'about:blank',
      status: answer.status,
      ...(code === 'offset_mismatch' ? { 'expected-offset': 5, 'provided-offset': 6 } : {}),
    })
    if (code === 'upload_over') expect(answer.status).toBe(404)
  })
})
