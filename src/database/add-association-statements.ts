import type { AddAssociation } from '../core/ports/association-repository'
import { forgetExpired, selectClaimed } from './idempotency-records'

/**
 * The batch that ties a file to a resource. With a claim nothing is tied unless the key is free, and the reply is
 * stored with the tie. The last three statements return who holds the key (with a claim), the association, and the
 * file.
 */
export function addAssociationStatements(
  db: D1Database,
  { file, association, max, claim, now }: AddAssociation,
): D1PreparedStatement[] {
  const { type, id } = association.resource
  const statement = (sql: string, ...more: unknown[]) =>
    db.prepare(sql).bind(file.id, file.organizationId, ...more)
  const ofFile = 'file_id = ?1 AND organization_id = ?2'
  const ofResource = `${ofFile} AND resource_type = ?3 AND resource_id = ?4`
  const insert = statement(
    `INSERT INTO associations (organization_id, resource_type, resource_id, file_id, created_at)
     SELECT organization_id, ?3, ?4, id, ?5 FROM files WHERE id = ?1 AND organization_id = ?2
       AND (SELECT count(*) FROM associations WHERE ${ofFile}) < ?6
       AND (?7 IS NULL OR NOT EXISTS (
         SELECT 1 FROM idempotency_records WHERE organization_id = ?2 AND idempotency_key = ?7))
     ON CONFLICT DO NOTHING`,
    type,
    id,
    association.createdAt,
    max,
    claim?.key ?? null,
  )
  const select = [
    statement(
      `SELECT resource_type, resource_id, created_at FROM associations WHERE ${ofResource}`,
      type,
      id,
    ),
    statement('SELECT id FROM files WHERE id = ?1 AND organization_id = ?2'),
  ]
  if (claim === null) return [insert, ...select]
  const keep = statement(
    `INSERT INTO idempotency_records
       (organization_id, idempotency_key, fingerprint, subject_id, reply, locked_until, expires_at)
     SELECT organization_id, ?5, ?6, ?7, json_object('resource_type', resource_type, 'resource_id', resource_id,
       'created_at', created_at), ?8, ?9
     FROM associations WHERE ${ofResource}
     ON CONFLICT (organization_id, idempotency_key) DO NOTHING`,
    type,
    id,
    claim.key,
    claim.fingerprint,
    claim.requestId,
    claim.lockedUntil,
    claim.expiresAt,
  )
  const { organizationId } = file
  return [
    forgetExpired(db, organizationId, claim, now),
    insert,
    keep,
    selectClaimed(db, organizationId, claim),
    ...select,
  ]
}
