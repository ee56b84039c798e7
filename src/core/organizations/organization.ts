import type { OrganizationId } from '../ids'

/** The tenant. Every row and every object key belongs to one. */
export type Organization = {
  id: OrganizationId
  name: string
  /** null: none. */
  quotaBytes: number | null
  /** The sum of its contents. */
  usedBytes: number
  /** The sum of what its pending uploads promised. */
  reservedBytes: number
  /** How many uploads are pending, at most `limits.pendingUploadsMax`. */
  pendingUploads: number
  /** Milliseconds since 1970 UTC. */
  createdAt: number
}
