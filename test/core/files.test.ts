import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError, type Issue } from '../../src/core/errors'
import { contentDispositionOf } from '../../src/core/files/content-disposition'
import {
  contentTypeMaxBytes,
  essenceOf,
  isSameContentType,
  parseContentType,
} from '../../src/core/files/content-type'
import { formatCursor, parseCursor } from '../../src/core/files/file-cursor'
import { filenameMaxBytes, sanitizeFilename } from '../../src/core/files/filename'
import {
  artifactTypeOf,
  checkJsonObject,
  checkMetadata,
  type Json,
  type Metadata,
  metadataMaxBytes,
  metadataMaxDepth,
  metadataMaxTerms,
  termsOf,
} from '../../src/core/files/metadata'
import { filterMaxTerms, parseMetadataFilter } from '../../src/core/files/metadata-filter'
import { type FileId, type OrganizationId, parseFileId, uuidV7 } from '../../src/core/ids'
import { parseJson } from '../../src/core/json'
import { supportedContentTypes } from '../../src/dialects/quantcdn/schema'

describe('sanitizeFilename', () => {
  const examples = {
    'keeps an ordinary name': ['report.pdf', 'report.pdf'],
    'keeps spaces and letters of any script': ['Отчёт 報告 📄.pdf', 'Отчёт 報告 📄.pdf'],
    'replaces path separators and removes overrides': ['../a/b"c\u202e?.png', '..-a-b"c?.png'],
    'replaces backslashes': ['C:\\fakepath\\a.png', 'C:-fakepath-a.png'],
    'removes every kind of control character': ['a\u0000b\u001fc\u007fd\u0085e\u009ff', 'abcdef'],
    'removes line ends': ['a\r\nSet-Cookie: b.png', 'aSet-Cookie: b.png'],
    'removes the marks that turn reading direction': ['\u200ea\u200f\u061c\u2066b\u2069\u202d.txt', 'ab.txt'],
    'shows no "exe" as "txt"': ['cod\u202etxt.exe', 'codtxt.exe'],
    'composes letters and their accents': ['e\u0301te\u0301.txt', '\u00e9t\u00e9.txt'],
    'replaces half a surrogate pair': ['a\ud83d.txt', 'a\ufffd.txt'],
    'trims whitespace': [' \t a.txt\u00a0\ufeff', 'a.txt'],
    'is null for an empty name': ['', null],
    'is null for a name of which nothing is left': [' \u202e\u0000 \n', null],
  } as const
  it.each(Object.entries(examples))('%s', (_, [given, expected]) => {
    expect(sanitizeFilename(given)).toBe(expected)
  })

  it('gives a name without control, override and separator characters, well-formed, of at most 255 bytes', () => {
    fc.assert(
      fc.property(filenames, (text) => {
        const name = sanitizeFilename(text)
        if (name === null) return
        expect(name).not.toMatch(/[\p{Cc}\p{Bidi_Control}/\\]/u)
        expect(name.isWellFormed()).toBe(true)
        expect(name.trim()).toBe(name)
        expect(name).not.toBe('')
        expect(utf8Length(name)).toBeLessThanOrEqual(filenameMaxBytes)
      }),
      { numRuns: 2000 },
    )
  })

  it('gives a name in normalization form C that it would give again', () => {
    fc.assert(
      fc.property(filenames, (text) => {
        const name = sanitizeFilename(text)
        if (name === null) return
        expect(name.normalize('NFC')).toBe(name)
        expect(sanitizeFilename(name)).toBe(name)
      }),
      { numRuns: 2000, examples: [['e\u200e\u0301'], ['\u1100\u0000\u1161']] },
    )
  })

  it('keeps the extension of a name that it shortens, and as much of the rest as fits', () => {
    const extensions = fc.stringMatching(/^\.[a-z0-9]{1,8}$/)
    fc.assert(
      fc.property(
        fc.constantFrom('a', 'é', '報', '📄'),
        fc.integer({ min: 256, max: 400 }),
        extensions,
        (char, count, extension) => {
          const name = sanitizeFilename(char.repeat(count) + extension)
          expect(name).toMatch(new RegExp(`^${char}+\\${extension}$`, 'u'))
          expect(utf8Length(name ?? '')).toBeGreaterThan(filenameMaxBytes - utf8Length(char))
          expect(utf8Length(name ?? '')).toBeLessThanOrEqual(filenameMaxBytes)
        },
      ),
    )
  })

  it.each([
    ['exactly 255 bytes', `${'a'.repeat(251)}.txt`, `${'a'.repeat(251)}.txt`],
    ['256 bytes', `${'a'.repeat(252)}.txt`, `${'a'.repeat(251)}.txt`],
    ['an "extension" of more than 32 bytes', `a.${'b'.repeat(300)}`, `a.${'b'.repeat(253)}`],
    ['a dot at the start alone', `.${'b'.repeat(300)}`, `.${'b'.repeat(254)}`],
    ['whitespace where it is cut', `${'a'.repeat(250)}    ${'a'.repeat(50)}.txt`, `${'a'.repeat(250)}.txt`],
  ])('cuts a name of %s as it should', (_, given, expected) => {
    expect(sanitizeFilename(given)).toBe(expected)
  })

  it.each([
    ['combining marks', '\u0301\u0316'],
    ['jamo', '\u1100\u1161\u11a8'],
    ['invisible characters', '\u200e'],
    ['spaces', ' '],
    ['dots', '.'],
  ])('of hundreds of thousands of %s are shortened, and keep their extension', (_, unit) => {
    const name = sanitizeFilename(`a${unit.repeat(150_000)}.txt`) ?? expect.fail()
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(filenameMaxBytes)
    expect(name).toMatch(/^[a\u00e1].*\.txt$/su)
    expect(name.isWellFormed()).toBe(true)
  })

  it('are as long when their characters are composed of many', () => {
    expect(sanitizeFilename(`${'\u1100\u1161\u11a8'.repeat(400)}.txt`)).toBe(`${'\uac01'.repeat(83)}.txt`)
  })
})

describe('parseContentType', () => {
  it.each([
    'image/png',
    'IMAGE/PNG',
    'text/plain;charset=utf-8',
    'text/plain;charset=utf-8;  a=b',
    'Text/HTML ; Charset=UTF-8',
    'text/plain; charset="utf-8"',
    'text/plain; a="x; y=\\"z\\""; b=c',
    'text/plain; a=""',
    'text/plain;',
    'text/plain; ; ;charset=utf-8;',
    'multipart/form-data; boundary=----a',
    'image/svg+xml',
    'application/vnd.ms-excel.sheet.macroEnabled.12',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    `text/plain; a=${'b'.repeat(contentTypeMaxBytes - 14)}`,
  ])('keeps %j as it was written', (given) => {
    expect(parseContentType(given)).toBe(given)
    expect(parseContentType(` ${given.slice(0, 200)}\t`)).toBe(given.slice(0, 200).trim())
  })

  it('takes no longer for a long text that is none', () => {
    for (const hostile of [
      `a${' '.repeat(200_000)}b`,
      `text/plain;${' '.repeat(200_000)}`,
      `text/plain; a="${'\\a'.repeat(100_000)}`,
      'a/'.repeat(100_000),
    ]) {
      expect(parseContentType(hostile)).toBeNull()
      expect(isSameContentType(hostile, hostile)).toBe(false)
      expect(essenceOf(hostile).length).toBeLessThanOrEqual(contentTypeMaxBytes)
    }
  })

  it.each([
    '',
    ' ',
    'png',
    'image',
    'image/',
    '/png',
    'image/png/x',
    'image/p ng',
    'image / png',
    'image/png, text/plain',
    'image/png charset=utf-8',
    'image/png; charset',
    'image/png; charset=',
    'image/png; charset =utf-8',
    'image/png; charset= utf-8',
    'image/png; =utf-8',
    'image/png; charset="utf-8',
    'image/png; charset="utf-8"x',
    'image/png; charset="\u00e9"',
    'image/png; charset="\u0000"',
    'image/png\n',
    'text/plain;\tcharset=utf-8',
    'image/png\r\nx-evil: 1',
    'image/png; a="\r\nx-evil: 1"',
    'im\u00e4ge/png',
    '\u212amage/png',
    '*/*\u0000',
    '"image/png"',
    `text/plain; a=${'b'.repeat(contentTypeMaxBytes)}`,
  ])('refuses %j', (given) => {
    expect(parseContentType(given)).toBeNull()
  })

  it.each([
    ['text/plain;charset=utf-8', 'Text/Plain; charset=utf-8', true],
    ['text/plain', 'text/plain;', true],
    ['text/plain; charset=utf-8', 'text/plain; charset=UTF-8', true],
    ['text/plain; charset=utf-8', 'text/plain ;CHARSET="UTF-8"', true],
    ['text/plain; a=b; c=d', 'text/plain;c=d;a=b', true],
    ['text/plain; a="b\\c"', 'text/plain; a=bc', true],
    ['text/plain; a=b', 'text/plain; a=B', false],
    ['text/plain; a=b', 'text/plain; b=b', false],
    ['text/plain; a="b;c=d"', 'text/plain; a=b; c=d', false],
    [
      'application/vnd.ms-excel.sheet.macroEnabled.12',
      'application/vnd.ms-excel.sheet.macroenabled.12',
      true,
    ],
    ['text/plain', 'text/plain; charset=utf-8', false],
    ['text/plain', 'text/html', false],
    ['x', 'x', false],
  ])('tells whether %j and %j are the same type: %j', (one, other, same) => {
    expect(isSameContentType(one, other)).toBe(same)
    expect(isSameContentType(other, one)).toBe(same)
  })

  it('refuses a quoted string that ends in half an escape', () => {
    expect(parseContentType('text/plain; charset="utf-8\\')).toBeNull()
  })

  it('gives null or a header of safe ASCII characters that parses to itself', () => {
    fc.assert(
      fc.property(contentTypes, (text) => {
        const canonical = parseContentType(text)
        if (canonical === null) return
        expect(parseContentType(canonical)).toBe(canonical)
        expect(canonical).toMatch(/^[\x20-\x7e]+$/)
        expect(canonical.length).toBeLessThanOrEqual(contentTypeMaxBytes)
        expect(essenceOf(canonical)).toMatch(/^[^\s;"/]+\/[^\s;"/]+$/)
        expect(essenceOf(canonical)).toBe(essenceOf(text))
        expect(new Headers({ 'content-type': canonical }).get('content-type')).toBe(canonical)
      }),
      { numRuns: 3000, examples: [[`a/b${';c=d'.repeat(63)}`]] },
    )
  })

  it.each(supportedContentTypes)('knows %s, bare and with a parameter', (essence) => {
    expect(parseContentType(essence)).toBe(essence)
    expect(essenceOf(parseContentType(`${essence.toUpperCase()};charset=utf-8`) ?? '')).toBe(essence)
  })
})

describe('contentDispositionOf', () => {
  it.each([
    ['plain.txt', `attachment; filename="plain.txt"; filename*=UTF-8''plain.txt`],
    ['a b.txt', `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`],
    ['été.txt', `attachment; filename="ete.txt"; filename*=UTF-8''%C3%A9t%C3%A9.txt`],
    ['a"b\\c%d.txt', `attachment; filename="a_b_c_d.txt"; filename*=UTF-8''a%22b%5Cc%25d.txt`],
    ["it's (1)*.txt", `attachment; filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
    ['報.txt', `attachment; filename="_.txt"; filename*=UTF-8''%E5%A0%B1.txt`],
    ['a\r\nx: y', `attachment; filename="a__x: y"; filename*=UTF-8''a%0D%0Ax%3A%20y`],
    ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
  ])('of %j is what old and new clients read', (filename, expected) => {
    expect(contentDispositionOf('attachment', filename)).toBe(expected)
  })

  it('says inline when it is asked to', () => {
    expect(contentDispositionOf('inline', 'a.png')).toBe(`inline; filename="a.png"; filename*=UTF-8''a.png`)
  })

  it('is a header of two parameters for every name, from which the name comes back', () => {
    const form =
      /^attachment; filename="([^"\\\x7f-\uffff\p{Cc}]*)"; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]*)$/u
    fc.assert(
      fc.property(fc.oneof(filenames, fc.string({ unit: 'binary' }), fc.string()), (filename) => {
        const value = contentDispositionOf('attachment', filename)
        expect(new Headers({ x: value }).get('x')).toBe(value)
        const [, , extended = ''] = form.exec(value) ?? expect.fail(value)
        expect(decodeURIComponent(extended)).toBe(filename.toWellFormed())
      }),
      { numRuns: 3000 },
    )
  })

  it('brings no path separator into the name for old clients', () => {
    fc.assert(
      fc.property(fc.oneof(filenames, fc.string({ unit: 'binary' })), (text) => {
        const filename = sanitizeFilename(text) ?? 'a'
        const [, ascii = ''] = /filename="([^"]*)"/.exec(contentDispositionOf('attachment', filename)) ?? []
        expect(ascii).not.toMatch(/[/\\]/)
      }),
      { numRuns: 2000, examples: [['..\uff0f..\uff0fetc'], ['a\u2100b']] },
    )
  })
})

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

describe('termsOf and parseMetadataFilter', () => {
  const acme = 'acme' as OrganizationId
  const filterOf = (filter: Metadata) => parseMetadataFilter(acme, filter, 'filter')
  const termsIn = (metadata: Metadata) => termsOf(acme, metadata)

  it('find a file by any choice of its own scalars', async () => {
    const own = metadatas.chain((metadata) => {
      const scalars = Object.entries(metadata).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value])
          .filter(isScalarValue)
          .map((scalar) => [name, scalar] as const),
      )
      return fc.record({
        metadata: fc.constant(metadata),
        chosen: fc.subarray(scalars, { maxLength: Math.min(filterMaxTerms, scalars.length) }),
      })
    })
    await fc.assert(
      fc.asyncProperty(own, async ({ metadata, chosen }) => {
        // As it comes out of a database and out of a query string.
        const terms = await termsIn(JSON.parse(JSON.stringify(metadata)) as Metadata)
        const filter = JSON.parse(JSON.stringify(Object.fromEntries(chosen))) as Metadata
        for (const term of await filterOf(filter)) expect(terms).toContain(term)
      }),
      { numRuns: 500 },
    )
  })

  it('ask for every scalar of an array', async () => {
    const [a, b, n] = [{ tags: 'a' }, { tags: 'b' }, { n: 1 }].map(async (one) => (await termsIn(one))[0])
    expect(await filterOf({ tags: ['a', 'b'], n: 1 })).toEqual([await a, await b, await n])
    const metadata = { tags: ['a', 'b', { c: 1 }, ['d']], inner: { x: 1 } }
    expect(await termsIn(metadata)).toEqual([await a, await b])
  })

  it('tell 1, "1", true, "true", null, "null", "" and 0 apart', async () => {
    const values: Json[] = [1, '1', true, 'true', null, 'null', '', 0, false, 'false']
    const terms = await Promise.all(values.map((a) => termsIn({ a })))
    expect(new Set(terms.flat()).size).toBe(values.length)
    expect(await Promise.all(values.map((a) => filterOf({ a })))).toEqual(terms)
  })

  it('tell fields, values and organizations apart, whatever characters they have', async () => {
    await fc.assert(
      fc.asyncProperty(
        oddNames,
        oddNames,
        oddNames,
        oddNames,
        async (field, value, otherField, otherValue) => {
          const same = field === otherField && value === otherValue
          const [left, right] = [objectOf([[field, value]]), objectOf([[otherField, otherValue]])]
          const terms = await filterOf(left)
          expect(terms[0] === (await filterOf(right))[0]).toBe(same)
          expect(await termsOf('other' as OrganizationId, left)).not.toEqual(terms)
        },
      ),
    )
  })

  it('have 22 characters, whatever they stand for', async () => {
    for (const a of ['', 'x'.repeat(8000), null, 1.5])
      expect((await termsIn({ a })).join()).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  it('name each pair once', async () => {
    expect(await termsIn({ a: [1, 1, '1', 1.0] })).toHaveLength(2)
    expect(await filterOf({ a: Array.from({ length: 1000 }, () => 'same') })).toHaveLength(1)
  })

  it.each([
    ['an object', { a: { b: 1 } }, 'filter.a'],
    ['an empty object', { 'x y': {} }, 'filter.x y'],
    ['an array in an array', { ok: 1, a: [1, [2]] }, 'filter.a'],
    ['an object in an array', { a: [{ b: 1 }] }, 'filter.a'],
    [
      'a whole number that lost its last digits',
      parseJson('{"post":9007199254740993}') as Metadata,
      'filter.post',
    ],
    ['one in an array', parseJson('{"post":["1",-1546130668394913823]}') as Metadata, 'filter.post'],
    ['a number beyond a double', parseJson('{"n":1e400}') as Metadata, 'filter.n'],
  ])('refuse %s, naming the field', async (_, filter, field) => {
    expect(await issuesOfAsync(filterOf(filter))).toMatchObject([{ field }])
  })

  const conditions = (count: number): Metadata =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]))
  it(`accept ${filterMaxTerms} conditions and refuse one more, as fields or in arrays`, async () => {
    const scalars = Array.from({ length: filterMaxTerms + 1 }, (_, index) => index)
    expect(await filterOf(conditions(filterMaxTerms))).toHaveLength(filterMaxTerms)
    expect(await filterOf({ a: scalars.slice(1) })).toHaveLength(filterMaxTerms)
    for (const filter of [conditions(filterMaxTerms + 1), { a: scalars }])
      expect(await issuesOfAsync(filterOf(filter))).toMatchObject([{ field: 'filter' }])
  })

  it.each(['__proto__', 'constructor', 'toString', '\u0000', '\ud800', '', '"', "'; DROP TABLE files; --"])(
    'find a file by the field and the value %j',
    async (odd) => {
      const metadata = objectOf([[odd, odd]])
      expect(await filterOf(metadata)).toHaveLength(1)
      expect(await termsIn(metadata)).toEqual(await filterOf(metadata))
    },
  )

  it('throw nothing but a refusal, for any JSON object', async () => {
    await fc.assert(
      fc.asyncProperty(metadatas, async (filter) => {
        for (const { field } of (await issuesOfAsync(filterOf(filter))) ?? [])
          expect(field).toMatch(/^filter/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('cursors', () => {
  it('come back as the file they stand for', () => {
    fc.assert(
      fc.property(fileIds, (id) => {
        const cursor = formatCursor(id)
        expect(cursor).toMatch(/^[A-Za-z0-9_-]{22}$/)
        expect(parseCursor(cursor)).toBe(id)
      }),
    )
  })

  it('are null or come back as the text they were, for any text', () => {
    const nearly = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[A-Za-z0-9_-]{20,24}$/),
      fc.tuple(fileIds, fc.string({ maxLength: 2 })).map(([id, more]) => formatCursor(id) + more),
      fc
        .tuple(fileIds, fc.constantFrom('A', 'Q', 'g', 'w', 'B', '_'))
        .map(([id, last]) => formatCursor(id).slice(0, -1) + last),
    )
    fc.assert(
      fc.property(nearly, (text) => {
        const id = parseCursor(text)
        if (id === null) return
        expect(parseFileId(id)).toBe(id)
        expect(formatCursor(id)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '',
    'x',
    '01a2044f-ecb0-7399-b37c-ae221b24fbb3',
    'AAAAAAAAAAAAAAAAAAAAAB',
    'AAAAAAAAAAAAAAAAAAAAAA==',
  ])('are not %j', (text) => {
    expect(parseCursor(text)).toBeNull()
  })
})

const filenames = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(
      ...[
        'a',
        'e',
        'K',
        '.',
        ' ',
        '-',
        '/',
        '\\',
        '"',
        '%',
        '\u00e9',
        '\u00df',
        '\u5831',
        '\u{1f600}',
        '\ufb01',
      ],
      ...['\u0301', '\u0323', '\u0338', '\u1100', '\u1161', '\u11a8', '\u212b', '\u2000', '\u00a0', '\ufeff'],
      ...[
        '\u0000',
        '\n',
        '\u001f',
        '\u007f',
        '\u0085',
        '\u200e',
        '\u200f',
        '\u061c',
        '\u202e',
        '\u2066',
        '\u2069',
      ],
      ...['\ud800', '\udfff', '\uff0f', '\uff02', '\u2028', '\u200b'],
    ),
    maxLength: 30,
  }),
  fc.string({
    unit: fc.constantFrom('a', '.', ' ', 'e\u0301', '\u5831', '\u{1f600}'),
    minLength: 80,
    maxLength: 300,
  }),
)

const contentTypes = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'aB/;=" \t\\-+.*\n\u0000é'.split('')), maxLength: 20 }),
  fc
    .tuple(
      fc.constantFrom('image/png', 'Text/Plain', 'a/b', 'a/'),
      fc.array(
        fc.tuple(
          fc.constantFrom(';', '; ', ' ;\t', ';;', ''),
          fc.constantFrom(
            'charset=utf-8',
            'A=b',
            'a="b"',
            'a="b;c"',
            'a="\\""',
            'a="',
            'a',
            'a="\\',
            '"',
            'a=b\u0000',
          ),
        ),
        { maxLength: 4 },
      ),
    )
    .map(([essence, parameters]) => essence + parameters.flat().join('')),
  fc
    .tuple(fc.constantFrom(';c=d', '; C="d"'), fc.integer({ min: 20, max: 70 }))
    .map(([more, count]) => `a/b${more.repeat(count)}`),
)

/** Names that break what was not written with care. */
const oddNames = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', '\u0000', '\ud800', '\udfff', '', '"', '\\', ':', '":"', 'a'),
  fc.string({ unit: 'binary', maxLength: 5 }),
)

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc.constantFrom<Json>(null, true, false, 0, 1, -0, 1e21, '1', 'true', 'null'),
      oddNames,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(oddNames, tie('value')), { maxLength: 4 }).map(objectOf),
  ),
})).value

const metadatas: fc.Arbitrary<Metadata> = fc.array(fc.tuple(oddNames, json), { maxLength: 8 }).map(objectOf)

const fileIds: fc.Arbitrary<FileId> = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([now, random]) => uuidV7(now, random) as FileId)

/** As JSON.parse makes them: `__proto__` is a field like any other. */
function objectOf(entries: readonly (readonly [string, Json])[]): Metadata {
  return Object.fromEntries(entries)
}

function isScalarValue(value: Json): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

/** The issues that `step` was refused with, null when it was not. */
async function issuesOfAsync(step: Promise<unknown>): Promise<readonly Issue[] | null> {
  const error = await step.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error === null
    ? null
    : issuesOf(() => {
        throw error
      })
}

/** The issues that `step` was refused with, null when it was not. Any other error is one that must not happen. */
function issuesOf(step: () => unknown): readonly Issue[] | null {
  try {
    step()
    return null
  } catch (error) {
    if (!(error instanceof GatewayError) || error.failure.code !== 'invalid_request') throw error
    return error.failure.issues
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
