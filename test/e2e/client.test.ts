import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canDrive, launchChromium, servePages } from './support/chromium'
import { copyOfProject, freePort, NpmStart, patienceMs, until } from './support/npm-start'
import { beginUpload, loadedOf, outcomeOf, slowDown, uploadPageHtml } from './support/upload-page'

const mebibyte = 1024 ** 2
const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

let folder = ''
let gateway: NpmStart | undefined
let origin = ''
let key = ''
let pages: Server | undefined
let browser: Browser | undefined
let address = ''
let insecureAddress = ''
/** Two parts, of 16 MiB and 4 MiB. Others for each test: of bytes that it has already the gateway tells no hash. */
let film = Buffer.alloc(0)
let filmPath = ''
let context: BrowserContext | undefined
let page: Page
/** Of the PUTs that the store took: numbers of parts, and `whole`. */
let puts: string[] = []

beforeAll(async () => {
  folder = copyOfProject()
  filmPath = join(folder, 'film.bin')
  const [port, pagePort] = [await freePort(), await freePort()]
  origin = `http://127.0.0.1:${port}`
  address = `http://127.0.0.1:${pagePort}/`
  insecureAddress = `http://page.preview.test:${pagePort}/`
  const file = join(folder, 'wrangler.toml')
  const allowed = `CORS_ALLOWED_ORIGINS = "http://*.preview.test:${pagePort}"`
  writeFileSync(file, readFileSync(file, 'utf8').replace('CORS_ALLOWED_ORIGINS = ""', allowed))
  gateway = new NpmStart(folder, port)
  await gateway.running()
  key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
  pages = await servePages(pagePort, {
    '/': { type: 'text/html', text: uploadPageHtml(origin) },
    '/example': { type: 'text/html', text: exampleOfDocs() },
  })
  browser = await launchChromium('--host-resolver-rules=MAP *.preview.test 127.0.0.1')
})

afterAll(async () => {
  await browser?.close()
  pages?.close()
  gateway?.end()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  film = randomBytes(20 * mebibyte)
  writeFileSync(filmPath, film)
  context = await browser?.newContext()
  page = (await context?.newPage()) ?? expect.unreachable()
  puts = []
  page.on('response', (response) => {
    if (response.request().method() !== 'PUT' || !response.ok()) return
    puts.push(new URL(response.url()).searchParams.get('partNumber') ?? 'whole')
  })
})

afterEach(() => context?.close())

const credentials = () => ({ token: key, gateway: origin })

async function call(path: string, { token = key, ...init }: RequestInit & { token?: string } = {}) {
  return fetch(origin + path, { ...init, headers: { authorization: `Bearer ${token}` } })
}

async function statusOf(id: string) {
  return (await (await call(`/v1/uploads/${id}`)).json()) as { status: string; error: string | null }
}

async function expectBytes(id: string | undefined, bytes: Buffer): Promise<void> {
  const content = await call(`/v1/files/${id}/content?redirect=false`)
  expect(content.status).toBe(200)
  expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
}

function textFile(text = `hello ${randomBytes(8).toString('hex')}`) {
  return { name: 'grün & "groß".txt', mimeType: 'text/plain', buffer: Buffer.from(text) }
}

/** The id of the upload that this page began, once it has one. */
async function idOfUpload(): Promise<string> {
  const known = () => page.evaluate('Object.values(localStorage).map((text) => JSON.parse(text).id)[0]')
  await expect.poll(known, { timeout: patienceMs }).toMatch(/^file_/)
  return (await known()) as string
}

async function untilLoaded(bytes: number): Promise<void> {
  await expect.poll(() => loadedOf(page), { timeout: patienceMs }).toBeGreaterThan(bytes)
}

describe('what is served', () => {
  it('can be loaded and read by every page', async () => {
    for (const path of ['/client.js', '/client.js.map', '/client.d.ts']) {
      const answer = await fetch(origin + path)
      expect(answer.status, path).toBe(200)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
    expect((await fetch(`${origin}/client.js`)).headers.get('content-type')).toMatch(/^text\/javascript/)
    expect(await (await fetch(`${origin}/client.js`)).text()).toContain('sourceMappingURL=client.js.map')
    const types = await fetch(`${origin}/client.d.ts`)
    expect(types.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await types.text()).toBe(readFileSync('client/client.d.ts', 'utf8'))
  })
})

describe.runIf(canDrive)('upload, on a page of another origin', () => {
  it('sends a small file in one PUT, with its SHA-256, and bytes that are known not at all', async () => {
    const file = textFile()
    const metadata = { album: 7 }
    await beginUpload(page, address, file, { ...credentials(), metadata })
    const { file: uploaded, progress } = await outcomeOf(page)
    const facts = { sizeBytes: file.buffer.length, sha256: sha256Of(file.buffer), status: 'ready' }
    expect(uploaded).toMatchObject({ ...facts, filename: file.name, contentType: 'text/plain' })
    expect(progress.at(-1)).toEqual({ loaded: file.buffer.length, total: file.buffer.length })
    expect(puts).toEqual(['whole'])
    await expectBytes(uploaded?.id, file.buffer)

    await beginUpload(page, address, file, credentials())
    const again = await outcomeOf(page)
    expect(again.file).toMatchObject({ ...facts, isDuplicate: true })
    expect(again.progress).toEqual([{ loaded: file.buffer.length, total: file.buffer.length }])
    expect(puts).toEqual(['whole'])
    expect(await page.evaluate('localStorage.length')).toBe(0)
  })

  it('sends a file of no bytes', async () => {
    await beginUpload(page, address, textFile(''), credentials())
    const { file, progress } = await outcomeOf(page)
    expect(file).toMatchObject({ status: 'ready', sizeBytes: 0 })
    expect(progress).toEqual([{ loaded: 0, total: 0 }])
  })

  it('sends 20 MiB in parts, and tells the bytes as they go', async () => {
    await beginUpload(page, address, filmPath, credentials())
    const { file, progress } = await outcomeOf(page)
    expect(file).toMatchObject({ status: 'ready', sizeBytes: film.length, sha256: sha256Of(film) })
    expect(puts.toSorted()).toEqual(['1', '2'])
    const loaded = progress.map((told) => told.loaded)
    expect(loaded.length).toBeGreaterThan(4)
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b))
    expect(loaded.at(-1)).toBe(film.length)
    expect(loaded.filter((bytes) => bytes % (4 * mebibyte) !== 0).length).toBeGreaterThan(2)
    await expectBytes(file?.id, film)
  })

  it('goes on when the network was cut in the middle', async () => {
    await slowDown(page, 4 * mebibyte)
    await beginUpload(page, address, filmPath, credentials())
    await untilLoaded(6 * mebibyte)
    await context?.setOffline(true)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(await loadedOf(page)).toBeLessThan(film.length)
    await context?.setOffline(false)
    const { file, progress } = await outcomeOf(page)
    expect(file).toMatchObject({ status: 'ready', sha256: sha256Of(film) })
    const loaded = progress.map((told) => told.loaded)
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b))
  })

  it('pauses and resumes', async () => {
    await slowDown(page, 4 * mebibyte)
    await beginUpload(page, address, filmPath, credentials())
    await untilLoaded(2 * mebibyte)
    await page.evaluate('uploading.upload.pause()')
    const atPause = await loadedOf(page)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(await loadedOf(page)).toBe(atPause)
    await page.evaluate('uploading.upload.resume()')
    const { file } = await outcomeOf(page)
    expect(file).toMatchObject({ status: 'ready', sha256: sha256Of(film) })
  })

  it('goes on after a reload, and counts what the store has from the start', async () => {
    // The last part never leaves the browser.
    await page.route(/partNumber=2/, () => {})
    await beginUpload(page, address, filmPath, credentials())
    await expect.poll(() => puts, { timeout: patienceMs }).toEqual(['1'])
    const id = await idOfUpload()
    await page.unroute(/partNumber=2/)

    puts = []
    await beginUpload(page, address, filmPath, credentials())
    const { file, progress } = await outcomeOf(page)
    expect(puts).toEqual(['2'])
    expect(progress[0]?.loaded).toBeGreaterThanOrEqual(16 * mebibyte)
    expect(file).toMatchObject({ id, status: 'ready', sha256: sha256Of(film) })
    expect(await page.evaluate('localStorage.length')).toBe(0)
  })

  it('is one upload still when the page was reloaded in the middle of one PUT', async () => {
    const file = textFile()
    await page.route(/If-None-Match|localhost/, (route) =>
      route.request().method() === 'PUT' ? undefined : route.continue(),
    )
    const path = join(folder, 'small.txt')
    writeFileSync(path, file.buffer)
    await beginUpload(page, address, path, credentials())
    const id = await idOfUpload()
    await page.unrouteAll()
    await beginUpload(page, address, path, credentials())
    expect((await outcomeOf(page)).file).toMatchObject({ id, status: 'ready', sha256: sha256Of(file.buffer) })
  })

  it('begins anew when the upload that it remembers was aborted', async () => {
    await page.route(/partNumber=/, () => {})
    await beginUpload(page, address, filmPath, credentials())
    const id = await idOfUpload()
    await page.unrouteAll()
    expect((await call(`/v1/uploads/${id}`, { method: 'DELETE' })).status).toBe(204)
    await beginUpload(page, address, filmPath, credentials())
    const { file } = await outcomeOf(page)
    expect(file).toMatchObject({ status: 'ready', sizeBytes: film.length })
    expect(file?.id).not.toBe(id)
  })

  it('aborts the upload when it is cancelled', async () => {
    await slowDown(page, 4 * mebibyte)
    await beginUpload(page, address, filmPath, credentials())
    await untilLoaded(mebibyte)
    const id = await idOfUpload()
    await page.evaluate('uploading.cancel()')
    expect((await outcomeOf(page)).error).toMatchObject({ name: 'AbortError' })
    await expect
      .poll(() => statusOf(id), { timeout: patienceMs })
      .toMatchObject({
        status: 'failed',
        error: 'aborted',
      })
    expect(await page.evaluate('localStorage.length')).toBe(0)
  })

  it('sends again what the store answered with 503, and asks for another URL where one was refused', async () => {
    const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' }
    const statuses = [503, 403, 429]
    await page.route(/partNumber=2/, async (route) => {
      const status = route.request().method() === 'PUT' ? statuses.shift() : undefined
      if (status === undefined) return route.continue()
      return route.fulfill({ status, headers: { ...cors, 'retry-after': '1' } })
    })
    await beginUpload(page, address, filmPath, credentials())
    expect((await outcomeOf(page)).file).toMatchObject({ status: 'ready', sha256: sha256Of(film) })
    expect(statuses).toEqual([])
  })

  it('is ready also when the answer to its one PUT was lost', async () => {
    const file = textFile()
    let isLost = false
    await page.route(/localhost/, async (route) => {
      if (isLost || route.request().method() !== 'PUT') return route.continue()
      isLost = true
      await route.fetch()
      return route.abort()
    })
    await beginUpload(page, address, file, credentials())
    const { file: uploaded } = await outcomeOf(page)
    expect(isLost).toBe(true)
    expect(uploaded).toMatchObject({ status: 'ready' })
    await expectBytes(uploaded?.id, file.buffer)
  })

  it('gives up on a network that does not come back, and goes on from there later', async () => {
    await page.route(/partNumber=2/, async (route) => {
      await until(() => puts.includes('1'), patienceMs)
      await route.abort()
    })
    await beginUpload(page, address, filmPath, { ...credentials(), retries: 1 })
    const { error } = await outcomeOf(page)
    expect(error).toMatchObject({ name: 'UploadError', code: 'network', status: 0, isTyped: true })
    expect(error?.message).toMatch(/^The connection was lost .*\.$/)
    await page.unrouteAll()
    expect(puts).toEqual(['1'])
    await beginUpload(page, address, filmPath, credentials())
    expect((await outcomeOf(page)).file).toMatchObject({ status: 'ready', sha256: sha256Of(film) })
    expect(puts).toEqual(['1', '2'])
  })

  it('says of bytes that are of another type that their type is not accepted', async () => {
    const pdf = { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('%PDF-1.7\n%âãÏÓ\n') }
    await beginUpload(page, address, pdf, credentials())
    const { error } = await outcomeOf(page)
    expect(error).toMatchObject({ code: 'type_refused', status: 422, isTyped: true })
    expect(error?.message).toBe('Files of this type are not accepted here.')
    expect(error?.detail).toContain('a PDF document')
  })

  it('says that there is no space left, before any byte is sent', async () => {
    const token = await keyOfOrganization('small', 10)
    await beginUpload(page, address, textFile(), { gateway: origin, token })
    const { error } = await outcomeOf(page)
    expect(error).toMatchObject({ code: 'quota', status: 402 })
    expect(error?.message).toContain('not enough space')
    expect(puts).toEqual([])
  })

  it('says that a token is no good', async () => {
    await beginUpload(page, address, textFile(), { gateway: origin, token: 'nonsense' })
    expect((await outcomeOf(page)).error).toMatchObject({ code: 'unauthorized', status: 401, isTyped: true })
  })

  it('works on pages of an insecure context, which can hash nothing', async () => {
    const file = textFile()
    await beginUpload(page, insecureAddress, file, credentials())
    expect(await page.evaluate('isSecureContext')).toBe(false)
    const { file: uploaded } = await outcomeOf(page)
    expect(uploaded).toMatchObject({ status: 'ready', sha256: sha256Of(file.buffer) })
  })
})

describe.runIf(canDrive)('upload under a grant', () => {
  it('sends what the grant is for, and after a reload still is its one upload', async () => {
    const grant = await grantFor({ maxBytes: film.length, contentTypes: ['application/octet-stream'] })
    await page.route(/partNumber=2/, () => {})
    await beginUpload(page, address, filmPath, { grant })
    await expect.poll(() => puts, { timeout: patienceMs }).toEqual(['1'])
    await page.unrouteAll()
    await beginUpload(page, address, filmPath, { grant })
    const { file, progress } = await outcomeOf(page)
    expect(progress[0]?.loaded).toBeGreaterThanOrEqual(16 * mebibyte)
    expect(puts).toEqual(['1', '2'])
    await expectBytes(file?.id, film)
  })

  it('says what the grant does not take', async () => {
    const small = { maxBytes: 4, contentTypes: ['text/plain'] }
    await beginUpload(page, address, textFile('hello'), { grant: await grantFor(small) })
    expect((await outcomeOf(page)).error).toMatchObject({ code: 'too_large', status: 413 })
    const images = { maxBytes: 100, contentTypes: ['image/*'] }
    await beginUpload(page, address, textFile(), { grant: await grantFor(images) })
    const { error } = await outcomeOf(page)
    expect(error).toMatchObject({ code: 'type_refused', status: 415 })
    expect(error?.message).toBe('Files of this type are not accepted here.')
    expect(puts).toEqual([])
  })

  it('gives the share of a cancelled upload back', async () => {
    const grant = await grantFor({ maxBytes: film.length, contentTypes: ['application/octet-stream'] })
    await page.route(/partNumber=/, () => {})
    await beginUpload(page, address, filmPath, { grant })
    const id = await idOfUpload()
    await page.evaluate('uploading.cancel()')
    expect((await outcomeOf(page)).error).toMatchObject({ name: 'AbortError' })
    await expect.poll(() => statusOf(id), { timeout: patienceMs }).toMatchObject({ status: 'failed' })
    await page.unrouteAll()
    await beginUpload(page, address, filmPath, { grant })
    expect((await outcomeOf(page)).file).toMatchObject({ status: 'ready', sizeBytes: film.length })
  })

  it('says that a grant is not valid', async () => {
    const grant = await grantFor({ maxBytes: 100, contentTypes: ['text/plain'] })
    await beginUpload(page, address, textFile(), { grant: `${grant}x` })
    expect((await outcomeOf(page)).error).toMatchObject({ code: 'unauthorized', status: 401 })
  })
})

/** The URL of a new grant. */
async function grantFor(terms: { maxBytes: number; contentTypes: string[] }): Promise<string> {
  const answer = await call('/v1/grants', { method: 'POST', body: JSON.stringify(terms) })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { url: string }).url
}

describe.runIf(canDrive)('the example of docs/uploads.md', () => {
  it('uploads what is chosen, and shows the progress', async () => {
    const said = page.waitForEvent('console', (message) => message.text().includes('uploaded'))
    await page.goto(`${address}example`)
    await page.setInputFiles('input', filmPath)
    const [, id] = /^film\.bin is uploaded: (file_\w+)$/.exec((await said).text()) ?? []
    await expectBytes(id, film)
    expect(await page.evaluate('document.querySelector("progress").value')).toBe(1)
  })

  it('tells people why an upload failed', async () => {
    const saying = page.waitForEvent('dialog')
    await page.goto(`${address}example`)
    await page.setInputFiles('input', { ...textFile('%PDF-1.7\n'), mimeType: 'image/png' })
    const dialog = await saying
    expect(dialog.message()).toBe('Files of this type are not accepted here.')
    await dialog.accept()
  })
})

/** As printed, but for this gateway and its key. */
function exampleOfDocs(): string {
  const [, html = ''] = /```html\n(.*?)```/s.exec(readFileSync('docs/uploads.md', 'utf8')) ?? []
  return html.replace('https://uploads.example.com', origin).replace('the token of your user', key)
}

/** A key of a new organization that may store `quotaBytes`. */
async function keyOfOrganization(id: string, quotaBytes: number): Promise<string> {
  const token = /^ROOT_API_KEY=(\S+)$/m.exec(readFileSync(join(folder, '.dev.vars'), 'utf8'))?.[1] ?? ''
  const json = { headers: { authorization: `Bearer ${token}` } }
  const made = await fetch(`${origin}/v1/organizations/${id}`, {
    ...json,
    method: 'PUT',
    body: JSON.stringify({ name: id, quotaBytes }),
  })
  expect(made.ok).toBe(true)
  const answer = await fetch(`${origin}/v1/api-keys`, {
    ...json,
    method: 'POST',
    body: JSON.stringify({ name: 'page', organization: id, scopes: ['files:read', 'files:write'] }),
  })
  return ((await answer.json()) as { api_key: string }).api_key
}

describe('upload in Node', () => {
  it('sends a Blob by fetch, and tells the progress of each part', async () => {
    const { upload } = (await import(join(folder, 'dist/client.js'))) as typeof import('../../client/client')
    const told: number[] = []
    const bytes = randomBytes(18 * mebibyte)
    const file = await upload(new Blob([bytes], { type: 'application/octet-stream' }), {
      ...credentials(),
      filename: 'from-node.bin',
      onProgress: ({ loaded }) => told.push(loaded),
    })
    expect(file).toMatchObject({ filename: 'from-node.bin', status: 'ready', sha256: sha256Of(bytes) })
    expect(told.at(-1)).toBe(bytes.length)
    await expectBytes(file.id, bytes)
  })

  it('rejects at once when it was cancelled before it began', async () => {
    const { upload } = (await import(join(folder, 'dist/client.js'))) as typeof import('../../client/client')
    const signal = AbortSignal.abort()
    await expect(upload(new Blob(['a']), { ...credentials(), signal })).rejects.toBe(signal.reason)
  })
})
