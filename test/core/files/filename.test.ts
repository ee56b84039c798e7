import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filenameMaxBytes, sanitizeFilename } from '../../../src/core/files/filename'
import { filenames } from '../../support/arbitraries'

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

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
