import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type ObjectKey, sha256Of } from '../../src/core/ids'
import { createS3Client } from '../../src/storage/s3/s3-client'
import { createS3MultipartStore } from '../../src/storage/s3/s3-multipart-store'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { createS3Presigner } from '../../src/storage/s3/s3-presigner'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { answerStoreRequests } from '../support/store-requests'
import { describeMultipartStore } from './multipart-store-contract'
import { describePartWriter } from './part-writer-contract'
import { answer, scriptStore, silence, xmlDocument } from './scripted-store'

const key = 'acme/file.bin' as ObjectKey
const storeEndpoint = 'https://store.example.com'

const clientOf = (endpoint = inject('s3').endpoint) => {
  const { bucket, region, accessKeyId, secretAccessKey } = inject('s3')
  const credentials = { accessKeyId, secretAccessKey }
  return createS3Client({ endpoint, region, bucket, credentials, uploadCredentials: null })
}

const over = (endpoint?: string) => {
  const client = clientOf(endpoint)
  return {
    uploads: createS3MultipartStore(client),
    objects: createS3ObjectStore(client),
    presigner: createS3Presigner(client, { now: () => Date.now(), sealsCopySource: async () => true }),
  }
}

// It answers 500 to unequal parts within, and 404 to the outside.
const local = { lists: false, unequalParts: 'no_such_upload', ofAnotherKey: 'no_such_upload' } as const
describeMultipartStore("wrangler's S3 endpoint", local, () => over())
describePartWriter("wrangler's S3 endpoint", () => over())

describe('over the endpoint of other tests', () => {
  const refusals = { unequalParts: 'invalid_parts', ofAnotherKey: 'no_such_upload' } as const

  describe('that lists in small pages', () => {
    beforeEach(() => {
      answerStoreRequests(createS3OverBucket(env.BUCKET, { pageSize: 2 }))
    })
    describeMultipartStore('an S3 store', { lists: true, ...refusals }, () => over(storeEndpoint))
    describePartWriter('an S3 store', () => over(storeEndpoint))
  })

  describe('that cannot list', () => {
    beforeEach(() => {
      answerStoreRequests(createS3OverBucket(env.BUCKET, { listsParts: false }))
    })
    describeMultipartStore('an S3 store', { lists: false, ...refusals }, () => over(storeEndpoint))
  })
})

function scripted(...answers: Parameters<typeof scriptStore>) {
  const { asked, client } = scriptStore(...answers)
  return { asked, uploads: createS3MultipartStore(client) }
}

describe('CreateMultipartUpload', () => {
  it('fails with an answer without an UploadId', async () => {
    const { uploads } = scripted(xmlDocument('<x/>'))
    await expect(uploads.create(key, { contentType: 'text/plain' })).rejects.toMatchObject({
      failure: { operation: 'createMultipart' },
    })
  })

  it.each([
    ['once more, when the store says that it has not begun', 503, 'SlowDown', 3],
    ['once more, when there were too many requests', 429, 'TooManyRequests', 3],
    ['once only, when it may have made an upload', 500, 'InternalError', 1],
    ['once only, when a gateway gave up waiting', 504, 'GatewayTimeout', 1],
  ])('is sent %s', async (_, status, code, times) => {
    const refused = answer(status, code)
    const { uploads, asked } = scripted(refused, refused, refused, refused)
    await expect(uploads.create(key, { contentType: 'text/plain' })).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'createMultipart' },
    })
    expect(asked).toHaveLength(times)
  })
})

describe('ListParts', () => {
  const part = (number: number, etag: string) =>
    `<Part><PartNumber>${number}</PartNumber><LastModified>2026-01-01T00:00:00Z</LastModified><ETag>${etag}</ETag><Size>5</Size></Part>`
  const page = (parts: string, next: number | null) =>
    xmlDocument(
      `<?xml version="1.0"?><ListPartsResult xmlns="x"><PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>${next ?? 0}</NextPartNumberMarker><IsTruncated>${next !== null}</IsTruncated>${parts}</ListPartsResult>`,
    )

  it('reads every page, and ETags without quotes however XML writes them', async () => {
    const { uploads, asked } = scripted(
      page(part(1, '&quot;a&quot;') + part(2, '&#34;b&#34;'), 2),
      page(part(3, '"c"') + part(4, '&#x22;d&#x22;'), null),
    )
    expect(await uploads.listParts(key, '2~id/+')).toEqual(
      ['a', 'b', 'c', 'd'].map((etag, at) => ({ partNumber: at + 1, etag, byteSize: 5 })),
    )
    expect(asked.map(({ url }) => url.search)).toEqual([
      '?uploadId=2~id%2F%2B&max-parts=1000&part-number-marker=0',
      '?uploadId=2~id%2F%2B&max-parts=1000&part-number-marker=2',
    ])
  })

  it.each([
    ['a page that leads back', [page(part(1, 'a'), 1), page(part(1, 'a'), 1)]],
    [
      'a truncated page that leads nowhere',
      [xmlDocument('<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>')],
    ],
    ['a part without an ETag', [page('<Part><PartNumber>1</PartNumber><Size>1</Size></Part>', null)]],
    ['a part without a size', [page('<Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>', null)]],
    ['a part without a number', [page('<Part><ETag>a</ETag><Size>1</Size></Part>', null)]],
    ['another document', [xmlDocument('<html/>')]],
    ['a refusal', [answer(403, 'AccessDenied')]],
    ['no such bucket', [answer(404, 'NoSuchBucket')]],
  ])('fails with %s', async (_, answers) => {
    const times = answers.length
    const { uploads, asked } = scripted(...answers)
    await expect(uploads.listParts(key, 'id')).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'listParts' },
    })
    expect(asked).toHaveLength(times)
  })

  it.each([501, 405])('is unsupported where the store answers %i, which is asked once', async (status) => {
    const { uploads, asked } = scripted(answer(status, 'NotImplemented'))
    expect(await uploads.listParts(key, 'id')).toBe('unsupported')
    expect(asked).toHaveLength(1)
  })
})

describe('UploadPart', () => {
  const bytes = new Uint8Array(3)
  const uploaded = (headers: Record<string, string>) => () => new Response(null, { headers })

  it('goes to the upload whose id is read as the store means it, not as XML writes it', async () => {
    const { uploads, asked } = scripted(
      xmlDocument('<r:Result xmlns:r="x"><r:UploadId>2~a&amp;b&#43;c</r:UploadId></r:Result>'),
      uploaded({ etag: '"p1"' }),
    )
    const id = await uploads.create(key, { contentType: 'text/plain' })
    expect(id).toBe('2~a&b+c')
    expect(await uploads.uploadPart(key, id, 1, bytes)).toEqual({ partNumber: 1, etag: 'p1', byteSize: 3 })
    expect(asked.map(({ url }) => url.search)).toEqual(['?uploads=', '?partNumber=1&uploadId=2~a%26b%2Bc'])
  })

  it('has the store compare the bytes with their SHA-256', async () => {
    const { uploads, asked } = scripted(uploaded({ etag: '"p1"' }))
    await uploads.uploadPart(key, 'id', 1, bytes)
    expect(asked[0]?.headers.get('x-amz-content-sha256')).toBe(await sha256Of(bytes))
  })

  it('is tried again when the store breaks', async () => {
    const { uploads, asked } = scripted(answer(500, 'InternalError'), uploaded({ etag: '"p1"' }))
    expect(await uploads.uploadPart(key, 'id', 1, bytes)).toMatchObject({ etag: 'p1' })
    expect(asked).toHaveLength(2)
  })

  it('is null when there is no such upload', async () => {
    expect(await scripted(answer(404, 'NoSuchUpload')).uploads.uploadPart(key, 'id', 1, bytes)).toBeNull()
  })

  it.each([
    ['an answer without an ETag', uploaded({})],
    ['a refusal', answer(403, 'AccessDenied')],
    ['no such bucket', answer(404, 'NoSuchBucket')],
  ])('fails with %s', async (_, answered) => {
    await expect(scripted(answered).uploads.uploadPart(key, 'id', 1, bytes)).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'uploadPart' },
    })
  })

  it('may take 30 s and a second for each of its MiB', async () => {
    vi.useFakeTimers()
    const failed = vi.fn()
    const ended = scripted(silence)
      .uploads.uploadPart(key, 'id', 1, new Uint8Array(5 * 1024 ** 2))
      .catch(failed)
    await vi.advanceTimersByTimeAsync(34_999)
    expect(failed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(failed.mock.calls[0]?.[0]).toMatchObject({ failure: { operation: 'uploadPart' } })
  })
})

describe('CompleteMultipartUpload', () => {
  const parts = [{ partNumber: 1, etag: 'a' }]

  it.each([
    ['invalid_parts', answer(400, 'InvalidPart')],
    ['invalid_parts', answer(400, 'InvalidPartOrder')],
    ['invalid_parts', answer(400, 'EntityTooSmall')],
    ['invalid_parts', answer(400, 'BadUpload')],
    ['invalid_parts', answer(200, 'InvalidPart')],
    ['no_such_upload', answer(404, 'NoSuchUpload')],
    ['no_such_upload', answer(200, 'NoSuchUpload')],
    ['completed', xmlDocument('\n <?xml version="1.0"?><CompleteMultipartUploadResult/>')],
  ] as const)('is %s by what the store answers', async (outcome, answered) => {
    expect(await scripted(answered).uploads.complete(key, 'id', parts)).toMatchObject({ outcome })
  })

  it.each([
    ['another refusal', answer(400, 'InvalidRequest')],
    ['an error inside a 200', answer(200, 'InternalError')],
    ['an empty 200', xmlDocument('')],
    ['no such bucket', answer(404, 'NoSuchBucket')],
  ])('fails with %s', async (_, answered) => {
    await expect(scripted(answered).uploads.complete(key, 'id', parts)).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'completeMultipart' },
    })
  })

  const isBroken = answer(500, 'InternalError')

  it('asks whether the upload is still there when the store breaks, as Ceph does when it is not', async () => {
    const { uploads, asked } = scripted(isBroken, isBroken, isBroken, answer(404, 'NoSuchUpload'))
    expect(await uploads.complete(key, '2~id', parts)).toEqual({ outcome: 'no_such_upload' })
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'GET'])
    expect(asked.at(-1)?.url.search).toBe('?uploadId=2~id&max-parts=1')
  })

  it.each([
    ['still there', xmlDocument('<ListPartsResult/>')],
    ['not to be listed', answer(501, 'NotImplemented')],
  ])('fails when the store breaks and the upload is %s', async (_, listed) => {
    const { uploads } = scripted(isBroken, isBroken, isBroken, listed)
    await expect(uploads.complete(key, 'id', parts)).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'completeMultipart' },
    })
  })

  it('names its parts by number and ETag, without quotes', async () => {
    const { uploads, asked } = scripted(xmlDocument('<CompleteMultipartUploadResult/>'))
    const [first, second] = ['"p1"', 'p<2']
    await uploads.complete(key, 'id', [
      { partNumber: 1, etag: first ?? '' },
      { partNumber: 2, etag: second ?? '' },
    ])
    expect(asked[0]?.body).toBe(
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>p1</ETag></Part><Part><PartNumber>2</PartNumber><ETag>p&#60;2</ETag></Part></CompleteMultipartUpload>',
    )
  })

  it('has an end when the store keeps the connection open with blanks', async () => {
    vi.useFakeTimers()
    const blanks = new ReadableStream({ pull: () => new Promise<never>(() => {}) })
    const failed = vi.fn()
    const ended = scripted(() => new Response(blanks))
      .uploads.complete(key, 'id', parts)
      .catch(failed)
    await vi.advanceTimersByTimeAsync(59_999)
    expect(failed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(failed.mock.calls[0]?.[0]).toMatchObject({ failure: { operation: 'completeMultipart' } })
  })
})

describe('ListMultipartUploads', () => {
  const page = (ids: Record<string, string>, next?: string) =>
    xmlDocument(
      `<ListMultipartUploadsResult xmlns="x"><KeyMarker/>${Object.entries(ids)
        .map(([id, key]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
        .join(
          '',
        )}<IsTruncated>${next !== undefined}</IsTruncated><NextKeyMarker>${next ? key : ''}</NextKeyMarker><NextUploadIdMarker>${next ?? ''}</NextUploadIdMarker></ListMultipartUploadsResult>`,
    )

  it('is read page by page, and only what is of exactly the key is aborted', async () => {
    const done = () => new Response(null, { status: 204 })
    const { uploads, asked } = scripted(
      page({ '2~a': key, b: `${key}2` }, 'b+'),
      page({ c: key }),
      done,
      answer(404, 'NoSuchUpload'),
    )
    expect(await uploads.abortAll(key)).toBe('aborted')
    expect(asked.map(({ method, url }) => `${method} ${url.pathname}${url.search}`)).toEqual([
      'GET /slipway?uploads=&prefix=acme%2Ffile.bin&max-uploads=1000',
      'GET /slipway?uploads=&prefix=acme%2Ffile.bin&max-uploads=1000&key-marker=acme%2Ffile.bin&upload-id-marker=b%2B',
      'DELETE /slipway/acme/file.bin?uploadId=2~a',
      'DELETE /slipway/acme/file.bin?uploadId=c',
    ])
  })

  it('does nothing where the store answers 405', async () => {
    await expect(scripted(answer(405, 'MethodNotAllowed')).uploads.abortAll(key)).resolves.toBe('unsupported')
  })

  it('fails with a page that leads back', async () => {
    const { uploads, asked } = scripted(page({}, 'a'), page({}, 'a'))
    await expect(uploads.abortAll(key)).rejects.toMatchObject({ failure: { operation: 'listMultiparts' } })
    expect(asked).toHaveLength(2)
  })

  it.each([
    [
      'a page that leads nowhere',
      xmlDocument('<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>'),
    ],
    ['another document', xmlDocument('<html/>')],
    ['a refusal', answer(403, 'AccessDenied')],
  ])('fails with %s', async (_, answered) => {
    await expect(scripted(answered).uploads.abortAll(key)).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'listMultiparts' },
    })
  })
})
