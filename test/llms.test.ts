import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = readFileSync('assets/llms.txt', 'utf8')
const document = JSON.parse(readFileSync('assets/openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, unknown>>
}
const code = [...page.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)
const operations = code.filter((text) => /^[A-Z]+ \//.test(text))
/** Everything that is called by a bare name: fields, parameters, words that fields say. */
const names = [
  ...code.filter((text) => /^[a-z]\w*$/.test(text)),
  ...code
    .filter((text) => text.startsWith('{'))
    .flatMap((text) => text.match(/(?<=")[a-zA-Z]\w*(?=")/g) ?? []),
  ...operations.flatMap((text) => text.match(/(?<=[?&])\w+(?==)/g) ?? []),
]

/** What the reference has names for: properties, parameters, and the values of enumerations. */
const known = new Set<string>()
function learn(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'properties') for (const property of Object.keys(inner)) known.add(property)
    if ((name === 'name' || name === 'const') && typeof inner === 'string') known.add(inner)
    if (name === 'enum') for (const word of inner as unknown[]) known.add(String(word))
    learn(inner)
  }
}
learn(document.paths)
learn((document as { components?: unknown }).components)

describe('/llms.txt', () => {
  it.each(operations)('names an operation that is there: %s', (text) => {
    const [method = '', path = ''] = text.split('?')[0]?.split(' ') ?? []
    // Under a grant the other APIs have their own paths.
    const own = path.replace(/^\/g\/\{token\}(?=\/v1\/)/, '')
    expect(document.paths[own]).toHaveProperty(method.toLowerCase())
  })

  it('names no field that the reference does not have', () => {
    expect(operations.length).toBeGreaterThan(10)
    expect(names.length).toBeGreaterThan(30)
    expect([...new Set(names)].filter((name) => !known.has(name))).toEqual([])
  })

  it('is one page', () => {
    expect(page.length).toBeLessThan(8_000)
    expect(page.split('\n')[0]).toBe('# Slipway')
  })
})
