import { fail } from '../../core/errors'
import type { ListedKeys } from '../../core/ports/object-store'
import type { S3Client } from './s3-client'
import { s3Failure } from './s3-errors'
import { isXmlDocumentOf, readXmlElement, readXmlElements } from './s3-xml'
import { unlessUnsupported } from './unless-unsupported'

/**
 * A page of ListObjectsV2: keys that begin with `prefix` and come after `after`. By `start-after`, not by a
 * continuation token: a position can be kept for as long as one likes.
 */
export async function listS3Keys(
  client: S3Client,
  prefix: string,
  after: string | null,
): Promise<ListedKeys | 'unsupported'> {
  const query = { 'list-type': '2', prefix, ...(after === null ? {} : { 'start-after': after }) }
  const xml = await unlessUnsupported(client.sendForXml('list', '', { method: 'GET', query }))
  if (xml === 'unsupported') return xml
  if (xml === null || !isXmlDocumentOf(xml, 'ListBucketResult'))
    throw s3Failure('list', new Error('no list of objects'))
  const keys = readXmlElements(xml, 'Contents').map(readKey)
  const isTruncated = readXmlElement(xml, 'IsTruncated') === 'true'
  // Or one would ask for ever.
  if (isTruncated && (keys.at(-1) ?? after) === after)
    throw s3Failure('list', new Error('a page leads nowhere'))
  return { keys, isTruncated }
}

function readKey(item: string): string {
  return readXmlElement(item, 'Key') ?? fail({ code: 'store_failed', operation: 'list' })
}
