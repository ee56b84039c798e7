import { objectKeyFor, parseObjectKey } from '../contents/content'
import { fail, GatewayError } from '../errors'
import type { Gateway } from '../gateway'
import { essenceOf } from './content-type'
import type { StoredFile } from './file-record'
import { settledFile } from './get-file'

/**
 * The public file that was promised under the object key `objectKey`, settled first if its bytes have arrived. Missing,
 * private, deleted, pending and refused files all give `file_not_found`: the answer must not reveal which. One database
 * round trip, none for what cannot be an object key.
 *
 * Throws `file_not_found`, `store_failed`, `database_failed`.
 */
export async function getPublicFile(gateway: Gateway, objectKey: string): Promise<StoredFile> {
  const parts = parseObjectKey(objectKey)
  const missing = { code: 'file_not_found', fileId: parts?.fileId ?? objectKey } as const
  if (parts === null) fail(missing)
  const found = await gateway.files.findPublic(parts.organizationId, parts.fileId)
  // Known bytes may be at another file's key: what counts is the key that was promised.
  if (found === null || promisedKeyOf(found) !== objectKey) fail(missing)
  try {
    return await settledFile(gateway, parts.fileId, found)
  } catch (error) {
    if (error instanceof GatewayError && reasons.has(error.failure.code)) fail(missing, error)
    throw error
  }
}

const reasons: ReadonlySet<string> = new Set(['file_not_found', 'file_uploading', 'file_refused'])

function promisedKeyOf(file: Pick<StoredFile, 'organizationId' | 'id' | 'contentType'>): string {
  return objectKeyFor(file.organizationId, file.id, essenceOf(file.contentType))
}
