import { describe, expect, it } from 'vitest'
import { evaluatePreconditions, ifRangeHolds, parseHttpDate } from '../../src/http/preconditions'

const now = Date.UTC(2026, 10, 25)
const lastModified = Date.UTC(1994, 10, 6, 8, 49, 37)
const strong = { etag: '"a"', lastModified }

function outcomeOf(headers: Record<string, string>, validators = strong, method = 'GET') {
  return evaluatePreconditions(new Request('https://x.example/', { method, headers }), validators, now)
}

describe('parseHttpDate', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads %s (RFC 9110, section 5.6.7)',
    (text) => {
      expect(parseHttpDate(text, now)).toBe(lastModified)
    },
  )

  it('takes two digits for a year at most 50 years ahead', () => {
    expect(parseHttpDate('Friday, 06-Nov-76 00:00:00 GMT', now)).toBe(Date.UTC(2076, 10, 6))
    expect(parseHttpDate('Saturday, 06-Nov-77 00:00:00 GMT', now)).toBe(Date.UTC(1977, 10, 6))
  })

  it.each([
    '',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    '1994-11-06T08:49:37Z',
    '784111777',
  ])('finds no date in %j', (text) => {
    expect(parseHttpDate(text, now)).toBeNull()
  })
})

describe('evaluatePreconditions', () => {
  it('compares strongly for If-Match and weakly for If-None-Match (RFC 9110, section 8.8.3.2)', () => {
    const weak = { ...strong, etag: 'W/"a"' }
    for (const header of ['"a"', 'W/"a"']) {
      expect(outcomeOf({ 'if-none-match': header }, weak)).toBe('not_modified')
      expect(outcomeOf({ 'if-match': header }, weak)).toBe('failed')
    }
    expect(outcomeOf({ 'if-match': '*' }, weak)).toBe('proceed')
  })

  it('reads ETags that hold commas and stars', () => {
    expect(outcomeOf({ 'if-match': '"x","a,*"' }, { ...strong, etag: '"a,*"' })).toBe('proceed')
    expect(outcomeOf({ 'if-match': '"a,*"' })).toBe('failed')
    expect(outcomeOf({ 'if-none-match': '"*"' })).toBe('proceed')
  })

  it('answers another method than GET and HEAD with a failure where these get 304', () => {
    expect(outcomeOf({ 'if-none-match': '"a"' }, strong, 'DELETE')).toBe('failed')
    const since = { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }
    expect(outcomeOf(since, strong, 'DELETE')).toBe('proceed')
    expect(outcomeOf(since)).toBe('not_modified')
  })
})

describe('ifRangeHolds', () => {
  it.each([
    ['"a"', true],
    ['W/"a"', false],
    ['"b"', false],
    ['Sun, 06 Nov 1994 08:49:37 GMT', true],
    ['Sun, 06 Nov 1994 08:49:38 GMT', false],
    ['', false],
    ['a', false],
  ])('%j: %s', (ifRange, holds) => {
    expect(ifRangeHolds(new Headers({ 'if-range': ifRange }), strong, now)).toBe(holds)
  })
})
