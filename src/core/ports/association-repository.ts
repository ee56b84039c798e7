import type { Association, Resource, ResourceType } from '../associations/association'
import type { FileRecord } from '../files/file-record'
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

export interface AssociationRepository {
  /** The file's associations, oldest first; none when there is no such file. */
  of(organizationId: OrganizationId, fileId: FileId): Promise<Association[]>
  /** Returns the association as it then is. `full`: the file has `max` others. */
  add(
    organizationId: OrganizationId,
    fileId: FileId,
    association: Association,
    max: number,
  ): Promise<Association | 'no_file' | 'full'>
  /** False when there is no such file. */
  remove(organizationId: OrganizationId, fileId: FileId, resource: Resource): Promise<boolean>
  /** Files of `selection`, newest first, that were made before file `before`. */
  listFiles(
    organizationId: OrganizationId,
    selection: FileSelection,
    page: { before: FileId | null; limit: number; withAssociations: boolean },
  ): Promise<AssociatedFile[]>
}
