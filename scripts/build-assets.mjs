// What the gateway serves beside its API: builds the pages of src/web/ and the client module of client/ with esbuild, and puts
// them with the files of assets/ into dist/, which `[assets]` of wrangler.toml serves. wrangler runs this file before it
// deploys; `npm start` and the tests call `buildAssets`.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Sources by the name under which they are served, without `.js` or `.css`. */
const entryPoints = {
  client: 'client/index.ts',
  console: 'src/web/console/main.tsx',
  'console-styles': 'src/web/console/styles/console.css',
  grant: 'src/web/grant/main.ts',
  'grant-styles': 'src/web/grant/grant.css',
}

/** Files that are served as they are, by the names under which they are. */
const copies = {
  'client.d.ts': 'client/client.d.ts',
  'index.html': 'src/web/console/index.html',
  'console-icon.svg': 'src/web/console/console-icon.svg',
}

/** What /docs is shown with, and its licence. */
const swaggerUiFiles = [
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'swagger-ui.css',
  'NOTICE',
]

/**
 * Builds what is served from the project in `root` into its dist/. Pages may call the store at `storeEndpoint`, a URL, and
 * no other host. Rejects with esbuild's errors, and leaves dist/ then as it is: `npm start` goes on serving it.
 */
export async function buildAssets({ root, storeEndpoint }) {
  const folder = join(root, 'dist')
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
    sourcemap: 'linked',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent',
  })
  rmSync(folder, { recursive: true, force: true })
  cpSync(join(root, 'assets'), folder, { recursive: true })
  for (const [name, source] of Object.entries(copies)) cpSync(join(root, source), join(folder, name))
  copySwaggerUi(join(folder, 'docs'))
  const headers = join(folder, '_headers')
  const { origin } = new URL(storeEndpoint)
  writeFileSync(headers, readFileSync(headers, 'utf8').replaceAll('STORE_ORIGIN', origin))
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}

function copySwaggerUi(folder) {
  const source = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  for (const name of swaggerUiFiles) cpSync(join(source, name), join(folder, name))
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  const { unstable_readConfig: readConfig } = await import('wrangler')
  const { vars } = readConfig({ config: join(root, 'wrangler.toml') }, { hideWarnings: true })
  await buildAssets({ root, storeEndpoint: process.env.S3_ENDPOINT ?? vars.S3_ENDPOINT })
}
