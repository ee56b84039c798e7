import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../src/core/json'

describe('parseJson', () => {
  it('reads whole numbers that lost their last digits as NaN, wherever they are, and nothing else', () => {
    const text = `{"a":[9007199254740991,9007199254740992,-9007199254740993,1546130668394913822],"b":{"c":18446744073709551614},
      "d":"9007199254740993","e":1e20,"f":123456789012345678.5,"__proto__":1234567890123456789012}`
    const value = parseJson(text) as Record<string, unknown>
    expect(Object.entries(value)).toEqual([
      ['a', [9007199254740991, 9007199254740992, Number.NaN, Number.NaN]],
      ['b', { c: Number.NaN }],
      ['d', '9007199254740993'],
      ['e', 1e20],
      ['f', 123456789012345680],
      ['__proto__', Number.NaN],
    ])
  })

  it('reads any other JSON as JSON.parse does, and refuses the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.json({ maxDepth: 4 }), fc.string()),
        fc.constantFrom('', '1234567890123456'),
        (json, number) => {
          // A long number, of which all digits are kept, makes it look at every value.
          const text = number === '' ? json : `[${json},${number}]`
          let expected: unknown = SyntaxError
          try {
            expected = JSON.parse(text)
          } catch {
            expect(() => parseJson(text)).toThrow(SyntaxError)
            return
          }
          expect(parseJson(text)).toEqual(expected)
        },
      ),
    )
  })

  it('reads what is nested deeper than the stack is', () => {
    const depth = 100_000
    const text = `[1234567890123456,${'['.repeat(depth)}${']'.repeat(depth)}]`
    expect(parseJson(text)).toHaveLength(2)
  })
})
