import type { Association, Resource, ResourceType } from '../associations/association'
import type { FileRecord } from '../files/file-record'
import type { IdempotencyClaim, IdempotencyRecord } from '../idempotency/idempotency'
import type { FileId, OrganizationId } from '../ids'

/** A file and, if they were asked for, its associations, oldest first. */
export type AssociatedFile = { file: FileRecord; associations: Association[] | null }

/** Which files a list is about. */
export type FileSelection = {
  /** null: those with bytes. */
  status: FileRecord['status'] | null
  /** Only files tied to this resource, or, with `id` null, to any of its type. */
  resource: { type: ResourceType; id: string | null } | null
}

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
  /** Files of `selection`, newest first, that were made before file `before`. */
  listFiles(
    organizationId: OrganizationId,
    selection: FileSelection,
    page: { before: FileId | null; limit: number; withAssociations: boolean },
  ): Promise<AssociatedFile[]>
}
