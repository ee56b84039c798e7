import { spawn } from 'node:child_process'
import { AwsClient } from 'aws4fetch'
import { describe, expect, it } from 'vitest'
import { conclusionsFrom } from '../conformance/run/conclusions.ts'
import type { Finding } from '../conformance/seals/finding'
import { startEndpoint } from './support/local-s3'
import { freePort } from './support/npm-start'

/** What `npm run conformance` prints with these S3 variables only, and its exit code. */
function run(
  variables: Record<string, string>,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  // Its vitest is none of this one's children.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(S3_|VITEST|NODE_ENV$)/.test(name))
  const env = { ...Object.fromEntries(inherited), ...variables }
  const program = spawn(process.execPath, ['scripts/conformance.mjs', ...args], { env })
  let [stdout, stderr] = ['', '']
  program.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  program.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve) => program.on('close', (code) => resolve({ code, stdout, stderr })))
}

const store = {
  S3_REGION: 'auto',
  S3_BUCKET: 'b',
  S3_ACCESS_KEY_ID: 'the-key',
  S3_SECRET_ACCESS_KEY: 'the-secret',
}

describe('npm run conformance', () => {
  it("without variables finds what is known of wrangler's local endpoint", async () => {
    const { code, stdout, stderr } = await run({})
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toContain("asking wrangler's local endpoint")
    const [, held, asked] = /^(\d+) of (\d+) hold\.$/m.exec(stdout) ?? []
    expect(Number(asked)).toBeGreaterThan(60)
    expect(held).toBe(asked)
    const row = (claim: string) =>
      stdout
        .split('\n')
        .find((line) => line.startsWith(`| ${claim} `))
        ?.split('|')
        .map((cell) => cell.trim())
        .slice(2, 4)
    expect(row('takes what was promised')).toEqual(['yes', '200'])
    expect(row('refuses a longer body')).toEqual(['yes', '403 SignatureDoesNotMatch'])
    expect(row('refuses other bytes under Content-MD5')).toEqual(['yes', '400 BadDigest'])
    expect(row('refuses other bytes under x-amz-checksum-sha256')).toEqual(['no', '200'])
    expect(row('refuses a second PUT under If-None-Match: *, and keeps the first bytes')).toEqual([
      'yes',
      '412 PreconditionFailed',
    ])
    expect(row('refuses x-amz-copy-source that was not signed')).toEqual(['no', '200, copied'])
    expect(row('refuses x-amz-copy-source that is sealed as absent')?.[0]).toBe('yes')
    expect(row('refuses x-amz-copy-source to the put-only principal')?.[0]).toBe('not applicable')
    expect(row('refuses a part that is longer than planned')?.[0]).toBe('yes')
    expect(row('ListParts tells the parts and their ETags')).toEqual(['no', '501 NotImplemented'])
    expect(stdout).not.toContain('| unknown')
    expect(stdout).toContain('- `S3_SEAL_COPY_SOURCE = "true"`')
  })

  it('with variables asks that store, leaves nothing of its own in the bucket and all that was there', async () => {
    const { store, stop } = await startEndpoint()
    try {
      const client = new AwsClient({ ...store, service: 's3', retries: 0 })
      const bucket = `${store.endpoint}/${store.bucket}`
      await client.fetch(`${bucket}/slipway-conformance/theirs`, { method: 'PUT', body: 'theirs' })
      const { accessKeyId, secretAccessKey } = store
      const { code, stdout, stderr } = await run(
        {
          S3_ENDPOINT: store.endpoint,
          S3_REGION: store.region,
          S3_BUCKET: store.bucket,
          S3_ACCESS_KEY_ID: accessKeyId,
          S3_SECRET_ACCESS_KEY: secretAccessKey,
        },
        'seals',
      )
      expect(code, stdout + stderr).toBe(0)
      expect(stdout).toContain(`Asking ${store.endpoint}, region auto, bucket ${store.bucket}.`)
      expect(stdout).toContain('| yes ')
      expect(stdout).not.toContain('## Storage contract')
      const listed = await (await client.fetch(`${bucket}?list-type=2`)).text()
      expect(Array.from(listed.matchAll(/<Key>(.*?)<\/Key>/g), ([, key]) => key)).toEqual([
        'slipway-conformance/theirs',
      ])
    } finally {
      await stop()
    }
  })

  it.each([
    ['S3_ENDPOINT', {}],
    ['S3_UPLOAD_SECRET_ACCESS_KEY', { S3_ENDPOINT: 'http://127.0.0.1:1', S3_UPLOAD_ACCESS_KEY_ID: 'put' }],
  ])('ends at once when %s is missing, and says how it is used', async (missing, given) => {
    const { code, stdout, stderr } = await run({ ...store, ...given })
    expect(code).toBe(1)
    expect(stderr).toContain(`npm run conformance: ${missing} must be set too.`)
    expect(stderr).toContain('S3_SECRET_ACCESS_KEY=… npm run conformance')
    expect(stdout).toBe('')
  })

  it('ends with 1 when nothing answers at the endpoint, without a secret', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    const { code, stdout, stderr } = await run({ ...store, S3_ENDPOINT: endpoint })
    expect(code).toBe(1)
    expect(stderr).toContain(`${endpoint} cannot be reached`)
    expect(stdout + stderr).not.toContain('the-secret')
  })
})

describe('what follows for the configuration', () => {
  const finding = (id: string, holds: Finding['holds']): Finding => ({
    id,
    group: '',
    claim: id,
    holds,
    answer: '',
  })
  /** A store of which everything holds but what is given. */
  const follows = (facts: Record<string, Finding['holds']>) => {
    const all = [
      'put',
      'write-once',
      'write-once-second',
      'copy-source',
      'seal',
      'copy-source-sealed',
      'part-copy',
    ]
    const others = [
      'part-copy-sealed',
      'put-only',
      'copy-source-put-only',
      'part-put-only',
      'part-copy-put-only',
    ]
    const more = ['list-parts', 'sha256-other-bytes', 'head-sha256', 'md5-other-bytes', 'some-parts']
    return conclusionsFrom([...all, ...others, ...more].map((id) => finding(id, facts[id] ?? 'yes'))).join(
      '\n',
    )
  }
  const none = { 'put-only': 'not applicable', 'copy-source-put-only': 'not applicable' } as const

  it('is the seal where it is taken and holds', () => {
    const text = follows({ 'copy-source': 'no', 'part-copy': 'no', ...none })
    expect(text).toContain('`S3_SEAL_COPY_SOURCE = "true"`')
    expect(text).toContain('principal is not needed')
  })

  it('is no seal where it is taken and does not hold', () => {
    const text = follows({ 'copy-source': 'no', 'copy-source-sealed': 'no', ...none })
    expect(text).toContain('`S3_SEAL_COPY_SOURCE = "false"`')
    expect(text).toContain('principal **is needed** in')
  })

  it.each([
    ['one where a PUT can be made a copy', { 'copy-source': 'no', ...none }, '**is needed** in'],
    ['one where a part can be made a copy', { 'part-copy': 'no', ...none }, '**is needed** in'],
    ['the one that was given, if it does', { 'copy-source': 'no' }, 'the one given does'],
    [
      'another than was given, if it can read',
      { 'copy-source': 'no', 'copy-source-put-only': 'no' },
      '**will not do**',
    ],
    ['none where the store refuses', { ...none }, 'is not needed'],
  ] as const)('is as put-only principal %s', (_, facts, expected) => {
    expect(follows({ seal: 'no', 'copy-source-sealed': 'not applicable', ...facts })).toContain(expected)
  })

  it('is one-time URLs only where both the first and the second PUT went as they must', () => {
    expect(follows({})).toContain('`S3_WRITE_ONCE = "true"`')
    expect(follows({ 'write-once': 'no', 'write-once-second': 'not applicable' })).toContain(
      '= "false"`: `If-None',
    )
    expect(follows({ 'write-once-second': 'no' })).toContain('= "false"`: `If-None')
  })

  it('is that clients tell the ETags where parts cannot be listed', () => {
    expect(follows({})).toContain('the gateway can ask for the ETags')
    expect(follows({ 'list-parts': 'no' })).toContain('the client must tell the ETags')
  })

  it('names what could not be found out, and a store that takes nothing', () => {
    expect(follows({ put: 'no' })).toContain('will not do')
    expect(follows({ 'head-sha256': 'unknown' })).toContain('the attempt went wrong: head-sha256')
  })
})
