import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canDrive } from './support/chromium'
import { patienceMs } from './support/npm-start'
import { TusPages } from './support/tus-pages'

const packages = { resolveDir: join(process.cwd(), 'test/e2e/clients/widgets') }
/** The widget with its defaults, and nothing else than the address of the server. */
const pond = {
  contents: `import * as FilePond from 'filepond'
    window.pond = FilePond.create(document.querySelector('input'), {
      server: parameters.server,
      chunkUploads: parameters.chunks === 'yes',
    })`,
  html: '<input type="file">',
  packages,
}

let run: TusPages
beforeAll(async () => {
  if (canDrive) run = await TusPages.start({ pond })
})
afterAll(() => run?.end())

const megabyte = 1_000_000

/** A page under a grant for one file of `byteSize` bytes, which is chosen. */
async function openWith({ byteSize, chunks }: { byteSize: number; chunks: boolean }) {
  const name = `film ${randomBytes(4).toString('hex')}.bin`
  const bytes = randomBytes(byteSize)
  const grant = await run.gateway.grant({ maxBytes: byteSize })
  const opened = await run.open('pond', { server: `${grant}/filepond`, chunks: chunks ? 'yes' : 'no' })
  const choose = () => opened.page.setInputFiles('.filepond--browser', run.file(name, bytes))
  return { ...opened, name, bytes, choose }
}

const uploaded = (page: Page) => page.getByText('Upload complete').first().waitFor()

/** There is one file of this name, whose id the widget has got; resolves to the id. */
async function expectUploaded(page: Page, name: string, bytes: Buffer, of: { wasCut?: boolean } = {}) {
  const id = await run.gateway.expectStored(name, bytes, of)
  expect(await page.evaluate('pond.getFile().serverId')).toBe(id)
  return id
}

const countOf = (requests: string[], method: string) =>
  requests.filter((request) => request.startsWith(method)).length

describe.runIf(canDrive)('FilePond in Chromium, on a page of another origin', () => {
  it.each([
    ['whole', false, 12 * megabyte, ['POST 201']],
    ['whole, below the size of a chunk', true, 3 * megabyte, ['POST 201']],
    ['in chunks', true, 12 * megabyte, ['POST 201', 'PATCH 204', 'PATCH 204', 'PATCH 204']],
    [
      'in chunks, the last of which is empty',
      true,
      10 * megabyte,
      ['POST 201', 'PATCH 204', 'PATCH 204', 'PATCH 204'],
    ],
  ] as const)('uploads a file %s', async (_, chunks, byteSize, expected) => {
    const { page, name, bytes, requests, choose } = await openWith({ byteSize, chunks })
    await choose()
    await uploaded(page)
    await expectUploaded(page, name, bytes)
    expect(requests.filter((request) => !request.startsWith('OPTIONS'))).toEqual(expected)
    await page.context().close()
  })

  it.each([false, true])('takes back what it uploaded (in chunks: %s)', async (chunks) => {
    const { page, name, bytes, choose } = await openWith({ byteSize: 12 * megabyte, chunks })
    await choose()
    await uploaded(page)
    const id = await expectUploaded(page, name, bytes)
    const reverting = page.waitForResponse((response) => response.request().method() === 'DELETE')
    await page.click('.filepond--action-revert-item-processing')
    expect((await reverting).status()).toBe(204)
    expect((await run.gateway.call(`/v1/files/${id}`)).status).toBe(404)
    await page.context().close()
  })

  it.each([
    ['in the first chunk', 2 * megabyte],
    ['in a later chunk', 8 * megabyte],
    ['in the last chunk', 11 * megabyte],
  ])('sends a chunk again when the connection was cut %s', async (_, cutAfter) => {
    const { page, name, bytes, choose } = await openWith({ byteSize: 12 * megabyte, chunks: true })
    const before = run.proxy.cuts
    run.proxy.cutAfter(cutAfter)
    await choose()
    await uploaded(page)
    expect(run.proxy.cuts - before).toBe(1)
    await expectUploaded(page, name, bytes, { wasCut: true })
    await page.context().close()
  })

  it('sends a chunk again whose answer was lost', async () => {
    const { page, name, bytes, choose } = await openWith({ byteSize: 12 * megabyte, chunks: true })
    run.proxy.loseAnswerTo('PATCH')
    await choose()
    await uploaded(page)
    await expectUploaded(page, name, bytes, { wasCut: true })
    await page.context().close()
  })

  it('goes on where it was when the person lets it try again', async () => {
    const { page, name, bytes, requests, choose } = await openWith({ byteSize: 12 * megabyte, chunks: true })
    await page.route(/patch=/, (route) =>
      route.request().headers()['upload-offset'] === '5000000' ? route.abort() : route.continue(),
    )
    await choose()
    await page.getByText('Error during upload').first().waitFor()
    await page.unrouteAll()
    await page.click('.filepond--action-retry-item-processing')
    await uploaded(page)
    await expectUploaded(page, name, bytes, { wasCut: true })
    expect(countOf(requests, 'POST')).toBe(1)
    expect(countOf(requests, 'HEAD 200')).toBe(1)
    expect(countOf(requests, 'PATCH 204')).toBe(3)
    await page.context().close()
  })

  it('shows that a file is refused', async () => {
    const grant = await run.gateway.grant({ maxBytes: megabyte, contentTypes: ['image/*'] })
    const { page, requests } = await run.open('pond', { server: `${grant}/filepond`, chunks: 'no' })
    const name = `refused ${randomBytes(4).toString('hex')}.txt`
    await page.setInputFiles('.filepond--browser', run.file(name, Buffer.from('hello')))
    await page.getByText('Error during upload').first().waitFor()
    await expect.poll(() => countOf(requests, 'POST 415'), { timeout: patienceMs }).toBe(1)
    expect(await run.gateway.filesNamed(name)).not.toMatchObject([{ status: 'ready' }])
    await page.context().close()
  })
})
