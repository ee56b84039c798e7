import { fail } from '../errors'
import type { StoredFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { GetOptions } from '../ports/object-store'

/**
 * The bytes of a stored file, or a range of them. Throws `file_not_found` when the object is gone or has other
 * bytes than were verified, `store_failed`.
 */
export async function openContent(
  gateway: Gateway,
  { id, content }: StoredFile,
  range: GetOptions['range'] | null,
): Promise<ReadableStream<Uint8Array>> {
  const found = await gateway.objects.get(content.objectKey, {
    ifMatch: content.etag,
    ...(range ? { range } : {}),
  })
  return found?.body ?? fail({ code: 'file_not_found', fileId: id })
}
