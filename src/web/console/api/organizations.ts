import { call } from './call'

export type Organization = {
  id: string
  name: string
  /** null: no quota. */
  quotaBytes: number | null
  usedBytes: number
  reservedBytes: number
  pendingUploads: number
  pendingUploadsMax: number
  createdAt: string
}

export function getOrganization(key: string, id: string): Promise<Organization> {
  return call(key, 'GET', `/v1/organizations/${encodeURIComponent(id)}`)
}

/** Makes the organization or changes it; for the root key. */
export function putOrganization(
  key: string,
  id: string,
  settings: { name: string; quotaBytes: number | null },
): Promise<Organization> {
  return call(key, 'PUT', `/v1/organizations/${encodeURIComponent(id)}`, settings)
}
