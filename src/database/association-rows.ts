import type { Association, ResourceType } from '../core/associations/association'

export type AssociationRow = { resource_type: string; resource_id: string; created_at: number }

/** Oldest first. */
export function toAssociations(rows: readonly AssociationRow[]): Association[] {
  const order = (a: Association, b: Association) =>
    a.createdAt - b.createdAt || (nameOf(a) < nameOf(b) ? -1 : 1)
  return rows.map(toAssociation).sort(order)
}

export function toAssociation(row: AssociationRow): Association {
  const { resource_type, resource_id, created_at } = row
  return { resource: { type: resource_type as ResourceType, id: resource_id }, createdAt: created_at }
}

function nameOf({ resource }: Association): string {
  return `${resource.type}/${resource.id}`
}
