import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { copyOfProject } from './support/npm-start'

let folder = ''

beforeAll(() => {
  folder = copyOfProject()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const build = (environment: Record<string, string> = {}) =>
  execFileSync(process.execPath, ['scripts/build-assets.mjs'], {
    cwd: folder,
    stdio: 'pipe',
    env: { ...process.env, ...environment },
  })
const served = () => readdirSync(join(folder, 'dist'), { recursive: true }).toSorted()

it('names the store of S3_ENDPOINT in the policies of pages, and no other host', () => {
  build({ S3_ENDPOINT: 'https://s3.example.org/base' })
  const headers = readFileSync(join(folder, 'dist', '_headers'), 'utf8')
  expect(headers).toContain("connect-src 'self' https://s3.example.org;")
  expect(headers.match(/https?:\/\/[^\s;]+/g)?.every((host) => host === 'https://s3.example.org')).toBe(true)
  expect(headers).not.toContain('STORE_ORIGIN')
})

it('leaves what is served as it is when a page has an error, and takes away what is no more', () => {
  build()
  const before = served()
  expect(before).toContain('index.html')
  const page = join(folder, 'src', 'web', 'grant', 'main.ts')
  const text = readFileSync(page, 'utf8')
  writeFileSync(page, `${text}\nconst =`)
  writeFileSync(join(folder, 'dist', 'old.js'), '')
  expect(() => build()).toThrow()
  expect(served()).toEqual([...before, 'old.js'].toSorted())
  writeFileSync(page, text)
  build()
  expect(served()).toEqual(before)
})
