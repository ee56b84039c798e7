import { describe, expect, it } from 'vitest'
import { promisedSha256, sha256Field, wantsSha256 } from '../../src/http/digest-fields'
import { booleanItem, countItem, dictionary } from '../../src/http/structured-fields'

describe('an Item', () => {
  it.each<[string, boolean | null, number | null]>([
    ['?1', true, null],
    ['?0', false, null],
    [' ?1 ', true, null],
    ['?1;a', true, null],
    ['?0; a=1;b="x;y" ;c=:AA==:;d=?1;e=@5;f=%"%c3"', false, null],
    ['?1;A=1', null, null],
    ['?1,?0', null, null],
    ['?2', null, null],
    ['true', null, null],
    ['"?1"', null, null],
    ['', null, null],
    ['5', null, 5],
    ['007;unit=b', null, 7],
    ['-0', null, 0],
    ['-1', null, null],
    ['5.0', null, null],
    ['5 6', null, null],
    ['+5', null, null],
    ['999999999999999', null, 999_999_999_999_999],
    ['1000000000000000', null, null],
    [`5;${'a'.repeat(5000)}`, null, null],
  ])('%s', (header, boolean, count) => {
    expect([booleanItem(header), countItem(header)]).toEqual([boolean, count])
  })

  it('that is absent is none', () => {
    expect([booleanItem(undefined), countItem(undefined), dictionary(undefined)]).toEqual([null, null, null])
  })
})

describe('a Dictionary', () => {
  it.each<[string, Record<string, string> | null]>([
    ['', {}],
    ['a=1', { a: '1' }],
    ['a=1, b=?0;x=1,c', { a: '1', b: '?0', c: '?1' }],
    ['a=1,a=2', { a: '2' }],
    ['a=("x" y;z=1  5.5), b="q\\"\\\\"', { a: '("x" y;z=1  5.5)', b: '"q\\"\\\\"' }],
    ['sha-256=:AA==:', { 'sha-256': ':AA==:' }],
    ['a=1,', null],
    ['a=1 b=2', null],
    ['A=1', null],
    ['=1', null],
    ['a=', null],
    ['a="x', null],
    ['a=(1', null],
  ])('%s', (header, members) => {
    const parsed = dictionary(header)
    expect(parsed && Object.fromEntries(parsed)).toEqual(members)
  })

  it('takes no longer than its length', () => {
    for (const header of [`a=(${' '.repeat(4000)}`, `a${';b'.repeat(2000)}=`, `a="${'\\"'.repeat(2000)}`]) {
      const before = performance.now()
      dictionary(header)
      expect(performance.now() - before).toBeLessThan(200)
    }
  })
})

describe('a digest', () => {
  const hex = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
  const field = 'sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:'

  it.each([field, `md5=:AAAA:, ${field}`, `${field};a=1`])('is found in %s', (header) => {
    expect(promisedSha256(header, 'Repr-Digest')).toBe(hex)
  })

  it.each([undefined, '', 'sha-512=:AAAA:', 'nonsense?'])('is not in %s', (header) => {
    expect(promisedSha256(header, 'Repr-Digest')).toBeNull()
  })

  it.each(['sha-256=:AAAA:', 'sha-256=1', 'sha-256', 'sha-256=:*:', `${field.slice(0, -2)}:`])(
    'is refused in %s',
    (header) => {
      expect(() => promisedSha256(header, 'Repr-Digest')).toThrow('invalid_request')
    },
  )

  it('is written as it is read', () => {
    expect(sha256Field(hex as Parameters<typeof sha256Field>[0])).toBe(field)
  })

  it.each([
    ['sha-256=10', true],
    ['sha-256=11', false],
    ['sha-256=0', false],
    ['sha-256=1.0', false],
  ])('is asked for by %s: %s', (header, wants) => {
    expect(wantsSha256(header)).toBe(wants)
  })
})
