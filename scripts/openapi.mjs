// `npm run openapi` writes assets/openapi.json from the operations of the Worker; with --check it only says whether the
// file is what they are.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const file = join(root, 'assets', 'openapi.json')

const folder = mkdtempSync(join(tmpdir(), 'slipway-openapi-'))
const bundle = join(folder, 'document.mjs')
await build({
  entryPoints: [join(root, 'src', 'openapi', 'document.ts')],
  bundle: true,
  format: 'esm',
  platform: 'node',
  outfile: bundle,
  logLevel: 'error',
})
const { openApiDocument } = await import(pathToFileURL(bundle).href)
rmSync(folder, { recursive: true })
const text = `${JSON.stringify(await openApiDocument(), null, 2)}\n`

if (!process.argv.includes('--check')) writeFileSync(file, text)
else if (readOrEmpty(file) !== text) {
  console.error('assets/openapi.json is not what src/ says: run `npm run openapi` and commit it')
  process.exit(1)
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
