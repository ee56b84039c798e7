import type { ContentId, FileId, ObjectKey, OrganizationId, Sha256 } from '../ids'
import { parseFileId, parseOrganizationId } from '../ids'

/** Physical bytes. Immutable. One per (organization, SHA-256); several files may share it. */
export type Content = {
  id: ContentId
  byteSize: number
  /** null while nobody has read the bytes. */
  sha256: Sha256 | null
  objectKey: ObjectKey
  /** What the store called these bytes when they were verified. Only bytes with this ETag are served. */
  etag: string
}

const extensions = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
  ['image/svg+xml', 'svg'],
  ['application/pdf', 'pdf'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['text/plain', 'txt'],
  ['text/markdown', 'md'],
  ['text/html', 'html'],
  ['text/javascript', 'js'],
  ['text/csv', 'csv'],
  ['text/css', 'css'],
  ['text/yaml', 'yaml'],
  ['application/json', 'json'],
  ['application/zip', 'zip'],
  ['application/gzip', 'gz'],
  ['video/mp4', 'mp4'],
  ['video/webm', 'webm'],
])

/** The usual filename extension of a media type, without the dot; null when there is none. `essence` has no parameters. */
export function extensionOf(essence: string): string | null {
  return extensions.get(essence) ?? null
}

/** Where the bytes of a file go: `{organization}/{fileId}{.ext}`. Nothing a user typed is part of it. */
export function objectKeyFor(organizationId: OrganizationId, fileId: FileId, essence: string): ObjectKey {
  const extension = extensionOf(essence)
  return `${organizationId}/${fileId}${extension === null ? '' : `.${extension}`}` as ObjectKey
}

/** The gateway's own part of the bucket, for what is on its way. No organization's id begins with an underscore. */
export const incomingPrefix = '_incoming/'

/**
 * Where a client puts bytes that are copied to their object key once they are verified: under one prefix, for
 * the sweep's listing, lifecycle rules, events and policies.
 */
export function incomingKeyFor(organizationId: OrganizationId, fileId: FileId): ObjectKey {
  return `${incomingPrefix}${organizationId}/${fileId}` as ObjectKey
}

/**
 * Whose upload an incoming key would belong to, if there is one. Null when `text` has not exactly the form that
 * `incomingKeyFor` gives.
 */
export function parseIncomingKey(text: string): { organizationId: OrganizationId; fileId: FileId } | null {
  if (!text.startsWith(incomingPrefix)) return null
  const parts = parseObjectKey(text.slice(incomingPrefix.length))
  return parts && incomingKeyFor(parts.organizationId, parts.fileId) === text ? parts : null
}

/**
 * Whose file an object key would belong to, if there is one. Says nothing about whether it exists, nor
 * whether the extension is the right one. Null when `text` has not the form that `objectKeyFor` gives.
 */
export function parseObjectKey(text: string): { organizationId: OrganizationId; fileId: FileId } | null {
  const [, organization = '', file = ''] = /^([^/]+)\/([^/.]+)(?:\.[a-z0-9]+)?$/.exec(text) ?? []
  const organizationId = parseOrganizationId(organization)
  const fileId = parseFileId(file)
  return organizationId === null || fileId === null ? null : { organizationId, fileId }
}
