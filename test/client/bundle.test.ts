import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfProject } from '../e2e/support/npm-start'

const bytesMax = 6 * 1024
let root = ''
let script = ''

beforeAll(async () => {
  root = copyOfProject()
  const builder = pathToFileURL(join(process.cwd(), 'scripts/build-assets.mjs')).href
  const { buildAssets } = (await import(builder)) as {
    buildAssets: (project: { root: string; storeEndpoint: string }) => Promise<void>
  }
  await buildAssets({ root, storeEndpoint: 'https://store.example.com/bucket' })
  script = readFileSync(join(root, 'dist/client.js'), 'utf8')
}, 60_000)

afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('the built client module', () => {
  it('is small', () => {
    const { length } = gzipSync(script)
    expect(length).toBeGreaterThan(1024)
    expect(length).toBeLessThan(bytesMax)
  })

  it('imports nothing, and exports what client.d.ts declares', async () => {
    expect(script).not.toMatch(/\bimport\s*[("{*]|\bfrom\s*"/)
    const declared = readFileSync(join(root, 'dist/client.d.ts'), 'utf8')
    const names = [...declared.matchAll(/^export (?:function|class|const) (\w+)/gm)].map(([, name]) => name)
    const module = await import(pathToFileURL(join(root, 'dist/client.js')).href)
    expect(Object.keys(module).toSorted()).toEqual(names.toSorted())
    expect(names).toContain('upload')
  })

  it('leads to its sources', () => {
    const [, name = ''] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(script) ?? []
    const map = JSON.parse(readFileSync(join(root, 'dist', name), 'utf8')) as { sources: string[] }
    expect(map.sources).toContain('../client/upload.ts')
  })
})
