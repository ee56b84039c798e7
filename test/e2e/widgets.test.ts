import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canDrive, launchChromium } from './support/chromium'
import { copyOfProject, freePort, NpmStart, patienceMs, until } from './support/npm-start'
import { recipesUnder } from './support/recipes'
import { uppyOf } from './support/uppy'

const png = {
  name: 'picture.png',
  mimeType: 'image/png',
  buffer: readFileSync('test/fixtures/formats/picture.png'),
}
const page = { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<!doctype html><p>hello') }
const text = { name: 'grün.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }

/** Where esbuild finds what a recipe imports. */
type Packages = { resolveDir: string; alias?: Record<string, string> }
const widgets: Packages = { resolveDir: join(process.cwd(), 'test/e2e/clients/widgets') }

/** The address of the client module, as docs/clients.md prints it. */
const printedClient = 'https://uploads.example.com/client.js'

let folder = ''
let gateway: NpmStart | undefined
let browser: Browser | undefined
let pages: Server | undefined
let app: ChildProcess | undefined
let url = ''
let key = ''
let origin = ''
/** What the page's own server serves and was sent. */
let served = { html: '', script: '' }
let posted = ''

const api = async (path: string, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${key}` }
  return (await (await fetch(url + path, { headers, ...init })).json()) as Record<string, unknown>
}
const grantOf = async (contentTypes: string[]) => {
  const terms = { maxBytes: 1_000_000, maxFiles: 2, contentTypes }
  return String((await api('/v1/grants', { method: 'POST', body: JSON.stringify(terms) })).url)
}
const newest = async () => ((await api('/v1/files?limit=1')).items as Record<string, unknown>[])[0]

describe.runIf(canDrive)('the recipes of docs/clients.md for pages', () => {
  beforeAll(async () => {
    folder = copyOfProject()
    const [port, pagePort] = [await freePort(), await freePort()]
    url = `http://127.0.0.1:${port}`
    origin = `http://localhost:${pagePort}`
    gateway = new NpmStart(folder, port)
    pages = createServer(async (request, response) => {
      if (request.method === 'POST') for await (const chunk of request) posted += chunk
      const isScript = request.url === '/page.js'
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
      response.end(isScript ? served.script : served.html)
    })
    await new Promise<void>((resolve) => pages?.listen(pagePort, '127.0.0.1', resolve))
    await gateway.running()
    key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    app?.kill()
    pages?.close()
    gateway?.end()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(address = origin): Promise<Page> {
    const opened = (await browser?.newPage()) as Page
    opened.setDefaultTimeout(patienceMs)
    await opened.goto(address)
    return opened
  }

  /** A page with `html` and the script of a recipe, under a grant for `contentTypes`. */
  async function pageOf(
    title: string,
    language: string,
    contentTypes: string[],
    { html, packages = widgets }: { html?: string; packages?: Packages } = {},
  ): Promise<Page> {
    const grant = await grantOf(contentTypes)
    const [code = ''] = recipesUnder(title, language)
    const [form = ''] = recipesUnder(title, 'html')
    const { outputFiles } = await build({
      stdin: {
        contents: code,
        loader: language === 'jsx' ? 'jsx' : 'js',
        resolveDir: packages.resolveDir,
      },
      alias: packages.alias ?? {},
      // The client module is loaded from the gateway, not bundled.
      external: [printedClient],
      format: 'esm',
      define: { GRANT: JSON.stringify(grant), 'process.env.NODE_ENV': '"production"' },
      jsx: 'automatic',
      bundle: true,
      write: false,
      logLevel: 'silent',
    })
    served = {
      html: `<!doctype html><meta charset="utf-8"><title>Upload</title>${html ?? form.replaceAll('{{ grant }}', grant)}<script type="module" src="/page.js"></script>`,
      script: (outputFiles[0]?.text ?? '').replace(printedClient, `${url}/client.js`),
    }
    return open()
  }

  describe('the first recipe', () => {
    const [code = ''] = recipesUnder('A page of your own', 'js')

    it('has at most five steps and twelve lines', () => {
      const chapter = readFileSync('docs/clients.md', 'utf8').split(/^## /m)[1] ?? ''
      expect(chapter.match(/^\d+\. /gm)?.length).toBeLessThanOrEqual(5)
      expect(code.trim().split('\n').length).toBeLessThanOrEqual(12)
    })

    it('uploads from the page of its own server, and says why another type is refused', async () => {
      const port = await freePort()
      writeFileSync(join(folder, 'app.mjs'), code)
      const env = { PATH: process.env.PATH, URL: url, KEY: key, PORT: String(port) }
      app = spawn(process.execPath, ['app.mjs'], { cwd: folder, env, stdio: 'ignore' })
      const address = `http://localhost:${port}`
      await until(
        () =>
          fetch(address).then(
            () => true,
            () => false,
          ),
        patienceMs,
      )
      const own = await open(address)
      await own.setInputFiles('input', page)
      await own.getByText('Files of this type are not accepted here.').waitFor()
      await own.setInputFiles('input', png)
      await own.getByText(/^file_[0-9a-f]{32}$/).waitFor()
      const id = await own.locator('output').innerText()
      expect(await newest()).toMatchObject({ id, status: 'ready', sizeBytes: png.buffer.length })
      await own.close()
    })
  })

  describe.each([
    ['FilePond', 'js', '<input type="file" id="upload">', '.filepond--browser', 'Upload complete'],
    ['FilePond, in chunks', 'js', '<input type="file" id="upload">', '.filepond--browser', 'Upload complete'],
    [
      'tus-js-client',
      'js',
      '<input type="file" id="upload"> <output></output>',
      '#upload',
      'grün.txt was uploaded',
    ],
    ['Dropzone', 'js', '<form id="upload" class="dropzone"></form>', '.dz-hidden-input', null],
    [
      'react-dropzone with axios',
      'jsx',
      '<div id="upload"></div>',
      'input[type=file]',
      'grün.txt was uploaded',
    ],
  ])('%s', (title, language, html, input, done) => {
    it('uploads a file', async () => {
      const opened = await pageOf(title, language, ['text/plain'], { html })
      await opened.setInputFiles(input, text)
      if (done === null) await opened.locator('.dz-success').waitFor({ state: 'attached' })
      else await opened.getByText(done).first().waitFor({ state: 'attached' })
      expect(await newest()).toMatchObject({
        filename: 'grün.txt',
        contentType: 'text/plain',
        status: 'ready',
      })
      await opened.close()
    })

    it('says why a file of another type is refused', async () => {
      const opened = await pageOf(title, language, ['image/*'], { html })
      await opened.setInputFiles(input, text)
      await opened
        .getByText(/^[^{]*text\/plain/)
        .first()
        .waitFor({ state: 'attached' })
      await opened.close()
    })
  })

  describe.each([
    ['Uppy 5', 'uppy5', 'Files of this type are not accepted here.'],
    ['Uppy 6', 'uppy6', 'Files of this type are not accepted here.'],
    ['Uppy 6, by tus', 'uppy6', 'text/plain'],
  ] as const)('the Dashboard of %s', (title, version, refusal) => {
    const html = '<div id="upload"></div>'
    const file = { ...text, name: `${title}.txt` }

    async function openedWith(contentTypes: string[]): Promise<Page> {
      const opened = await pageOf(title, 'js', contentTypes, { html, packages: uppyOf(version) })
      await opened.setInputFiles('.uppy-Dashboard-input >> nth=0', file)
      return opened
    }

    it('uploads a file', async () => {
      const opened = await openedWith(['text/plain'])
      await opened.click('.uppy-StatusBar-actionBtn--upload')
      await opened.getByText('Complete', { exact: true }).waitFor()
      expect(await newest()).toMatchObject({
        filename: file.name,
        contentType: 'text/plain',
        status: 'ready',
      })
      await opened.close()
    })

    it('says why a file of another type is refused', async () => {
      const opened = await openedWith(['image/*'])
      await opened.click('.uppy-StatusBar-actionBtn--upload')
      let said = ''
      opened.once('dialog', (dialog) => {
        said = dialog.message()
        return dialog.accept()
      })
      await opened.click('.uppy-StatusBar-details')
      expect(said).toContain(refusal)
      await opened.close()
    })
  })

  it('an Active Storage form sends the signed id of what it uploaded', async () => {
    const opened = await pageOf('Active Storage', 'js', ['text/plain'])
    await opened.setInputFiles('input', text)
    posted = ''
    await opened.locator('form button').click()
    await until(() => posted !== '', patienceMs)
    expect(decodeURIComponent(posted)).toMatch(/^avatar=[\w-]{40,}$/)
    // A list settles what has come after its answer.
    expect(await until(async () => (await newest())?.status === 'ready', patienceMs)).toBe(true)
    await opened.close()
  })

  it('an Active Storage form says that a file of another type is refused', async () => {
    const opened = await pageOf('Active Storage', 'js', ['image/*'])
    await opened.setInputFiles('input', text)
    const dialog = opened.waitForEvent('dialog')
    await opened.locator('form button').click({ noWaitAfter: true })
    const said = await dialog
    expect(said.message()).toContain('422')
    await said.dismiss()
    await opened.close()
  })

  it('a plain form uploads a file, and shows why one is refused', async () => {
    for (const [contentTypes, answer] of [
      [['text/plain'], '"status":"ready"'],
      [['image/*'], 'text/plain'],
    ] as const) {
      const [form = ''] = recipesUnder('Plain form', 'html')
      const grant = await grantOf([...contentTypes])
      served = {
        html: `<!doctype html><title>Upload</title>${form.replaceAll('{{ grant }}', grant)}`,
        script: '',
      }
      const opened = await open()
      await opened.setInputFiles('input', text)
      await opened.locator('form button').click()
      await opened.getByText(answer).waitFor()
      await opened.close()
    }
  })
})
