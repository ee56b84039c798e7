import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium, servePages } from './chromium'
import { CuttingProxy } from './cutting-proxy'
import { freePort, patienceMs } from './npm-start'
import { TusGateway } from './tus-gateway'

/** What a page runs, and where esbuild finds what it imports. */
export type PageCode = {
  contents: string
  html: string
  packages: { resolveDir: string; alias?: Record<string, string> }
}

/** `npm start`, and Chromium with pages of another origin, whose connections to the gateway can be cut. */
export class TusPages {
  private constructor(
    readonly gateway: TusGateway,
    readonly proxy: CuttingProxy,
    private readonly browser: Browser,
    private readonly pages: Server,
    private readonly origin: string,
    private readonly folder: string,
  ) {}

  /** Serves each page below its name. */
  static async start(codes: Record<string, PageCode>): Promise<TusPages> {
    const port = await freePort()
    const served = await Promise.all(Object.entries(codes).map(([name, code]) => filesOf(name, code)))
    const pages = await servePages(port, Object.assign({}, ...served))
    const gateway = await TusGateway.start()
    const proxy = await CuttingProxy.before(gateway.port)
    const browser = await launchChromium(proxy.chromiumArgument())
    const folder = mkdtempSync(join(tmpdir(), 'slipway-pages-'))
    return new TusPages(gateway, proxy, browser, pages, `http://localhost:${port}`, folder)
  }

  /** A page in a browser of another person. It is told `parameters` by its URL. */
  async open(name: string, parameters: Record<string, string> = {}): Promise<OpenPage> {
    const context = await this.browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    const requests: string[] = []
    page.on('response', (response) => {
      if (response.url().startsWith(this.gateway.origin))
        requests.push(`${response.request().method()} ${response.status()}`)
    })
    const address = `${this.origin}/${name}#${new URLSearchParams(parameters)}`
    await page.goto(address)
    return { page, context, requests }
  }

  /** The path of a file of this name, whose time of change stays the same. */
  file(name: string, bytes: Buffer): string {
    const path = join(this.folder, name)
    writeFileSync(path, bytes)
    return path
  }

  async end(): Promise<void> {
    await this.browser.close()
    this.pages.close()
    this.proxy.end()
    this.gateway.end()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** `requests` are those to the gateway that were answered, such as `PATCH 204`. */
export type OpenPage = { page: Page; context: BrowserContext; requests: string[] }

/** The page as an application bundles it. `parameters` is there for its code. */
async function filesOf(name: string, { contents, html, packages }: PageCode) {
  const begin = 'const parameters = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))\n'
  const { outputFiles } = await build({
    stdin: { contents: contents.replace(/\n(?!import)/, `\n${begin}`), resolveDir: packages.resolveDir },
    alias: packages.alias ?? {},
    bundle: true,
    format: 'esm',
    write: false,
  })
  const text = `<!doctype html><title>${name}</title>${html}<script type="module" src="/${name}.js"></script>`
  return {
    [`/${name}`]: { type: 'text/html', text },
    [`/${name}.js`]: { type: 'text/javascript', text: outputFiles[0]?.text ?? '' },
  }
}
