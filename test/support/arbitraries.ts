import * as fc from 'fast-check'
import type { Json, Metadata } from '../../src/core/files/metadata'

/** Filenames as clients send them, and worse: what composes, turns the direction, ends a line, or is no Unicode at all. */
export const filenames = fc.oneof(
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

/** Names that break what was not written with care. */
export const oddNames = fc.oneof(
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

export const metadatas: fc.Arbitrary<Metadata> = fc
  .array(fc.tuple(oddNames, json), { maxLength: 8 })
  .map(objectOf)

/** As JSON.parse makes them: `__proto__` is a field like any other. */
export function objectOf(entries: readonly (readonly [string, Json])[]): Metadata {
  return Object.fromEntries(entries)
}
