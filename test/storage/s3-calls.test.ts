import { describe, expect, inject, it, vi } from 'vitest'
import type { ObjectKey } from '../../src/core/ids'
import type { ObjectStore } from '../../src/core/ports/object-store'
import { createS3Client } from '../../src/storage/s3/s3-client'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { answer, objectHead, scriptStore, silence, xmlDocument } from './scripted-store'

const key = 'acme/file.bin' as ObjectKey
const plain = { contentType: 'text/plain', sha256: null }
const mebibyte = 1024 ** 2

function scripted(...answers: Parameters<typeof scriptStore>) {
  const { asked, client } = scriptStore(...answers)
  return { asked, store: createS3ObjectStore(client) }
}

describe('CopyObject', () => {
  const md5 = '5eb63bbbe01eeed093cb22bb8f5acdc3'
  const from = 'acme/a b/ü+.txt' as ObjectKey
  const copied = xmlDocument(
    '\n<?xml version="1.0"?><CopyObjectResult xmlns="x"><ETag>"e"</ETag></CopyObjectResult>',
  )
  const copy = (store: ObjectStore, ifMatch = md5) =>
    store.copy(from, key, { ifMatch, contentType: 'text/plain' })

  it('names its source without a slash before the bucket, and bound to its ETag', async () => {
    const { asked, store } = scripted(copied, objectHead(`"${md5}"`))
    expect(await copy(store)).toMatchObject({ key, byteSize: 3, md5 })
    expect(asked.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      'PUT /slipway/acme/file.bin',
      'HEAD /slipway/acme/file.bin',
    ])
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toMatchObject({
      'x-amz-copy-source': 'slipway/acme/a%20b/%C3%BC%2B.txt',
      'x-amz-copy-source-if-match': `"${md5}"`,
      'x-amz-metadata-directive': 'REPLACE',
      'content-type': 'text/plain',
    })
  })

  it.each([
    ['the condition does not hold', [answer(412, 'PreconditionFailed')]],
    ['the condition does not hold, said inside a 200', [answer(200, 'PreconditionFailed')]],
    ['there is no source', [answer(404, 'NoSuchKey')]],
    ['there is no source, said inside a 200', [answer(200, 'NoSuchKey')]],
    ['the store ignored the condition and copied other bytes', [copied, objectHead(`"${'0'.repeat(32)}"`)]],
  ])('is null when %s', async (_, answers) => {
    expect(await copy(scripted(...answers).store)).toBeNull()
  })

  it.each([
    ['the source was of parts', '0123456789abcdef0123456789abcdef-2', objectHead(`"${md5}"`)],
    ['the copy is of parts', md5, objectHead('"0123456789abcdef0123456789abcdef-2"')],
    [
      'the copy is encrypted with a key of KMS',
      md5,
      objectHead(`"${'0'.repeat(32)}"`, { 'x-amz-server-side-encryption': 'aws:kms' }),
    ],
    ['the ETag is written in capitals', md5.toUpperCase(), objectHead(`"${md5}"`)],
  ])('takes the copy for good when %s', async (_, ifMatch, target) => {
    expect(await copy(scripted(copied, target).store, ifMatch)).toMatchObject({ key })
  })

  it.each([
    ['an error inside a 200', [answer(200, 'InternalError')]],
    ['an empty 200', [xmlDocument('')]],
    ['a refusal', [answer(403, 'AccessDenied')]],
    ['no such bucket', [answer(404, 'NoSuchBucket')]],
    ['a copy that is not there', [copied, () => new Response(null, { status: 404 })]],
  ])('fails with %s', async (_, answers) => {
    await expect(copy(scripted(...answers).store)).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'copy' },
    })
  })

  it('may take five minutes', async () => {
    expect(await failsAfter(() => copy(scripted(silence).store))).toBe(300_000)
  })
})

describe('deleting many objects', () => {
  const keys = ['acme/a', 'acme/<b>&', 'acme/"c"'] as ObjectKey[]
  const deleted = xmlDocument('<DeleteResult xmlns="x"></DeleteResult>')
  const callsOf = (asked: { method: string; url: URL }[]) =>
    asked.map(({ method, url }) => `${method} ${url.pathname}${url.search}`)

  it('is one request, which says the MD5 of its body', async () => {
    const { asked, store } = scripted(deleted)
    await store.delete(keys)
    expect(callsOf(asked)).toEqual(['POST /slipway?delete='])
    const [{ body, headers }] = asked as [(typeof asked)[number]]
    expect(body).toBe(
      '<Delete><Quiet>true</Quiet><Object><Key>acme/a</Key></Object><Object><Key>acme/&#60;b&#62;&#38;</Key></Object><Object><Key>acme/&#34;c&#34;</Key></Object></Delete>',
    )
    const bodyMd5 = await crypto.subtle.digest('MD5', new TextEncoder().encode(body))
    expect(headers.get('content-md5')).toBe(new Uint8Array(bodyMd5).toBase64())
  })

  it('is a plain DELETE for one, and nothing for none', async () => {
    const { asked, store } = scripted(() => new Response(null, { status: 204 }))
    await store.delete([])
    await store.delete([key])
    expect(callsOf(asked)).toEqual(['DELETE /slipway/acme/file.bin'])
  })

  it('takes a thousand at once', async () => {
    const { asked, store } = scripted(deleted, deleted, () => new Response(null, { status: 204 }))
    await store.delete(Array.from({ length: 2001 }, (_, at) => `acme/${at}` as ObjectKey))
    expect(callsOf(asked)).toEqual([
      'POST /slipway?delete=',
      'POST /slipway?delete=',
      'DELETE /slipway/acme/2000',
    ])
    expect(asked.map(({ body }) => body.split('<Key>').length - 1)).toEqual([1000, 1000, 0])
  })

  it('does not mind that one is not there', async () => {
    const gone = '<DeleteResult><Error><Key>acme/a</Key><Code>NoSuchKey</Code></Error></DeleteResult>'
    await expect(scripted(xmlDocument(gone)).store.delete(keys)).resolves.toBeUndefined()
  })

  it.each([
    [
      'one of them is refused',
      xmlDocument(
        '<DeleteResult><Error><Key>acme/a</Key><Code>NoSuchKey</Code></Error><Error><Key>acme/b</Key><Code>AccessDenied</Code></Error></DeleteResult>',
      ),
      'AccessDenied',
    ],
    ['all of them are', answer(403, 'AccessDenied'), 'AccessDenied'],
    ['an error comes with a 200', answer(200, 'InternalError'), 'InternalError'],
    ['the answer is empty', xmlDocument(''), 'without a code'],
    ['there is no such bucket', answer(404, 'NoSuchBucket'), 'NoSuchBucket'],
  ])('fails when %s', async (_, answered, why) => {
    const { asked, store } = scripted(answered)
    const failed = store.delete(keys)
    await expect(failed).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'deleteMany' },
      cause: { message: expect.stringContaining(why) },
    })
    expect(asked).toHaveLength(1)
  })

  it.each([400, 405, 501])(
    'is done one by one where the store answers %i, which is asked once',
    async (status) => {
      const one = () => new Response(null, { status: 204 })
      const { asked, store } = scripted(answer(status, 'NotImplemented'), one, one, one, one, one, one)
      const each = [
        'DELETE /slipway/acme/a',
        'DELETE /slipway/acme/%3Cb%3E%26',
        'DELETE /slipway/acme/%22c%22',
      ]
      await store.delete(keys)
      expect(callsOf(asked)).toEqual(['POST /slipway?delete=', ...each])
      await store.delete(keys)
      expect(callsOf(asked).slice(4)).toEqual(each)
    },
  )

  it('is done one by one this time where a 400 may be about the request, and tried again the next', async () => {
    const one = () => new Response(null, { status: 204 })
    const { asked, store } = scripted(answer(400, 'RequestTimeout'), one, one, one, deleted)
    await store.delete(keys)
    await store.delete(keys)
    expect(callsOf(asked).map((call) => call.split(' ')[0])).toEqual([
      'POST',
      'DELETE',
      'DELETE',
      'DELETE',
      'POST',
    ])
  })

  it("is one request to wrangler's S3 endpoint too", async () => {
    const { accessKeyId, secretAccessKey, ...s3 } = inject('s3')
    const credentials = { accessKeyId, secretAccessKey }
    const store = createS3ObjectStore(createS3Client({ ...s3, credentials, uploadCredentials: null }))
    for (const key of keys) await store.put(key, new Uint8Array(1), plain)
    const fetched = vi.spyOn(globalThis, 'fetch')
    await store.delete(keys)
    expect(fetched).toHaveBeenCalledOnce()
    expect(await Promise.all(keys.map((key) => store.head(key)))).toEqual([null, null, null])
  })
})

describe('the time that a store may take', () => {
  it.each<[string, number, (store: ObjectStore) => Promise<unknown>]>([
    ['a head', 30_000, (store) => store.head(key)],
    ['a get', 30_000, (store) => store.get(key)],
    ['a check', 30_000, (store) => store.check()],
    ['a delete', 30_000, (store) => store.delete([key])],
    ['a put of no bytes', 30_000, (store) => store.put(key, new Uint8Array(), plain)],
    ['a put of 3 MiB', 33_000, (store) => store.put(key, new Uint8Array(3 * mebibyte), plain)],
  ])('ends for %s', async (_, limitMs, call) => {
    const { store } = scripted(silence)
    expect(await failsAfter(() => call(store))).toBe(limitMs)
  })

  it('ends for all tries together', async () => {
    const { asked, store } = scripted(answer(503, 'SlowDown'), silence)
    expect(await failsAfter(() => store.head(key))).toBe(30_000)
    expect(asked).toHaveLength(2)
  })

  it('ends for a refusal whose document never ends', async () => {
    const endless = new ReadableStream({ pull: () => new Promise<never>(() => {}) })
    const { store } = scripted(() => new Response(endless, { status: 403 }))
    expect(await failsAfter(() => store.head(key))).toBe(30_000)
  })

  it('closes the connection when it ends', async () => {
    vi.useFakeTimers()
    const signals: AbortSignal[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation((input) => {
      if (input instanceof Request) signals.push(input.signal)
      return silence()
    })
    const ended = createS3ObjectStore(createS3Client(anywhere))
      .get(key)
      .catch(() => {})
    await vi.advanceTimersByTimeAsync(29_999)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  it('is over with the headers: a body may take its own', async () => {
    vi.useFakeTimers()
    const signals: AbortSignal[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      if (input instanceof Request) signals.push(input.signal)
      let pulls = 0
      const slow = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 60_000))
          if (pulls++ < 3) controller.enqueue(new Uint8Array([pulls]))
          else controller.close()
        },
      })
      return new Response(slow, { headers: { etag: '"e"', 'content-length': '3' } })
    })
    const got = await createS3ObjectStore(createS3Client(anywhere)).get(key)
    const read = new Response(got?.body).arrayBuffer()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(new Uint8Array(await read)).toEqual(new Uint8Array([1, 2, 3]))
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    expect(vi.getTimerCount()).toBe(0)
  })
})

const anywhere = {
  endpoint: 'https://store.example.com',
  region: 'auto',
  bucket: 'slipway',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  uploadCredentials: null,
}

/** After how many milliseconds `call` fails with `store_failed`, to the second. */
async function failsAfter(call: () => Promise<unknown>): Promise<number | null> {
  vi.useFakeTimers()
  const start = Date.now()
  let failedAfter: number | null = null
  const ended = call().catch((error: unknown) => {
    expect(error).toMatchObject({ failure: { code: 'store_failed' } })
    failedAfter = Date.now() - start
  })
  // Not for ever, should there be no limit.
  while (failedAfter === null && Date.now() - start < 900_000) await vi.advanceTimersByTimeAsync(1000)
  await ended
  expect(vi.getTimerCount()).toBe(0)
  return failedAfter
}
