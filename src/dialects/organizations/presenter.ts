import type { Limits } from '../../core/gateway'
import type { Organization } from '../../core/organizations/organization'
import type * as Answered from './answers'

/** `pendingUploadsMax`: how many uploads of each organization may be pending. */
export function presentOrganization(
  { createdAt, ...organization }: Organization,
  { pendingUploadsMax }: Pick<Limits, 'pendingUploadsMax'>,
): Answered.Organization {
  return { ...organization, pendingUploadsMax, createdAt: new Date(createdAt).toISOString() }
}
