import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonPointer, valueAt } from '../../src/core/json-pointer'

const at = (document: unknown, text: string) => valueAt(document, parseJsonPointer(text) ?? expect.fail(text))

describe('a JSON Pointer', () => {
  // RFC 6901, section 5.
  const document = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  }
  it.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j points where its RFC says', (text, value) => {
    expect(at(document, text)).toEqual(value)
  })

  it.each(['a', 'a/b', '/a~', '/~2', '/a~/b', '#/a', ' /a'])('is not %j', (text) => {
    expect(parseJsonPointer(text)).toBeNull()
  })

  it.each([
    '/foo/2',
    '/foo/-',
    '/foo/00',
    '/foo/length',
    '/foo/0/0',
    '/foo/0/length',
    '/a',
    '/constructor',
    '/__proto__',
  ])('points to nothing: %s', (text) => {
    expect(at(document, text)).toBeUndefined()
  })

  it('turns ~01 into ~1, not into a slash', () => {
    expect(parseJsonPointer('/~01')).toEqual(['~1'])
  })

  it('finds every member under its escaped name', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 5 }), fc.jsonValue(), (names, value) => {
        const nested = names.reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), value)
        const text = names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
        expect(at(nested, text)).toEqual(value)
      }),
    )
  })
})
