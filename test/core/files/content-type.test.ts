import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  contentTypeMaxBytes,
  essenceOf,
  isSameContentType,
  parseContentType,
} from '../../../src/core/files/content-type'
import { supportedContentTypes } from '../../../src/dialects/quantcdn/schema'

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
