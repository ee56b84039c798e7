import type { FileId, OrganizationId } from '../ids'

/** Copies of public files that are kept, for a short time, near those who read them. */
export interface PublicCopies {
  /** Drops the copies of the file that are within reach; the others end by age. */
  forget(organizationId: OrganizationId, id: FileId): Promise<void>
}

/** Where no copies can be reached: outside a request. */
export const noPublicCopies: PublicCopies = { async forget() {} }
