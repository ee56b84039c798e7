import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/core/errors'
import { readForm } from '../../src/http/read-form'
import { bytesOf } from '../storage/object-store-contract'
import { formBytes, type Part } from '../support/cuadra'

type Read = { fields: [string, string][]; files: { filename: string | null; bytes: Uint8Array }[] }

/** Reads a form that arrives in pieces of `pieceBytes`, `chunkBytes` at a time. */
async function read(
  wire: Uint8Array<ArrayBuffer>,
  boundary: string,
  {
    chunkBytes,
    pieceBytes,
    announced = true,
  }: { chunkBytes: number; pieceBytes: number; announced?: boolean },
): Promise<Read> {
  let at = 0
  const body = new ReadableStream({
    type: 'bytes',
    pull(controller) {
      if (at >= wire.length) return controller.close()
      controller.enqueue(wire.slice(at, at + pieceBytes))
      at += pieceBytes
    },
  })
  const request = new Request('https://gateway.example.com', {
    method: 'POST',
    body,
    headers: {
      'content-type': `multipart/form-data; boundary="${boundary}"`,
      ...(announced ? { 'content-length': String(wire.length) } : {}),
    },
  })
  const result: Read = { fields: [], files: [] }
  const form = readForm(request, {
    isFile: ({ name }) => name === 'file',
    fields: ['a', 'b'],
    fileMaxBytes: 1024 ** 2,
    onField: (name, value) => result.fields.push([name, value]),
    readBytes: { min: chunkBytes, max: chunkBytes },
  })
  for (let file = await form.nextFile(); file !== null; file = await form.nextFile()) {
    const pieces: number[] = []
    for await (const chunk of file.chunks) pieces.push(...chunk)
    result.files.push({ filename: file.headers.filename, bytes: Uint8Array.from(pieces) })
  }
  return result
}

const boundaries = fc.constantFrom(
  'b',
  '--',
  'aXbX',
  '----WebKitFormBoundary7MA4YWxk',
  "x'()+_,./:=? y",
  '0123456789',
)
/** Text that is made of what delimiters are made of, and anything else. */
const content = (boundary: string) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '\r',
          '\n',
          '\r\n',
          '-',
          '--',
          '\r\n-',
          '\r\n--',
          '--\r\n',
          '\r\r\n--',
          boundary.slice(0, -1),
        ),
        fc.string({ maxLength: 5 }),
      ),
      { maxLength: 40 },
    )
    .map((pieces) => pieces.join(''))
    .filter((text) => !text.includes(`--${boundary}`))

const forms = boundaries.chain((boundary) =>
  fc.record({
    boundary: fc.constant(boundary),
    parts: fc.array(
      fc.oneof(
        fc.record({ name: fc.constantFrom('a', 'b', 'c'), content: content(boundary) }),
        fc.record({
          name: fc.constantFrom('file', 'other'),
          filename: fc.constantFrom('x.txt', '日本語', ''),
          content: content(boundary),
        }),
      ),
      { maxLength: 6 },
    ),
    chunkBytes: fc.integer({ min: 64, max: 400 }),
    pieceBytes: fc.integer({ min: 1, max: 300 }),
    announced: fc.boolean(),
  }),
)

function expectedOf(parts: readonly Part[]): Read {
  const encoder = new TextEncoder()
  return {
    fields: parts.flatMap(({ name, content }) =>
      name === 'a' || name === 'b' ? [[name, String(content)]] : [],
    ),
    files: parts.flatMap(({ name, content, filename = null }) =>
      name === 'file' ? [{ filename, bytes: encoder.encode(String(content)) }] : [],
    ),
  }
}

describe('readForm', () => {
  it('reads every form as it was written, however it is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(forms, async ({ boundary, parts, ...how }) => {
        expect(await read(formBytes(parts, boundary), boundary, how)).toEqual(expectedOf(parts))
      }),
      { numRuns: 1000 },
    )
  })

  it('reads a form that is cut at each single byte', async () => {
    const parts: Part[] = [
      { name: 'a', content: 'one' },
      { name: 'file', filename: 'f', content: 'two\r\n-' },
      { name: 'b', content: '' },
    ]
    const wire = formBytes(parts, 'bound')
    for (let chunkBytes = 16; chunkBytes <= wire.length + 1; chunkBytes++)
      expect(await read(wire, 'bound', { chunkBytes, pieceBytes: 1000 }), `${chunkBytes}`).toEqual(
        expectedOf(parts),
      )
  })

  it('keeps bytes of every value, where the boundary is made of them too', async () => {
    const digits = Uint8Array.from(bytesOf(200_000), (byte) => 48 + (byte % 10))
    // Not at the start: there it would be the boundary.
    const dashes = new Uint8Array(99_999).fill(45).with(0, 120)
    for (const bytes of [bytesOf(200_000), digits, new Uint8Array(100_000).fill(13), dashes])
      for (const boundary of ['0123456789', '-----', 'abc'])
        for (const chunkBytes of [1000, 70_000]) {
          const wire = formBytes([{ name: 'file', filename: 'f', content: bytes }], boundary)
          const { files } = await read(wire, boundary, { chunkBytes, pieceBytes: 65_536 })
          expect(files[0]?.bytes.length).toBe(bytes.length)
          expect(files[0]?.bytes.every((byte, at) => byte === bytes[at])).toBe(true)
        }
  })

  it('fails as a bad request on every form that ends before its last delimiter', async () => {
    const wire = formBytes(
      [
        { name: 'a', content: 'one' },
        { name: 'file', filename: 'f', content: 'two' },
      ],
      'bound',
    )
    for (let end = 0; end < wire.length - 2; end++) {
      const error = await read(Uint8Array.from(wire.subarray(0, end)), 'bound', {
        chunkBytes: 64,
        pieceBytes: 7,
      }).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error, `cut off at ${end}`).toBeInstanceOf(GatewayError)
      expect(error).toHaveProperty('failure.code', 'invalid_request')
    }
  })

  it('fails as a bad request, or not at all, on whatever else comes', async () => {
    const noise = fc.array(
      fc.oneof(
        fc.constantFrom(
          '--b',
          '\r\n',
          '--',
          '\r\n\r\n',
          ':',
          '; ',
          'content-disposition: form-data',
          'name="a"',
          '="',
          '%',
          "filename*=UTF-8''%",
        ),
        fc.string({ maxLength: 8 }),
      ),
      { maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 64, max: 200 }), async (pieces, chunkBytes) => {
        const wire = Uint8Array.from(new TextEncoder().encode(pieces.join('')))
        try {
          await read(wire, 'b', { chunkBytes, pieceBytes: 50 })
        } catch (error) {
          expect(error).toHaveProperty('failure.code', 'invalid_request')
        }
      }),
      { numRuns: 1000 },
    )
  })

  const fileForm = (head: string, { delimiterEnd = '', lineEnd = '\r\n' } = {}) =>
    Uint8Array.from(
      new TextEncoder().encode(
        [`--b${delimiterEnd}`, head, '', 'hello', '--b--', ''].join('\r\n').replaceAll('\r\n', lineEnd),
      ),
    )
  const cuts = [1, 7, 30, 4096].map((chunkBytes) => ({ chunkBytes, pieceBytes: 4096 }))

  it.each([
    ['a folded disposition', 'Content-Disposition: form-data; name="file";\r\n filename="a b.csv"'],
    [
      'one that is folded with a tab',
      'Content-Disposition: form-data;\r\n\tname="file";\r\n\tfilename="a b.csv"',
    ],
    [
      'one that is folded inside a name',
      'Content-Disposition: form-data; name="file"; filename="a\r\n b.csv"',
    ],
    ['one that begins on the next line', 'Content-Disposition:\r\n form-data; name=file; filename="a b.csv"'],
    [
      'further headers',
      'MIME-Version: 1.0\r\nX-A:\r\nContent-Disposition: form-data; name=file; filename="a b.csv"',
    ],
    ['a blank before the colon', 'Content-Disposition : form-data; name=file; filename="a b.csv"'],
    [
      'a filename* that is broken',
      `Content-Disposition: form-data; name=file; filename*=UTF-8''%zz; filename="a b.csv"`,
    ],
    ['a name in parts', 'Content-Disposition: form-data; name=file;\r\n filename*0="a b"; filename*1=".csv"'],
    [
      'a name in encoded parts',
      `Content-Disposition: form-data; name=file;\r\n filename*0*=us-ascii''a%20;\r\n filename*1*=b.c;\r\n filename*2=sv`,
    ],
  ])('takes %s', async (_, head) => {
    for (const how of cuts) {
      const { files } = await read(fileForm(head), 'b', how)
      expect(files).toEqual([{ filename: 'a b.csv', bytes: new TextEncoder().encode('hello') }])
    }
  })

  const plainHead = 'Content-Disposition: form-data; name="file"; filename="a.csv"'

  it.each([' ', '\t', ' \t  '])(
    'takes blanks after a boundary (RFC 2046, section 5.1.1): %j',
    async (delimiterEnd) => {
      for (const how of cuts)
        expect((await read(fileForm(plainHead, { delimiterEnd }), 'b', how)).files).toHaveLength(1)
    },
  )

  it('takes text before the first part, and after the last', async () => {
    const wire = new TextDecoder().decode(fileForm(plainHead))
    const around = Uint8Array.from(new TextEncoder().encode(`This is MIME.\r\n\r\n${wire}--b\r\nmore`))
    for (const how of cuts) expect((await read(around, 'b', how)).files).toHaveLength(1)
  })

  it('takes a part without bytes whose blank line is its end', async () => {
    const wire = `--b\r\n${plainHead}\r\n\r\n--b--`
    for (const how of cuts)
      expect((await read(Uint8Array.from(new TextEncoder().encode(wire)), 'b', how)).files).toEqual([
        { filename: 'a.csv', bytes: new Uint8Array() },
      ])
  })

  it('keeps what only begins as a delimiter does', async () => {
    for (const content of ['x\r\n--bb', '\r\n--b x\r\n', '\r\n--b-\r\n', '\r\n--b\r', '\r\r\n--'])
      for (const how of cuts) {
        const wire = formBytes([{ name: 'file', filename: 'f', content }], 'b')
        expect((await read(wire, 'b', how)).files, content).toEqual([
          { filename: 'f', bytes: new TextEncoder().encode(content) },
        ])
      }
  })

  it.each([
    ['its lines must end in CRLF', fileForm(plainHead, { lineEnd: '\n' })],
    ['its boundary does not occur in it', Uint8Array.from(new TextEncoder().encode('hello'))],
    ['it has malformed headers', fileForm('nonsense')],
    ['it has a part without a name', fileForm('Content-Disposition: form-data; filename="a.csv"')],
    ['it ends early', fileForm(plainHead).slice(0, -6)],
  ])('says of a form that %s', async (why, wire) => {
    for (const how of cuts)
      await expect(read(Uint8Array.from(wire), 'b', how)).rejects.toHaveProperty('failure.issues', [
        { field: '', message: `the form cannot be read: ${why}` },
      ])
  })
})
