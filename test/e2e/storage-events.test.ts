import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestHarness } from 'wrangler'
import { copyOfProject, patienceMs, until } from './support/npm-start'

const queue = 'slipway-storage-events'
const rootKey = 'root-key-for-tests-0123456789abcdef'
const files = '/api/v3/organizations/acme/ai/files'

/** Stands in for R2, which locally tells nothing: what it is POSTed goes into the queue. It collects dead letters. */
const neighbour = `
const dead = []
export default {
  async fetch(request, env) {
    if (request.method === 'POST') await env.QUEUE.send(await request.json())
    return Response.json(dead)
  },
  async queue(batch) {
    for (const message of batch.messages) dead.push(message.body)
  },
}`

let folder = ''
let server: TestHarness

beforeAll(async () => {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'
  process.env.WRANGLER_SEND_METRICS = 'false'
  folder = copyOfProject()
  // The consumer as it is deployed, but for how often it is asked again: ten times take more than an hour.
  const config = readFileSync(join(folder, 'wrangler.toml'), 'utf8')
  expect(config).toContain('max_retries = 10')
  writeFileSync(join(folder, 'wrangler.toml'), config.replace('max_retries = 10', 'max_retries = 1'))
  writeFileSync(join(folder, 'neighbour.js'), neighbour)
  // Not by `import`, with which vite transforms all of wrangler: 8 s.
  const { createTestHarness } = createRequire(import.meta.url)('wrangler') as typeof import('wrangler')
  server = createTestHarness({
    root: folder,
    workers: [
      {
        configPath: 'wrangler.toml',
        secrets: {
          ROOT_API_KEY: rootKey,
          SIGNING_SECRET: 'signing-secret-for-tests-0123456789',
          S3_ACCESS_KEY_ID: 'slipway-local',
          S3_SECRET_ACCESS_KEY: 'slipway-local-secret',
        },
        // Nothing here asks the store by that way.
        vars: { S3_ENDPOINT: 'https://store.example.com', S3_SEAL_COPY_SOURCE: 'true' },
      },
      {
        config: {
          name: 'neighbour',
          main: join(folder, 'neighbour.js'),
          compatibility_date: '2026-10-23',
          queues: {
            producers: [{ binding: 'QUEUE', queue }],
            consumers: [{ queue: `${queue}-dead`, max_batch_timeout: 0 }],
          },
        },
      },
    ],
  })
  // The harness wants [assets] to be there, and does not run [build].
  execFileSync(process.execPath, ['scripts/build-assets.mjs'], { cwd: folder })
  await server.listen()
  await server.getWorker('slipway').applyD1Migrations('DB')
})

afterAll(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function call(method: string, path: string, token: string, json: object) {
  const answer = await server.getWorker('slipway').fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(json),
  })
  expect(answer.status).toBeLessThan(300)
  return (await answer.json()) as Record<string, string>
}

it('settles what the queue tells of, asks again for what it does not understand, and leaves that to the dead letters', async () => {
  const env = await server.getWorker('slipway').getEnv()
  await call('PUT', '/v1/organizations/acme', rootKey, { name: 'Acme' })
  const { api_key: key = '' } = await call('POST', '/v1/api-keys', rootKey, { organization: 'acme' })
  const json = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
  const { fileId } = await call('POST', files, key, json)
  const incoming = `_incoming/acme/${fileId}`
  const { etag } = await env.BUCKET.put(incoming, 'bytes', { httpMetadata: { contentType: 'text/plain' } })

  const neighbourWorker = server.getWorker('neighbour')
  const send = (body: object) =>
    neighbourWorker.fetch('/', { method: 'POST', body: JSON.stringify(body) }).then((answer) => answer.text())
  const dead = async () => (await neighbourWorker.fetch('/')).json()
  const odd = { account: 'a', something: 'else' }
  const sentAt = Date.now()
  await send(odd)
  await send({
    account: 'a',
    action: 'PutObject',
    bucket: 'slipway',
    object: { key: incoming, size: 5, eTag: etag },
  })

  const status = () => env.DB.prepare('SELECT status FROM files WHERE uuid = ?1').bind(fileId).first('status')
  expect(await until(async () => (await status()) === 'ready', patienceMs)).toBe(true)
  expect(await until(async () => ((await dead()) as unknown[]).length > 0, patienceMs)).toBe(true)
  expect(await dead()).toEqual([odd])
  // It was asked for again before, ten seconds later.
  expect(Date.now() - sentAt).toBeGreaterThan(10_000)
})
