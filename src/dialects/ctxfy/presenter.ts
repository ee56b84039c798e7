import { type ApiKey, formatApiKey } from '../../core/organizations/api-key'

const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())

/** An API key without its secret. `key_prefix` is how its token begins. */
export function presentApiKey(key: ApiKey) {
  return {
    id: key.id,
    key_prefix: formatApiKey(key.id, '').slice(0, -1),
    name: key.name,
    expiration_date: iso(key.expiresAt),
    created_at: iso(key.createdAt),
    revoked_at: iso(key.revokedAt),
    scopes: key.scopes,
  }
}
