import type { Context } from 'hono'
import { fail } from '../core/errors'
import { type FileId, parseFileId } from '../core/ids'

/** `file_` and the id without its dashes. */
export function formatFileId(id: FileId): string {
  return `file_${id.replaceAll('-', '')}`
}

/**
 * The file that `text` names in the way of any dialect: with or without `file_` and dashes, in any case; null when it is
 * no id.
 */
export function parseNamedFileId(text: string): FileId | null {
  const hex = /^(?:file_)?([0-9a-f-]{32,36})$/i.exec(text)?.[1]
  if (hex === undefined) return null
  return parseFileId(hex.length === 32 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : hex)
}

/**
 * The file that the path names by `parameter`, in any dialect's way. Throws `file_not_found` also for what can be no id: it
 * names no file.
 */
export function fileIdOf(c: Context, parameter = 'fileId'): FileId {
  const text = c.req.param(parameter) ?? ''
  return parseNamedFileId(text) ?? fail({ code: 'file_not_found', fileId: text })
}
