import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** The root of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The Worker whose code begins in `entryPoint`, a path from the project's root, bundled as `wrangler deploy` does it. */
export function bundle(entryPoint, { minify = false } = {}) {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    bundle: true,
    format: 'esm',
    write: false,
    minify,
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    // [alias] of wrangler.toml.
    alias: { debug: './src/detection/no-debug.ts' },
  })
  return outputFiles[0].text
}
