import { readFileSync, rmSync } from 'node:fs'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canDrive, launchChromium } from './support/chromium'
import { copyOfProject, freePort, NpmStart, patienceMs } from './support/npm-start'

type Described = { operationId: string; tags: string[]; responses: Record<string, unknown> }

const { paths } = JSON.parse(readFileSync('assets/openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, Described>>
}
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.values(methods).map((operation) => ({ ...operation, isOfGrant: path.startsWith('/g/') })),
)

const hello = Buffer.from('hello')

let folder = ''
let gateway: NpmStart | undefined
let browser: Browser | undefined
let page: Page
let url = ''
let key = ''
/** What the browser says of the page: refusals by the policy, errors of scripts. */
const said: string[] = []
const strangers: string[] = []

describe.runIf(canDrive)('the reference at /docs', () => {
  beforeAll(async () => {
    folder = copyOfProject()
    const port = await freePort()
    gateway = new NpmStart(folder, port)
    await gateway.running()
    url = `http://127.0.0.1:${port}`
    key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
    browser = await launchChromium()
    page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(patienceMs)
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', (error) => said.push(error.message))
    page.on('request', (request) => {
      const { protocol, port: asked } = new URL(request.url())
      if (protocol.startsWith('http') && asked !== String(port)) strangers.push(request.url())
    })
    await page.goto(`${url}/docs`)
    await page.locator('.opblock').first().waitFor()
  })

  afterAll(async () => {
    await browser?.close()
    gateway?.end()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Swagger UI escapes the dot of an operation's id; so does a selector, once more. */
  const block = (operationId: string): Locator =>
    page.locator(`.opblock[id$="-${operationId.replace('.', '\\\\.')}"]`)

  const click = (target: Locator) => target.click()
  /** Does not wait until the target rests where a pointer reaches it, which takes longer than the answer. */
  const dispatchClick = (target: Locator) => target.dispatchEvent('click')

  async function open(operationId: string, clickOn = click): Promise<Locator> {
    const its = block(operationId)
    if ((await its.locator('.opblock-body').count()) === 0)
      await clickOn(its.locator('.opblock-summary-control'))
    await its.locator('.execute').waitFor()
    return its
  }

  /** Executes what is filled in; the status and the body of the answer. */
  async function execute(its: Locator, clickOn = click): Promise<{ status: string; body: string }> {
    // The answer before.
    const clear = its.locator('.btn-clear')
    if (await clear.count()) await clickOn(clear)
    await clickOn(its.locator('.execute'))
    const live = its.locator('.live-responses-table .response')
    await live.waitFor()
    const status = await live.locator('.response-col_status').innerText()
    const body = live.locator('.highlight-code code')
    return { status: status.split('\n')[0] ?? '', body: (await body.count()) ? await body.innerText() : '' }
  }

  async function authorize(): Promise<void> {
    await page.locator('.auth-wrapper > .authorize').click()
    // Authorization: Bearer …, and X-API-KEY.
    for (const form of [page.locator('.auth-container').first(), page.locator('.auth-container').last()]) {
      await form.locator('input').fill(key)
      await form.locator('.authorize').click()
      await form.getByText('******').waitFor()
    }
    await page.locator('.btn-done').first().click()
  }

  it('shows every operation, and runs and calls nothing from elsewhere', async () => {
    expect(operations.length).toBeGreaterThan(25)
    const shown = await page
      .locator('.opblock')
      .evaluateAll((blocks) => blocks.map(({ id }) => id.replaceAll('\\', '')))
    const expected = operations.map(
      ({ tags: [tag = ''], operationId }) => `operations-${tag.replaceAll(/\s/g, '_')}-${operationId}`,
    )
    expect(shown.toSorted()).toEqual(expected.toSorted())
    expect(said).toEqual([])
    expect(strangers).toEqual([])
    expect((await fetch(`${url}/docs`)).headers.get('content-security-policy')).not.toContain('unsafe')
  })

  it('tries operations with the key that was filled in, also after a reload, in this tab alone', async () => {
    expect((await execute(await open('health.getHealth'))).status).toBe('200')
    expect((await execute(await open('cuadra.listFiles'))).status).toBe('401')
    await authorize()
    expect(await execute(await open('uploads.createUpload'))).toMatchObject({
      status: '201',
      body: expect.stringContaining('X-Amz-Signature'),
    })
    await page.reload()
    expect((await execute(await open('cuadra.listFiles'))).status).toBe('200')

    const another = await page.context().newPage()
    await another.goto(`${url}/docs`)
    await another.locator('.auth-wrapper > .authorize.unlocked').waitFor()
    await another.close()
  })

  /** Parameters of which a request has one or another, or none: the page leaves the choice to the client. */
  const chosen: Record<string, Record<string, string>> = {
    'tus.createUpload': { 'Upload-Length': '5' },
    'resumable.appendBytes': { 'Upload-Complete': '?1' },
    'filepond.loadFile': { load: `file_${'0'.repeat(32)}` },
  }

  it.each(operations)(
    'tries $operationId as it is filled in: an answer that the reference describes',
    async ({ operationId, responses, isOfGrant }) => {
      const its = await open(operationId, dispatchClick)
      expect(await its.textContent()).not.toContain('$ref')
      const file = its.locator('input[type=file]')
      if (await file.count())
        await file.setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: hello })
      for (const [name, value] of Object.entries(chosen[operationId] ?? {})) {
        const field = its.locator(`[data-param-name="${name}"]`)
        if (await field.locator('select').count()) await field.locator('select').selectOption(value)
        else await field.locator('input').fill(value)
        // Only then does the page take what was typed.
        await field.locator('input, select').first().blur()
      }
      const { status, body } = await execute(its, dispatchClick)
      // What is closed is rendered no more.
      await dispatchClick(its.locator('.opblock-summary-control'))
      // A stranger's id finds nothing, the key of an organization is not the root key, and the grant is an example.
      expect(Object.keys(responses), body).toContain(status)
      expect(['200', '201', '204', '403', '404', ...(isOfGrant ? ['401'] : [])], body).toContain(status)
    },
  )

  it('follows a file from its form to its link and its bytes, which the store sends', async () => {
    const form = await open('cuadra.uploadFile')
    await form
      .locator('input[type=file]')
      .setInputFiles({ name: 'b.txt', mimeType: 'text/plain', buffer: hello })
    const { id } = JSON.parse((await execute(form)).body)
    for (const [operationId, status] of [
      ['cuadra.getFile', '200'],
      ['cuadra.getContent', '200'],
      ['cuadra.createLink', '201'],
      ['cuadra.deleteFile', '204'],
    ] as const) {
      const its = await open(operationId)
      await its.locator('[data-param-name=fileId] input').fill(id)
      expect((await execute(its)).status, operationId).toBe(status)
    }
    // Answers such as 404 are told too.
    expect(said.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([])
    expect(strangers).toEqual([])
  })
})
