import type { ObjectKey } from '../../core/ids'
import type { S3Client } from './s3-client'
import { refusalOf, type S3Refusal, s3Failure, s3RefusalOf } from './s3-errors'
import { encodeXml, isXmlDocumentOf, readXmlElements } from './s3-xml'

/** The most keys of one DeleteObjects (S3 API Reference). */
const keysMax = 1000

/** How many single deletes are under way at once: a Worker may wait for six connections. */
const concurrentDeletes = 4

/** What stores without DeleteObjects answer to it. 400 may as well be about this one request. */
const unsupportedStatuses = [400, 405, 501]
const clearlyUnsupported = { statuses: [405, 501], codes: ['NotImplemented', 'MethodNotAllowed'] }

/**
 * Deletes what exists; safe to repeat. Many at once where the store can, which is found out by asking; only a clear
 * answer is kept.
 */
export function createS3Deletion(client: S3Client): (keys: readonly ObjectKey[]) => Promise<void> {
  let deletesMany = true
  return async (keys) => {
    for (let at = 0; at < keys.length; at += keysMax) {
      const page = keys.slice(at, at + keysMax)
      if (page.length > 1 && deletesMany) {
        const refusal = await deleteMany(client, page)
        if (refusal === null) continue
        const { statuses, codes } = clearlyUnsupported
        deletesMany = !statuses.includes(refusal.status) && !codes.includes(refusal.errorCode ?? '')
      }
      await deleteEach(client, page)
    }
  }
}

/** DeleteObjects; the refusal where the store may have no such operation. Throws when a key could not be deleted. */
async function deleteMany(client: S3Client, keys: readonly ObjectKey[]): Promise<S3Refusal | null> {
  const objects = keys.map((key) => `<Object><Key>${encodeXml(key)}</Key></Object>`)
  const body = new TextEncoder().encode(`<Delete><Quiet>true</Quiet>${objects.join('')}</Delete>`)
  const md5 = new Uint8Array(await crypto.subtle.digest('MD5', body))
  const headers = { 'content-type': 'application/xml', 'content-md5': md5.toBase64() }
  try {
    const query = { delete: '' }
    const xml = await client.sendForXml('deleteMany', '', { method: 'POST', query, headers, body })
    if (xml === null || !isXmlDocumentOf(xml, 'DeleteResult'))
      throw s3Failure('deleteMany', xml === null ? new Error('no such bucket') : s3RefusalOf(200, xml))
    const [error] = readXmlElements(xml, 'Error').filter((error) => !error.includes('<Code>NoSuchKey</Code>'))
    if (error !== undefined) throw s3Failure('deleteMany', s3RefusalOf(200, error))
    return null
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal !== null && unsupportedStatuses.includes(refusal.status)) return refusal
    throw error
  }
}

async function deleteEach(client: S3Client, keys: readonly ObjectKey[]): Promise<void> {
  for (let at = 0; at < keys.length; at += concurrentDeletes)
    await Promise.all(
      keys.slice(at, at + concurrentDeletes).map(async (key) => {
        const response = await client.send('delete', key, { method: 'DELETE' })
        await response?.body?.cancel()
      }),
    )
}
