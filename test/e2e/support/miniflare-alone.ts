import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { buildSync } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

/** The variables of `wrangler.toml`. */
function deployedVariables(): Record<string, string> {
  const [, section = ''] = /\n\[vars\]\n(.*?)\n\[/s.exec(readFileSync('wrangler.toml', 'utf8')) ?? []
  return Object.fromEntries(
    [...section.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name, value]) => [name, value]),
  )
}

/** Starts the Worker in Miniflare with no proxy before it, over empty storage. `bindings` are strings it is given. */
export async function startAlone(bindings: Record<string, string>, requestsPerMinute: number) {
  const { outputFiles } = buildSync({
    entryPoints: ['src/index.ts'],
    bundle: true,
    format: 'esm',
    write: false,
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
  })
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'slipway',
      modules: true,
      script: outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-10-23',
      cf: false,
      // The gateway's log lines.
      handleRuntimeStdio(stdout: Readable, stderr: Readable) {
        stdout.resume()
        stderr.resume()
      },
      bindings: { ...deployedVariables(), ...bindings },
      d1Databases: ['DB'],
      r2Buckets: ['BUCKET'],
      ratelimits: { RATE_LIMITER: { namespace_id: '1', simple: { limit: requestsPerMinute, period: 60 } } },
    }),
  )
  const { origin } = await miniflare.ready
  const database = await miniflare.getD1Database('DB')
  for (const { queries } of await readD1Migrations('./migrations'))
    for (const query of queries) await database.prepare(query).run()
  return { origin, stop: () => miniflare.dispose() }
}
