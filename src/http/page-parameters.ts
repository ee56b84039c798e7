import { failField } from '../core/errors'
import { parseCursor } from '../core/files/file-cursor'
import type { FileId } from '../core/ids'
import { sayValue } from '../core/say-value'

/** Other names that clients have for the parameters of a page. */
export const pageParameters = {
  limit: ['pageSize', 'perPage', 'maxResults'],
  cursor: ['nextCursor', 'pageToken', 'nextPageToken'],
} as const satisfies Record<string, readonly string[]>

/** The `limit` of a page. Throws `invalid_request`. */
export function parseLimit(text: string | undefined, limits: { fallback: number; max: number }): number {
  if (!text) return limits.fallback
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= limits.max
    ? limit
    : failField('limit', `must be a whole number from 1 to ${limits.max}, not ${sayValue(text)}`)
}

/** The file that a page of files begins after; null: the first page. Throws `invalid_request`. */
export function parseBefore(text: string | undefined): FileId | null {
  if (!text) return null
  return (
    parseCursor(text) ??
    failField('cursor', `must be the nextCursor of an earlier answer, not ${sayValue(text)}`)
  )
}
