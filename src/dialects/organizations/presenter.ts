import type { Organization } from '../../core/organizations/organization'

export function presentOrganization({ createdAt, ...organization }: Organization) {
  return { ...organization, createdAt: new Date(createdAt).toISOString() }
}
