import { describe, expect, it } from 'vitest'
import { respelled } from '../../src/http/respell-fields'

const names = ['filename', 'contentType', 'size', 'content']

/** What becomes of `value`, or what is said of it by field. */
function respell(value: unknown): unknown {
  const issues: [string, string][] = []
  const result = respelled(names, { exact: ['content'], aliases: { size: ['byteSize'] } })(value, {
    addIssue: ({ path, message }) => issues.push([path.join('.'), message]),
  })
  return issues.length > 0 ? issues : result
}

describe('respelled', () => {
  it.each(['content_type', 'content-type', 'ContentType', 'CONTENTTYPE', 'contenttype', 'Content-Type'])(
    'takes %s for contentType',
    (spelling) => {
      expect(respell({ [spelling]: 'a/b' })).toMatchObject({ contentType: 'a/b' })
    },
  )

  it('takes another name for a field', () => {
    expect(respell({ byte_size: 5 })).toMatchObject({ size: 5 })
  })

  it('takes one thing said twice, and refuses two', () => {
    expect(respell({ size: 5, byteSize: 5 })).toMatchObject({ size: 5 })
    expect(respell({ size: 5, byteSize: 6 })).toEqual([['byteSize', 'says something else than size']])
    expect(respell({ file_name: 'a', fileName: 'b' })).toEqual([['fileName', expect.any(String)]])
  })

  it('takes null for nothing, in whatever spelling', () => {
    expect(respell({ size: 5, byteSize: null })).toMatchObject({ size: 5 })
    expect(respell({ size: null, byteSize: 5 })).toMatchObject({ size: 5 })
  })

  it('refuses another spelling of a field that is only taken as it is spelt', () => {
    expect(respell({ Content: 'aGk=' })).toEqual([['Content', 'must be spelt content']])
  })

  it.each([
    ['filname', 'filename'],
    ['fielname', 'filename'],
    ['content_typ', 'contentType'],
    ['contnetTypes', 'contentType'],
    ['sise', 'size'],
  ])('asks whether %s was meant to be %s, while that is missing', (spelling, meant) => {
    expect(respell({ [spelling]: 'x' })).toEqual([
      [spelling, `is not a field of this request; did you mean ${meant}?`],
    ])
    expect(respell({ [spelling]: 'x', [meant]: 'y' })).toMatchObject({ [meant]: 'y' })
  })

  it('lets other fields stay, whatever they are called', () => {
    const fields = JSON.parse('{"attachment_name":1,"__proto__":{"size":1},"toString":2,"si":3}')
    expect(Object.entries(respell(fields) as object)).toEqual(Object.entries(fields))
  })

  it('leaves what is no object to the schema', () => {
    for (const value of [null, undefined, 'x', 5, [1]]) expect(respell(value)).toBe(value)
  })

  it('repeats little of long names', () => {
    expect(JSON.stringify(respell({ [`content${'_'.repeat(5000)}`]: 'x' })).length).toBeLessThan(200)
  })
})
