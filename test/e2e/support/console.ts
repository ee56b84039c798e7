import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchChromium } from './chromium'
import { copyOfProject, freePort, NpmStart, patienceMs } from './npm-start'

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')

/** `npm start` with its console in Chromium. */
export class ConsoleRun {
  /** What a page may not do: scripts that throw, and what its Content-Security-Policy forbids. */
  readonly problems: string[] = []

  private constructor(
    readonly origin: string,
    readonly key: string,
    readonly rootKey: string,
    private readonly folder: string,
    private readonly gateway: NpmStart,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<ConsoleRun> {
    const folder = copyOfProject()
    const port = await freePort()
    const gateway = new NpmStart(folder, port)
    try {
      await gateway.running()
      const key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
      const variables = readFileSync(join(folder, '.dev.vars'), 'utf8')
      const rootKey = /^ROOT_API_KEY="?([^"\s]+)/m.exec(variables)?.[1] ?? ''
      const origin = `http://127.0.0.1:${port}`
      return new ConsoleRun(origin, key, rootKey, folder, gateway, await launchChromium())
    } catch (error) {
      gateway.end()
      throw error
    }
  }

  async end(): Promise<void> {
    await this.browser.close()
    this.gateway.end()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A new browser, as of another person, at `hash`; signed in with `key` unless that is null. */
  async open(
    key: string | null = this.key,
    { hash = '', ...options }: BrowserContextOptions & { hash?: string } = {},
  ): Promise<Page> {
    const context = await this.browser.newContext(options)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    page.on('pageerror', (error) => this.problems.push(error.message))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.problems.push(message.text())
    })
    await page.goto(`${this.origin}/${hash}`)
    if (key !== null) {
      await this.signIn(page, key)
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
    }
    return page
  }

  async signIn(page: Page, key: string): Promise<void> {
    await page.getByLabel('API key or root key').fill(key)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  /** Calls the API as a program does, and returns the JSON of its answer. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the answer that it asks for
  async api(method: string, path: string, json?: unknown, key = this.key): Promise<any> {
    const answer = await fetch(this.origin + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    return answer.status === 204 ? null : answer.json()
  }

  /** Stores a text in one request, and returns its id. */
  async store(filename: string, text: string, metadata: object = {}, contentType = 'text/plain') {
    const content = Buffer.from(text).toString('base64')
    const fields = { content, contentType, filename, metadata }
    const { fileId } = await this.api('POST', '/api/v3/organizations/demo/ai/files', fields)
    return `file_${String(fileId).replaceAll('-', '')}`
  }

  async setQuota(quotaBytes: number | null): Promise<void> {
    const fields = { name: 'Demo', quotaBytes }
    expect(await this.api('PUT', '/v1/organizations/demo', fields, this.rootKey)).toMatchObject(fields)
  }
}

/** What axe-core finds on the page that is serious or critical. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[]
  }
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** How many pixels the page is wider than its window. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth')
}

/** The network of one page: as slow as a test needs it, or none. */
export async function networkOf(page: Page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const set = (offline: boolean, uploadThroughput: number) =>
    session.send('Network.emulateNetworkConditions', {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput,
    })
  return {
    slow: (bytesPerSecond: number) => set(false, bytesPerSecond),
    cut: () => set(true, 0),
    whole: () => set(false, -1),
  }
}

/** Waits until `read` gives `expected`, however busy the machine is. */
export async function eventually<Value>(
  read: () => Promise<Value> | Value,
  expected: unknown,
): Promise<void> {
  await expect.poll(read, { timeout: patienceMs }).toEqual(expected)
}
