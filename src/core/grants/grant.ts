import { fail } from '../errors'
import { essenceOf } from '../files/content-type'
import type { StoredFile } from '../files/file-record'
import type { Metadata } from '../files/metadata'
import { canonicalTypeOf } from '../files/type-names'
import { type GrantId, type OrganizationId, uuidOf } from '../ids'

/** A bounded permission to upload, for a holder who has no key. Its token says all of it. */
export type Grant = {
  id: GrantId
  organizationId: OrganizationId
  /** Of all files together. */
  maxBytes: number
  maxFiles: number
  /** Media types, or `type/*`; null: any. */
  contentTypes: readonly string[] | null
  /** On every file, whatever the holder says. */
  metadata: Metadata
  /** Patterns of the web pages that may use it; null: any page. */
  origins: readonly string[] | null
  /** Milliseconds since 1970 UTC. */
  expiresAt: number
}

/** What has become of a grant that was used or revoked. */
export type GrantUse = {
  id: GrantId
  /** null: it was revoked before its first use, so that its terms are not known. */
  terms: Grant | null
  /** Files that are pending or ready, and their bytes, promised or stored. */
  filesUsed: number
  bytesUsed: number
  /** Milliseconds since 1970 UTC; null: it was not. */
  revokedAt: number | null
}

/** In whose name a request acts: as a member of an organization, or only as far as its grant goes. */
export type Owner = { organizationId: OrganizationId; grant?: Grant | null }

/** How long a grant may live, in seconds, at least and at most. */
export const grantLifetimeSeconds = { min: 60, max: 7 * 24 * 60 * 60 } as const
export const grantFilesMax = 1000

/**
 * How long the use of a grant is remembered after the grant was made, in milliseconds: for a month after no upload that it
 * allowed can be pending.
 */
export const grantMemoryMs = 37 * 24 * 60 * 60 * 1000

/** When the grant was made, in milliseconds since 1970 UTC: the first 48 bits of a UUIDv7. */
export function madeAt(id: GrantId): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** The least id of a grant that was made at `time`, in milliseconds since 1970 UTC. */
export function firstIdAt(time: number): GrantId {
  return uuidOf(Math.max(0, time).toString(16).padStart(12, '0').padEnd(32, '0')) as GrantId
}

/**
 * Throws `grant_refuses_type` unless `grant` allows files of `contentType`, by any name of that type, and
 * `grant_too_large` if `byteSize` alone is more than it allows.
 */
export function requireWithin(grant: Grant, contentType: string, byteSize: number | null): void {
  const { contentTypes, maxBytes } = grant
  if (contentTypes !== null && !isOneOf(contentTypes, contentType))
    fail({ code: 'grant_refuses_type', contentType, accepted: contentTypes })
  if (byteSize !== null && byteSize > maxBytes) fail({ code: 'grant_too_large', limitBytes: maxBytes })
}

/**
 * `file` as `owner` may see it. Under a grant it looks the same whether or not the organization had the bytes before: the
 * holder must not learn what is stored. Of bytes that the client put into the bucket itself (`byUrl`) the SHA-256 is not
 * told either: the second file with the same bytes is kept without.
 */
export function asSeenBy(owner: Owner, file: StoredFile, byUrl = false): StoredFile {
  if (!owner.grant) return file
  const content = byUrl ? { ...file.content, sha256: null } : file.content
  return { ...file, content, isDuplicate: false }
}

function isOneOf(contentTypes: readonly string[], contentType: string): boolean {
  const essence = essenceOf(contentType)
  const canonical = canonicalTypeOf(contentType)
  return contentTypes.some((allowed) =>
    allowed.endsWith('/*')
      ? essence.startsWith(allowed.slice(0, -1))
      : allowed === essence || canonicalTypeOf(allowed) === canonical,
  )
}
