import type { OrganizationId, Sha256 } from '../ids'
import type { Scope } from './principal'

/** A credential of an organization. Its secret is not stored. */
export type ApiKey = {
  /** The public part of the token: 16 lower-case hexadecimal digits. */
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

/** How the token of the key `id` begins. */
export function apiKeyPrefix(id: string): string {
  return `slip_${id}`
}
