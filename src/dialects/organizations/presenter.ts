import type { Organization } from '../../core/organizations/organization'
import type * as Answered from './answers'

export function presentOrganization({ createdAt, ...organization }: Organization): Answered.Organization {
  return { ...organization, createdAt: new Date(createdAt).toISOString() }
}
