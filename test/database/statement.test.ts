import { env } from 'cloudflare:workers'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { readRow, readRows, runBatch, runRepeatableBatch } from '../../src/database/d1'
import { prepare, type Statement } from '../../src/database/statement'

const db = env.DB
type Pair = { a: number; b: string }

function selectPair(a: number, b: string): Statement<Pair> {
  return prepare(db, 'SELECT CAST(:a AS INTEGER) AS a, :b AS b', { a, b })
}

describe('a statement', () => {
  it('has its values by name, in whatever order and however often the text has them', async () => {
    const statement: Statement<{ text: string }> = prepare(
      db,
      "SELECT :last || :first2 || :last || ',' || :first2 || :lastOne AS text",
      { first2: '1', lastOne: '3', last: '2' },
    )
    expect(await readRow('test', statement)).toEqual({ text: '212,13' })
  })

  it('keeps the values of one use from the next', async () => {
    for (const value of ['a', 'b'])
      expect(await readRow('test', selectPair(1, value))).toEqual({ a: 1, b: value })
  })

  it('takes text, numbers, truth and null', async () => {
    const values = { text: "it's", number: 1.5, isTrue: true, isFalse: false, none: null }
    const statement: Statement<Record<string, unknown>> = prepare(
      db,
      'SELECT :text AS a, :number AS b, CAST(:isTrue AS INTEGER) AS c, CAST(:isFalse AS INTEGER) AS d, :none AS e',
      values,
    )
    expect(await readRow('test', statement)).toEqual({ a: "it's", b: 1.5, c: 1, d: 0, e: null })
  })

  it('is numbered anew where there have been many texts, and works as before', async () => {
    for (let n = 0; n < 1100; n++) prepare(db, `SELECT ${n}`, {})
    expect(await readRow('test', selectPair(1, 'b'))).toEqual({ a: 1, b: 'b' })
  })

  it('compiles only with exactly the values that its text names', () => {
    const isOwn = 'id = :id AND organization_id = :organizationId'
    const inside = `EXISTS (SELECT 1 FROM files WHERE ${isOwn})` as const
    const where = <const Condition extends string>(condition: Condition) =>
      `SELECT id FROM files WHERE ${condition}` as const
    const id = 'f'
    const both = { id, organizationId: 'o' }
    for (const statement of [
      prepare(db, 'SELECT 1', {}),
      prepare(db, `SELECT id FROM files WHERE ${isOwn}`, both),
      prepare(db, `SELECT id FROM files WHERE ${inside}\nLIMIT :limit`, { ...both, limit: 1 }),
      prepare(db, where(inside), both),
    ])
      expectTypeOf(statement).toEqualTypeOf<Statement>()
    const refused = () => {
      // @ts-expect-error a value is missing
      prepare(db, 'SELECT id FROM files WHERE id = :id AND organization_id = :organizationId', { id })
      // @ts-expect-error a value is missing which a fragment names
      prepare(db, `SELECT id FROM files WHERE ${isOwn}`, { id })
      // @ts-expect-error a value is missing which a fragment in a fragment names
      prepare(db, `SELECT id FROM files WHERE ${inside}`, { id })
      // @ts-expect-error a value is missing which a fragment names that a function puts together
      prepare(db, where(inside), { id })
      // @ts-expect-error the text names none
      prepare(db, 'SELECT 1', { id })
      // @ts-expect-error one is superfluous
      prepare(db, 'SELECT id FROM files WHERE id = :id', { id, limit: 1 })
      // @ts-expect-error one is superfluous, and comes by a variable
      prepare(db, 'SELECT id FROM files WHERE id = :id', both)
      // @ts-expect-error one is superfluous, and is spread
      prepare(db, 'SELECT id FROM files WHERE id = :id', { ...both })
      // @ts-expect-error another name that begins alike
      prepare(db, 'SELECT id FROM files WHERE id = :id2', { id })
      // @ts-expect-error D1 does not bind objects
      prepare(db, 'SELECT id FROM files WHERE id = :id', { id: {} })
      // @ts-expect-error a colon before a letter is a parameter in a comment too
      prepare(db, 'SELECT 1 -- as:that', {})
    }
    expect(refused).toThrow()
  })
})

describe.each([
  ['runBatch', runBatch],
  ['runRepeatableBatch', runRepeatableBatch],
])('%s', (_, run) => {
  it('gives the rows of each step by its name, and none of one that is left out', async () => {
    const rows = await run(db, 'test', {
      second: selectPair(2, 'b'),
      none: prepare(db, 'DELETE FROM files', {}),
      left: null,
      first: selectPair(1, 'a'),
    })
    expect(rows).toEqual({ second: [{ a: 2, b: 'b' }], none: [], left: [], first: [{ a: 1, b: 'a' }] })
  })

  it('runs the steps in the order of the object, as one transaction', async () => {
    const insert = (id: string) =>
      prepare(db, 'INSERT INTO organizations (id, name, created_at) VALUES (:id, :id, 0)', { id })
    const count: Statement<{ n: number }> = prepare(db, 'SELECT count(*) AS n FROM organizations', {})
    const { before, after } = await run(db, 'test', { before: count, insert: insert('one'), after: count })
    expect([before, after]).toEqual([[{ n: 0 }], [{ n: 1 }]])
    await expect(run(db, 'test', { first: insert('two'), again: insert('two') })).rejects.toMatchObject({
      failure: { code: 'database_failed', operation: 'test' },
    })
    expect(await readRows('test', count)).toEqual([{ n: 1 }])
  })

  it('has the types of its rows, and compiles only with the steps that are read', async () => {
    const optional: Statement<Pair> | null = Date.now() > 0 ? selectPair(1, 'a') : null
    const rows = await run(db, 'test', { pair: selectPair(1, 'a'), optional, none: null })
    expectTypeOf(rows.pair).toEqualTypeOf<Pair[]>()
    expectTypeOf(rows.optional).toEqualTypeOf<Pair[]>()
    // @ts-expect-error no such step
    expect(rows.missing).toBeUndefined()
    // @ts-expect-error no such column
    expect(rows.pair[0]?.c).toBeUndefined()
    // @ts-expect-error a statement of other rows
    const other: Statement<{ c: number }> = selectPair(1, 'a')
    expect(other).toBeDefined()
  })
})
