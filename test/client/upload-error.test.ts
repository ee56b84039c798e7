import { describe, expect, it } from 'vitest'
import { codeOfRefusal, errorOfAnswer, UploadError } from '../../client/upload-error'

describe('errorOfAnswer', () => {
  it.each([
    [408, 'network'],
    [400, 'invalid'],
    [401, 'unauthorized'],
    [402, 'quota'],
    [403, 'forbidden'],
    [404, 'expired'],
    [409, 'expired'],
    [413, 'too_large'],
    [415, 'type_refused'],
    [418, 'invalid'],
    [422, 'refused'],
    [429, 'rate_limited'],
    [500, 'server'],
    [503, 'server'],
  ])('of %d has the code %s and a sentence for people', (status, code) => {
    const error = errorOfAnswer(status, JSON.stringify({ status, detail: 'The token is expired' }))
    expect(error).toBeInstanceOf(UploadError)
    expect(error).toMatchObject({ name: 'UploadError', code, status, detail: 'The token is expired' })
    expect(error.message).toMatch(/^[A-Z][^{}_]+\.$/)
  })

  it.each(['', '<html>Bad Gateway</html>', 'null', '{}', '[]'])('of the body %j has no detail', (text) => {
    expect(errorOfAnswer(502, text)).toMatchObject({ code: 'server', detail: '' })
  })
})

describe('codeOfRefusal', () => {
  it.each([
    ['type_mismatch', 'type_refused'],
    ['quota_exceeded', 'quota'],
    ['never_arrived', 'expired'],
    ['aborted', 'expired'],
    ['size_mismatch', 'refused'],
    ['checksum_mismatch', 'refused'],
    [null, 'refused'],
    [undefined, 'refused'],
  ])('of %j is %s', (refusal, code) => {
    expect(codeOfRefusal(refusal)).toBe(code)
  })
})
