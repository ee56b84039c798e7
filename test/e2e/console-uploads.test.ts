import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { canDrive } from './support/chromium'
import { ConsoleRun, eventually, networkOf, overflowOf } from './support/console'

const MiB = 1024 ** 2

let run: ConsoleRun
let folder = ''

beforeAll(async () => {
  if (canDrive) run = await ConsoleRun.start()
  folder = mkdtempSync(join(tmpdir(), 'slipway-console-'))
})
afterAll(async () => {
  await run?.end()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => expect(run?.problems ?? []).toEqual([]))

/** A file that a browser can find again after a reload. */
function fileOf(name: string, bytes: Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const choose = (page: Page, ...files: string[]) => page.locator('input[type=file]').setInputFiles(files)
const uploadOf = (page: Page, name: string) =>
  page.getByRole('region', { name: 'Uploads of this page' }).getByRole('listitem').filter({ hasText: name })
const atLeast = (read: () => Promise<number>, least: number) =>
  eventually(async () => (await read()) >= least, true)
const loadedOf = async (page: Page, name: string): Promise<number> =>
  Number(await uploadOf(page, name).getByRole('progressbar').getAttribute('value'))

/** Which parts a page sends from now on. */
function partsSentBy(page: Page): number[] {
  const parts: number[] = []
  page.on('requestfinished', async (request: Request) => {
    const part = new URL(request.url()).searchParams.get('partNumber')
    if (part !== null && request.method() === 'PUT') parts.push(Number(part))
  })
  return parts
}

/** The file of this name, as a program sees it. */
async function fileNamed(
  name: string,
  status = 'ready',
): Promise<{ id: string; status: string } | undefined> {
  const { items } = await run.api('GET', `/v1/files?limit=100&statusFilter=${status}`)
  return items.find(({ filename }: { filename: string }) => filename === name)
}

async function expectStored(name: string, bytes: Buffer): Promise<void> {
  const { id } = (await fileNamed(name)) ?? expect.unreachable(`${name} is not ready`)
  const { url } = await run.api('POST', `/v1/files/${id}/links`)
  const stored = Buffer.from(await (await fetch(url)).arrayBuffer())
  expect(createHash('sha256').update(stored).digest('hex')).toBe(
    createHash('sha256').update(bytes).digest('hex'),
  )
}

describe.runIf(canDrive)('an upload in the console', () => {
  it('takes several small files at once, with their metadata, on a phone too', async () => {
    const page = await run.open(run.key, { viewport: { width: 360, height: 740 } })
    await page.getByText('No files yet').waitFor()
    await page.getByLabel('Metadata for these files').fill('tag=small, year=2026')
    const [one, other] = [randomBytes(1000), Buffer.from('text\n')]
    await choose(page, fileOf('one.bin', one), fileOf('other.txt', other), fileOf('empty.txt', Buffer.of()))
    await page.getByText('3 of 3 uploaded').waitFor()
    for (const name of ['one.bin', 'other.txt', 'empty.txt'])
      await page.getByRole('link', { name, exact: true }).waitFor()
    expect(await overflowOf(page)).toBe(0)
    await expectStored('one.bin', one)
    await expectStored('other.txt', other)
    const filter = encodeURIComponent('{"tag":"small","year":2026}')
    const found = await run.api('GET', `/api/v3/organizations/demo/ai/files?filter=${filter}`)
    expect(found.files).toHaveLength(3)
    await page.getByRole('button', { name: 'Clear finished' }).click()
    await uploadOf(page, 'one.bin').waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('takes files that are dropped', async () => {
    const page = await run.open()
    const data = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer()
      transfer.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }))
      return transfer
    })()`)
    await page.getByRole('region', { name: 'Upload files' }).dispatchEvent('drop', { dataTransfer: data })
    await page.getByText('1 of 1 uploaded').waitFor()
    await expectStored('dropped.txt', Buffer.from('dropped'))
    await page.context().close()
  })

  it('of 20 MiB goes in parts, tells its bytes, pauses, and outlives a cut of the network', async () => {
    const bytes = randomBytes(20 * MiB)
    const page = await run.open()
    const network = await networkOf(page)
    const parts = partsSentBy(page)
    await network.slow(4 * MiB)
    await choose(page, fileOf('cut.bin', bytes))
    await atLeast(() => loadedOf(page, 'cut.bin'), MiB)

    await page.getByRole('button', { name: 'Pause cut.bin' }).click()
    await uploadOf(page, 'cut.bin').getByText('Paused').waitFor()
    const paused = await loadedOf(page, 'cut.bin')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(await loadedOf(page, 'cut.bin')).toBe(paused)
    await page.getByRole('button', { name: 'Resume cut.bin' }).click()
    await atLeast(() => loadedOf(page, 'cut.bin'), paused + 1)

    await network.cut()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await network.whole()
    await page.getByText('1 of 1 uploaded').waitFor()
    expect(new Set(parts).size).toBeGreaterThan(1)
    await expectStored('cut.bin', bytes)
    await page.context().close()
  })

  it('of 20 MiB goes on after a reload, when the same file is chosen again', async () => {
    const bytes = randomBytes(20 * MiB)
    const path = fileOf('reloaded.bin', bytes)
    const page = await run.open()
    page.on('dialog', (dialog) => dialog.accept())
    const first = partsSentBy(page)
    // One part never leaves.
    await page.route(/partNumber=2\b/, () => {})
    await choose(page, path)
    await eventually(() => first, [1])
    const remembered = async () => String(await page.evaluate('Object.values(localStorage).join()'))
    await eventually(async () => /"etags":\{"1"/.test(await remembered()), true)
    expect(await remembered()).not.toContain(run.key)
    await page.reload()
    await page.unroute(/partNumber=2\b/)
    await page.getByRole('link', { name: 'Pending' }).click()
    await page.getByRole('link', { name: 'reloaded.bin' }).waitFor()

    first.length = 0
    await page.getByRole('link', { name: 'Files' }).click()
    await choose(page, path)
    await page.getByText('1 of 1 uploaded').waitFor()
    expect(first).toEqual([2])
    await expectStored('reloaded.bin', bytes)
    await page.context().close()
  })

  it('of a wrong type is refused, and both places say why', async () => {
    const page = await run.open()
    await choose(page, fileOf('liar.png', Buffer.from('%PDF-1.7\nnot a picture')))
    await uploadOf(page, 'liar.png').getByText('PDF document').waitFor()
    await page.getByLabel('Status').selectOption('Refused')
    const row = page.getByRole('row').filter({ hasText: 'liar.png' })
    await row.getByText('The bytes are of another type than was declared.').waitFor()
    await page.getByRole('link', { name: 'Pending' }).click()
    await page.getByText('The bytes are of another type than was declared.').waitFor()
    await page.context().close()
  })

  it('beyond the quota is refused, and goes through once there is room', async () => {
    const bytes = randomBytes(300_000)
    const page = await run.open()
    const { usedBytes, reservedBytes } = await run.api('GET', '/v1/organizations/demo')
    await run.setQuota(usedBytes + reservedBytes + 100_000)
    await choose(page, fileOf('large.bin', bytes))
    await uploadOf(page, 'large.bin').getByText('not enough space left').waitFor()
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.getByRole('img', { name: '97.7 KiB free' }).waitFor()
    await run.setQuota(null)
    await page.getByRole('link', { name: 'Files' }).click()
    await page.getByRole('button', { name: 'Retry large.bin' }).click()
    await page.getByText('1 of 1 uploaded').waitFor()
    await expectStored('large.bin', bytes)
    await page.context().close()
  })

  it('ends when it is cancelled, and when it is aborted under Pending', async () => {
    const page = await run.open()
    const network = await networkOf(page)
    await network.slow(MiB / 2)
    await choose(page, fileOf('cancelled.bin', randomBytes(20 * MiB)))
    await atLeast(() => loadedOf(page, 'cancelled.bin'), 1)
    await page.getByRole('button', { name: 'Cancel cancelled.bin' }).click()
    await uploadOf(page, 'cancelled.bin').getByText('Cancelled', { exact: true }).waitFor()
    await network.whole()
    await eventually(async () => (await fileNamed('cancelled.bin', 'failed'))?.status, 'failed')

    const fields = { filename: 'awaited.zip', contentType: 'application/zip', size: 9 }
    const { id } = await run.api('POST', '/v1/uploads', fields)
    await page.getByRole('link', { name: 'Pending' }).click()
    await page.getByRole('button', { name: 'Abort awaited.zip' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Abort' }).click()
    const ended = page.getByRole('row').filter({ hasText: 'awaited.zip' })
    await ended.getByText('The upload was aborted.').waitFor()
    expect(await run.api('GET', `/v1/uploads/${id}`)).toMatchObject({ status: 'failed', error: 'aborted' })
    await page.context().close()
  })
})
