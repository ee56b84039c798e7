import type { Member } from '../session/session'
import { ask, call } from './call'

export type Status = 'uploading' | 'ready' | 'error' | 'failed'

/** A file as the table shows it. */
export type FileRow = {
  /** `file_…`. */
  id: string
  filename: string
  contentType: string
  sizeBytes: number
  status: Status
  /** Why it has no bytes: a code. */
  reason: string | null
  /** Hexadecimal; null while there are no bytes, undefined in a list that does not tell it. */
  sha256: string | null | undefined
  createdAt: string
}

export type Page<Item> = { items: Item[]; nextCursor: string | null }

/** Pairs that a file must have in its metadata. */
export type MetadataFilter = Record<string, string | number | boolean>

type ApiFile = {
  id: string
  filename: string
  contentType: string
  sizeBytes: number
  sha256: string | null
  status: Status
  createdAt: string
  processingStatus: { error: string } | null
}
type StoredFile = { fileId: string; filename: string; contentType: string; size: number; createdAt: string }

/** Files of one status, newest first. `limit` is 1 to 100. */
export async function listFiles(
  { key }: Member,
  { status, cursor, limit }: { status: Status; cursor: string | null; limit: number },
): Promise<Page<FileRow>> {
  const query = new URLSearchParams({ limit: String(limit), statusFilter: status })
  if (cursor !== null) query.set('cursor', cursor)
  const { items, nextCursor } = await call<Page<ApiFile>>(key, 'GET', `/v1/files?${query}`)
  return { items: items.map(rowOf), nextCursor }
}

/** Ready files whose metadata has all pairs of `metadata`, newest first. `limit` is 1 to 200. */
export async function listFilesByMetadata(
  { key, organizationId }: Member,
  { metadata, cursor, limit }: { metadata: MetadataFilter; cursor: string | null; limit: number },
): Promise<Page<FileRow>> {
  const query = new URLSearchParams({ limit: String(limit), filter: JSON.stringify(metadata) })
  if (cursor !== null) query.set('cursor', cursor)
  const path = `/api/v3/organizations/${organizationId}/ai/files?${query}`
  const { files, nextCursor } = await call<{ files: StoredFile[]; nextCursor: string | null }>(
    key,
    'GET',
    path,
  )
  const items = files.map(({ fileId, size, ...file }) => ({
    ...file,
    id: `file_${fileId.replaceAll('-', '')}`,
    sizeBytes: size,
    status: 'ready' as const,
    reason: null,
    sha256: undefined,
  }))
  return { items, nextCursor }
}

export async function getFile({ key }: Member, id: string): Promise<FileRow> {
  return rowOf(await call<ApiFile>(key, 'GET', `/v1/files/${encodeURIComponent(id)}`))
}

/** The metadata of a ready file. */
export async function getMetadata(
  { key, organizationId }: Member,
  id: string,
): Promise<Record<string, unknown>> {
  const uuid = id.replace(/^file_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  const path = `/api/v3/organizations/${organizationId}/ai/files/${uuid}`
  return (await call<{ metadata: Record<string, unknown> }>(key, 'GET', path)).metadata
}

export function deleteFile({ key }: Member, id: string): Promise<void> {
  return call(key, 'DELETE', `/v1/files/${id}`)
}

export type Link = { url: string; expiresAt: string }

/** A URL by which everyone who has it can read the file for `expiresIn` seconds. */
export function createLink(
  { key }: Member,
  id: string,
  options: { expiresIn?: number; disposition?: 'inline' | 'attachment' } = {},
): Promise<Link> {
  return call(key, 'POST', `/v1/files/${id}/links`, options)
}

/** The first `byteCount` bytes of a file, as UTF-8. */
export async function readText({ key }: Member, id: string, byteCount: number): Promise<string> {
  const headers = { Range: `bytes=0-${byteCount - 1}` }
  const answer = await ask(key, 'GET', `/v1/files/${id}/content?redirect=false`, undefined, headers)
  return answer.text()
}

function rowOf({ processingStatus, ...file }: ApiFile): FileRow {
  const { id, filename, contentType, sizeBytes, sha256, status, createdAt } = file
  const reason = processingStatus?.error ?? null
  return { id, filename, contentType, sizeBytes, sha256, status, createdAt, reason }
}
