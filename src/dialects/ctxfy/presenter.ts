import { type ApiKey, apiKeyPrefix } from '../../core/organizations/api-key'
import type { PresignedUpload } from '../../core/uploads/single-put'
import type * as Answered from './answers'

const iso = (time: number) => new Date(time).toISOString()
const isoOrNull = (time: number | null) => (time === null ? null : iso(time))

/** An API key without its secret. `key_prefix` is how its token begins. */
export function presentApiKey(key: ApiKey): Answered.ApiKey {
  return {
    id: key.id,
    key_prefix: apiKeyPrefix(key.id),
    name: key.name,
    expiration_date: isoOrNull(key.expiresAt),
    created_at: iso(key.createdAt),
    revoked_at: isoOrNull(key.revokedAt),
    last_used_at: isoOrNull(key.lastUsedAt),
    scopes: [...key.scopes],
  }
}

/** The key with its secret, which no other answer has. */
export function presentNewApiKey(key: ApiKey, token: string): Answered.NewApiKey {
  return { ...presentApiKey(key), api_key: token }
}

/** Where to PUT the bytes, and where everyone can read them afterwards. `publicBase` has no trailing slash. */
export function presentUpload({ upload, url }: PresignedUpload, publicBase: string): Answered.Upload {
  const fileKey = upload.contentKey
  return { uploadUrl: url, publicUrl: `${publicBase}/${fileKey}`, fileKey }
}

/** A page of keys; `page` counts from 1. */
export function presentApiKeys(
  keys: readonly ApiKey[],
  page: number,
  perPage: number,
  total: number,
): Answered.ApiKeys {
  return {
    api_keys: keys.map(presentApiKey),
    pagination: { page, per_page: perPage, total, pages: Math.ceil(total / perPage) },
  }
}
