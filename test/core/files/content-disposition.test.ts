import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentDispositionOf } from '../../../src/core/files/content-disposition'
import { sanitizeFilename } from '../../../src/core/files/filename'
import { filenames } from '../../support/arbitraries'

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
