import type { Scope, Session } from '../session/session'
import { call } from './call'

export type ApiKey = {
  id: string
  key_prefix: string
  name: string | null
  expiration_date: string | null
  created_at: string
  revoked_at: string | null
  last_used_at: string | null
  scopes: Scope[]
}

export type ApiKeys = { api_keys: ApiKey[]; pagination: { page: number; pages: number; total: number } }

/** A page of the organization's keys, newest first; `page` counts from 1. */
export function listApiKeys({ kind, key }: Session, organization: string, page: number): Promise<ApiKeys> {
  const query = new URLSearchParams({ page: String(page), per_page: '50' })
  if (kind === 'root') query.set('organization', organization)
  return call(key, 'GET', `/v1/api-keys?${query}`)
}

/** Makes a key. `api_key`, the secret, is in no other answer. */
export function createApiKey(
  { kind, key }: Session,
  organization: string,
  fields: { name: string | null; scopes: Scope[]; expiration_date: string | null },
): Promise<ApiKey & { api_key: string }> {
  return call(key, 'POST', '/v1/api-keys', { ...fields, ...(kind === 'root' ? { organization } : {}) })
}

export function revokeApiKey({ key }: Session, id: string): Promise<ApiKey> {
  return call(key, 'DELETE', `/v1/api-keys/${id}`)
}
