import { readFileSync } from 'node:fs'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

// wrangler looks for the secrets that wrangler.toml requires when it reads that file; the tests have their own.
const secrets = ['ROOT_API_KEY', 'SIGNING_SECRET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']
for (const secret of secrets) process.env[secret] ??= 'set-for-wrangler'
// wrangler warns of experimental fields, once for each test file.
process.env.WRANGLER_LOG ??= 'error'

const testBindings = {
  ROOT_API_KEY: 'root-key-for-tests-0123456789abcdef',
  SIGNING_SECRET: 'signing-secret-for-tests-0123456789',
  S3_ACCESS_KEY_ID: 'test-access-key',
  S3_SECRET_ACCESS_KEY: 'test-secret-key',
  S3_ENDPOINT: 'https://store.example.com',
  // There is no store at that endpoint to be asked.
  S3_SEAL_COPY_SOURCE: 'true',
  CORS_ALLOWED_ORIGINS: 'https://app.example.com',
  // How many random lives of an upload are tried: more in a long search.
  APPEND_MODEL_RUNS: process.env.APPEND_MODEL_RUNS ?? '30',
}

/** Ends a test that hangs. On a busy machine a test that works may take minutes. In milliseconds. */
const patience = { testTimeout: 600_000, hookTimeout: 600_000, teardownTimeout: 120_000 }

/**
 * What is tried at every step, at the limits, over every store or with large files: three quarters of the time that all tests
 * take. `npm run test:quick` leaves it out.
 */
const exhaustive = [
  'test/faults/*.test.ts',
  'test/append/{model,sizes}.test.ts',
  'test/{files-max,promotion,promotion-races,quota-of-urls,quotas,replay-over,routing,unpromised-headers}.test.ts',
  'test/database/{rows,file-list}.test.ts',
  'test/dialects/{body-spellings,cold-keys,idempotency-keys,metadata}.test.ts',
  'test/dialects/ctxfy/{create-upload,get-public-file}.test.ts',
  'test/dialects/cuadra/{files,properties,upload-file}.test.ts',
  'test/dialects/direct-upload/create.test.ts',
  'test/dialects/quantcdn/{list-files,upload-file}.test.ts',
  'test/dialects/uploads/{abort-upload,complete-upload,create-upload,round-trips,sign-parts}.test.ts',
  'test/http/{json-upload,read-form,serve-content}.test.ts',
  'test/jobs/{late-arrivals,storage-events,sweep-limits}.test.ts',
  'test/storage/{pure-s3,r2-multipart-store,r2-object-store,s3-multipart-store,s3-object-store,s3-presigner}.test.ts',
  'test/tokens/*.test.ts',
]

/** Tests of functions. They have no D1 and no bucket, so there is nothing to empty before each. */
const withoutStorage = [
  'test/config.test.ts',
  'test/core/**/*.test.ts',
  'test/detection/**/*.test.ts',
  'test/dialects/{,direct-upload/}failures.test.ts',
  'test/http/{body-reader,byte-range,file-ids,form-part,idempotency-key,iso-date-time}.test.ts',
  'test/http/{origins,preconditions,query-parameters,respell-fields,structured-fields}.test.ts',
  'test/openapi/**/*.test.ts',
  'test/storage/copy-source-seal.test.ts',
]

const [, compatibilityDate = ''] =
  /^compatibility_date = "(.*)"$/m.exec(readFileSync('wrangler.toml', 'utf8')) ?? []

/**
 * One workerd for all files that a core runs: starting it and loading the Worker anew for each file costs more than
 * half of the files do. What tests share then is undone after each (restore-globals.ts, fresh-storage.ts).
 */
const oneRuntime = { isolate: false, ...patience }

/** The Worker's code in workerd, with real D1 and R2. */
async function overStorage(
  test: NonNullable<TestProjectInlineConfiguration['test']>,
): Promise<TestProjectInlineConfiguration> {
  return {
    plugins: [
      cloudflareTest({
        main: './src/index.ts',
        wrangler: { configPath: './wrangler.toml' },
        miniflare: { bindings: { ...testBindings, TEST_MIGRATIONS: await readD1Migrations('./migrations') } },
      }),
    ],
    test: {
      ...oneRuntime,
      setupFiles: ['./test/support/restore-globals.ts', './test/support/fresh-storage.ts'],
      // An S3 endpoint, for tests over a store that is no binding.
      globalSetup: ['./test/e2e/support/local-s3.ts'],
      ...test,
    },
  }
}

export default defineConfig({
  test: {
    // Print the logs of failing tests only, and one line for each file.
    silent: 'passed-only',
    slowTestThreshold: Number.MAX_SAFE_INTEGER,
    // By default Vitest leaves a core free: on two cores it would run one file at a time.
    maxWorkers: '100%',
    reporters: [
      'default',
      './test/support/runtime-log-reporter.ts',
      './test/support/fault-count-reporter.ts',
    ],
    // One project after the other (`groupOrder`): a runtime is kept for the next file only if that is of its project.
    projects: [
      {
        plugins: [cloudflareTest({ miniflare: { compatibilityDate } })],
        test: {
          name: 'units',
          ...oneRuntime,
          include: withoutStorage,
          setupFiles: ['./test/support/restore-globals.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      await overStorage({
        name: 'worker',
        include: ['test/**/*.test.ts'],
        exclude: [
          'test/{client,e2e,conformance}/**',
          'test/{architecture,documentation,llms}.test.ts',
          ...withoutStorage,
          ...exhaustive,
        ],
        sequence: { groupOrder: 1 },
      }),
      await overStorage({
        name: 'exhaustive',
        include: exhaustive,
        sequence: { groupOrder: 2 },
      }),
      {
        test: {
          name: 'architecture',
          include: ['test/{architecture,documentation,llms}.test.ts'],
          sequence: { groupOrder: 3 },
        },
      },
      {
        // The client module, in Node.
        test: {
          name: 'client',
          include: ['test/client/*.test.ts'],
          sequence: { groupOrder: 3 },
        },
      },
      {
        // Whole runs of `npm start`, and adapters against its S3 endpoint, from Node.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          sequence: { groupOrder: 3 },
          ...patience,
        },
      },
    ],
  },
})
