import { failField } from '../core/errors'
import { parseCursor } from '../core/files/file-cursor'
import type { FileId } from '../core/ids'

/** Clients that serialise what is not set send an empty value: it counts as absent here. */

/** The `limit` of a page. Throws `invalid_request`. */
export function parseLimit(text: string | undefined, limits: { fallback: number; max: number }): number {
  if (!text) return limits.fallback
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= limits.max
    ? limit
    : failField('limit', `must be a number from 1 to ${limits.max}`)
}

/** The file that a page of files begins after; null: the first page. Throws `invalid_request`. */
export function parseBefore(text: string | undefined): FileId | null {
  if (!text) return null
  return parseCursor(text) ?? failField('cursor', 'must be the nextCursor of an earlier answer')
}
