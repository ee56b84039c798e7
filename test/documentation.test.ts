import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const pages = new Map(
  ['README.md', ...readdirSync('docs').map((name) => join('docs', name))].map((path) => [
    path,
    readFileSync(path, 'utf8'),
  ]),
)
const configuration = pages.get(join('docs', 'configuration.md')) ?? ''
const settings = readFileSync('wrangler.toml', 'utf8')

describe('the README', () => {
  it('fits a first look', () => {
    expect(pages.get('README.md')?.split('\n').length).toBeLessThanOrEqual(121)
  })

  it('leads to every page', () => {
    for (const page of [...pages.keys()].filter((page) => page !== 'README.md'))
      expect(pages.get('README.md')).toContain(`](${page}`)
  })
})

describe('docs/configuration.md', () => {
  it('names every variable that is read', () => {
    const read = readdirSync('src')
      .filter((name) => /^config.*\.ts$/.test(name))
      .flatMap((name) => variablesIn(readFileSync(join('src', name), 'utf8')))
    expect(read.length).toBeGreaterThan(30)
    expect(read.filter((name) => !configuration.includes(`\`${name}\``))).toEqual([])
  })

  it('names every variable, binding and secret of wrangler.toml', () => {
    const named = [...settings.matchAll(/^(?:name|binding) = "([A-Z_]+)"$/gm), ...assignments()].map(
      ([, name]) => name ?? '',
    )
    const secrets = /^required = (\[.*\])$/m.exec(settings)?.[1] ?? '[]'
    const all = [...named, ...(JSON.parse(secrets) as string[])]
    expect(all.length).toBeGreaterThan(30)
    expect(all.filter((name) => !configuration.includes(`\`${name}\``))).toEqual([])
  })

  it('tells the default of every variable', () => {
    for (const [, name = '', value = ''] of assignments().filter(([, name]) => !isRequired(name)))
      expect(`${name} ${defaultOf(name)}`).toBe(`${name} ${value === '' ? 'none' : value}`)
  })

  it('names no variable that is not there', () => {
    const code = [
      'src/config.ts',
      'src/config-jwt.ts',
      'src/config-limits.ts',
      'wrangler.toml',
      'scripts/start.mjs',
      'scripts/start/gateway.mjs',
    ]
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
    const named = [...configuration.matchAll(/`([A-Z][A-Z0-9_]*_[A-Z0-9_]+)`/g)].map(([, name]) => name ?? '')
    expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([])
  })
})

describe('links', () => {
  it('lead to pages and headings that are there', () => {
    const links = [...pages].flatMap(([page, text]) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => ({ page, link: link ?? '' })),
    )
    expect(links.length).toBeGreaterThan(40)
    expect(links.filter(({ page, link }) => !leadsSomewhere(page, link))).toEqual([])
  })

  it('are told from those that lead nowhere', () => {
    expect(leadsSomewhere('README.md', 'docs/stores.md#event-notifications')).toBe(true)
    expect(leadsSomewhere('README.md', 'docs/stores.md#nothing')).toBe(false)
    expect(leadsSomewhere('docs/stores.md', 'nothing.md')).toBe(false)
  })
})

/** The names of the types of variables (`NAME?: string`). */
function variablesIn(code: string): string[] {
  return [...code.matchAll(/^ +([A-Z][A-Z0-9_]+)\?: string$/gm)].map(([, name]) => name ?? '')
}

/** Name and value of each variable of wrangler.toml. */
function assignments(): RegExpMatchArray[] {
  return [...settings.matchAll(/^([A-Z][A-Z0-9_]+) = "(.*)"$/gm)]
}

/** The default that the table row about `name` tells, without its code marks. */
function defaultOf(name: string | undefined): string | undefined {
  const row = configuration.split('\n').find((line) => line.split('|')[1]?.includes(`\`${name}\``))
  return row?.split('|')[2]?.trim().replaceAll('`', '')
}

function isRequired(name: string | undefined): boolean {
  return defaultOf(name) === 'required'
}

function leadsSomewhere(page: string, link: string): boolean {
  if (/^https?:/.test(link)) return true
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (anchor === undefined) return existsSync(target)
  return anchorsOf(pages.get(target) ?? '').includes(anchor)
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}
