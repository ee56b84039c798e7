import type { Association, Resource } from '../associations/association'
import type { IdempotencyClaim, IdempotencyRecord } from '../idempotency/idempotency'
import type { FileId, OrganizationId } from '../ids'

export type AddAssociation = {
  file: { organizationId: OrganizationId; id: FileId }
  association: Association
  /** How many associations the file may have. */
  max: number
  /** `requestId` is of this request and no other one. */
  claim: (IdempotencyClaim & { requestId: string }) | null
  now: number
}

export type AddedAssociation = {
  hasFile: boolean
  /** As it then is; null when it could not be added. */
  association: Association | null
  /** The record of another request that has the claim's key: then nothing was added. */
  record: IdempotencyRecord<Association> | null
}

export interface AssociationRepository {
  /** The file's associations, oldest first; none when there is no such file. */
  of(organizationId: OrganizationId, fileId: FileId): Promise<Association[]>
  /** Adds the association unless it is there. With a claim its reply is kept in the same step. */
  add(input: AddAssociation): Promise<AddedAssociation>
  /** False when there is no such file. */
  remove(organizationId: OrganizationId, fileId: FileId, resource: Resource): Promise<boolean>
}
