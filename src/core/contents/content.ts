import type { FileId, ObjectKey, OrganizationId, Sha256 } from '../ids'
import { parseFileId, parseOrganizationId } from '../ids'

/** Physical bytes. Immutable. One per (organization, SHA-256); several files may share it. */
export type Content = {
  byteSize: number
  /** null while the gateway has not read the bytes. */
  sha256: Sha256 | null
  objectKey: ObjectKey
  /** The store's ETag of the bytes that were verified. Only bytes with this ETag are served. */
  etag: string
  /** The ETag of the incoming bytes that the object is a promoted copy of; null: they were put where they are. */
  sourceEtag: string | null
  /**
   * Until when something may land where the bytes are, in milliseconds since 1970 UTC; null: no URL was made for them, or
   * of their parts only.
   */
  watchUntil: number | null
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

/** Types by the extensions of file names, also those that `extensionOf` does not choose. */
const typesByExtension = new Map([
  ...[...extensions].map(([type, extension]) => [extension, type] as const),
  ...(['jpeg', 'jpe', 'jfif'] as const).map((extension) => [extension, 'image/jpeg'] as const),
  ...([
    ['htm', 'text/html'],
    ['yml', 'text/yaml'],
    ['mjs', 'text/javascript'],
    ['markdown', 'text/markdown'],
  ] as const),
])

/** The media type that the extension of `filename` stands for; null when that is not known. */
export function typeOfName(filename: string): string | null {
  const extension = /\.([A-Za-z0-9]{1,10})$/.exec(filename)?.[1] ?? ''
  return typesByExtension.get(extension.toLowerCase()) ?? null
}

/** Where the bytes of a file go: `{organization}/{fileId}{.ext}`. Nothing a user typed is part of it. */
export function objectKeyFor(organizationId: OrganizationId, fileId: FileId, essence: string): ObjectKey {
  const extension = extensionOf(essence)
  return `${organizationId}/${fileId}${extension === null ? '' : `.${extension}`}` as ObjectKey
}

/** The prefix of bytes that are not verified yet. It never meets an organization's id: none begins with an underscore. */
export const incomingPrefix = '_incoming/'

/**
 * Where a client puts bytes that are promoted once they are verified. One prefix for all, so that the sweep, lifecycle
 * rules, events and policies can select them.
 */
export function incomingKeyFor(organizationId: OrganizationId, fileId: FileId): ObjectKey {
  return `${incomingPrefix}${organizationId}/${fileId}` as ObjectKey
}

/**
 * The organization and file that an incoming key names, whether or not they exist. Null when `text` is not exactly what
 * `incomingKeyFor` makes.
 */
export function parseIncomingKey(text: string): { organizationId: OrganizationId; fileId: FileId } | null {
  if (!text.startsWith(incomingPrefix)) return null
  const parts = parseObjectKey(text.slice(incomingPrefix.length))
  return parts && incomingKeyFor(parts.organizationId, parts.fileId) === text ? parts : null
}

/**
 * The organization and file that an object key names, whether or not they exist and whatever the extension. Null when
 * `text` has not the form that `objectKeyFor` makes.
 */
export function parseObjectKey(text: string): { organizationId: OrganizationId; fileId: FileId } | null {
  const [, organization = '', file = ''] = /^([^/]+)\/([^/.]+)(?:\.[a-z0-9]+)?$/.exec(text) ?? []
  const organizationId = parseOrganizationId(organization)
  const fileId = parseFileId(file)
  return organizationId === null || fileId === null ? null : { organizationId, fileId }
}
