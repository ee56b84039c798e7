import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type Browser, chromium } from 'playwright-core'
import { patienceMs } from './npm-start'

/** Debian's. `.ci/run` installs it; a machine without it has everything else to test with. */
const chromiumPath = '/usr/bin/chromium'
export const canDrive = existsSync(chromiumPath) || process.env.CI !== undefined

export function launchChromium(...args: string[]): Promise<Browser> {
  if (!existsSync(chromiumPath)) throw new Error(`this test drives ${chromiumPath}: apt-get install chromium`)
  return chromium.launch({
    executablePath: chromiumPath,
    timeout: patienceMs,
    args: [
      ...['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...args,
    ],
  })
}

/** Serves `pages`, by path, on `port` of this machine. */
export async function servePages(
  port: number,
  pages: Record<string, { type: string; text: string }>,
): Promise<Server> {
  const server = createServer((request, response) => {
    const page = pages[request.url ?? '']
    response.statusCode = page ? 200 : 404
    response.setHeader('content-type', page?.type ?? 'text/plain')
    response.end(page?.text)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}
