// Set up by vitest.config.ts for the tests that may use storage: each begins with an empty bucket, an empty cache and a
// migrated, empty database.
import './time-limits'
import { reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach } from 'vitest'

/** All migrations as one query, which the local D1 takes: with a round trip each they cost more than most tests. */
const schema = env.TEST_MIGRATIONS.flatMap(({ queries }) => queries).join(';\n')

/**
 * `reset` passes over a store that was unloaded from memory, as workerd does with those that were not called for 10 s;
 * what is in them would stay. In milliseconds, with a margin for a machine that stands still in between.
 */
const loadedMs = 2_000
let resetAt = Number.NEGATIVE_INFINITY

beforeEach(async () => {
  // The clock of workerd goes on only with what comes from outside.
  await scheduler.wait(1)
  if (performance.now() - resetAt > loadedMs) await loadStores()
  await reset()
  resetAt = performance.now()
  await env.DB.prepare(schema).run()
})

async function loadStores(): Promise<void> {
  await env.DB.prepare('SELECT 1').run()
  await env.BUCKET.head('any')
  await caches.default.match('https://gateway.example.com/any')
}
