import type { OrganizationId, Sha256 } from '../ids'
import type { Scope } from './principal'

/** A credential of an organization. Its secret is not stored. */
export type ApiKey = {
  /** The public part of the token. */
  id: string
  organizationId: OrganizationId
  name: string | null
  scopes: readonly Scope[]
  /** Milliseconds since 1970 UTC, here and below. */
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  lastUsedAt: number | null
}

/** What is stored of a token: enough to recognise it, not to make one. */
export type StoredApiKey = ApiKey & { secretSha256: Sha256 }

/** The most keys of one organization, revoked and expired ones included. */
export const apiKeysMax = 1000

/** `slip_<publicId>_<secret>`: 16 characters of id, 256 bits of secret, both lower-case hexadecimal. */
export function formatApiKey(id: string, secret: string): string {
  return `slip_${id}_${secret}`
}

/** The two parts of a token, or null when it does not have the form of one. */
export function parseApiKey(token: string): { id: string; secret: string } | null {
  const match = /^slip_([0-9a-f]{16})_([0-9a-f]{64})$/.exec(token)
  return match?.[1] && match[2] ? { id: match[1], secret: match[2] } : null
}
