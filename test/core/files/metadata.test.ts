import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  artifactTypeOf,
  checkJsonObject,
  checkMetadata,
  type Json,
  type Metadata,
  metadataMaxBytes,
  metadataMaxDepth,
  metadataMaxTerms,
} from '../../../src/core/files/metadata'
import { parseJson } from '../../../src/core/json'
import { supportedContentTypes } from '../../../src/dialects/quantcdn/schema'
import { metadatas } from '../../support/arbitraries'
import { issuesOf } from '../../support/issues'

describe('checkMetadata', () => {
  const ofBytes = (byteLength: number): Metadata => ({ a: 'x'.repeat(byteLength - '{"a":""}'.length) })

  it('accepts exactly 8 KiB as JSON and refuses one byte more, naming the field', () => {
    expect(checkMetadata(ofBytes(metadataMaxBytes), 'metadata')).toEqual(ofBytes(metadataMaxBytes))
    expect(issuesOf(() => checkMetadata(ofBytes(metadataMaxBytes + 1), 'metadata'))).toMatchObject([
      { field: 'metadata' },
    ])
  })

  it('counts bytes of UTF-8, not characters', () => {
    const metadata = { a: '報'.repeat(metadataMaxBytes / 3) }
    expect(issuesOf(() => checkMetadata(metadata, 'metadata'))).toHaveLength(1)
  })

  const nested = (depth: number, wrap: (inner: Json) => Json): Metadata => {
    let value: Json = 1
    for (let level = 1; level < depth; level++) value = wrap(value)
    return { a: value }
  }
  it.each([
    ['objects', (inner: Json): Json => ({ b: inner })],
    ['arrays', (inner: Json): Json => [0, inner]],
  ])('accepts 5 levels of %s and refuses 6', (_, wrap) => {
    expect(checkMetadata(nested(metadataMaxDepth, wrap), 'metadata')).toEqual(nested(5, wrap))
    expect(issuesOf(() => checkMetadata(nested(metadataMaxDepth + 1, wrap), 'meta'))).toMatchObject([
      { field: 'meta' },
    ])
  })

  it('accepts an empty object, and empty containers at the deepest level', () => {
    expect(checkMetadata({}, 'metadata')).toEqual({})
    expect(checkMetadata({ a: [[[[]]]] }, 'metadata')).toEqual({ a: [[[[]]]] })
    expect(issuesOf(() => checkMetadata({ a: [[[[[]]]]] }, 'metadata'))).toHaveLength(1)
  })

  it('counts bytes exactly, whatever characters and shapes there are', () => {
    fc.assert(
      fc.property(metadatas, (metadata) => {
        const padded = (byteLength: number): Metadata => {
          const pad = byteLength - utf8Length(JSON.stringify({ ...metadata, pad: '' }))
          return { ...metadata, pad: 'x'.repeat(Math.max(0, pad)) }
        }
        fc.pre(issuesOf(() => checkMetadata(metadata, 'metadata')) === null && !('pad' in metadata))
        expect(issuesOf(() => checkJsonObject(padded(metadataMaxBytes), 'metadata'))).toBeNull()
        expect(issuesOf(() => checkJsonObject(padded(metadataMaxBytes + 1), 'metadata'))).toHaveLength(1)
      }),
    )
  })

  it.each([1000, 30_000, 1_000_000])(
    'refuses %i levels as it refuses 6, whatever the stack has room for',
    (depth) => {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const text = `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`
        const issues = issuesOf(() => checkMetadata(JSON.parse(text) as Metadata, 'metadata'))
        expect(issues).toMatchObject([{ field: 'metadata', message: expect.stringContaining('levels deep') }])
      }
    },
  )

  it('looks no further than what can fit', () => {
    // To go through it would take longer than any test.
    const wide = { a: new Array<Json>(2 ** 32 - 1) }
    expect(issuesOf(() => checkMetadata(wide, 'metadata'))).toMatchObject([
      { message: expect.stringContaining(`${metadataMaxBytes} bytes`) },
    ])
  })

  it.each(['9007199254740993', '-9007199254740993', '1546130668394913822', '1234567890123456789012'])(
    'refuses %s, whose last digits a double does not hold, wherever it is',
    (digits) => {
      for (const json of [`{"post":${digits}}`, `{"posts":[1,{"id":${digits}}]}`])
        expect(issuesOf(() => checkMetadata(parseJson(json) as Metadata, 'metadata'))).toMatchObject([
          { field: 'metadata', message: expect.stringContaining('9007199254740991') },
        ])
    },
  )

  it('takes whole numbers up to 2^53 - 1, and what is written as a double, as they are', () => {
    const text =
      '{"a":[9007199254740991,-9007199254740991,0.1234567890123456789,6.02214076e23,1e300],"b":"9007199254740993"}'
    expect(checkMetadata(parseJson(text) as Metadata, 'metadata')).toEqual(JSON.parse(text))
  })

  it(`takes ${metadataMaxTerms} values that a filter can ask for and refuses one more, in fields or in arrays`, () => {
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
    const fields = (count: number): Metadata => Object.fromEntries(numbers(count).map((n) => [`k${n}`, n]))
    for (const metadata of [
      fields(metadataMaxTerms),
      { a: numbers(metadataMaxTerms), deep: { b: numbers(99) } },
    ])
      expect(checkMetadata(metadata, 'metadata')).toBe(metadata)
    for (const metadata of [fields(metadataMaxTerms + 1), { a: numbers(metadataMaxTerms + 1) }])
      expect(issuesOf(() => checkMetadata(metadata, 'metadata'))).toMatchObject([{ field: 'metadata' }])
    // What no filter can ask for is not indexed.
    expect(checkJsonObject(fields(200), 'connector_metadata')).toEqual(fields(200))
  })

  it('gives back any metadata within the limits as it was, and throws nothing but a refusal', () => {
    fc.assert(
      fc.property(metadatas, (metadata) => {
        const before = JSON.stringify(metadata)
        const refused = issuesOf(() => expect(checkMetadata(metadata, 'metadata')).toBe(metadata))
        if (refused === null) expect(utf8Length(before)).toBeLessThanOrEqual(metadataMaxBytes)
        else if (!/(double|whole number|levels deep|that a filter)/.test(refused[0]?.message ?? ''))
          expect(utf8Length(before)).toBeGreaterThan(metadataMaxBytes)
        expect(JSON.stringify(metadata)).toBe(before)
      }),
    )
  })
})

describe('artifactTypeOf', () => {
  const expected: Record<string, string> = {
    'image/png': 'image',
    'image/jpeg': 'image',
    'image/gif': 'image',
    'image/webp': 'image',
    'image/svg+xml': 'image',
    'application/pdf': 'document',
    'text/plain': 'document',
    'text/markdown': 'document',
    'text/html': 'document',
    'text/javascript': 'code',
    'application/json': 'code',
    'text/css': 'code',
    'text/yaml': 'code',
    'application/zip': 'archive',
    'application/gzip': 'archive',
    'video/mp4': 'video',
    'video/webm': 'video',
  }
  it.each(supportedContentTypes)('knows %s, with a parameter and in any case', (contentType) => {
    expect(artifactTypeOf(contentType)).toBe(expected[contentType])
    expect(artifactTypeOf(`${contentType.toUpperCase()}; charset=utf-8`)).toBe(expected[contentType])
  })

  it.each(['application/octet-stream', 'audio/mpeg', 'imagex/png', 'text/x', ''])(
    'calls %j a document, for want of a better word',
    (contentType) => {
      expect(artifactTypeOf(contentType)).toBe('document')
    },
  )
})

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
