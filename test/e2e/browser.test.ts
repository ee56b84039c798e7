import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canDrive, launchChromium } from './support/chromium'
import { copyOfProject, freePort, NpmStart, patienceMs } from './support/npm-start'

const pageScript = `
  import { DirectUpload } from '@rails/activestorage'
  window.upload = (url, headers) => new Promise((resolve) => {
    const file = document.querySelector('input').files[0]
    const progress = []
    const delegate = {
      directUploadWillStoreFileWithXHR(xhr) {
        xhr.upload.addEventListener('progress', ({ loaded, total }) => progress.push({ loaded, total }))
      },
    }
    new DirectUpload(file, url, delegate, headers).create((error, blob) =>
      resolve({ error: error && String(error), blob, progress }))
  })
`
/** Rails puts the token into the page, and its client then sends it: one more header for the preflight. */
const pageHtml =
  '<!doctype html><meta name="csrf-token" content="csrf"><title>Upload</title><input type="file"><script src="/page.js"></script>'

type Uploaded = {
  error: string | null
  blob: { key: string; signed_id: string; byte_size: number; checksum: string; filename: string }
  progress: { loaded: number; total: number }[]
}

let folder = ''
let gateway: NpmStart | undefined
let origin = ''
let key = ''
let pages: Server | undefined
let browser: Browser | undefined
let pageOrigin = ''
let localPageOrigin = ''
let previewOrigin = ''

beforeAll(async () => {
  folder = copyOfProject()
  const [port, pagePort] = [await freePort(), await freePort()]
  origin = `http://127.0.0.1:${port}`
  pageOrigin = `http://127.0.0.1:${pagePort}`
  localPageOrigin = `http://localhost:${pagePort}`
  previewOrigin = `http://branch-7.preview.test:${pagePort}`
  // Those of this machine are allowed by themselves.
  allowOrigin(`http://*.preview.test:${pagePort}`)
  gateway = new NpmStart(folder, port)
  pages = await servePage(pagePort)
  await gateway.running()
  key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
  browser = await launchChromium(
    '--host-resolver-rules=MAP *.preview.test 127.0.0.1, MAP preview.test 127.0.0.1',
  )
})

afterAll(async () => {
  await browser?.close()
  pages?.close()
  gateway?.end()
  rmSync(folder, { recursive: true, force: true })
})

function allowOrigin(allowed: string): void {
  const file = join(folder, 'wrangler.toml')
  const text = readFileSync(file, 'utf8')
  const changed = text.replace('CORS_ALLOWED_ORIGINS = ""', `CORS_ALLOWED_ORIGINS = "${allowed}"`)
  expect(changed).not.toBe(text)
  writeFileSync(file, changed)
}

async function servePage(port: number): Promise<Server> {
  const { outputFiles } = await build({
    stdin: { contents: pageScript, resolveDir: process.cwd() },
    bundle: true,
    write: false,
  })
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? outputFiles[0]?.text : pageHtml)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}

async function openPage(at = pageOrigin): Promise<Page> {
  if (browser === undefined) throw new Error('no browser')
  const page = await browser.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.goto(at)
  return page
}

async function upload(file: { name: string; mimeType: string; buffer: Buffer }, headers: object) {
  const page = await openPage()
  await page.setInputFiles('input', file)
  const call = `upload(${JSON.stringify(`${origin}/api/v1/upload/direct`)}, ${JSON.stringify(headers)})`
  const uploaded = (await page.evaluate(call)) as Uploaded
  await page.close()
  return uploaded
}

async function expectDownload({ blob }: Uploaded, bytes: Buffer): Promise<void> {
  const headers = { authorization: `Bearer ${key}` }
  const looked = await fetch(`${origin}/api/v1/upload/direct/${blob.signed_id}`, { headers })
  expect(looked.status).toBe(200)
  expect(await looked.json()).toEqual({ ...blob, direct_upload: null })
  const redirect = await fetch(`${origin}/api/v1/blobs/${blob.signed_id}/${blob.filename}`, {
    headers,
    redirect: 'manual',
  })
  expect(redirect.status).toBe(302)
  const download = await fetch(redirect.headers.get('location') ?? '')
  expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true)
}

describe.runIf(canDrive)("Rails' own client in a browser, on a page of another origin", () => {
  it('uploads a file, shows its progress, and the same bytes come back', async () => {
    const bytes = randomBytes(700 * 1024)
    const file = { name: 'grün & "groß".bin', mimeType: 'application/octet-stream', buffer: bytes }
    const uploaded = await upload(file, { Authorization: `Bearer ${key}` })
    expect(uploaded.error).toBeNull()
    expect(uploaded.blob).toMatchObject({
      filename: 'grün & "groß".bin',
      byte_size: bytes.length,
      checksum: createHash('md5').update(bytes).digest('base64'),
      service_name: 'r2',
    })
    expect(uploaded.progress.length).toBeGreaterThan(0)
    expect(uploaded.progress.at(-1)).toEqual({ loaded: bytes.length, total: bytes.length })
    await expectDownload(uploaded, bytes)
  })

  it('uploads text and a file of no bytes, with X-API-KEY', async () => {
    for (const text of ['hello\n', '']) {
      const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from(text) }
      const uploaded = await upload(file, { 'X-API-KEY': key })
      expect(uploaded.error).toBeNull()
      await expectDownload(uploaded, file.buffer)
    }
  })

  it('can read why it was refused', async () => {
    const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }
    expect((await upload(file, { Authorization: 'Bearer nonsense' })).error).toContain('Status: 401')
  })
})

describe.runIf(canDrive)("a page's own fetch", () => {
  const script = `async (origin, key) => {
    const call = async (method, path, json) => {
      const headers = { authorization: 'Bearer ' + key, 'content-type': 'application/json' }
      return fetch(origin + path, { method, headers, body: JSON.stringify(json) })
    }
    const promised = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
    const upload = await (await call('POST', '/v1/uploads', promised)).json()
    const { url, headers } = upload
    const put = await fetch(url, { method: 'PUT', headers, body: 'hello' })
    const completed = await (await call('POST', '/v1/uploads/' + upload.id + '/complete')).json()
    const content = await call('GET', '/v1/files/' + completed.id + '/content?redirect=false')
    return [new URL(url).origin, put.status, completed.status, await content.text()]
  }`

  it('uploads, completes and reads, on pages of this machine and of a preview host that is allowed', async () => {
    for (const at of [pageOrigin, localPageOrigin, previewOrigin]) {
      const page = await openPage(at)
      const call = `(${script})(${JSON.stringify(origin)}, ${JSON.stringify(key)})`
      const store = origin.replace('127.0.0.1', 'localhost')
      expect(await page.evaluate(call), at).toEqual([store, 200, 'ready', 'hello'])
      await page.close()
    }
  })

  it('does nothing on a page of another host', async () => {
    const page = await openPage(previewOrigin.replace('branch-7.', ''))
    const call = `fetch(${JSON.stringify(`${origin}/health`)}).then(() => 'read', () => 'kept from it')`
    expect(await page.evaluate(call)).toBe('kept from it')
    await page.close()
  })
})
