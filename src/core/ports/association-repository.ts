import type { Association, Resource } from '../associations/association'
import type { FileId, OrganizationId } from '../ids'

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
}
