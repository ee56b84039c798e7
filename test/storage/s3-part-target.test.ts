import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ObjectKey } from '../../src/core/ids'
import { createS3Client } from '../../src/storage/s3/s3-client'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { s3PartTarget } from '../../src/storage/s3/s3-part-target'
import { decodeXml, isXmlDocumentOf, readXmlElement } from '../../src/storage/s3/s3-xml'

afterEach(() => {
  vi.restoreAllMocks()
})

const key = 'acme/file.bin' as ObjectKey

/** A store that answers with `answers` one after the other; what it was asked. */
function scripted(...answers: Response[]) {
  const asked: { method: string; url: URL; body: string }[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    asked.push({ method: request.method, url: new URL(request.url), body: await request.text() })
    return answers.shift() ?? new Response(null, { status: 500 })
  })
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const client = createS3Client({
    endpoint: 'https://store.example.com',
    region: 'auto',
    bucket: 'slipway',
    credentials,
    uploadCredentials: null,
  })
  return { asked, target: s3PartTarget(client, createS3ObjectStore(client), key, 'text/plain') }
}

const head = (byteSize: number) =>
  new Response(null, {
    headers: { etag: '"e-2"', 'content-length': String(byteSize), 'content-type': 'text/plain' },
  })
const completed =
  '<?xml version="1.0"?>\n<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag></CompleteMultipartUploadResult>'

describe('a multipart upload through S3', () => {
  it('is begun with the id as the store means it, not as XML writes it', async () => {
    const { asked, target } = scripted(
      new Response('<r:Result xmlns:r="x"><r:UploadId>2~a&amp;b&#43;c</r:UploadId></r:Result>'),
      new Response(null, { headers: { etag: '"p1"' } }),
    )
    const id = await target.create()
    expect(id).toBe('2~a&b+c')
    expect(await target.uploadPart(id, { number: 1, bytes: new Uint8Array(3) })).toBe('"p1"')
    expect(asked.map(({ url }) => url.search)).toEqual(['?uploads=', '?partNumber=1&uploadId=2~a%26b%2Bc'])
  })

  it('is complete when the store says so and the object has the size', async () => {
    const { asked, target } = scripted(new Response(`  \n${completed}`), head(7))
    expect(await target.complete('id', ['"p1"', 'p<2'], 7)).toMatchObject({ byteSize: 7, etag: 'e-2' })
    expect(asked[0]?.body).toBe(
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>p1</ETag></Part><Part><PartNumber>2</PartNumber><ETag>p&#60;2</ETag></Part></CompleteMultipartUpload>',
    )
  })

  it('is complete when an earlier try was and its answer was lost', async () => {
    const { target } = scripted(
      new Response('<Error><Code>NoSuchUpload</Code></Error>', { status: 404 }),
      head(7),
    )
    expect(await target.complete('id', ['p1'], 7)).toMatchObject({ byteSize: 7 })
  })

  it.each([
    ['an error inside a 200', [new Response(' <Error><Code>InternalError</Code></Error>')], 'InternalError'],
    ['an empty 200', [new Response('')], 'without a code'],
    ['an object of another size', [new Response(completed), head(6)], '6 bytes'],
    ['no object', [new Response(completed), new Response(null, { status: 404 })], 'bytes'],
    [
      'no such upload and no object',
      [new Response('', { status: 404 }), new Response(null, { status: 404 })],
      'bytes',
    ],
  ])('fails with %s', async (_, answers, why) => {
    const { target } = scripted(...answers)
    const failed = target.complete('id', ['p1'], 7)
    await expect(failed).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'completeMultipart' },
    })
    await expect(failed).rejects.toHaveProperty('cause.message', expect.stringContaining(why))
  })

  it('fails to begin without an UploadId, and a part without an ETag', async () => {
    const { target } = scripted(new Response('<x/>'), new Response(null))
    await expect(target.create()).rejects.toMatchObject({ failure: { operation: 'createMultipart' } })
    const part = { number: 1, bytes: new Uint8Array(1) }
    await expect(target.uploadPart('id', part)).rejects.toMatchObject({
      failure: { operation: 'uploadPart' },
    })
  })
})

describe('S3’s XML', () => {
  it.each([
    ['&quot;a&quot;&#34;&#x22;&apos;', '"a"""\''],
    ['&amp;lt;', '&lt;'],
    ['&unknown;&#9999999;&', '&unknown;&#9999999;&'],
  ])('decodes %s', (text, expected) => {
    expect(decodeXml(text)).toBe(expected)
  })

  it('is known by its root', () => {
    expect(isXmlDocumentOf(completed, 'CompleteMultipartUploadResult')).toBe(true)
    expect(
      isXmlDocumentOf('<Error><CompleteMultipartUploadResult/></Error>', 'CompleteMultipartUploadResult'),
    ).toBe(false)
    expect(readXmlElement('<a><Codes>x</Codes></a>', 'Code')).toBeNull()
  })
})
