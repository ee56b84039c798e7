import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contradictingType } from '../../../src/core/contents/verify-content-type'
import { detectionSampleBytes } from '../../../src/core/ports/content-type-detector'
import { detectWithFileType } from '../../../src/detection/file-type-detector'
import { supportedContentTypes } from '../../../src/dialects/quantcdn/schema'

type Bytes = Uint8Array<ArrayBuffer>

describe('the bytes of a file', () => {
  const signed = Object.entries(signedSamples())

  it.each(signed)('that are %s are accepted as it, with and without a parameter', async (declared, bytes) => {
    expect(await contradiction(declared, bytes)).toBeNull()
    expect(await contradiction(`${declared}; a=b`, bytes)).toBeNull()
  })

  const families: Record<string, string> = {
    'image/png': 'pixels',
    'image/jpeg': 'pixels',
    'image/gif': 'pixels',
    'image/webp': 'pixels',
    'video/mp4': 'film',
    'video/webm': 'film',
  }
  it.each(signed)('that are %s are refused as any other kind of thing', async (actual, bytes) => {
    const familyOf = (type: string) => families[type] ?? type
    for (const [declared] of signed)
      expect(await contradiction(declared, bytes)).toBe(
        familyOf(declared) === familyOf(actual) ? null : actual,
      )
  })

  it.each(signed)('that are %s are refused as text, JSON and SVG', async (actual, bytes) => {
    for (const declared of ['text/plain', 'text/html', 'application/json', 'image/svg+xml']) {
      const isPackedImage = declared === 'image/svg+xml' && actual === 'application/gzip'
      expect(await contradiction(declared, bytes)).toBe(isPackedImage ? null : actual)
    }
  })

  it.each(signed)('that are %s are recognised in the sample of a long file', async (actual, bytes) => {
    const long = joined(bytes, new Uint8Array(3 * detectionSampleBytes).fill(0xa5))
    expect(await contradiction(actual, long)).toBeNull()
    expect(await contradiction('text/plain', long)).toBe(actual)
  })

  it('that are a PNG are refused as a PDF, even when its first chunk is longer than the sample', async () => {
    expect(await contradiction('application/pdf', pngWithProfile(20_000))).toBe('image/png')
    expect(await contradiction('image/png', pngWithProfile(20_000))).toBeNull()
  })

  it('that are a real gzip file are accepted as it, whatever is inside and wherever the sample ends', async () => {
    for (const inside of [text('hello'), pngWithProfile(10), random(20_000)]) {
      const bytes = await gzip(inside)
      expect(await contradiction('application/gzip', bytes)).toBeNull()
      expect(await contradiction('image/png', bytes)).toBe('application/gzip')
    }
  })

  const zips: Record<string, Bytes> = {
    'a plain zip': zipOf('a.txt', 'hello'),
    'a docx': joined(
      zipOf('[Content_Types].xml', contentTypesXml('wordprocessingml.document.main')),
      zipOf('word/document.xml', '<w/>'),
    ),
    'an xlsx': joined(
      zipOf('[Content_Types].xml', contentTypesXml('spreadsheetml.sheet.main')),
      zipOf('xl/workbook.xml', '<w/>'),
    ),
    'an epub': zipOf('mimetype', 'application/epub+zip'),
    'an OpenDocument text': zipOf('mimetype', 'application/vnd.oasis.opendocument.text'),
    'a jar': zipOf('META-INF/MANIFEST.MF', 'Manifest-Version: 1.0'),
    'an APK': zipOf('classes.dex', 'dex'),
    'a browser extension': zipOf('META-INF/mozilla.rsa', 'x'),
  }
  it.each(Object.entries(zips))(
    'that are %s are accepted as a zip and refused as an image',
    async (_, bytes) => {
      expect(await contradiction('application/zip', bytes)).toBeNull()
      expect(await contradiction('image/png', bytes)).not.toBeNull()
    },
  )

  it('that are a 3D model in a zip are accepted as a zip', async () => {
    expect(await contradiction('application/zip', zipOf('3D/a.model', '<m/>'))).toBeNull()
  })

  const plainTexts = [
    'BM is a bitmap, or a company',
    'MZ, the initials of Mark Zbikowski',
    'II* is not a picture',
    'ID3 tags explained',
    'PK! said the printer',
    'Rar! it roared',
    'GIF89a is a format',
    '%!PS is how PostScript begins',
    '{\\rtf is how RTF begins',
    'OggS',
    'fLaC',
    'wOFF',
    'FLV',
    'SQLite format 3',
    '<?xml version="1.0"?><note/>',
    '#!/bin/sh\necho hi\n',
    '\ufeffwith a byte order mark',
    'BM \u001b[31mred\u001b[0m and a tab\tand a form feed\f',
    'BM Größenwahn 報告 📄',
    '',
  ]
  it.each(plainTexts)('that are the text %j are accepted as text', async (plain) => {
    for (const declared of [
      'text/plain',
      'text/plain; charset=utf-8',
      'text/markdown',
      'text/html',
      'text/javascript',
    ])
      expect(await contradiction(declared, text(plain))).toBeNull()
  })

  it.each(['fffe', 'feff'])('that are UTF-16 text with the mark %s are accepted as text', async (mark) => {
    const units = mark === 'fffe' ? '480065006c006c006f00' : '00480065006c006c006f'
    expect(await contradiction('text/plain', Uint8Array.fromHex(mark + units))).toBeNull()
  })

  it('that are text are accepted as text when the sample ends inside a character', async () => {
    for (let pad = 0; pad < 4; pad++)
      expect(await contradiction('text/plain', text(`BM${'x'.repeat(pad)}${'📄'.repeat(3000)}`))).toBeNull()
  })

  it.each(['text/plain', 'text/html', 'text/markdown', 'image/svg+xml', 'application/json', 'image/png'])(
    'that are a PDF are refused as %s',
    async (declared) => {
      expect(await contradiction(declared, text('%PDF-1.7\n1 0 obj\n'))).toBe('application/pdf')
    },
  )

  it.each([
    '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<!-- drawn by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    '\ufeff<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
  ])('that are %j are accepted as an SVG image', async (svg) => {
    expect(await contradiction('image/svg+xml', text(svg))).toBeNull()
  })

  it('that are XML are refused as a picture of pixels', async () => {
    expect(await contradiction('image/png', text('<?xml version="1.0"?><note/>'))).toBe('application/xml')
    expect(await contradiction('image/png', text('<?xml version="1.0"?><svg/>'))).toBe('image/svg+xml')
  })

  it.each([
    ['video/mp4', 'ftypM4V '],
    ['video/mp4', 'ftypqt  '],
    ['video/mp4', 'ftypisom'],
    ['video/mp4', 'ftypmp42'],
  ])('are accepted as %s when their brand is %s', async (declared, brand) => {
    expect(
      await contradiction(declared, joined(Uint8Array.of(0, 0, 0, 24), text(`${brand}\0\0\0\0mp42isom`))),
    ).toBeNull()
  })

  it('are accepted as a video when they are a photo of the same container only if they are not', async () => {
    const heic = joined(Uint8Array.of(0, 0, 0, 24), text('ftypheic\0\0\0\0mif1heic'))
    expect(await contradiction('video/mp4', heic)).toBe('image/heic')
  })

  it.each(supportedContentTypes)(
    'that no signature recognises are taken as declared: %s',
    async (declared) => {
      for (const bytes of [
        new Uint8Array(),
        Uint8Array.of(0),
        text('just words'),
        Uint8Array.fromHex('c0ffee00decafbad'),
      ])
        expect(await contradiction(declared, bytes)).toBeNull()
    },
  )

  it('are never more than accepted or refused, whatever they are', async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(
          fc.constantFrom(...Object.values(signedSamples())),
          fc.nat(64),
          fc.uint8Array({ maxLength: 200 }),
        )
        .map(([bytes, length, more]) => joined(bytes.slice(0, length), more)),
      fc.tuple(fc.constantFrom(...Object.values(zips)), fc.nat(200), fc.nat(255)).map(([bytes, at, byte]) => {
        const changed = bytes.slice()
        changed[at % changed.length] = byte
        return changed
      }),
    )
    await fc.assert(
      fc.asyncProperty(anything, fc.constantFrom(...supportedContentTypes), async (bytes, declared) => {
        const detected = await detectWithFileType(Uint8Array.from(bytes))
        const actual = contradictingType(declared, detected)
        if (actual !== null) expect(actual).not.toBe(declared)
        if (detected === null) expect(actual).toBeNull()
      }),
      { numRuns: 600 },
    )
  })
})

describe('contradictingType', () => {
  it('throws for no type and no bytes', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string()), (declared, detected) => {
        const actual = contradictingType(declared, detected)
        expect(actual === null || typeof actual === 'string').toBe(true)
      }),
    )
  })

  it('accepts a type as itself, whatever its parameters and case', () => {
    expect(contradictingType('Text/Plain; charset=utf-8', 'text/plain')).toBeNull()
  })
})

/** What the gateway does with the bytes of an upload. */
async function contradiction(declared: string, bytes: Bytes): Promise<string | null> {
  const sample = bytes.slice(0, detectionSampleBytes)
  return contradictingType(declared, await detectWithFileType(sample))
}

/** The start of a file of each type that has a signature. */
function signedSamples(): Record<string, Bytes> {
  return {
    'image/png': pngWithProfile(0),
    'image/jpeg': joined(Uint8Array.fromHex('ffd8ffe000104a46494600010100000100010000ffdb')),
    'image/gif': joined(text('GIF89a'), Uint8Array.fromHex('01000100800000000000ffffff21f904')),
    'image/webp': joined(text('RIFF'), Uint8Array.of(36, 0, 0, 0), text('WEBPVP8 '), new Uint8Array(24)),
    'application/pdf': joined(text('%PDF-1.7\n%'), Uint8Array.fromHex('e2e3cfd30a')),
    'application/zip': zipOf('a.bin', '\u0000\u0001'),
    'application/gzip': Uint8Array.fromHex('1f8b0800000000000003cb48cdc9c9070086a6103605000000'),
    'video/mp4': joined(Uint8Array.of(0, 0, 0, 24), text('ftypisom\0\0\u0002\0isomiso2')),
    'video/webm': joined(
      Uint8Array.fromHex(
        '1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701ffffffffffffff',
      ),
    ),
  }
}

/** A PNG of one pixel; with a colour profile of so many bytes before the pixel, if not 0. */
function pngWithProfile(profileBytes: number): Bytes {
  const chunk = (type: string, data: Bytes) => joined(bigEndian(data.length), text(type), data, bigEndian(0))
  return joined(
    Uint8Array.fromHex('89504e470d0a1a0a'),
    chunk('IHDR', Uint8Array.fromHex('00000001000000010806000000')),
    profileBytes === 0 ? new Uint8Array() : chunk('iCCP', new Uint8Array(profileBytes)),
    chunk('IDAT', Uint8Array.fromHex('789c6300010000050001')),
    chunk('IEND', new Uint8Array()),
  )
}

/** A local file header and its stored data, as the start of a zip archive. */
function zipOf(name: string, data: string): Bytes {
  const header = new DataView(new ArrayBuffer(30))
  header.setUint32(0, 0x04034b50, true)
  header.setUint16(4, 20, true)
  header.setUint32(18, text(data).length, true)
  header.setUint32(22, text(data).length, true)
  header.setUint16(26, text(name).length, true)
  return joined(new Uint8Array(header.buffer), text(name), text(data))
}

function contentTypesXml(part: string): string {
  const type = `application/vnd.openxmlformats-officedocument.${part}+xml`
  return `<?xml version="1.0"?><Types><Override PartName="/x.xml" ContentType="${type}"/></Types>`
}

async function gzip(bytes: Bytes): Promise<Bytes> {
  const packed = new Response(bytes).body?.pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed ?? null).arrayBuffer())
}

function random(byteLength: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(byteLength))
}

function bigEndian(value: number): Bytes {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, value)
  return new Uint8Array(view.buffer)
}

function text(value: string): Bytes {
  return Uint8Array.from(new TextEncoder().encode(value))
}

function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

describe('a container', () => {
  const cases: [declared: string, proven: string, verdict: string | null][] = [
    ['application/octet-stream', 'image/png', null],
    ['application/msword', 'application/x-cfb', null],
    ['image/png', 'application/x-cfb', 'application/x-cfb'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/zip', null],
    ['application/epub+zip', 'application/zip', null],
    ['image/png', 'application/zip', 'application/zip'],
    ['application/x-zip-compressed', 'application/zip', null],
    ['image/jpg', 'image/jpeg', null],
    ['audio/webm', 'video/webm', null],
    [
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      null,
    ],
    [
      'application/pdf',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    ],
  ]
  it.each(cases)('declared %s and proven %s is judged %j', (declared, proven, verdict) => {
    expect(contradictingType(declared, proven)).toBe(verdict)
  })
})
