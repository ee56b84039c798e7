import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Issue } from '../../../src/core/errors'
import { type Json, type Metadata, termsOf } from '../../../src/core/files/metadata'
import { filterMaxTerms, parseMetadataFilter } from '../../../src/core/files/metadata-filter'
import type { OrganizationId } from '../../../src/core/ids'
import { parseJson } from '../../../src/core/json'
import { metadatas, objectOf, oddNames } from '../../support/arbitraries'
import { issuesOf } from '../../support/issues'

describe('termsOf and parseMetadataFilter', () => {
  const acme = 'acme' as OrganizationId
  const filterOf = (filter: Metadata) => parseMetadataFilter(acme, filter, 'filter')
  const termsIn = (metadata: Metadata) => termsOf(acme, metadata)

  it('find a file by any choice of its own scalars', async () => {
    const own = metadatas.chain((metadata) => {
      const scalars = Object.entries(metadata).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value])
          .filter(isScalarValue)
          .map((scalar) => [name, scalar] as const),
      )
      return fc.record({
        metadata: fc.constant(metadata),
        chosen: fc.subarray(scalars, { maxLength: Math.min(filterMaxTerms, scalars.length) }),
      })
    })
    await fc.assert(
      fc.asyncProperty(own, async ({ metadata, chosen }) => {
        // As it comes out of a database and out of a query string.
        const terms = await termsIn(JSON.parse(JSON.stringify(metadata)) as Metadata)
        const filter = JSON.parse(JSON.stringify(Object.fromEntries(chosen))) as Metadata
        for (const term of await filterOf(filter)) expect(terms).toContain(term)
      }),
      { numRuns: 500 },
    )
  })

  it('ask for every scalar of an array', async () => {
    const [a, b, n] = [{ tags: 'a' }, { tags: 'b' }, { n: 1 }].map(async (one) => (await termsIn(one))[0])
    expect(await filterOf({ tags: ['a', 'b'], n: 1 })).toEqual([await a, await b, await n])
    const metadata = { tags: ['a', 'b', { c: 1 }, ['d']], inner: { x: 1 } }
    expect(await termsIn(metadata)).toEqual([await a, await b])
  })

  it('tell 1, "1", true, "true", null, "null", "" and 0 apart', async () => {
    const values: Json[] = [1, '1', true, 'true', null, 'null', '', 0, false, 'false']
    const terms = await Promise.all(values.map((a) => termsIn({ a })))
    expect(new Set(terms.flat()).size).toBe(values.length)
    expect(await Promise.all(values.map((a) => filterOf({ a })))).toEqual(terms)
  })

  it('tell fields, values and organizations apart, whatever characters they have', async () => {
    await fc.assert(
      fc.asyncProperty(
        oddNames,
        oddNames,
        oddNames,
        oddNames,
        async (field, value, otherField, otherValue) => {
          const same = field === otherField && value === otherValue
          const [left, right] = [objectOf([[field, value]]), objectOf([[otherField, otherValue]])]
          const terms = await filterOf(left)
          expect(terms[0] === (await filterOf(right))[0]).toBe(same)
          expect(await termsOf('other' as OrganizationId, left)).not.toEqual(terms)
        },
      ),
    )
  })

  it('have 16 characters, whatever they stand for', async () => {
    for (const a of ['', 'x'.repeat(8000), null, 1.5])
      expect((await termsIn({ a })).join()).toMatch(/^[A-Za-z0-9_-]{16}$/)
  })

  it('name each pair once', async () => {
    expect(await termsIn({ a: [1, 1, '1', 1.0] })).toHaveLength(2)
    expect(await filterOf({ a: Array.from({ length: 1000 }, () => 'same') })).toHaveLength(1)
  })

  it.each([
    ['an object', { a: { b: 1 } }, 'filter.a'],
    ['an empty object', { 'x y': {} }, 'filter.x y'],
    ['an array in an array', { ok: 1, a: [1, [2]] }, 'filter.a'],
    ['an object in an array', { a: [{ b: 1 }] }, 'filter.a'],
    [
      'a whole number that lost its last digits',
      parseJson('{"post":9007199254740993}') as Metadata,
      'filter.post',
    ],
    ['one in an array', parseJson('{"post":["1",-1546130668394913823]}') as Metadata, 'filter.post'],
    ['a number beyond a double', parseJson('{"n":1e400}') as Metadata, 'filter.n'],
  ])('refuse %s, naming the field', async (_, filter, field) => {
    expect(await issuesOfAsync(filterOf(filter))).toMatchObject([{ field }])
  })

  const conditions = (count: number): Metadata =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]))
  it(`accept ${filterMaxTerms} conditions and refuse one more, as fields or in arrays`, async () => {
    const scalars = Array.from({ length: filterMaxTerms + 1 }, (_, index) => index)
    expect(await filterOf(conditions(filterMaxTerms))).toHaveLength(filterMaxTerms)
    expect(await filterOf({ a: scalars.slice(1) })).toHaveLength(filterMaxTerms)
    for (const filter of [conditions(filterMaxTerms + 1), { a: scalars }])
      expect(await issuesOfAsync(filterOf(filter))).toMatchObject([{ field: 'filter' }])
  })

  it.each(['__proto__', 'constructor', 'toString', '\u0000', '\ud800', '', '"', "'; DROP TABLE files; --"])(
    'find a file by the field and the value %j',
    async (odd) => {
      const metadata = objectOf([[odd, odd]])
      expect(await filterOf(metadata)).toHaveLength(1)
      expect(await termsIn(metadata)).toEqual(await filterOf(metadata))
    },
  )

  it('throw nothing but a refusal, for any JSON object', async () => {
    await fc.assert(
      fc.asyncProperty(metadatas, async (filter) => {
        for (const { field } of (await issuesOfAsync(filterOf(filter))) ?? [])
          expect(field).toMatch(/^filter/)
      }),
      { numRuns: 500 },
    )
  })
})

function isScalarValue(value: Json): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

/** The issues that `step` was refused with, null when it was not. */
async function issuesOfAsync(step: Promise<unknown>): Promise<readonly Issue[] | null> {
  const error = await step.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error === null
    ? null
    : issuesOf(() => {
        throw error
      })
}
