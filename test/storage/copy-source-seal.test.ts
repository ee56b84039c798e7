import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { GatewayError } from '../../src/core/errors'
import { writeLog } from '../../src/log'
import { createCopySourceSeal } from '../../src/storage/s3/copy-source-seal'
import { createS3Client } from '../../src/storage/s3/s3-client'

const secretAccessKey = 'the-secret-access-key'
const now = Date.UTC(2026, 10, 2, 12, 34, 56)
const client = createS3Client({
  endpoint: 'https://store.example.com',
  region: 'auto',
  bucket: 'bkt',
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey },
  uploadCredentials: null,
})

/** What S3 stores answer to a wrong signature: everything the signer hashed is quoted. */
const signatureDoesNotMatch = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match.</Message>
<AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256
20261102T123456Z
20261102/auto/s3/aws4_request
deadbeef</StringToSign><SignatureProvided>feedface</SignatureProvided>
<CanonicalRequest>GET
/bkt/private-key-name</CanonicalRequest></Error>`

let fetched: MockInstance<typeof fetch>
const told = vi.fn()

beforeEach(() => {
  fetched = vi.spyOn(globalThis, 'fetch')
})

afterEach(() => void told.mockClear())

type Answer = [status: number, code: string]

/** Answers a URL that signs the header with `withHeader`, and one that does not with `without`. */
function answerWith(withHeader: Answer, without: Answer = [404, 'NoSuchKey']): void {
  fetched.mockImplementation(async (input) => {
    const isSealed = new URL(new Request(input).url).searchParams
      .get('X-Amz-SignedHeaders')
      ?.includes('x-amz-copy-source')
    const [status, code] = isSealed ? withHeader : without
    return new Response(`<Error><Code>${code}</Code></Error>`, { status })
  })
}

describe('asking a store whether it reads an absent header as an empty one', () => {
  it.each([
    ['yes, when it only misses the object', 404, 'NoSuchKey', true],
    ['no, when it misses the header', 403, 'SignatureDoesNotMatch', false],
    ['no, when it dislikes the request', 400, 'InvalidArgument', false],
  ])('takes the answer for %s, and asks no second time', async (_, status, code, seals) => {
    answerWith([status, code])
    const sealsCopySource = createCopySourceSeal(client, () => now, told)
    expect(await sealsCopySource()).toBe(seals)
    expect(await sealsCopySource()).toBe(seals)
    expect(await Promise.all([sealsCopySource(), sealsCopySource()])).toEqual([seals, seals])
    // A refusal has its control.
    expect(fetched).toHaveBeenCalledTimes(seals ? 1 : 2)
  })

  it.each<[string, Answer]>([
    ['a wrong secret', [403, 'SignatureDoesNotMatch']],
    ['a key that is not known', [403, 'InvalidAccessKeyId']],
    ['a key that R2 does not know', [401, 'Unauthorized']],
    ['a clock that is wrong', [403, 'RequestTimeTooSkewed']],
    ['a key without the right to list', [403, 'AccessDenied']],
    ['a region that is wrong', [400, 'AuthorizationQueryParametersError']],
    ['a token that has expired', [400, 'ExpiredToken']],
    ['a bucket that is not there', [404, 'NoSuchBucket']],
    ['an endpoint that is none', [404, '']],
    ['a redirect', [301, 'PermanentRedirect']],
  ])('concludes nothing from %s, and asks again once that is mended', async (_, refused) => {
    answerWith(refused, refused)
    const sealsCopySource = createCopySourceSeal(client, () => now, told)
    for (let time = 0; time < 2; time++)
      await expect(sealsCopySource()).rejects.toMatchObject({
        failure: { code: 'store_failed', operation: 'probe' },
        cause: { status: refused[0] },
      })
    expect(told).not.toHaveBeenCalled()
    answerWith([404, 'NoSuchKey'])
    expect(await sealsCopySource()).toBe(true)
  })

  it('concludes nothing where the store fails between the refusal and its control', async () => {
    answerWith([403, 'SignatureDoesNotMatch'], [503, 'SlowDown'])
    const sealsCopySource = createCopySourceSeal(client, () => now, told)
    await expect(sealsCopySource()).rejects.toMatchObject({ failure: { code: 'store_failed' } })
    answerWith([403, 'SignatureDoesNotMatch'])
    expect(await sealsCopySource()).toBe(false)
    expect(told.mock.calls).toEqual([[false]])
  })

  it('takes an object that is there after all for a yes', async () => {
    fetched.mockImplementation(async () => new Response('bytes'))
    expect(await createCopySourceSeal(client, () => now, told)()).toBe(true)
  })

  it('keeps the answer, and says it where it is told to', async () => {
    answerWith([404, 'NoSuchKey'])
    const sealsCopySource = createCopySourceSeal(client, () => now, told)
    expect(await sealsCopySource()).toBe(true)
    expect(await Promise.all([sealsCopySource(), sealsCopySource()])).toEqual([true, true])
    expect(fetched).toHaveBeenCalledOnce()
    expect(told.mock.calls).toEqual([[true]])
  })

  it.each([
    ['a 500', async () => new Response('<Error><Code>InternalError</Code></Error>', { status: 500 })],
    ['a 503', async () => new Response(null, { status: 503 })],
    ['a 429', async () => new Response('<Error><Code>SlowDown</Code></Error>', { status: 429 })],
    ['a connection that fails', () => Promise.reject(new TypeError('Network connection lost.'))],
  ])('guesses nothing from %s, and asks again next time', async (_, answer) => {
    fetched.mockImplementation(answer)
    const sealsCopySource = createCopySourceSeal(client, () => now, told)
    for (const time of [1, 2]) {
      const error = await sealsCopySource().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(GatewayError)
      expect(error).toHaveProperty('failure', { code: 'store_failed', operation: 'probe' })
      expect(fetched).toHaveBeenCalledTimes(time)
    }
    answerWith([404, 'NoSuchKey'])
    expect(await sealsCopySource()).toBe(true)
    expect(fetched).toHaveBeenCalledTimes(3)
  })

  it('waits ten seconds', async () => {
    vi.useFakeTimers()
    fetched.mockImplementation(() => new Promise(() => {}))
    const failed = vi.fn()
    const ended = createCopySourceSeal(client, () => now, told)().catch(failed)
    await vi.advanceTimersByTimeAsync(9_999)
    expect(failed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(failed.mock.calls[0]?.[0]).toMatchObject({ failure: { code: 'store_failed', operation: 'probe' } })
  })

  it('only reads, and signs the header without sending it', async () => {
    answerWith([404, 'NoSuchKey'])
    await createCopySourceSeal(client, () => now, told)()
    const [address, init] = fetched.mock.calls[0] ?? []
    const { pathname, searchParams } = new URL(String(address))
    expect(pathname).toBe('/bkt/slipway-probe')
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-amz-copy-source')
    expect(init?.method ?? 'GET').toBe('GET')
    expect(new Headers(init?.headers).has('x-amz-copy-source')).toBe(false)
  })
})

describe("a store's refusal", () => {
  it('reaches error and log as status and code only, never with the string to sign it quotes', async () => {
    fetched.mockImplementation(async () => new Response(signatureDoesNotMatch, { status: 403 }))
    const error = await client
      .send('put', 'private-key-name', { method: 'PUT', body: 'x' })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toHaveProperty('failure', { code: 'store_failed', operation: 'put' })

    const line = logged(error)
    expect(line).toContain('403 SignatureDoesNotMatch')
    for (const told of [line, String(error), JSON.stringify(error)])
      expect(told).not.toMatch(
        /StringToSign|CanonicalRequest|aws4_request|deadbeef|feedface|private-key-name|AKIAEXAMPLE|the-secret/,
      )
  })

  it('has no code when the answer has none that looks like one', async () => {
    fetched.mockImplementation(
      async () => new Response('<Error><Code>secret=hunter2 &amp; more</Code></Error>', { status: 403 }),
    )
    const error = await client.send('head', 'a', { method: 'HEAD' }).catch((e: unknown) => e)
    expect(logged(error)).toContain('403 without a code')
    expect(logged(error)).not.toContain('hunter2')
  })

  it('of a request that may be repeated comes after two more tries; of a stream at once', async () => {
    answerWith([503, 'SlowDown'], [503, 'SlowDown'])
    await client.send('get', 'a', { method: 'GET' }).catch(() => {})
    expect(fetched).toHaveBeenCalledTimes(3)
    fetched.mockClear()
    const body = new Blob(['x']).stream()
    await client.send('put', 'a', { method: 'PUT', body, replayable: false }).catch(() => {})
    expect(fetched).toHaveBeenCalledOnce()
  })
})

function logged(cause: unknown): string {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {})
  writeLog({ event: 'request_failed', cause })
  return String(write.mock.calls.at(-1)?.[0])
}
