import { describe, expect, it } from 'vitest'
import { readPartHeaders } from '../../src/http/form-part'

const filenameOf = (parameters: string) =>
  readPartHeaders({ 'content-disposition': `form-data; name="file"; ${parameters}` }).filename

describe('the filename of a part', () => {
  it.each([
    // .NET Framework and .NET Core.
    ['filename="=?utf-8?B?w7xiZXIuY3N2?="', 'über.csv'],
    // Spring.
    ['filename="=?UTF-8?Q?=C3=BCber_uns.csv?="', 'über uns.csv'],
    // JavaMail, which breaks long names.
    ['filename="=?UTF-8?Q?=C3=BCber_?= =?UTF-8?Q?uns.csv?="', 'über uns.csv'],
    ['filename="=?UTF-8?Q?=C3=BCber_?=\r\n =?UTF-8?Q?uns.csv?="', 'über uns.csv'],
    ['filename="=?UTF-8?B?w7w=?= und =?UTF-8?B?w6Q=?=.csv"', 'ü und ä.csv'],
    // A character broken in two.
    ['filename="=?UTF-8?B?ww==?= =?UTF-8?B?vC5jc3Y=?="', 'ü.csv'],
    ['filename="=?ISO-8859-1?Q?=FCber.csv?="', 'über.csv'],
    ['filename="=?iso-8859-1*de?q?=FCber.csv?="', 'über.csv'],
    ['filename="=?Shift_JIS?B?lVyPsi5jc3Y=?="', '表彰.csv'],
    ['filename="=?koi8-r?B?8NLJ18XU?=.csv"', 'Привет.csv'],
    ['filename="a =?UTF-8?Q?b?= c.csv"', 'a b c.csv'],
    // Not decodable: as they are.
    ['filename="=?x-unknown?B?YQ==?=.csv"', '=?x-unknown?B?YQ==?=.csv'],
    ['filename="=?utf-8?B?w7?=.csv"', '=?utf-8?B?w7?=.csv'],
    ['filename="=?utf-8?Q?=C3?=.csv"', '=?utf-8?Q?=C3?=.csv'],
    ['filename="=?utf-8?Q?=ZZ?=.csv"', '=?utf-8?Q?=ZZ?=.csv'],
    ['filename="what=?.csv"', 'what=?.csv'],
  ])('in encoded words, %s, is %j', (parameters, expected) => {
    expect(filenameOf(parameters)).toBe(expected)
  })

  it.each([
    ["filename*=UTF-8''%C3%BCber.csv", 'über.csv'],
    ["filename*=utf-8'de'%C3%BCber.csv", 'über.csv'],
    ["filename*=ISO-8859-1''%FCber.csv", 'über.csv'],
    ["filename*=iso-8859-1'en'%A3%20rates.csv", '£ rates.csv'],
    ['filename="x.csv"; filename*=UTF-8\'\'%FC.csv', 'x.csv'],
    ['filename="x.csv"; filename*=UTF-8\'\'%', 'x.csv'],
    ['filename="x.csv"; filename*=nonsense\'\'a.csv', 'x.csv'],
    ['filename*0*=UTF-8\'\'%C3%BC; filename*1="ber 100%25 "; filename*2*=%C3%A4.csv', 'über 100%25 ä.csv'],
    ['filename*0="a long "; filename*1="name.csv"', 'a long name.csv'],
  ])('in %s is %j', (parameters, expected) => {
    expect(filenameOf(parameters)).toBe(expected)
  })

  it('is read in time that grows with its length', () => {
    for (const hostile of ['=?', '=?utf-8?Q?', '; filename="', '\\"', ' ', ';a', '=?utf-8?Q?a?= '])
      expect(filenameOf(`filename="${hostile.repeat(20_000)}"`)).toEqual(expect.any(String))
  })
})
