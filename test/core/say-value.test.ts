import { describe, expect, it } from 'vitest'
import { sayValue } from '../../src/core/say-value'

describe('sayValue', () => {
  it.each([
    ['ten', '"ten"'],
    ['', '""'],
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ['a\nb\u0000', '"a\\nb\\u0000"'],
    ['abc\u202egnp.exe', '"abc\\u{202e}gnp.exe"'],
    ['\ud800', '"\\ud800"'],
    ['x'.repeat(100), `"${'x'.repeat(40)}"…`],
    ['😀'.repeat(50), `"${'😀'.repeat(40)}"…`],
    [-1.5, '-1.5'],
    [null, 'null'],
    [undefined, 'nothing'],
    [true, 'true'],
    [[1, 2], 'a list'],
    [{ secret: 1 }, 'an object'],
  ])('says %j as %s', (value, said) => {
    expect(sayValue(value)).toBe(said)
  })
})
