import type { ObjectKey } from '../../core/ids'
import type { ObjectHeaders, ObjectStore, StoredObject } from '../../core/ports/object-store'
import { encodeKey, type S3Client } from './s3-client'
import { refusalOf, s3Failure, s3RefusalOf } from './s3-errors'
import { objectHeaders } from './s3-object-headers'
import { isXmlDocumentOf } from './s3-xml'

/** The store moves up to 5 GiB, and answers when it has. */
const copyLimitMs = 5 * 60_000

export type CopyRequest = ObjectHeaders & { from: ObjectKey; to: ObjectKey; ifMatch: string }

/**
 * CopyObject inside the bucket. null when the source is gone or no longer has the ETag `ifMatch`.
 *
 * Stores that ignore the condition are caught afterwards: the ETag of a plain object is its MD5, so the copy of
 * the object that was meant has that MD5. What was copied by mistake stays; the caller asked for that key.
 */
export async function copyS3Object(
  client: S3Client,
  store: Pick<ObjectStore, 'head'>,
  request: CopyRequest,
): Promise<StoredObject | null> {
  const { from, to, ifMatch } = request
  if (!(await wasCopied(client, request))) return null
  const copy = await store.head(to)
  if (copy === null) throw s3Failure('copy', new Error(`the copy of ${from} is not there`))
  const isPlain = /^[0-9a-f]{32}$/i.test(ifMatch)
  return isPlain && copy.md5 !== null && copy.md5 !== ifMatch.toLowerCase() ? null : copy
}

/** CopyObject can fail after its 200 has been sent (S3 API Reference): the document says whether it did. */
async function wasCopied(client: S3Client, { from, to, ifMatch, ...kept }: CopyRequest): Promise<boolean> {
  const headers = {
    // R2 takes no leading slash.
    'x-amz-copy-source': encodeKey(`${client.bucket}/${from}`),
    'x-amz-copy-source-if-match': `"${ifMatch}"`,
    'x-amz-metadata-directive': 'REPLACE',
    ...objectHeaders(kept),
  }
  try {
    const xml = await client.sendForXml('copy', to, { method: 'PUT', headers, limitMs: copyLimitMs })
    if (xml === null) return false
    if (isXmlDocumentOf(xml, 'CopyObjectResult')) return true
    throw s3Failure('copy', s3RefusalOf(200, xml))
  } catch (error) {
    const code = refusalOf(error)?.errorCode
    if (code === 'PreconditionFailed' || code === 'NoSuchKey') return false
    throw error
  }
}
