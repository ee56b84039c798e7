import fc from 'fast-check'
import { describe, expect, inject, it } from 'vitest'
import { contentDispositionOf } from '../../src/core/files/content-disposition'
import { parseContentType } from '../../src/core/files/content-type'
import type { Md5, ObjectKey, Sha256 } from '../../src/core/ids'
import { createS3Client, type S3Credentials } from '../../src/storage/s3/s3-client'
import { createS3MultipartStore } from '../../src/storage/s3/s3-multipart-store'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { createS3Presigner } from '../../src/storage/s3/s3-presigner'
import botocoreVectors from '../fixtures/botocore-presign.json'
import { signQuery } from '../support/sigv4'

/** The credentials of AWS's published examples. */
const awsExample = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
/**
 * Those of the vectors: 127 requests that botocore 1.43 signed with a secret that was not kept, signed anew by
 * botocore 1.29 with AWS's example secret. But for the signature it gave the same URLs to the letter.
 */
const credentials = { ...awsExample, accessKeyId: 'AKIAEXAMPLE' }
const host = 'acct.r2.cloudflarestorage.com'
const now = Date.UTC(2026, 10, 2, 12, 34, 56)
const datetime = '20261102T123456Z'
const contentType = 'text/plain; charset=utf-8'
const key = 'acme/01a2.txt' as ObjectKey

function clientWith(uploadCredentials: S3Credentials | null = null) {
  return createS3Client({
    endpoint: `https://${host}`,
    region: 'auto',
    bucket: 'bkt',
    credentials,
    uploadCredentials,
  })
}

function presignerWith(options: { seals?: boolean; uploadCredentials?: S3Credentials } = {}) {
  const { seals = false, uploadCredentials = null } = options
  return createS3Presigner(clientWith(uploadCredentials), {
    now: () => now,
    sealsCopySource: async () => seals,
  })
}

/** What a presigned URL says, with the query decoded as an S3 server does: a plus sign is a plus sign. */
function read(url: string) {
  const { host, pathname, search } = new URL(url)
  const parameters: Record<string, string> = {}
  for (const pair of search.slice(1).split('&')) {
    const [name = '', value = ''] = pair.split('=').map(decodeURIComponent)
    parameters[name] = value
  }
  return {
    host,
    pathname,
    parameters,
    signature: parameters['X-Amz-Signature'],
    signedHeaders: parameters['X-Amz-SignedHeaders'],
    expires: parameters['X-Amz-Expires'],
    credential: parameters['X-Amz-Credential'],
  }
}

describe('the independent signer that the others are compared with', () => {
  it("gives the signature of AWS's published example (S3 API Reference, sigv4-query-string-auth)", async () => {
    const signed = await signQuery({
      method: 'GET',
      host: 'examplebucket.s3.amazonaws.com',
      path: '/test.txt',
      query: {},
      headers: {},
      credentials: awsExample,
      region: 'us-east-1',
      datetime: '20130524T000000Z',
      ttlSeconds: 86_400,
    })
    expect(signed).toMatchObject({
      signedHeaders: 'host',
      signature: 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    })
  })

  it('agrees with botocore on every vector', async () => {
    for (const { key, method, query, headers, url } of botocoreVectors) {
      const signed = await signQuery({
        method,
        host,
        path: `/bkt/${key}`,
        query: definedOf(query),
        headers: definedOf(headers),
        credentials,
        region: 'auto',
        datetime,
        ttlSeconds: 900,
      })
      expect({ key, method, headers, signature: signed.signature }).toEqual({
        key,
        method,
        headers,
        signature: read(url).signature,
      })
    }
  })
})

describe('a presigned URL', () => {
  // `new URL()` removes `.` and `..` segments, so such a key cannot be addressed through fetch at all. Keys
  // are made by the gateway and never have one.
  const hasDotSegment = (key: string) => key.split('/').some((segment) => /^\.{1,2}$/.test(segment))
  const vectors = botocoreVectors.filter(({ key }) => !hasDotSegment(key))

  it('is compared with nearly all of the vectors', () => {
    expect(vectors).toHaveLength(113)
  })

  it.each([...new Set(vectors.map((vector) => vector.case))])(
    "has botocore's address, signed headers and signature for every key: %s",
    async (name) => {
      for (const { key, method, query, headers, url } of vectors.filter((vector) => vector.case === name)) {
        const presigned = await clientWith().presign(key, {
          method: method === 'PUT' ? 'PUT' : 'GET',
          headers: definedOf(headers),
          query: definedOf(query),
          ttlSeconds: 900,
          now,
        })
        expect(read(presigned)).toEqual(read(url))
      }
    },
  )

  it('has the signature of an independent signer, for any key, type, size, time and lifetime', async () => {
    await fc.assert(
      fc.asyncProperty(
        awkwardKey(),
        awkwardContentType(),
        fc.option(fc.nat({ max: 5 * 1024 ** 3 })),
        fc.boolean(),
        fc.date({ min: new Date('2020-01-01'), max: new Date('2039-12-31'), noInvalidDate: true }),
        fc.integer({ min: 1, max: 604_800 }),
        async (key, contentType, byteSize, seals, moment, ttlSeconds) => {
          const presigner = createS3Presigner(clientWith(), {
            now: () => moment.getTime(),
            sealsCopySource: async () => seals,
          })
          const { url } = await presigner.presignPut(key as ObjectKey, { contentType, byteSize }, ttlSeconds)
          const expected = await signQuery({
            method: 'PUT',
            host,
            path: `/bkt/${key}`,
            query: {},
            headers: {
              'content-type': contentType,
              ...(byteSize === null ? {} : { 'content-length': String(byteSize) }),
              ...(seals ? { 'x-amz-copy-source': '' } : {}),
            },
            credentials,
            region: 'auto',
            datetime: `${moment.toISOString().slice(0, 19).replace(/[:-]/g, '')}Z`,
            ttlSeconds,
          })
          expect(read(url)).toMatchObject({
            pathname: expected.path,
            signature: expected.signature,
            signedHeaders: expected.signedHeaders,
            expires: String(ttlSeconds),
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  it('of a GET has it too, for any filename and type', async () => {
    await fc.assert(
      fc.asyncProperty(
        awkwardKey(),
        awkwardText(),
        awkwardContentType(),
        async (key, filename, contentType) => {
          const contentDisposition = contentDispositionOf('attachment', filename)
          const url = await presignerWith().presignGet(
            key as ObjectKey,
            { contentType, contentDisposition },
            60,
          )
          const expected = await signQuery({
            method: 'GET',
            host,
            path: `/bkt/${key}`,
            query: {
              'response-cache-control': 'private',
              'response-content-type': contentType,
              'response-content-disposition': contentDisposition,
            },
            headers: {},
            credentials,
            region: 'auto',
            datetime,
            ttlSeconds: 60,
          })
          expect(read(url)).toMatchObject({
            pathname: expected.path,
            signature: expected.signature,
            signedHeaders: 'host',
          })
          expect(read(url).parameters['response-cache-control']).toBe('private')
          expect(read(url).parameters['response-content-type']).toBe(contentType)
          expect(read(url).parameters['response-content-disposition']).toBe(contentDisposition)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('a presigned PUT of a part', () => {
  const part = { multipartId: '2~a/b+c', partNumber: 7, byteSize: 5_242_880 }

  it('has the signature of an independent signer, for any upload id, number, size and key', async () => {
    await fc.assert(
      fc.asyncProperty(
        awkwardKey(),
        awkwardText(),
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat({ max: 5 * 1024 ** 3 }),
        fc.boolean(),
        async (key, multipartId, partNumber, byteSize, seals) => {
          const { url, headers } = await presignerWith({ seals }).presignPart(
            key as ObjectKey,
            { multipartId, partNumber, byteSize },
            900,
          )
          const expected = await signQuery({
            method: 'PUT',
            host,
            path: `/bkt/${key}`,
            query: { partNumber: String(partNumber), uploadId: multipartId },
            headers: { 'content-length': String(byteSize), ...(seals ? { 'x-amz-copy-source': '' } : {}) },
            credentials,
            region: 'auto',
            datetime,
            ttlSeconds: 900,
          })
          expect(headers).toEqual({})
          expect(read(url)).toMatchObject({
            pathname: expected.path,
            signature: expected.signature,
            signedHeaders: expected.signedHeaders,
            parameters: { partNumber: String(partNumber), uploadId: multipartId },
            expires: '900',
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  it("writes an upload id in the query as SigV4 does, also Ceph's, for stores that verify it as sent", async () => {
    const { url } = await presignerWith().presignPart(key, { ...part, multipartId: "2~a/b+c %7E*'=" }, 900)
    expect(url).toContain('uploadId=2~a%2Fb%2Bc%20%257E%2A%27%3D&')
  })

  it('is another one for another upload, number, size and seal', async () => {
    const signatures = await Promise.all(
      [{}, { multipartId: '2~b' }, { partNumber: 8 }, { byteSize: 1 }].map(
        async (change) =>
          read((await presignerWith().presignPart(key, { ...part, ...change }, 900)).url).signature,
      ),
    )
    const { url } = await presignerWith({ seals: true }).presignPart(key, part, 900)
    expect(new Set([...signatures, read(url).signature]).size).toBe(5)
  })

  it('is signed with the credentials for uploads', async () => {
    const uploadCredentials = { accessKeyId: 'AKIAUPLOADONLY', secretAccessKey: 'secret' }
    const { url } = await presignerWith({ uploadCredentials }).presignPart(key, part, 900)
    expect(read(url).credential).toBe('AKIAUPLOADONLY/20261102/auto/s3/aws4_request')
  })

  it('fails without an answer about the copy source, rather than to leave it open', async () => {
    const presigner = createS3Presigner(clientWith(), {
      now: () => now,
      sealsCopySource: () => Promise.reject(new Error('no answer')),
    })
    await expect(presigner.presignPart(key, part, 900)).rejects.toThrow('no answer')
  })

  describe("at wrangler's S3 endpoint", () => {
    const begin = async () => {
      const { endpoint, bucket, region, accessKeyId, secretAccessKey } = inject('s3')
      const client = createS3Client({
        endpoint,
        region,
        bucket,
        credentials: { accessKeyId, secretAccessKey },
        uploadCredentials: null,
      })
      const presigner = createS3Presigner(client, {
        now: () => Date.now(),
        sealsCopySource: async () => true,
      })
      const multipartId = await createS3MultipartStore(client).create(key, { contentType })
      const { url } = await presigner.presignPart(key, { multipartId, partNumber: 1, byteSize: 10 }, 60)
      return { bucket, url, objects: createS3ObjectStore(client) }
    }
    const statusOf = async (url: string, body: string, headers = {}) => {
      const response = await fetch(url, { method: 'PUT', body, headers })
      await response.body?.cancel()
      return response.status
    }

    it('takes the length that was signed and no other', async () => {
      const { url } = await begin()
      expect(await statusOf(url, 'x'.repeat(11))).toBe(403)
      expect(await statusOf(url, 'x'.repeat(9))).toBe(403)
      expect(await statusOf(url, '')).toBe(403)
      expect(await statusOf(url, 'x'.repeat(10))).toBe(200)
    })

    it('takes no other number and no other upload', async () => {
      const { url } = await begin()
      expect(await statusOf(url.replace('partNumber=1', 'partNumber=2'), 'x'.repeat(10))).toBe(403)
      expect(await statusOf(url.replace('uploadId=', 'uploadId=x'), 'x'.repeat(10))).toBe(403)
    })

    it('copies no other object in', async () => {
      const { url, bucket, objects } = await begin()
      const theirs = 'acme/theirs.txt' as ObjectKey
      await objects.put(theirs, new Uint8Array(10), { contentType, sha256: null })
      expect(await statusOf(url, 'x'.repeat(10), { 'x-amz-copy-source': `${bucket}/${theirs}` })).toBe(403)
    })
  })
})

describe('the seal of a presigned PUT', () => {
  it.each([
    ['type', { contentType, byteSize: null }, false, 'content-type;host'],
    ['type and size', { contentType, byteSize: 7 }, false, 'content-length;content-type;host'],
    ['type and a size of zero', { contentType, byteSize: 0 }, false, 'content-length;content-type;host'],
    ['type and no copy', { contentType, byteSize: null }, true, 'content-type;host;x-amz-copy-source'],
    [
      'type, size and no copy',
      { contentType, byteSize: 7 },
      true,
      'content-length;content-type;host;x-amz-copy-source',
    ],
  ])('signs %s', async (_, seal, seals, signedHeaders) => {
    const { url } = await presignerWith({ seals }).presignPut(key, seal, 900)
    expect(read(url).signedHeaders).toBe(signedHeaders)
    expect(read(url)).toMatchObject({ host, pathname: `/bkt/${key}`, expires: '900' })
  })

  it('is another one for another type, size, key, lifetime, and without the copy source', async () => {
    const presign = async (seal: {
      type?: string
      size?: number | null
      at?: string
      ttl?: number
      seals?: boolean
    }) =>
      read(
        (
          await presignerWith({ seals: seal.seals ?? true }).presignPut(
            (seal.at ?? key) as ObjectKey,
            { contentType: seal.type ?? contentType, byteSize: seal.size === undefined ? 7 : seal.size },
            seal.ttl ?? 900,
          )
        ).url,
      ).signature
    const signatures = await Promise.all(
      [
        {},
        { type: 'text/html' },
        { size: 8 },
        { size: null },
        { at: 'acme/b' },
        { ttl: 901 },
        { seals: false },
      ].map(presign),
    )
    expect(new Set(signatures).size).toBe(signatures.length)
  })

  it('tells the client exactly what it signed, but for what every client sends or must not send', async () => {
    const md5 = '5eb63bbbe01eeed093cb22bb8f5acdc3' as Md5
    const sha256 = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9' as Sha256
    const disposition = contentDispositionOf('inline', 'ü.txt')
    const sealed = {
      contentType,
      byteSize: 11,
      md5,
      sha256,
      writeOnce: true,
      contentDisposition: disposition,
    }
    const { url, headers } = await presignerWith({ seals: true }).presignPut(key, sealed, 900)
    expect(headers).toEqual({
      'Content-Type': contentType,
      'Content-MD5': 'XrY7u+Ae7tCTyyK7j1rNww==',
      'x-amz-checksum-sha256': 'uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=',
      'Content-Disposition': disposition,
      'If-None-Match': '*',
    })
    const names = Object.keys(headers).map((name) => name.toLowerCase())
    expect(read(url).signedHeaders?.split(';')).toEqual(
      [...names, 'content-length', 'host', 'x-amz-copy-source'].sort(),
    )
    const expected = await signQuery({
      method: 'PUT',
      host,
      path: `/bkt/${key}`,
      query: {},
      headers: { ...headers, 'content-length': '11', 'x-amz-copy-source': '' },
      credentials,
      region: 'auto',
      datetime,
      ttlSeconds: 900,
    })
    expect(read(url).signature).toBe(expected.signature)
  })

  it('is bare of headers but the type without more to seal', async () => {
    const { headers } = await presignerWith().presignPut(key, { contentType, byteSize: 7 }, 900)
    expect(headers).toEqual({ 'Content-Type': contentType })
  })

  it('fails without an answer about the copy source, rather than to leave it open', async () => {
    const presigner = createS3Presigner(clientWith(), {
      now: () => now,
      sealsCopySource: () => Promise.reject(new Error('no answer')),
    })
    await expect(presigner.presignPut(key, { contentType, byteSize: 7 }, 900)).rejects.toThrow('no answer')
  })
})

describe('credentials', () => {
  const uploadCredentials = { accessKeyId: 'AKIAUPLOADONLY', secretAccessKey: 'upload/secret+for=PUT' }

  it('for uploads sign PUTs, and only those', async () => {
    const presigner = presignerWith({ uploadCredentials })
    const { url: put } = await presigner.presignPut(key, { contentType, byteSize: 7 }, 900)
    const get = await presigner.presignGet(key, { contentType, contentDisposition: 'attachment' }, 900)
    expect(read(put).credential).toBe('AKIAUPLOADONLY/20261102/auto/s3/aws4_request')
    expect(read(get).credential).toBe('AKIAEXAMPLE/20261102/auto/s3/aws4_request')
    const expected = await signQuery({
      method: 'PUT',
      host,
      path: `/bkt/${key}`,
      query: {},
      headers: { 'content-type': contentType, 'content-length': '7' },
      credentials: uploadCredentials,
      region: 'auto',
      datetime,
      ttlSeconds: 900,
    })
    expect(read(put).signature).toBe(expected.signature)
  })

  it('without any for uploads are the general ones', async () => {
    const { url: put } = await presignerWith().presignPut(key, { contentType, byteSize: 7 }, 900)
    expect(read(put).credential).toBe('AKIAEXAMPLE/20261102/auto/s3/aws4_request')
  })

  it('never show their secrets in a URL', async () => {
    const presigner = presignerWith({ seals: true, uploadCredentials })
    const urls = [
      (await presigner.presignPut(key, { contentType, byteSize: 7 }, 900)).url,
      await presigner.presignGet(key, { contentType, contentDisposition: 'attachment' }, 900),
    ]
    for (const url of urls)
      for (const { secretAccessKey } of [credentials, uploadCredentials]) {
        expect(url).not.toContain(secretAccessKey)
        expect(decodeURIComponent(url)).not.toContain(secretAccessKey)
      }
  })

  it('of two clients do not mix, though both sign on the same day', async () => {
    const other = createS3Client({
      endpoint: `https://${host}`,
      region: 'auto',
      bucket: 'bkt',
      credentials: { ...credentials, secretAccessKey: 'another' },
      uploadCredentials: null,
    })
    const request = { method: 'GET', ttlSeconds: 60, now } as const
    const [first, second, again] = [
      await clientWith().presign(key, request),
      await other.presign(key, request),
      await clientWith().presign(key, request),
    ]
    expect(read(second).signature).not.toBe(read(first).signature)
    expect(again).toBe(first)
  })
})

describe('the URI of an object', () => {
  it('names bucket and key', () => {
    expect(presignerWith().uri(key)).toBe(`s3://bkt/${key}`)
  })
})

/** JSON gives absent headers and parameters the type `undefined`. */
function definedOf(values: { [name: string]: string | undefined }): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** Text of what URLs, signatures and S3 servers have got wrong before. */
function awkwardText(): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom(
      ...' +!\'()*"%~-_.&=$,;:@?#<>[]{}|\\^`',
      '%20',
      '%2F',
      '+ ',
      'ü',
      '日本語',
      '😀',
      'e\u0301',
      '\u00a0',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
  )
  return fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''))
}

/** Several segments, some of them empty, none of them `.` or `..`, which no URL can hold. */
function awkwardKey(): fc.Arbitrary<string> {
  const segment = awkwardText().filter((text) => !/(^|\/)\.{1,2}(\/|$)/.test(text))
  return fc
    .array(fc.oneof({ arbitrary: segment, weight: 4 }, fc.constant('')), { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join('/'))
    .filter((key) => key !== '')
}

/** What `parseContentType` lets through. */
function awkwardContentType(): fc.Arbitrary<string> {
  const quoted = fc.string({ unit: fc.constantFrom(..." !#$%&'()*+-./0:;<=>?@A[]^_`a{|}~"), maxLength: 12 })
  return fc
    .tuple(fc.constantFrom('text/plain', 'image/svg+xml', "a!#$&'*.^_`|~/b+c"), fc.option(quoted))
    .map(([essence, value]) => (value === null ? essence : `${essence}; x="${value}"`))
    .filter((contentType) => parseContentType(contentType) === contentType)
}
