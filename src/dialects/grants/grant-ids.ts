import type { Context } from 'hono'
import { fail } from '../../core/errors'
import { type GrantId, parseFileId, uuidOf } from '../../core/ids'

/** `grant_` and the id without its dashes. */
export function formatGrantId(id: GrantId): string {
  return `grant_${id.replaceAll('-', '')}`
}

/** The grant that `text` names, in any case; null when it is no id. */
export function parseGrantId(text: string): GrantId | null {
  const hex = /^grant_([0-9a-f]{32})$/i.exec(text)?.[1]
  return hex === undefined ? null : (parseFileId(uuidOf(hex)) as GrantId | null)
}

/** The grant that the path names. Throws `grant_not_found` also for what can be no id: it names no grant. */
export function grantIdOf(c: Context): GrantId {
  const text = c.req.param('id') ?? ''
  return parseGrantId(text) ?? fail({ code: 'grant_not_found', grantId: text })
}
