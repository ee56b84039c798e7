import { describe, expect, it } from 'vitest'
import { decodeXml, isXmlDocumentOf, readXmlElement } from '../../src/storage/s3/s3-xml'

const completed =
  '<?xml version="1.0"?>\n<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag></CompleteMultipartUploadResult>'

describe('S3’s XML', () => {
  it.each([
    ['&quot;a&quot;&#34;&#x22;&apos;', '"a"""\''],
    ['&amp;lt;', '&lt;'],
    ['&unknown;&#9999999;&', '&unknown;&#9999999;&'],
  ])('decodes %s', (text, expected) => {
    expect(decodeXml(text)).toBe(expected)
  })

  it('is known by its root', () => {
    expect(isXmlDocumentOf(completed, 'CompleteMultipartUploadResult')).toBe(true)
    expect(
      isXmlDocumentOf('<Error><CompleteMultipartUploadResult/></Error>', 'CompleteMultipartUploadResult'),
    ).toBe(false)
    expect(readXmlElement('<a><Codes>x</Codes></a>', 'Code')).toBeNull()
  })
})
