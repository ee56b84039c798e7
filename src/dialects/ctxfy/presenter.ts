import { type ApiKey, formatApiKey } from '../../core/organizations/api-key'
import type { PresignedUpload } from '../../core/uploads/presign-upload'

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

/** Where to PUT the bytes, and where everyone can read them afterwards. `publicBase` has no trailing slash. */
export function presentUpload({ upload, url }: PresignedUpload, publicBase: string) {
  const fileKey = upload.contentKey
  return { uploadUrl: url, publicUrl: `${publicBase}/${fileKey}`, fileKey }
}

/** A page of keys; `page` counts from 1. */
export function presentApiKeys(keys: readonly ApiKey[], page: number, perPage: number, total: number) {
  return {
    api_keys: keys.map(presentApiKey),
    pagination: { page, per_page: perPage, total, pages: Math.ceil(total / perPage) },
  }
}
