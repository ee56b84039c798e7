import type { FileRecord } from '../core/files/file-record'
import type { IdempotencyClaim, IdempotencyRecord } from '../core/idempotency/idempotency'
import type { FileId, OrganizationId, Sha256 } from '../core/ids'
import { fileJoins, fileSnapshot } from './file-rows'

/** Statements about idempotency records, for the batches of the effects they belong to. */

export type IdempotencyRow = {
  organization_id: string
  fingerprint: string
  subject_id: string
  reply: string | null
  locked_until: number
  upload_expires_at: number | null
  subject_status: FileRecord['status'] | null
}

/** Takes the key for `subjectId` unless somebody holds it. What follows in the batch asks who does. */
export function claimStatements(
  db: D1Database,
  subject: { organizationId: OrganizationId; subjectId: string },
  claim: IdempotencyClaim,
  reply: string | null,
  now: number,
): D1PreparedStatement[] {
  return [
    forgetExpired(db, subject.organizationId, claim, now),
    db
      .prepare(
        `INSERT INTO idempotency_records
           (organization_id, idempotency_key, fingerprint, subject_id, reply, locked_until, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (organization_id, idempotency_key) DO NOTHING`,
      )
      .bind(
        subject.organizationId,
        claim.key,
        claim.fingerprint,
        subject.subjectId,
        reply,
        claim.lockedUntil,
        claim.expiresAt,
      ),
  ]
}

/** Makes a key free whose record is past its time. */
export function forgetExpired(
  db: D1Database,
  organizationId: OrganizationId,
  claim: IdempotencyClaim,
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM idempotency_records
       WHERE organization_id = ?1 AND idempotency_key = ?2 AND expires_at <= ?3`,
    )
    .bind(organizationId, claim.key, now)
}

/** Who holds the key now, until when the upload it began can be used, and what has become of its file. */
export function selectClaimed(
  db: D1Database,
  organizationId: OrganizationId,
  claim: IdempotencyClaim,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT r.organization_id, r.fingerprint, r.subject_id, r.reply, r.locked_until,
         u.expires_at AS upload_expires_at, f.status AS subject_status
       FROM idempotency_records r LEFT JOIN uploads u ON u.file_id = r.subject_id
         LEFT JOIN files f ON f.id = r.subject_id
       WHERE r.organization_id = ?1 AND r.idempotency_key = ?2`,
    )
    .bind(organizationId, claim.key)
}

/**
 * Completes the idempotency record of a file with the file as it is now, if it has come as far as `status`;
 * not when the organization has content with the hash `unlessKnown`, which the file will be given first.
 */
export function storeReply(
  db: D1Database,
  file: { id: FileId; organizationId: OrganizationId },
  status: FileRecord['status'],
  unlessKnown: Sha256 | null = null,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE idempotency_records SET reply = (
         SELECT ${fileSnapshot} FROM files f ${fileJoins} WHERE f.id = ?1)
       WHERE subject_id = ?1 AND organization_id = ?2 AND reply IS NULL
         AND EXISTS (SELECT 1 FROM files WHERE id = ?1 AND status = ?3)
         AND NOT EXISTS (
           SELECT 1 FROM contents c JOIN files f ON f.id = ?1 AND f.is_public = c.is_public
           WHERE c.organization_id = ?2 AND c.sha256 = ?4)`,
    )
    .bind(file.id, file.organizationId, status, unlessKnown)
}

export function toIdempotencyRecord<Reply>(
  row: IdempotencyRow,
  parseReply: (text: string) => Reply,
): IdempotencyRecord<Reply> {
  const { reply } = row
  return {
    organizationId: row.organization_id as OrganizationId,
    fingerprint: row.fingerprint as Sha256,
    subjectId: row.subject_id,
    reply: reply === null ? null : () => parseReply(reply),
    lockedUntil: row.locked_until,
  }
}
