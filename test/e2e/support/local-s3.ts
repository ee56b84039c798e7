import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

const bucket = 'slipway-test'
const accessKeyId = 'test-access-key'
const secretAccessKey = 'test-secret-key'

/** Provides an endpoint as `startEndpoint` makes it, for as long as the tests run. */
export default async function provideLocalS3({ provide }: TestProject): Promise<() => Promise<void>> {
  const { store, stop } = await startEndpoint()
  provide('s3', store)
  return stop
}

/**
 * Starts wrangler's S3 endpoint over an empty bucket of its own, so that tests in workerd, which cannot
 * start a server, have one to call. It checks SigV4.
 */
export async function startEndpoint() {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'
  process.env.WRANGLER_SEND_METRICS = 'false'
  // Not by `import`, with which vite transforms all of wrangler: 8 s.
  const { createTestHarness } = createRequire(import.meta.url)('wrangler') as typeof import('wrangler')
  const server = createTestHarness({
    workers: [
      {
        config: {
          name: 'local-s3',
          main: join(import.meta.dirname, 'local-s3-worker.ts'),
          compatibility_date: '2026-10-23',
          r2_buckets: [
            {
              binding: 'BUCKET',
              bucket_name: bucket,
              local_dev: { experimental_s3_credentials: { accessKeyId, secretAccessKey } },
            },
          ],
        },
      },
    ],
  })
  const { url } = await server.listen()
  const endpoint = new URL('/cdn-cgi/local/r2/s3', url).href
  return {
    store: { endpoint, region: 'auto', bucket, accessKeyId, secretAccessKey },
    stop: () => server.close(),
  }
}
