import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { canDrive } from './support/chromium'
import { ConsoleRun, eventually, overflowOf, seriousViolations } from './support/console'

let run: ConsoleRun

beforeAll(async () => {
  if (canDrive) run = await ConsoleRun.start()
})
afterAll(() => run?.end())
afterEach(() => expect(run?.problems ?? []).toEqual([]))

/** Fifty files a page, so that these are on five. */
const filesOfPaging = 210

const rowNames = (page: Page) => page.locator('table.files tbody th a').allTextContents()

describe.runIf(canDrive)('what is served at /', () => {
  it('has a first view with less than 40 KiB of script, and nothing of another host', async () => {
    const html = await (await fetch(run.origin)).text()
    const scripts = [...html.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, path = '']) => path)
    expect(scripts).toEqual(['/console.js'])
    const script = await (await fetch(`${run.origin}/console.js`)).text()
    expect(gzipSync(script).length).toBeLessThan(40 * 1024)
    const loaded: string[] = []
    const page = await run.open(null)
    page.on('request', (request) => loaded.push(new URL(request.url()).origin))
    await page.reload()
    expect(new Set(loaded)).toEqual(new Set([run.origin]))
  })

  it('has a strict Content-Security-Policy, with the origin of the store', async () => {
    const { headers } = await fetch(run.origin)
    const policy = headers.get('content-security-policy') ?? ''
    const store = run.origin.replace('127.0.0.1', 'localhost')
    expect(policy).not.toMatch(/unsafe|\*|https:|data:/)
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      `connect-src 'self' ${store}`,
      `img-src 'self' ${store}`,
      `frame-src ${store}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split('; ')).toContain(directive)
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    for (const path of ['/', '/console.js', '/console-styles.css'])
      expect((await fetch(run.origin + path)).headers.get('x-content-type-options'), path).toBe('nosniff')
  })
})

describe.runIf(canDrive)('signing in', () => {
  it('takes a key that works, for this tab until it signs out', async () => {
    const page = await run.open()
    await page.reload()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    expect(await page.evaluate('Object.keys(localStorage).length')).toBe(0)
    const other = await page.context().newPage()
    await other.goto(run.origin)
    await other.getByLabel('API key or root key').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('API key or root key').waitFor()
    await page.reload()
    await page.getByLabel('API key or root key').waitFor()
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
    await page.context().close()
  })

  it('says what is wrong with a key', async () => {
    const make = (fields: object) => run.api('POST', '/v1/api-keys', fields)
    const revoked = await make({ name: 'revoked' })
    await run.api('DELETE', `/v1/api-keys/${revoked.id}`)
    const expiresAt = Date.now() + 1500
    const expired = await make({ expiration_date: new Date(expiresAt).toISOString() })
    const changed = run.key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, expiresAt + 100 - Date.now())))
    const page = await run.open(null)
    for (const [key, sentence] of [
      [revoked.api_key, 'was revoked'],
      [expired.api_key, 'expired on'],
      [run.key.slice(0, -20), 'not whole'],
      [changed, 'does not know this API key'],
      ['nonsense', 'neither an API key'],
      ['a.b.c', 'identity provider'],
      ['two words', 'no blanks'],
      ['', 'Paste an API key'],
    ]) {
      await run.signIn(page, key)
      await page.getByRole('alert').filter({ hasText: sentence }).waitFor()
      expect(await page.evaluate('document.activeElement.tagName'), sentence).toBe('INPUT')
    }
    await page.context().close()
  })

  it('ends when the key is revoked, and says so', async () => {
    const { api_key } = await run.api('POST', '/v1/api-keys', {
      name: 'own',
      scopes: ['files:read', 'org:admin'],
    })
    const page = await run.open(api_key, { hash: '#keys' })
    await page.getByRole('button', { name: 'Revoke own' }).click()
    await page.getByRole('dialog').getByText('the key you are signed in with').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText(/You were signed out\..* is revoked/).waitFor()
    await page.context().close()
  })
})

describe.runIf(canDrive)('the files', () => {
  const names: string[] = []

  beforeAll(async () => {
    await run.store('oldest.zip', 'PK\u0005\u0006'.padEnd(22, '\0'), {}, 'application/zip')
    for (let at = 0; at < filesOfPaging; at++) {
      names.push(`paged-${at}.txt`)
      await run.store(`paged-${at}.txt`, `text ${at}`, { half: at % 2 ? 'odd' : 'even', at })
    }
  })

  it('has pages forth and back, with every file once', async () => {
    const page = await run.open()
    const seen: string[] = []
    await page.getByText('Page 1: 50 files').waitFor()
    const first = await rowNames(page)
    for (let number = 1; number <= 5; number++) {
      await page.getByText(`Page ${number}:`).waitFor()
      seen.push(...(await rowNames(page)))
      if (number < 5) await page.getByRole('button', { name: 'Next' }).click()
    }
    expect(seen.filter((name) => name.startsWith('paged-'))).toEqual(names.toReversed())
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true)
    for (let number = 4; number >= 1; number--) {
      await page.getByRole('button', { name: 'Previous' }).click()
      await page.getByText(`Page ${number}:`).waitFor()
    }
    expect(await rowNames(page)).toEqual(first)
    await page.context().close()
  })

  it('is filtered by status, type and metadata', async () => {
    await run.api('POST', '/v1/uploads', { filename: 'awaited.bin', contentType: 'application/zip', size: 9 })
    await run.store('table.csv', 'a,b\n1,2\n', { half: 'odd' }, 'text/csv')
    await run.store('page.md', '# page', { half: 'odd', at: 1 }, 'text/markdown')
    const page = await run.open()
    await page.getByLabel('Status').selectOption('Uploading')
    await eventually(() => rowNames(page), ['awaited.bin'])
    await page.getByLabel('Type').selectOption('Images')
    await page.getByText('No file fits').waitFor()
    await page.getByLabel('Status').selectOption('Ready')
    // It is older than all others of this test.
    await page.getByLabel('Type').selectOption('Archives')
    await eventually(() => rowNames(page), ['oldest.zip'])
    await page.getByText(/1 file of 2\d\d looked at/).waitFor()
    await page.getByLabel('Type').selectOption('Any type')
    await page.getByLabel('Metadata', { exact: true }).fill('half=odd, at=1')
    await page.getByRole('button', { name: 'Filter' }).click()
    await eventually(() => rowNames(page), ['page.md', 'paged-1.txt'])
    expect(await page.getByLabel('Status').isDisabled()).toBe(true)
    await page.getByLabel('Metadata', { exact: true }).fill('at="1"')
    await page.keyboard.press('Enter')
    await page.getByText('No file fits').waitFor()
    await page.getByLabel('Metadata', { exact: true }).fill('odd')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'name=value' }).waitFor()
    await page.getByRole('button', { name: 'Reset' }).click()
    await page.getByText('Page 1: 50 files').waitFor()
    await page.context().close()
  })

  it('shows a file, copies a link to it that lives as long as chosen, and deletes it when told twice', async () => {
    const id = await run.store('shown.txt', 'what it says', { tag: 'shown' })
    const page = await run.open()
    await page.getByRole('link', { name: 'shown.txt' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'shown.txt' })
    await dialog.getByLabel('Preview of shown.txt').getByText('what it says').waitFor()
    await dialog.getByText(id).waitFor()
    expect(await dialog.locator('dl').textContent()).toContain('tagshown')

    await dialog.getByLabel('A link that works for').selectOption('5 minutes')
    await dialog.getByRole('button', { name: 'Copy link' }).click()
    await dialog.getByText('Copied').waitFor()
    const link = String(await page.evaluate('navigator.clipboard.readText()'))
    expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('300')
    expect(await (await fetch(link)).text()).toBe('what it says')

    await dialog.getByRole('button', { name: 'Delete' }).click()
    const question = page.getByRole('dialog', { name: 'Delete this file?' })
    await page.keyboard.press('Escape')
    await question.waitFor({ state: 'detached' })
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await question.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('link', { name: 'shown.txt' }).waitFor({ state: 'detached' })
    expect(await run.api('GET', `/v1/files/${id}`)).toMatchObject({ status: 404 })
    await eventually(() => page.evaluate('document.activeElement.id'), 'main')
    await page.context().close()
  })

  it('gives the focus back to what opened a dialog', async () => {
    await run.store('focus.txt', 'focus')
    const page = await run.open()
    await page.getByRole('link', { name: 'focus.txt' }).press('Enter')
    await page.getByRole('dialog', { name: 'focus.txt' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('focus.txt')
    await page.context().close()
  })

  it('tells a key what it may not', async () => {
    const { api_key } = await run.api('POST', '/v1/api-keys', { scopes: ['files:read'] })
    const page = await run.open(api_key)
    await page.getByText('it lacks the scope files:write').waitFor()
    await page.getByRole('link', { name: 'Keys' }).click()
    await page.getByText('This needs a key with the scope org:admin.').waitFor()
    await page.context().close()
  })
})

describe.runIf(canDrive)('grants', () => {
  const makeGrant = async (page: Page) => {
    await page.getByRole('button', { name: 'New grant' }).click()
    await page.getByLabel('At most, all files together', { exact: true }).fill('1')
    await page.getByLabel('How many files').fill('2')
    await page.getByLabel('Types').fill('text/*, application/pdf')
    await page.getByLabel('Works for').selectOption('1 day')
    await page.getByLabel('Metadata of the files').fill('tag=granted')
    await page.getByRole('button', { name: 'Make grant' }).click()
  }

  it('makes one, whose link and curl upload, shows its use, and revokes it', async () => {
    const page = await run.open(run.key, { hash: '#grants' })
    await page.getByText('No grants yet').waitFor()
    await makeGrant(page)
    const url = await page.getByLabel('Link', { exact: true }).inputValue()
    expect(url).toMatch(new RegExp(`^${run.origin}/g/.+`))
    expect(await page.getByLabel('curl', { exact: true }).inputValue()).toBe(`curl -T report.pdf "${url}/"`)
    await page.getByRole('button', { name: 'Done' }).click()
    const row = page.getByRole('row').filter({ hasText: 'text/*, application/pdf' })
    await row.getByText('0 of 2 files').waitFor()

    const put = await fetch(`${url}/granted.txt`, { method: 'PUT', body: 'granted' })
    expect(put.status).toBe(201)
    await page.reload()
    await row.getByText('1 of 2 files').waitFor()
    await row.getByText('7 B of 1 MiB').waitFor()
    await row.getByText('Works, expires').waitFor()
    expect(await page.content()).not.toContain(url)

    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await row.getByText('Revoked').waitFor()
    await eventually(
      async () => (await fetch(`${url}/late.txt`, { method: 'PUT', body: 'late' })).status,
      401,
    )

    await makeGrant(page)
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('row').filter({ hasText: '0 of 2' }).getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('Revoked before any use').waitFor()
    await page.context().close()
  })

  it('says which field of a grant is wrong', async () => {
    const page = await run.open(run.key, { hash: '#grants' })
    await page.getByRole('button', { name: 'New grant' }).click()
    await page.getByLabel('Types').fill('nonsense')
    await page.getByRole('button', { name: 'Make grant' }).click()
    await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'contentTypes' }).waitFor()
    await page.context().close()
  })
})

describe.runIf(canDrive)('keys and organizations', () => {
  it('makes a key, shows it once, and revokes it', async () => {
    const page = await run.open(run.key, { hash: '#keys' })
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name').fill('by hand')
    await page.getByLabel('files:write').uncheck()
    await page.getByLabel('Expires after').selectOption('7 days')
    await page.getByRole('button', { name: 'Make key' }).click()
    const key = await page.getByLabel('API key', { exact: true }).inputValue()
    expect((await run.api('GET', '/v1/files', undefined, key)).items).toBeInstanceOf(Array)
    await page.getByRole('button', { name: 'I have copied it' }).click()
    const row = page.getByRole('row').filter({ hasText: 'by hand' })
    expect(await row.textContent()).toContain('files:read')
    expect(await row.textContent()).not.toContain('files:write')
    expect(await row.textContent()).toContain('in 7 days')
    expect(await page.content()).not.toContain(key)
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await row.getByText('Revoked').waitFor()
    expect(await run.api('GET', '/v1/files', undefined, key)).toMatchObject({ status: 401 })
    await page.context().close()
  })

  it('lets the root key make an organization, its quota and its first key', async () => {
    const page = await run.open(run.rootKey)
    await page.getByLabel('Id of the organization').fill('harbour')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('There is no organization harbour').waitFor()
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByLabel('Name').fill('The harbour')
    await page.getByLabel('Quota', { exact: true }).fill('2')
    await page.getByRole('button', { name: 'Make', exact: true }).click()
    await page.getByRole('heading', { name: 'The harbour' }).waitFor()
    expect(await run.api('GET', '/v1/organizations/harbour', undefined, run.rootKey)).toMatchObject({
      name: 'The harbour',
      quotaBytes: 2 * 1024 ** 3,
    })
    await page.getByRole('img', { name: '0 B used, 0 B reserved, 2 GiB free of 2 GiB' }).waitFor()
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByRole('button', { name: 'Make key' }).click()
    const key = await page.getByLabel('API key', { exact: true }).inputValue()
    expect(await run.api('GET', '/v1/organizations/harbour', undefined, key)).toMatchObject({ usedBytes: 0 })
    await page.context().close()
  })
})

describe.runIf(canDrive)('every view', () => {
  const looks = ['light', 'dark'].flatMap((colorScheme) =>
    [1280, 360].map((width) => ({ colorScheme: colorScheme as 'light' | 'dark', width })),
  )

  it.each(looks)('is accessible and fits, $colorScheme, $width px wide', async ({ colorScheme, width }) => {
    await run.store('seen.txt', 'seen', { tag: 'seen' })
    const options = { colorScheme, viewport: { width, height: 740 } }
    const found: Record<string, unknown> = {}
    const look = async (page: Page, view: string) => {
      const violations = await seriousViolations(page)
      const overflow = await overflowOf(page)
      if (violations.length > 0 || overflow > 0) found[view] = { violations, overflow }
    }
    const stranger = await run.open(null, options)
    await look(stranger, 'sign in')
    await run.signIn(stranger, 'nonsense')
    await stranger.getByText('neither an API key').waitFor()
    await look(stranger, 'sign in, refused')
    await stranger.context().close()

    const page = await run.open(run.key, options)
    await page.getByRole('link', { name: 'seen.txt' }).first().click()
    await page.getByRole('dialog').getByText('seen.txt').first().waitFor()
    await look(page, 'a file')
    await page.getByRole('button', { name: 'Delete' }).click()
    await look(page, 'a question')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await look(page, 'files')
    for (const [view, shown] of [
      ['Pending', 'Under way'],
      ['Usage', 'Storage of'],
      ['Grants', 'New grant'],
      ['Keys', 'npm start'],
    ] as const) {
      await page.getByRole('link', { name: view, exact: true }).click()
      await page.getByText(shown).first().waitFor()
      if (view === 'Grants') {
        await page.getByRole('button', { name: 'New grant' }).click()
        await look(page, 'new grant')
        await page.getByRole('button', { name: 'Make grant' }).click()
        await page.getByLabel('curl', { exact: true }).waitFor()
        await look(page, 'link of a grant')
        await page.getByRole('button', { name: 'Done' }).click()
        await page.getByRole('button', { name: 'Link of' }).waitFor()
      }
      await look(page, view)
    }
    await page.getByRole('button', { name: 'New key' }).click() // of the view Keys
    await look(page, 'new key')
    await page.context().close()

    const operator = await run.open(run.rootKey, { ...options, hash: '#organizations/demo' })
    await operator.getByRole('heading', { name: 'Pending uploads' }).waitFor()
    await look(operator, 'organization')
    await operator.context().close()
    expect(found).toEqual({})
  })
})
