import { createHash, randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canDrive, launchChromium, servePages } from './support/chromium'
import { copyOfProject, freePort, NpmStart, patienceMs } from './support/npm-start'
import { slowDown } from './support/upload-page'
import { type UppyVersion, uppyOf } from './support/uppy'

const mebibyte = 1024 ** 2
const versions: UppyVersion[] = ['uppy5', 'uppy6']

let folder = ''
let gateway: NpmStart | undefined
let origin = ''
let key = ''
let pages: Server | undefined
let browser: Browser | undefined
let pageOrigin = ''

beforeAll(async () => {
  folder = copyOfProject()
  const [port, pagePort] = [await freePort(), await freePort()]
  origin = `http://127.0.0.1:${port}`
  pageOrigin = `http://127.0.0.1:${pagePort}`
  gateway = new NpmStart(folder, port)
  await gateway.running()
  key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
  const served = await Promise.all(versions.map(pageOf))
  pages = await servePages(pagePort, Object.assign({}, ...served))
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  pages?.close()
  gateway?.end()
  rmSync(folder, { recursive: true, force: true })
})

/** A page with Uppy's Dashboard of this version, as an application bundles it. The client module comes from the gateway. */
async function pageOf(version: UppyVersion) {
  const contents = `
    import AwsS3 from '@uppy/aws-s3'
    import Uppy from '@uppy/core'
    import Dashboard from '@uppy/dashboard'
    import { uppyS3 } from '${origin}/client.js'
    const options = uppyS3({ token: '${key}', gateway: '${origin}' })
    const uppy = new Uppy().use(Dashboard, { inline: true, target: '#uppy' }).use(AwsS3, options)
    uppy.addPostProcessor(options.complete)
    window.uppy = uppy
    window.ended = new Promise((resolve) => uppy.on('complete', resolve))
    window.loaded = 0
    uppy.on('upload-progress', (_, { bytesUploaded }) => { window.loaded = bytesUploaded })
  `
  const { resolveDir, alias } = uppyOf(version)
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    format: 'esm',
    alias,
    external: [`${origin}/client.js`],
    write: false,
  })
  const html = `<!doctype html><title>${version}</title><div id="uppy"></div><script type="module" src="/${version}.js"></script>`
  return {
    [`/${version}`]: { type: 'text/html', text: html },
    [`/${version}.js`]: { type: 'text/javascript', text: outputFiles[0]?.text ?? '' },
  }
}

async function openWith(version: UppyVersion, file: { name: string; mimeType: string; buffer: Buffer }) {
  const page = (await browser?.newPage()) ?? expect.unreachable()
  page.setDefaultTimeout(patienceMs)
  await page.goto(`${pageOrigin}/${version}`)
  await page.setInputFiles('.uppy-Dashboard-input >> nth=0', file)
  await page.waitForSelector('.uppy-StatusBar-actionBtn--upload')
  return page
}

const startUpload = (page: Page) => page.click('.uppy-StatusBar-actionBtn--upload')

/** The newest file of the organization. */
async function newestFile() {
  const headers = { authorization: `Bearer ${key}` }
  const answer = await fetch(`${origin}/v1/files?limit=1`, { headers })
  const { items } = (await answer.json()) as { items: { id: string; filename: string; status: string }[] }
  return items[0] ?? expect.unreachable()
}

async function expectUploaded(name: string, bytes: Buffer): Promise<void> {
  const file = await newestFile()
  expect(file).toMatchObject({ filename: name, status: 'ready', sizeBytes: bytes.length })
  const headers = { authorization: `Bearer ${key}` }
  const content = await fetch(`${origin}/v1/files/${file.id}/content?redirect=false`, { headers })
  expect(
    createHash('sha256')
      .update(Buffer.from(await content.arrayBuffer()))
      .digest('hex'),
  ).toBe(createHash('sha256').update(bytes).digest('hex'))
}

function partsOf(page: Page): string[] {
  const parts: string[] = []
  page.on('response', (response) => {
    const { searchParams } = new URL(response.url())
    if (response.request().method() === 'PUT' && response.ok())
      parts.push(searchParams.get('partNumber') ?? 'whole')
  })
  return parts
}

describe.runIf(canDrive)('the Dashboard of Uppy, on a page of another origin', () => {
  it.each(versions)('uploads a small file (%s)', async (version) => {
    const file = { name: `small ${version}.txt`, mimeType: 'text/plain', buffer: randomBytes(9) }
    const bytes = Buffer.from(file.buffer.toString('hex'))
    const page = await openWith(version, { ...file, buffer: bytes })
    const parts = partsOf(page)
    await startUpload(page)
    await page.waitForSelector('.uppy-StatusBar.is-complete')
    expect(await page.evaluate('ended.then(({ successful }) => successful.length)')).toBe(1)
    expect(parts).toEqual(['whole'])
    await expectUploaded(file.name, bytes)
    await page.close()
  })

  it('uploads 36 MiB in parts that are the plan of the gateway (uppy5)', async () => {
    const buffer = randomBytes(36 * mebibyte)
    const page = await openWith('uppy5', { name: 'film.bin', mimeType: 'application/octet-stream', buffer })
    const parts = partsOf(page)
    await startUpload(page)
    await page.waitForSelector('.uppy-StatusBar.is-complete')
    expect(parts.toSorted()).toEqual(['1', '2', '3'])
    await expectUploaded('film.bin', buffer)
    const body = await page.evaluate('ended.then(({ successful }) => successful[0].response.body)')
    expect(body).toMatchObject({ id: (await newestFile()).id, status: 'ready' })
    await page.close()
  })

  it('pauses and resumes, and sends no part twice that had arrived (uppy5)', async () => {
    const buffer = randomBytes(20 * mebibyte)
    const page = await openWith('uppy5', { name: 'paused.bin', mimeType: 'application/octet-stream', buffer })
    const parts = partsOf(page)
    await slowDown(page, 4 * mebibyte)
    await startUpload(page)
    await expect.poll(() => parts.length, { timeout: patienceMs }).toBe(1)
    await page.evaluate('uppy.pauseAll()')
    await page.evaluate('uppy.resumeAll()')
    await page.waitForSelector('.uppy-StatusBar.is-complete')
    expect(parts.toSorted()).toEqual(['1', '2'])
    await expectUploaded('paused.bin', buffer)
    await page.close()
  })

  it('goes on with an upload that Uppy kept over a reload (uppy5)', async () => {
    const buffer = randomBytes(20 * mebibyte)
    const file = { name: 'restored.bin', mimeType: 'application/octet-stream', buffer }
    const before = await openWith('uppy5', file)
    await before.route(/partNumber=2/, () => {})
    const parts = partsOf(before)
    await startUpload(before)
    await expect.poll(() => parts, { timeout: patienceMs }).toEqual(['1'])
    const kept = (await before.evaluate('uppy.getFiles()[0].s3Multipart')) as { uploadId: string }
    await before.close()

    // As its plugin Golden Retriever does.
    const page = await openWith('uppy5', file)
    await page.evaluate(`uppy.setFileState(uppy.getFiles()[0].id, { s3Multipart: ${JSON.stringify(kept)} })`)
    await startUpload(page)
    await page.waitForSelector('.uppy-StatusBar.is-complete')
    expect(await newestFile()).toMatchObject({ id: kept.uploadId })
    await expectUploaded('restored.bin', buffer)
    await page.close()
  })

  it('aborts the upload of a file that is removed (uppy5)', async () => {
    const buffer = randomBytes(20 * mebibyte)
    const page = await openWith('uppy5', { name: 'gone.bin', mimeType: 'application/octet-stream', buffer })
    await slowDown(page, 2 * mebibyte)
    const creating = page.waitForResponse(
      (response) => response.url() === `${origin}/v1/uploads` && response.ok(),
    )
    await startUpload(page)
    const { id } = (await (await creating).json()) as { id: string }
    await expect.poll(() => page.evaluate('loaded'), { timeout: patienceMs }).toBeGreaterThan(0)
    await page.evaluate('uppy.cancelAll()')
    const status = async () =>
      (await fetch(`${origin}/v1/uploads/${id}`, { headers: { authorization: `Bearer ${key}` } })).json()
    await expect.poll(status, { timeout: patienceMs }).toMatchObject({ status: 'failed', error: 'aborted' })
    await page.close()
  })

  it('uploads 20 MiB in one PUT (uppy6)', async () => {
    const buffer = randomBytes(20 * mebibyte)
    const page = await openWith('uppy6', { name: 'whole.bin', mimeType: 'application/octet-stream', buffer })
    const parts = partsOf(page)
    await startUpload(page)
    await page.waitForSelector('.uppy-StatusBar.is-complete')
    expect(parts).toEqual(['whole'])
    await expectUploaded('whole.bin', buffer)
    await page.close()
  })

  it.each(versions)('says in the widget why a file was refused (%s)', async (version) => {
    const buffer = Buffer.from('%PDF-1.7\n%âãÏÓ\n')
    const page = await openWith(version, { name: 'a.png', mimeType: 'image/png', buffer })
    let said = ''
    page.on('dialog', (dialog) => {
      said = dialog.message()
      return dialog.accept()
    })
    await startUpload(page)
    await page.click('.uppy-StatusBar-details')
    expect(said).toContain('Files of this type are not accepted here.')
    await page.close()
  })
})
