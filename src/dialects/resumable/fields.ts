import type { Context } from 'hono'
import { fail, failField } from '../../core/errors'
import { booleanItem, countItem } from '../../http/structured-fields'

/** The body of a request that appends bytes. */
export const partialUpload = 'application/partial-upload'

/** `Upload-Complete`: whether this request has the last bytes; null: the client has not said so, or not as it must. */
export function uploadCompleteOf(c: Context): boolean | null {
  return booleanItem(c.req.header('upload-complete'))
}

/** Where the bytes of a request belong, and whether they are the last. Throws `invalid_request` where one is not said. */
export function placeOf(c: Context): { offset: number; isLast: boolean } {
  const offset = countItem(c.req.header('upload-offset'))
  const isLast = uploadCompleteOf(c)
  if (offset === null) failField('Upload-Offset', 'is required, and must be a whole number of bytes')
  if (isLast === null) failField('Upload-Complete', 'is required, and must be ?0 or ?1')
  return { offset, isLast }
}

/**
 * The length of the whole upload as a request says it: in `Upload-Length`, and, if it has the last bytes, by how many it
 * announces; null: it does not. Throws `length_mismatch` if it says two.
 */
export function lengthSaidBy(
  c: Context,
  { offset, isLast, announcedBytes }: { offset: number; isLast: boolean; announcedBytes: number | null },
): number | null {
  const said = countItem(c.req.header('upload-length'))
  const counted = isLast && announcedBytes !== null ? offset + announcedBytes : null
  if (said !== null && counted !== null && said !== counted)
    fail({ code: 'length_mismatch', expectedBytes: said, providedBytes: counted })
  return said ?? counted
}
