import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canDrive, launchChromium } from './support/chromium'
import { copyOfProject, freePort, NpmStart, patienceMs } from './support/npm-start'
import { slowDown } from './support/upload-page'

const mebibyte = 1024 ** 2

let folder = ''
let gateway: NpmStart | undefined
let origin = ''
let key = ''
let browser: Browser | undefined
let context: BrowserContext | undefined
let page: Page
/** What the page reports against its policy, and errors of its script. */
let complaints: string[] = []

beforeAll(async () => {
  folder = copyOfProject()
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  gateway = new NpmStart(folder, port)
  await gateway.running()
  key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  gateway?.end()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  context = await browser?.newContext({ viewport: { width: 360, height: 740 } })
  page = (await context?.newPage()) ?? expect.unreachable()
  page.setDefaultTimeout(patienceMs)
  complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text())
  })
})

afterEach(async () => {
  await context?.close()
  expect(complaints).toEqual([])
})

type Grant = { id: string; url: string }

async function call(method: string, path: string, json?: unknown) {
  return fetch(origin + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
}

async function open(terms: object): Promise<Grant> {
  const grant = (await (
    await call('POST', '/v1/grants', { maxBytes: 50 * mebibyte, ...terms })
  ).json()) as Grant
  await page.goto(grant.url)
  await page.getByRole('heading').waitFor()
  return grant
}

const useOf = async ({ id }: Grant) =>
  (await (await call('GET', `/v1/grants/${id}`)).json()) as {
    filesUsed: number
    bytesUsed: number
    files: string[]
  }

const choose = (name: string, mimeType: string, buffer: Buffer) =>
  page.setInputFiles('input[type=file]', { name, mimeType, buffer })

describe.runIf(canDrive)('the page of a grant', () => {
  it('says what it takes, takes it, and says when that was all', async () => {
    const grant = await open({ maxFiles: 2, contentTypes: ['image/*', 'application/pdf'] })
    const facts = await page.locator('.facts').innerText()
    expect(facts).toMatch(/^Up to 2 files, 52 MB together\nAccepted: images, PDF\nUntil /)
    expect(await page.locator('input[type=file]').getAttribute('accept')).toBe('image/*,application/pdf')
    const pdf = Buffer.from('%PDF-1.7\n')
    await choose('one.pdf', 'application/pdf', pdf)
    await page.getByText('Uploaded', { exact: true }).waitFor()
    await page.getByText('One more file, up to 52 MB').waitFor()
    await choose('two.pdf', 'application/pdf', Buffer.concat([pdf, Buffer.from('2')]))
    await page.getByText('That was all: this link takes no more files.').waitFor()
    expect(await page.locator('.drop').isVisible()).toBe(false)
    const use = await useOf(grant)
    expect(use).toMatchObject({ filesUsed: 2, bytesUsed: 2 * pdf.length + 1 })
    const content = await call('GET', `/v1/files/${use.files[1]}/content?redirect=false`)
    expect(Buffer.from(await content.arrayBuffer())).toEqual(pdf)
  })

  it('says in words why a file is not taken, and takes another', async () => {
    const grant = await open({ maxBytes: 100, contentTypes: ['text/plain'] })
    await choose('a.png', 'image/png', Buffer.from('x'))
    await page
      .getByText(
        'Files of this type are not accepted here. This grant does not take image/png; it takes text/plain.',
      )
      .waitFor()
    await choose('big.txt', 'text/plain', Buffer.alloc(101, 'x'))
    await page.getByText('This file is too large. This grant takes at most 100 bytes.').waitFor()
    await choose('lie.txt', 'text/plain', Buffer.from('%PDF-1.7\n'))
    await page
      .getByText(/^Files of this type are not accepted here\. .*the bytes are a PDF document/)
      .waitFor()
    expect(await useOf(grant)).toMatchObject({ filesUsed: 0, bytesUsed: 0 })
    await choose('good.txt', 'text/plain', Buffer.from('hello'))
    await page.getByText('That was all').waitFor()
  })

  it('pauses, goes on, and cancels, by the keyboard too', async () => {
    const grant = await open({ maxFiles: 2 })
    await slowDown(page, 2 * mebibyte)
    await choose('film.bin', '', randomBytes(20 * mebibyte))
    await page.getByText(/^\d+(\.\d)? MB of 21 MB$/).waitFor()
    await page.getByRole('button', { name: 'Pause: film.bin' }).press('Enter')
    await page.getByText('Paused', { exact: true }).waitFor()
    const resume = page.getByRole('button', { name: 'Resume: film.bin' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Resume')
    await resume.press('Enter')
    await page.getByText(/ of 21 MB$/).waitFor()
    await page.getByRole('button', { name: 'Cancel: film.bin' }).click()
    await page.getByText('Cancelled', { exact: true }).waitFor()
    await expect
      .poll(() => useOf(grant), { timeout: patienceMs })
      .toMatchObject({ filesUsed: 0, bytesUsed: 0 })
    await slowDown(page, -1)
    await page.getByRole('button', { name: 'Upload again: film.bin' }).click()
    await page.getByText('Uploaded', { exact: true }).waitFor()
    expect(await useOf(grant)).toMatchObject({ filesUsed: 1, bytesUsed: 20 * mebibyte })
  })

  it('says that a link is wrong, has expired or was revoked', async () => {
    await page.goto(`${origin}/g/slipgrant_wrong`)
    await page.getByText('This link does not work any more. Ask for a new one.').waitFor()
    const grant = await open({})
    await call('DELETE', `/v1/grants/${grant.id}`)
    await page.reload()
    await page.getByText('This link does not work any more. Ask for a new one.').waitFor()
    await page.getByRole('button', { name: 'Try again' }).waitFor()
  })

  it.each(['light', 'dark'] as const)('has nothing that axe finds wrong, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    await open({ maxFiles: 3, contentTypes: ['text/plain'] })
    await choose('a.txt', 'text/plain', Buffer.from('hello'))
    await page.getByText('Uploaded', { exact: true }).waitFor()
    await choose('a.png', 'image/png', Buffer.from('x'))
    await page.getByText('Files of this type').waitFor()
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    // Not as an element, which the page's policy forbids.
    const found = (await page.evaluate(`${axe}; axe.run()`)) as { violations: { id: string }[] }
    expect(found.violations.map(({ id }) => id)).toEqual([])
    const width = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(width), 'what is wider than a phone').toBe(0)
  })
})
