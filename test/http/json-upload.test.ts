import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FailureCode, GatewayError } from '../../src/core/errors'
import { parseJson } from '../../src/core/json'
import {
  envelopeMaxBytes,
  type JsonUpload,
  type JsonUploadLimits,
  JsonUploadScanner,
  jsonMaxDepth,
} from '../../src/http/json-upload-scanner'
import { readJsonUpload } from '../../src/http/read-json-upload'

/** What came of a body, in a form that can be compared. `fields` as JSON, so that order and odd names count. */
type Read = { fields: string; bytes: string | null }
type Refused = { code: FailureCode; field: string | null }
type Outcome = Read | Refused
/** What may come of a body. Where several rules are broken, which one is named depends on how it was cut. */
type Expected = Read | { codes: readonly FailureCode[] }

describe('the JSON upload scanner agrees with JSON.parse and strict base64', () => {
  it('reads what a writer of any style wrote, wherever the body is cut', () => {
    fc.assert(
      fc.property(uploads, cuts, fc.boolean(), ({ body, bytes, fields }, sizes, knowsLength) => {
        const expected = { fields: JSON.stringify(fields), bytes: bytes.toHex() }
        expect(reference(body, 4096)).toEqual(expected)
        expect(scan(body, sizes, limitsFor(body, 4096, knowsLength))).toEqual(expected)
      }),
      { numRuns: 600 },
    )
  })

  it('accepts exactly what they accept of bodies with flipped, inserted and deleted bytes', () => {
    fc.assert(
      fc.property(uploads, mutations, cuts, (upload, changes, sizes) => {
        expectAgreement(changes.reduce(mutated, upload.body), sizes, 4096)
      }),
      { numRuns: 1000 },
    )
  })

  it('accepts exactly what they accept of tokens in any order', () => {
    fc.assert(
      fc.property(tokenSoup, cuts, fc.integer({ min: 0, max: 6 }), (text, sizes, limit) => {
        expectAgreement(utf8(text), sizes, limit)
      }),
      { numRuns: 3000 },
    )
  })

  it('accepts exactly what they accept of text that is nearly base64', () => {
    const limits = fc.integer({ min: 0, max: 9 })
    fc.assert(
      fc.property(nearlyBase64, choices, cuts, limits, fc.boolean(), (text, style, sizes, limit, raw) => {
        const written = writeString(text, stylist(style))
        const value = raw ? written.replaceAll('\\n', '\n') : written
        expectAgreement(utf8(`{"content":${value}}`), sizes, limit)
      }),
      { numRuns: 3000 },
    )
  })

  it('accepts exactly what they accept of arbitrary bytes and texts', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ unit: 'binary' }).map(utf8),
      fc.json().map(utf8),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => joined([utf8('{"content":"'), bytes, utf8('"}')])),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => joined([utf8('{"content":"'), bytes])),
    )
    fc.assert(
      fc.property(anything, cuts, (body, sizes) => expectAgreement(body, sizes, 16)),
      { numRuns: 1500 },
    )
  })

  it('accepts exactly what they accept of nested values up to the depth limit', () => {
    const deep = fc.record({
      depth: fc.integer({ min: jsonMaxDepth - 3, max: jsonMaxDepth + 2 }),
      kinds: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
      after: fc.constantFrom('', ',"content":"aGk="', ',"metadata":{"content":"!"}'),
    })
    fc.assert(
      fc.property(deep, cuts, ({ depth, kinds, after }, sizes) => {
        let value = '1'
        for (let level = 0; level < depth; level++)
          value = kinds[level % kinds.length] ? `[${value}]` : `{"content":${value}}`
        expectAgreement(utf8(`{"metadata":${value}${after}}`), sizes, 16)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the JSON upload scanner', () => {
  const read: Record<string, { body: string; fields: unknown; bytes: string | null }> = {
    'reads content before the other fields': {
      body: '{"content":"aGVsbG8=","contentType":"text/plain"}',
      fields: { content: '', contentType: 'text/plain' },
      bytes: 'hello',
    },
    'reads content after the other fields': {
      body: '{"contentType":"text/plain","metadata":{"a":[1]},"content":"aGVsbG8="}',
      fields: { contentType: 'text/plain', metadata: { a: [1] }, content: '' },
      bytes: 'hello',
    },
    'reads empty content as a file of 0 bytes': {
      body: '{"content":""}',
      fields: { content: '' },
      bytes: '',
    },
    'reads content of whitespace alone as 0 bytes': {
      body: '{"content":" \\r\\n\\t\\f"}',
      fields: { content: '' },
      bytes: '',
    },
    'reads the slashes that PHP escapes': {
      body: '{"content":"Pz8\\/Pz8\\u002f"}',
      fields: { content: '' },
      bytes: '??????',
    },
    'reads the line ends of MIME base64': {
      body: '{"content":"aGVs\\r\\nbG8=\\r\\n"}',
      fields: { content: '' },
      bytes: 'hello',
    },
    'reads content whose name is escaped': {
      body: '{"\\u0063ontent":"aGk="}',
      fields: { content: '' },
      bytes: 'hi',
    },
    'reads a body with a byte order mark': {
      body: '\ufeff{"content":"aGk="}',
      fields: { content: '' },
      bytes: 'hi',
    },
    'leaves a nested content alone': {
      body: '{"metadata":{"content":"!","list":[{"content":"?"}]},"content":"aGk="}',
      fields: { metadata: { content: '!', list: [{ content: '?' }] }, content: '' },
      bytes: 'hi',
    },
    'leaves a value that says content alone': {
      body: '{"filename":"content","contentType":"!"}',
      fields: { filename: 'content', contentType: '!' },
      bytes: null,
    },
    'leaves a content of null in the fields': {
      body: '{"content":null,"filename":"a"}',
      fields: { content: null, filename: 'a' },
      bytes: null,
    },
    'leaves a content of a number in the fields': {
      body: '{"content":7,"filename":"a"}',
      fields: { content: 7, filename: 'a' },
      bytes: null,
    },
    'leaves a content of an array of strings in the fields': {
      body: '{"content":["aGk="],"filename":"a"}',
      fields: { content: ['aGk='], filename: 'a' },
      bytes: null,
    },
    'reads an object without content': { body: ' {} ', fields: {}, bytes: null },
  }
  it.each(Object.entries(read))('%s', (_, { body, fields, bytes }) => {
    const expected = {
      fields: JSON.stringify(fields),
      bytes: bytes === null ? null : utf8(bytes).toHex(),
    }
    for (const sizes of everyCut) expect(scan(utf8(body), sizes, limitsFor(utf8(body), 64))).toEqual(expected)
  })

  const notBase64 = {
    'a data URL': 'data:text/plain;base64,aGVsbG8=',
    base64url: '-_-_',
    'missing padding': 'aGVsbG8',
    'half of the padding': 'aA=',
    'too much padding': 'aGVsbG8==',
    'padding after a full group': 'aGVs=',
    'padding alone': '==',
    'padding in the middle': 'aA==aGVs',
    'text after the padding': 'aA==a',
    'trailing bits that are not zero': 'aGl=',
    'a group of one character': 'aGVsb',
    'a character outside the alphabet': 'aGV*',
    'a letter that is not ASCII': 'aGVé',
    'a vertical tab': 'aGVs\\u000b',
    'a no-break space': 'aGVs\u00a0',
    'an escaped NUL': '\\u0000',
    'an escaped quote': 'aG\\"s',
    'an escaped backslash': 'aG\\\\s',
    'an escaped backslash before a slash': 'aGV\\\\/',
    'an escaped letter that is not ASCII': 'aGV\\u0161',
  }
  it.each(Object.entries(notBase64))('refuses %s, naming content', (_, text) => {
    const body = utf8(`{"contentType":"text/plain","content":"${text}"}`)
    for (const sizes of everyCut)
      expect(scan(body, sizes, limitsFor(body, 64))).toEqual({ code: 'invalid_request', field: 'content' })
  })

  const notJson = {
    'an empty body': '',
    'a line end inside content': '{"content":"aGVs\nbG8="}',
    'a line end inside content with escapes': '{"content":"Pz8\\/\nPz8\\/"}',
    'a NUL inside content': '{"content":"aGVs\u0000"}',
    'an unknown escape inside content': '{"content":"aG\\xs"}',
    'half an escape inside content': '{"content":"aG\\u00"}',
    'a body that ends inside content': '{"content":"aGVs',
    'a body that ends inside an escape': '{"content":"aGVs\\u00',
    'a body that ends after content': '{"content":"aGVs"',
    'a second value': '{"content":"aGVs"}{}',
    'content twice without a comma': '{"content":"aGVs" "aGVs"}',
    'a trailing comma': '{"content":"aGVs",}',
    'an array': '["content","aGVs"]',
    'an array with the shape of an object': '[1,"content":"aGVs"]',
    'a string': '"content"',
    null: 'null',
    'brackets that close nothing': ']]]]{"content":"aGVs"}',
  }
  it.each(Object.entries(notJson))('refuses %s as a whole', (_, text) => {
    for (const sizes of everyCut)
      expect(scan(utf8(text), sizes, limitsFor(utf8(text), 64))).toEqual({
        code: 'invalid_request',
        field: '',
      })
  })

  const twice = {
    'content twice': '{"content":"aGk=","content":"aGk="}',
    'content twice, once as null': '{"content":null,"content":"aGk="}',
    'content twice, once in escapes': '{"content":"aGk=","c\\u006fntent":"aGk="}',
  }
  it.each(Object.entries(twice))('refuses %s, naming it', (_, text) => {
    for (const sizes of everyCut)
      expect(scan(utf8(text), sizes, limitsFor(utf8(text), 64))).toEqual({
        code: 'invalid_request',
        field: 'content',
      })
  })

  const notUtf8 = {
    'outside content': joined([utf8('{"filename":"'), Uint8Array.of(0xff), utf8('","content":"aGk="}')]),
    'in a name': joined([utf8('{"'), Uint8Array.of(0xc3), utf8('":1}')]),
    'inside content': joined([utf8('{"content":"'), Uint8Array.of(0xff), utf8('"}')]),
  }
  it.each(Object.entries(notUtf8))('refuses bytes that are not UTF-8 %s', (_, body) => {
    for (const sizes of everyCut)
      expect(scan(body, sizes, limitsFor(body, 64))).toMatchObject({ code: 'invalid_request' })
  })

  const limitCases = [
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 2],
    [2, 2],
    [2, 3],
    [3, 3],
    [3, 4],
    [3, 5],
    [3, 6],
    [300, 300],
    [300, 301],
    [300, 900],
  ] as const
  it.each(limitCases)('with a limit of %i bytes decides right about %i', (limit, byteLength) => {
    const bytes = new Uint8Array(byteLength).fill(0xa5)
    const body = utf8(JSON.stringify({ filename: 'a', content: bytes.toBase64() }))
    const expected =
      byteLength <= limit
        ? { fields: '{"filename":"a","content":""}', bytes: bytes.toHex() }
        : { code: 'content_too_large', field: null }
    for (const sizes of everyCut)
      for (const knowsLength of [true, false])
        expect(scan(body, sizes, limitsFor(body, limit, knowsLength))).toEqual(expected)
  })

  it('gives up on content that is too large before the body has ended', () => {
    const scanner = new JsonUploadScanner({ field: 'content', maxDecodedBytes: 8, expectedBytesMax: null })
    scanner.push(utf8('{"content":"'))
    expect(() => {
      for (let count = 0; count < 5; count++) scanner.push(utf8('AAAA'))
    }).toThrow('content_too_large')
  })

  it(`accepts ${jsonMaxDepth} levels and refuses one more`, () => {
    const nested = (depth: number) => utf8(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`)
    expect(outcome(() => scanned(nested(jsonMaxDepth), [7]))).toMatchObject({ bytes: null })
    expect(outcome(() => scanned(nested(jsonMaxDepth + 1), [7]))).toEqual({
      code: 'invalid_request',
      field: '',
    })
  })

  it('refuses a million opening brackets by depth, not by running out of stack', () => {
    expect(outcome(() => scanned(utf8('['.repeat(1_000_000)), [65_536]))).toEqual({
      code: 'invalid_request',
      field: '',
    })
  })

  it('accepts 64 KiB around the content and refuses one byte more', () => {
    const around = (byteLength: number) => {
      const empty = '{"filename":"","content":""}'
      const content = 'A'.repeat(4000)
      return utf8(`{"filename":"${'f'.repeat(byteLength - empty.length)}","content":"${content}"}`)
    }
    expect(outcome(() => scanned(around(envelopeMaxBytes), [4096], 3000))).toMatchObject({
      bytes: '00'.repeat(3000),
    })
    expect(outcome(() => scanned(around(envelopeMaxBytes + 1), [4096], 3000))).toEqual({
      code: 'invalid_request',
      field: '',
    })
  })
})

describe('readJsonUpload', () => {
  const limit = 3000
  /** Ways in which a body reaches the Worker. */
  const deliveries: Record<string, (text: string) => Request> = {
    'as a string': (text) => post(text),
    'as a string with Content-Length': (text) => post(text, { 'content-length': String(utf8(text).length) }),
    'as a byte stream without Content-Length': (text) => post(streamOf(utf8(text), 100)),
    'as a byte stream with Content-Length': (text) =>
      post(streamOf(utf8(text), 100), { 'content-length': String(utf8(text).length) }),
    'as a native stream in pieces of one byte': (text) => post(trickle(utf8(text))),
  }
  describe.each(Object.entries(deliveries))('of a body %s', (_, deliver) => {
    const upload = (byteLength: number) =>
      deliver(JSON.stringify({ filename: 'a', content: patternOf(byteLength).toBase64(), size: byteLength }))

    it('reads the fields and the bytes', async () => {
      const { fields, bytes } = await readJsonUpload(upload(100), {
        field: 'content',
        maxDecodedBytes: limit,
      })
      expect(fields).toEqual({ filename: 'a', content: '', size: 100 })
      expect(bytes).toEqual(patternOf(100))
    })

    it('accepts exactly the limit', async () => {
      const { bytes } = await readJsonUpload(upload(limit), { field: 'content', maxDecodedBytes: limit })
      expect(bytes).toEqual(patternOf(limit))
    })

    it('refuses one byte more than the limit', async () => {
      const reading = readJsonUpload(upload(limit + 1), { field: 'content', maxDecodedBytes: limit })
      expect(await outcomeOf(reading)).toEqual({ code: 'content_too_large', field: null })
    })

    it('refuses what is not JSON', async () => {
      const reading = readJsonUpload(deliver('{"content":"aGk="'), {
        field: 'content',
        maxDecodedBytes: limit,
      })
      expect(await outcomeOf(reading)).toEqual({ code: 'invalid_request', field: '' })
    })

    it('refuses an empty body', async () => {
      const reading = readJsonUpload(deliver(''), { field: 'content', maxDecodedBytes: limit })
      expect(await outcomeOf(reading)).toEqual({ code: 'invalid_request', field: '' })
    })
  })

  it('refuses by Content-Length without touching the body', async () => {
    let pulls = 0
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        pulls++
        controller.close()
      },
    })
    const request = post(body, { 'content-length': '99999999999' })
    expect(await outcomeOf(readJsonUpload(request, { field: 'content', maxDecodedBytes: limit }))).toEqual({
      code: 'content_too_large',
      field: null,
    })
    expect(request.bodyUsed).toBe(false)
    expect(pulls).toBe(0)
  })

  it('accepts the limit when every character of the content is an escape of two', async () => {
    const bytes = new Uint8Array(limit).fill(0xff)
    const text = `{"content":"${bytes.toBase64().replaceAll('/', '\\/')}"}`
    const request = post(text, { 'content-length': String(text.length) })
    const upload = await readJsonUpload(request, { field: 'content', maxDecodedBytes: limit })
    expect(upload.bytes).toEqual(bytes)
  })

  it.each(['99999999999999999999', 'abc', '-1', '1.5', ''])(
    'takes a Content-Length of %j as none at all',
    async (contentLength) => {
      const request = post(streamOf(utf8('{"content":"aGk="}'), 5), { 'content-length': contentLength })
      const { bytes } = await readJsonUpload(request, { field: 'content', maxDecodedBytes: limit })
      expect(bytes).toEqual(utf8('hi'))
    },
  )

  it.each([0, 1, 11, 14, 200])('refuses a body whose stream fails after %i bytes', async (byteLength) => {
    const text = utf8(JSON.stringify({ content: patternOf(300).toBase64() }))
    const request = post(streamOf(text.slice(0, byteLength), 64, new Error('connection reset')))
    expect(await outcomeOf(readJsonUpload(request, { field: 'content', maxDecodedBytes: limit }))).toEqual({
      code: 'invalid_request',
      field: '',
    })
  })

  it('refuses a request without a body', async () => {
    const request = new Request('https://gateway.example.com/', { method: 'POST' })
    expect(await outcomeOf(readJsonUpload(request, { field: 'content', maxDecodedBytes: limit }))).toEqual({
      code: 'invalid_request',
      field: '',
    })
  })

  it('stops reading a body once it is refused, and leaves the rest to another reader', async () => {
    let pulls = 0
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        pulls++
        controller.enqueue(utf8('['.repeat(1000)))
      },
    })
    const request = post(body)
    expect(await outcomeOf(readJsonUpload(request, { field: 'content', maxDecodedBytes: limit }))).toEqual({
      code: 'invalid_request',
      field: '',
    })
    expect(pulls).toBeLessThan(3)
    expect(request.body?.locked).toBe(false)
    expect(await request.body?.getReader().read()).toMatchObject({ done: false })
  })

  it('reads 7 MiB, and refuses one byte more', async () => {
    const maxDecodedBytes = 7 * 1024 ** 2
    const exact = patternOf(maxDecodedBytes)
    const request = (bytes: Uint8Array) =>
      post(`{"contentType":"text/plain","content":"${bytes.toBase64()}"}`)
    const { bytes } = await readJsonUpload(request(exact), { field: 'content', maxDecodedBytes })
    expect(bytes?.length).toBe(maxDecodedBytes)
    expect(await sha256(bytes ?? new Uint8Array())).toBe(await sha256(exact))

    const tooMuch = readJsonUpload(request(patternOf(maxDecodedBytes + 1)), {
      field: 'content',
      maxDecodedBytes,
    })
    expect(await outcomeOf(tooMuch)).toEqual({ code: 'content_too_large', field: null })
  })
})

/** The scanner must do what the reference does, whether the body comes whole, byte by byte or cut at `sizes`. */
function expectAgreement(body: Uint8Array, sizes: readonly number[], limit: number): void {
  const expected = reference(body, limit)
  for (const cut of [...everyCut, sizes])
    for (const knowsLength of [true, false]) {
      const actual = scan(body, cut, limitsFor(body, limit, knowsLength))
      if ('codes' in expected) expect(expected.codes).toContain('code' in actual ? actual.code : 'accepted')
      else expect(actual).toEqual(expected)
    }
}

/** The oracle: the whole body through JSON.parse and `fromBase64`, then the scanner's documented limits. */
function reference(body: Uint8Array, limit: number): Expected {
  // Six bits for every byte of the alphabet, wherever it stands: only then may size be what is named first.
  const alphabet = body.filter((byte) => /[A-Za-z0-9+/]/.test(String.fromCharCode(byte))).length
  const malformed: Expected = {
    codes: (alphabet * 3) / 4 > limit ? ['invalid_request', 'content_too_large'] : ['invalid_request'],
  }
  let value: { [name: string]: unknown }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body)
    const parsed: unknown = parseJson(text)
    if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return malformed
    value = parsed as { [name: string]: unknown }
  } catch {
    return malformed
  }
  const { depth, names } = outline(text)
  if (depth > jsonMaxDepth || names.filter((name) => name === 'content').length > 1) return malformed
  if (!Object.hasOwn(value, 'content') || typeof value.content !== 'string')
    return { fields: JSON.stringify(value), bytes: null }
  let bytes: Uint8Array
  try {
    bytes = Uint8Array.fromBase64(value.content, { lastChunkHandling: 'strict' })
  } catch {
    return malformed
  }
  if (bytes.length > limit) return { codes: ['content_too_large'] }
  value.content = ''
  return { fields: JSON.stringify(value), bytes: bytes.toHex() }
}

/** Depth and top-level names of valid JSON, by its tokens. */
function outline(text: string): { depth: number; names: string[] } {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs) ?? []
  const names: string[] = []
  let level = 0
  let depth = 0
  tokens.forEach((token, index) => {
    if (token === '{' || token === '[') depth = Math.max(depth, ++level)
    if (token === '}' || token === ']') level--
    if (token === ':' && level === 1) names.push(JSON.parse(tokens[index - 1] ?? '') as string)
  })
  return { depth, names }
}

/** Whole, and byte by byte, and in pieces that fall between groups of four. */
const everyCut: readonly (readonly number[])[] = [[Number.MAX_SAFE_INTEGER], [1], [3, 5]]

function scan(body: Uint8Array, sizes: readonly number[], limits: JsonUploadLimits): Outcome {
  return outcome(() => {
    const scanner = new JsonUploadScanner(limits)
    for (let start = 0, turn = 0; start < body.length; turn++) {
      const chunk = body.slice(start, start + (sizes[turn % sizes.length] ?? 1))
      start += chunk.length
      scanner.push(chunk)
      // The reader uses one buffer for all chunks.
      chunk.fill(0x22)
    }
    return scanner.end()
  })
}

function scanned(body: Uint8Array, sizes: readonly number[], maxDecodedBytes = 64): JsonUpload {
  const scanner = new JsonUploadScanner({ field: 'content', maxDecodedBytes, expectedBytesMax: null })
  const size = sizes[0] ?? 1
  for (let start = 0; start < body.length; start += size) scanner.push(body.slice(start, start + size))
  return scanner.end()
}

/** What `step` gave, or the failure it threw. Any other error is one that must not happen. */
function outcome(step: () => JsonUpload): Outcome {
  try {
    return comparable(step())
  } catch (error) {
    return refusalIn(error)
  }
}

function outcomeOf(reading: Promise<JsonUpload>): Promise<Outcome> {
  return reading.then(comparable, refusalIn)
}

function comparable({ fields, bytes }: JsonUpload): Read {
  return { fields: JSON.stringify(fields), bytes: bytes === null ? null : bytes.toHex() }
}

function refusalIn(error: unknown): Refused {
  if (!(error instanceof GatewayError)) throw error
  const { failure } = error
  return {
    code: failure.code,
    field: failure.code === 'invalid_request' ? (failure.issues[0]?.field ?? null) : null,
  }
}

function limitsFor(body: Uint8Array, maxDecodedBytes: number, knowsLength = false): JsonUploadLimits {
  const expectedBytesMax = knowsLength ? Math.floor((body.length * 3) / 4) : null
  return { field: 'content', maxDecodedBytes, expectedBytesMax }
}

// Writers of JSON in every style. A style is a list of choices that is gone through again and again; a
// list of zeros is JSON.stringify's own style, which is what fast-check shrinks to.

type Stylist = (count: number) => number

const choices = fc.array(fc.nat(255), { minLength: 1, maxLength: 40 })
const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 })

function stylist(list: readonly number[]): Stylist {
  let turn = 0
  return (count) => (list[turn++ % list.length] ?? 0) % count
}

function writeString(text: string, choose: Stylist): string {
  return `"${[...text].map((char) => writeCharacter(char, choose)).join('')}"`
}

function writeCharacter(char: string, choose: Stylist): string {
  if (choose(4) === 1)
    return codeUnits(char)
      .map(choose(2) ? upperEscape : lowerEscape)
      .join('')
  if (char === '/' && choose(2) === 1) return '\\/'
  return JSON.stringify(char).slice(1, -1)
}

function codeUnits(char: string): number[] {
  return Array.from({ length: char.length }, (_, index) => char.charCodeAt(index))
}

const lowerEscape = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`
const upperEscape = (unit: number) => `\\u${unit.toString(16).toUpperCase().padStart(4, '0')}`

function writeValue(value: unknown, choose: Stylist): string {
  const gap = () => ['', '', ' ', '\n', '\r\n\t', '  '][choose(6)] ?? ''
  if (typeof value === 'string') return writeString(value, choose)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const items = Array.isArray(value)
    ? value.map((item) => gap() + writeValue(item, choose) + gap())
    : Object.entries(value).map(
        ([name, item]) =>
          `${gap()}${writeString(name, choose)}${gap()}:${gap()}${writeValue(item, choose)}${gap()}`,
      )
  const inside = items.length === 0 ? gap() : items.join(',')
  return gap() + (Array.isArray(value) ? `[${inside}]` : `{${inside}}`) + gap()
}

/** `bytes` as base64 with whitespace between its characters. */
function writeBase64(bytes: Uint8Array, choose: Stylist): string {
  return [...bytes.toBase64()]
    .map((char) => (['', '', '', ' ', '\n', '\r\n', '\t', '\f'][choose(8)] ?? '') + char)
    .join('')
}

const names = fc.oneof(
  fc.constantFrom(
    'contentType',
    'filename',
    '__proto__',
    'constructor',
    'Content',
    'content ',
    '',
    'metadata',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

/** A body with content somewhere among other fields, in any style. */
const uploads = fc
  .record({
    before: fc.array(fc.tuple(names, fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' })), { maxLength: 3 }),
    after: fc.array(fc.tuple(names, fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' })), { maxLength: 3 }),
    nested: fc.boolean(),
    bytes: fc.uint8Array({ maxLength: 120 }),
    style: choices,
  })
  .map(({ before, after, nested, bytes, style }) => {
    const choose = stylist(style)
    const others = (list: [string, unknown][]) => list.filter(([name]) => name !== 'content')
    const tail: [string, unknown][] = nested ? [['inner', { content: '!', a: [{ content: '?' }] }]] : []
    const entries = [...others(before), ['content', ''], ...tail, ...others(after)] as [string, unknown][]
    const fields = Object.fromEntries(entries)
    const written = Object.fromEntries(entries.map(([name, value]) => [name, value]))
    written.content = writeBase64(bytes, choose)
    return { body: utf8(writeValue(written, choose)), bytes, fields }
  })

type Mutation = { kind: 'replace' | 'insert' | 'delete' | 'flip'; place: number; byte: number }

const structural = [...'{}[]",:\\=/u0 \n\t\u0000\u007fcA!'].map((char) => char.charCodeAt(0))
const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('replace', 'insert', 'delete', 'flip'),
    place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(fc.constantFrom(...structural, 0x80, 0xc3, 0xff), fc.nat(255)),
  }),
  { minLength: 1, maxLength: 3 },
)

function mutated(body: Uint8Array, { kind, place, byte }: Mutation): Uint8Array {
  const at = Math.floor(place * body.length)
  const before = body.subarray(0, at)
  const changed = {
    replace: Uint8Array.of(byte),
    insert: Uint8Array.of(byte, body[at] ?? 0),
    delete: new Uint8Array(),
    flip: Uint8Array.of((body[at] ?? 0) ^ (1 << (byte % 8))),
  }
  return joined([before, changed[kind], body.subarray(at + 1)])
}

const tokenSoup = fc
  .tuple(
    fc.constantFrom('{', '{"content":"', '{"a":1,', '{"content":', '', '[', '\ufeff{'),
    fc.array(
      fc.oneof(
        fc.constantFrom(
          '"content":"aGk="',
          '"c\\u006fntent" : ""',
          '"content"',
          '"content":null',
          '"a":"content"',
        ),
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '"',
          '\\',
          ' ',
          '\n',
          '=',
          '==',
          '\\n',
          '\\u000',
          '\\/',
        ),
        fc.constantFrom(
          'aGk=',
          'YQ==',
          'AAAA',
          'A',
          '1',
          'null',
          '"x"',
          '"x":{"content":"y"}',
          '\u0001',
          'é',
          '😀',
        ),
      ),
      { maxLength: 9 },
    ),
    fc.constantFrom('}', '"}', ']', ''),
  )
  .map(([start, middle, end]) => start + middle.join('') + end)

const nearlyBase64 = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...'AQgwBZaz09+/') },
      { weight: 2, arbitrary: fc.constantFrom('=', '=', ' ', '\n', '\t', '\r', '\f') },
      {
        weight: 1,
        arbitrary: fc.constantFrom('-', '_', '\v', '\0', '\u00a0', '\ufeff', '\u2028', 'é', '😀', '"', '\\'),
      },
    ),
    { maxLength: 14 },
  )
  .map((characters) => characters.join(''))

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => {
    whole.set(part, at)
    return at + part.length
  }, 0)
  return whole
}

/** Bytes that are not alike anywhere near each other. */
function patternOf(byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength)
  for (let at = 0; at < byteLength; at++) bytes[at] = (Math.imul(at, 2_654_435_761) >>> 13) & 0xff
  return bytes
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex()
}

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request('https://gateway.example.com/', { method: 'POST', body, headers })
}

/** A stream without a length that gives `bytes` in pieces, and then fails if there is an `end` to fail with. */
function streamOf(bytes: Uint8Array, pieceBytes: number, end?: Error): ReadableStream {
  let at = 0
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at + pieceBytes))
      else if (end) controller.error(end)
      else {
        controller.close()
        controller.byobRequest?.respond(0)
      }
      at += pieceBytes
    },
  })
}

function trickle(bytes: Uint8Array): ReadableStream {
  const { readable, writable } = new IdentityTransformStream()
  const write = async () => {
    const writer = writable.getWriter()
    for (const byte of bytes) await writer.write(Uint8Array.of(byte))
    await writer.close()
  }
  // Fails when the reader gives up, as it should.
  write().catch(() => {})
  return readable
}
