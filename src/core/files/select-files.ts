import type { Gateway } from '../gateway'
import type { FileId, OrganizationId } from '../ids'
import type { AssociatedFile, FileSelection } from '../ports/association-repository'

/**
 * Files by status and resource, newest first; `next` is where the following page begins. One database round
 * trip, also with associations. The work is bounded by the page, or by the files of the resource.
 */
export async function selectFiles(
  gateway: Gateway,
  organizationId: OrganizationId,
  selection: FileSelection,
  page: { before: FileId | null; limit: number; withAssociations: boolean },
): Promise<{ files: AssociatedFile[]; next: FileId | null }> {
  const files = await gateway.associations.listFiles(organizationId, selection, {
    ...page,
    limit: page.limit + 1,
  })
  const shown = files.slice(0, page.limit)
  return { files: shown, next: files.length > page.limit ? (shown.at(-1)?.file.id ?? null) : null }
}
