import { env } from 'cloudflare:workers'
import { describe, expect, inject, it, vi } from 'vitest'
import { interceptBucket, recordCalls } from '../support/intercept'
import { captureLogs } from '../support/logs'
import { quantcdn } from '../support/quantcdn'
import { endpointBindings } from '../support/start-over'
import { type Bindings, bodyOf, objectKeys, startWorker } from '../support/worker'

/** A Worker over wrangler's S3 endpoint, which verifies signatures. */
function start(more: Bindings = {}) {
  return startWorker({ ...endpointBindings(), ...more })
}

const uploadKey = (secret: string) =>
  ({ S3_UPLOAD_ACCESS_KEY_ID: inject('s3').accessKeyId, S3_UPLOAD_SECRET_ACCESS_KEY: secret }) as Bindings

async function failing(worker: ReturnType<typeof start>): Promise<[status: number, failing?: string[]]> {
  const answer = await worker.call('GET', '/health')
  const { failing } = await bodyOf(answer)
  return failing === undefined ? [answer.status] : [answer.status, failing]
}

describe('GET /health', () => {
  it('is 200 where every key pair works, beside an R2 binding too', async () => {
    captureLogs()
    const before = await objectKeys()
    expect(await failing(start(uploadKey(inject('s3').secretAccessKey)))).toEqual([200])
    expect(await objectKeys()).toEqual(before)
  })

  it('names the key pair that does not work, and no secret', async () => {
    const logs = captureLogs()
    const wrong = 'a-wrong-secret-access-key'
    const cases: [Bindings, string[]][] = [
      [{ S3_SECRET_ACCESS_KEY: wrong }, ['S3_ACCESS_KEY_ID']],
      [{ S3_ACCESS_KEY_ID: 'nobody' }, ['S3_ACCESS_KEY_ID']],
      [uploadKey(wrong), ['S3_UPLOAD_ACCESS_KEY_ID']],
      [{ S3_BUCKET: 'another' }, ['S3_ACCESS_KEY_ID']],
      [{ BUCKET: undefined, S3_SECRET_ACCESS_KEY: wrong }, ['bucket', 'S3_ACCESS_KEY_ID']],
    ]
    for (const [bindings, expected] of cases)
      expect(await failing(start(bindings)), JSON.stringify(Object.keys(bindings))).toEqual([503, expected])
    expect(logs.text()).toContain('health_check_failed')
    expect(logs.text()).not.toContain(wrong)
    expect(logs.text()).not.toContain('X-Amz-')
  })

  it('says which is missing where binding and key pair fail each for itself', async () => {
    captureLogs()
    const broken = interceptBucket(
      env.BUCKET,
      recordCalls(() => 'before'),
    )
    expect(await failing(start({ BUCKET: broken }))).toEqual([503, ['bucket']])
  })

  it('asks the store once a minute for each pair, and after a failure again soon', async () => {
    captureLogs()
    const worker = start(uploadKey(inject('s3').secretAccessKey))
    const asked = vi.spyOn(globalThis, 'fetch')
    const asking = async () => {
      asked.mockClear()
      await worker.call('GET', '/health')
      return asked.mock.calls.length
    }
    const begin = Date.now()
    expect([await asking(), await asking()]).toEqual([2, 0])
    vi.setSystemTime(begin + 59_000)
    expect(await asking()).toBe(0)
    asked.mockImplementation(async () => new Response(null, { status: 503 }))
    vi.setSystemTime(begin + 62_000)
    expect([await asking(), await asking()]).toEqual([2, 0])
    vi.setSystemTime(begin + 68_000)
    expect(await asking()).toBe(2)
  })
})

describe('a presign', () => {
  const presign = { requestUploadUrl: true, contentType: 'text/plain', size: 5 }

  it('is refused, never unsealed by a guess, while the secret is wrong; and sealed once it is right', async () => {
    captureLogs()
    const api = async (worker: ReturnType<typeof start>) => quantcdn(worker, await worker.organization())
    const broken = await api(start({ S3_SECRET_ACCESS_KEY: 'a-wrong-secret-access-key' }))
    for (let time = 0; time < 2; time++) expect((await broken.upload(presign)).status).toBe(500)
    const { uploadUrl } = await bodyOf(await (await api(start())).upload(presign))
    expect(new URL(uploadUrl).searchParams.get('X-Amz-SignedHeaders')).toContain('x-amz-copy-source')
  })
})
