// `npm run conformance`: how a store treats the gateway's URLs, and whether it keeps the contract that the gateway relies
// on. docs/conformance.md explains what it prints.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { AwsClient } from 'aws4fetch'
import { cleanUp } from '../test/conformance/run/clean-up.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const required = ['S3_ENDPOINT', 'S3_REGION', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']
const optional = ['S3_UPLOAD_ACCESS_KEY_ID', 'S3_UPLOAD_SECRET_ACCESS_KEY']

const usage = `
  S3_ENDPOINT=https://s3.eu-central-1.amazonaws.com S3_REGION=eu-central-1 S3_BUCKET=my-uploads \\
  S3_ACCESS_KEY_ID=… S3_SECRET_ACCESS_KEY=… npm run conformance

The key must be able to read, write, list and delete; S3_UPLOAD_ACCESS_KEY_ID and S3_UPLOAD_SECRET_ACCESS_KEY are
optional: a principal that may only put. Without any of these variables wrangler's local endpoint is asked.
\`npm run conformance -- seals\` leaves the storage contract out, \`-- contract\` everything else.`

main().catch((error) => {
  console.error(`npm run conformance: ${error.message}`)
  process.exitCode = 1
})

async function main() {
  const given = [...required, ...optional].filter((name) => process.env[name])
  const keyPrefix = `slipway-conformance/${randomUUID()}/`
  if (given.length === 0) {
    console.log("No S3 variables are set: asking wrangler's local endpoint, over an empty bucket of its own.")
    process.exitCode = await ask(keyPrefix)
    return
  }
  refuseMissing(given)
  const bucket = openBucket()
  await bucket.reach()
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET } = process.env
  console.log(`Asking ${S3_ENDPOINT}, region ${S3_REGION}, bucket ${S3_BUCKET}.`)
  process.exitCode = await ask(keyPrefix)
  await bucket.cleanUp(keyPrefix)
}

function refuseMissing(given) {
  const wanted = optional.some((name) => given.includes(name)) ? [...required, ...optional] : required
  const missing = wanted.filter((name) => !given.includes(name))
  if (missing.length > 0) throw new Error(`${missing.join(', ')} must be set too.\n${usage}`)
  process.env.S3_ENDPOINT = process.env.S3_ENDPOINT.replace(/\/$/, '')
}

function openBucket() {
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = process.env
  const credentials = { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY }
  const client = new AwsClient({ ...credentials, service: 's3', region: S3_REGION, retries: 2 })
  const url = `${S3_ENDPOINT}/${S3_BUCKET}`
  return {
    /** Rejects unless the bucket can be listed, for which all of the variables must be right. */
    async reach() {
      const signal = AbortSignal.timeout(15_000)
      const response = await client.fetch(`${url}?list-type=2&max-keys=1`, { signal }).catch((error) => {
        throw new Error(`${S3_ENDPOINT} cannot be reached: ${error.cause?.message ?? error.message}`)
      })
      const code = /<Code>(\w{1,64})<\/Code>/.exec(await response.text())?.[1] ?? ''
      if (!response.ok)
        throw new Error(`${S3_ENDPOINT} refuses to list ${S3_BUCKET}: ${response.status} ${code}`.trimEnd())
    },

    async cleanUp(keyPrefix) {
      await cleanUp(client, url, keyPrefix).catch(({ message }) => {
        console.error(`Not everything under ${keyPrefix} in ${S3_BUCKET} could be deleted: ${message}`)
      })
    },
  }
}

/** Runs the tests in a process of their own, so that this one can clean up however they end. */
function ask(keyPrefix) {
  const bundledNode = join(root, 'node_modules', '.bin', 'node')
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const config = join('test', 'conformance', 'run', 'vitest.config.ts')
  const tests = spawn(
    // On Linux `npm ci` brings Node 24, for machines whose own is too old; `npm start` uses it too.
    existsSync(bundledNode) ? bundledNode : process.execPath,
    [vitest, 'run', '--config', config, ...process.argv.slice(2)],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        CONFORMANCE_KEY_PREFIX: keyPrefix,
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        WRANGLER_SEND_METRICS: 'false',
      },
    },
  )
  // The terminal sends Ctrl-C to the tests too; a plain kill of this process must be passed on.
  const pass = (signal) => tests.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass)
  return new Promise((resolve, reject) => {
    tests.on('error', reject)
    tests.on('close', (code) => resolve(code ?? 1))
  })
}
