import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extensionOf, objectKeyFor, parseObjectKey } from '../../../src/core/contents/content'
import type { FileId, OrganizationId } from '../../../src/core/ids'
import { supportedContentTypes } from '../../../src/dialects/quantcdn/schema'

describe('objectKeyFor', () => {
  const organization = 'acme-1' as OrganizationId
  const id = '01a2044f-ecb0-7399-b37c-ae221b24fbb3' as FileId

  it.each([
    ['image/png', `acme-1/${id}.png`],
    ['text/plain', `acme-1/${id}.txt`],
    ['application/gzip', `acme-1/${id}.gz`],
    ['application/octet-stream', `acme-1/${id}`],
    ['x/../../y', `acme-1/${id}`],
  ])('of %s is %s', (essence, key) => {
    expect(objectKeyFor(organization, id, essence)).toBe(key)
  })

  it('has an extension for every supported type', () => {
    for (const essence of supportedContentTypes) expect(extensionOf(essence)).toMatch(/^[a-z0-9]{2,4}$/)
  })

  it('is made of A-Z, a-z, 0-9 and /_.- alone, whatever the type', () => {
    const essences = fc
      .tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
      .map((parts) => parts.join('/'))
    fc.assert(
      fc.property(fc.oneof(essences, fc.constantFrom(...supportedContentTypes)), (essence) => {
        expect(objectKeyFor(organization, id, essence)).toMatch(/^[A-Za-z0-9/_.-]+$/)
      }),
    )
  })
})

describe('parseObjectKey', () => {
  const organization = fc.stringMatching(/^[a-z0-9-]{1,63}$/).map((text) => text as OrganizationId)
  const file = fc.uuid().map((text) => text as FileId)
  const essence = fc.constantFrom('image/png', 'text/plain', 'application/x-unknown')

  it('tells whose every key that is made is', () => {
    fc.assert(
      fc.property(organization, file, essence, (organizationId, fileId, type) => {
        expect(parseObjectKey(objectKeyFor(organizationId, fileId, type))).toEqual({ organizationId, fileId })
      }),
    )
  })

  it('takes nothing else for a key', () => {
    const id = '0190a000-0000-7000-8000-000000000000'
    for (const text of ['', '/', id, `/${id}`, `acme/${id}/`, `acme/${id}.`, `acme/${id}.a.b`, `a/b/${id}`])
      expect(parseObjectKey(text)).toBeNull()
    for (const text of [`ACME/${id}`, `acme/${id}%00`, `acme/../${id}`, `acme/${id}.PNG`, `acme/${id}\n`])
      expect(parseObjectKey(text)).toBeNull()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseObjectKey(text)).toBeNull()
      }),
    )
  })
})
