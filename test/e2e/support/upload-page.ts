import type { Page } from 'playwright-core'
import { patienceMs } from './npm-start'

/** How an upload on a page ended, and what it told of its progress. */
export type Outcome = {
  file?: { id: string; status: string; sizeBytes: number; sha256: string; isDuplicate: boolean }
  error?: { name: string; code: string; status: number; detail: string; message: string; isTyped: boolean }
  progress: { loaded: number; total: number }[]
}

/** A page that loads the client module from `gateway`, another origin, and lets a test upload what its input has. */
export function uploadPageHtml(gateway: string): string {
  return `<!doctype html><title>Upload</title><input type="file">
    <script type="module">
      import { upload, UploadError } from '${gateway}/client.js'
      window.begin = (options) => {
        const controller = new AbortController()
        const progress = []
        const uploading = upload(document.querySelector('input').files[0], {
          ...options,
          signal: controller.signal,
          onProgress: (told) => progress.push(told),
        })
        const outcome = uploading.then(
          (file) => ({ file }),
          (error) => {
            const { name, code, status, detail, message } = error
            const isTyped = error instanceof UploadError
            return { error: { name, code, status, detail, message, isTyped } }
          },
        )
        window.uploading = { upload: uploading, outcome, progress, cancel: () => controller.abort() }
      }
      window.outcome = async () => {
        const { outcome, progress } = window.uploading
        return { ...(await outcome), progress }
      }
      window.loaded = () => window.uploading?.progress.at(-1)?.loaded ?? 0
      document.title = 'ready'
    </script>`
}

/** Opens the page at `address`, chooses `file` as a person would, and begins its upload. */
export async function beginUpload(
  page: Page,
  address: string,
  file: string | { name: string; mimeType: string; buffer: Buffer },
  options: object,
): Promise<void> {
  page.setDefaultTimeout(patienceMs)
  await page.goto(address)
  await page.waitForFunction('document.title === "ready"')
  await page.setInputFiles('input', file)
  await page.evaluate(`begin(${JSON.stringify(options)})`)
}

export function outcomeOf(page: Page): Promise<Outcome> {
  return page.evaluate('outcome()')
}

/** The bytes that the page was last told are sent. */
export function loadedOf(page: Page): Promise<number> {
  return page.evaluate('loaded()')
}

/** Sends no faster than `bytesPerSecond`, so that a test can do something in the midst of an upload. */
export async function slowDown(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  })
}
