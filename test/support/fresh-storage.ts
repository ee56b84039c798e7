// To import where tests use D1 or the bucket, as worker.ts does: each test of the file then begins with an empty bucket
// and a migrated, empty database. Files that use neither leave it out, and save the time that takes.
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, vi } from 'vitest'

// Storage is isolated per file; this makes it per test.
beforeEach(async () => {
  // The last one may have stopped the clock.
  vi.useRealTimers()
  await reset()
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
})
