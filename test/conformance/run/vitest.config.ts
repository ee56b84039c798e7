import { join } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'
import { ConformanceReport } from './report.ts'

/** Not part of `npm test`: `npm run conformance` runs it against whichever store the variables name. */
export default defineConfig({
  // In workerd, where the adapters run; they need nothing of the Worker but that.
  plugins: [cloudflareTest({ verbose: false, miniflare: { compatibilityDate: '2026-10-23' } })],
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['**/*.test.ts'],
    globalSetup: [join(import.meta.dirname, 'provide-store.ts')],
    reporters: [new ConformanceReport()],
    // One request at a time is what can be told apart in a store's log.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    silent: true,
  },
})
