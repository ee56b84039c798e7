import type { FileRecord } from '../core/files/file-record'
import type { EarlyClaim, IdempotencyClaim, IdempotencyRecord } from '../core/idempotency/idempotency'
import type { OrganizationId, Sha256 } from '../core/ids'
import { fileJoins, fileSnapshot, isFile, type OfFile } from './file-rows'
import { prepare, type Statement } from './statement'

// Statements about idempotency records, for the batches of the effects they belong to.

export type IdempotencyRow = {
  organization_id: string
  fingerprint: string | null
  subject_id: string
  reply: string | null
  locked_until: number
  upload_expires_at: number | null
  subject_status: FileRecord['status'] | null
}

/**
 * Takes the key unless it is held, with the SQL `reply`, for each row of `source`, SQL from its FROM or WHERE on. What
 * follows in the batch asks who holds the key.
 */
export const takeKey = <const Reply extends string, const Source extends string>(
  reply: Reply,
  source: Source,
) =>
  `INSERT INTO idempotency_records
     (organization_id, idempotency_key, fingerprint, subject_id, reply, locked_until, expires_at)
   SELECT :organizationId, :key, :fingerprint, :subjectId, ${reply}, :lockedUntil, :expiresAt ${source}
   ON CONFLICT (organization_id, idempotency_key) DO NOTHING` as const

const takeFreeKey = takeKey(':reply', 'WHERE true')

/** The steps that take the key of a claim, if there is one, for `subjectId`. */
export function claimSteps(
  db: D1Database,
  subject: { organizationId: OrganizationId; subjectId: string },
  claim: IdempotencyClaim | EarlyClaim | null,
  reply: string | null,
  now: number,
) {
  return {
    forgetExpired: forgetExpired(db, subject.organizationId, claim, now),
    takeKey: claim && prepare(db, takeFreeKey, { ...subject, ...claim, reply }),
  }
}

/** Makes a key free whose record is past its time. */
export function forgetExpired(
  db: D1Database,
  organizationId: OrganizationId,
  claim: Pick<IdempotencyClaim, 'key'> | null,
  now: number,
): Statement | null {
  return (
    claim &&
    prepare(
      db,
      `DELETE FROM idempotency_records
       WHERE organization_id = :organizationId AND idempotency_key = :key AND expires_at <= :now`,
      { organizationId, key: claim.key, now },
    )
  )
}

/** Who holds the key now, until when the upload it began can be used, and what has become of its file. */
export function selectHolder(
  db: D1Database,
  organizationId: OrganizationId,
  claim: Pick<IdempotencyClaim, 'key'> | null,
): Statement<IdempotencyRow> | null {
  return (
    claim &&
    prepare(
      db,
      `SELECT r.organization_id, r.fingerprint, r.subject_id, r.reply, r.locked_until,
         u.expires_at AS upload_expires_at, f.status AS subject_status
       FROM idempotency_records r
         LEFT JOIN uploads u ON u.organization_id = r.organization_id AND u.file_id = unhex(r.subject_id, '-')
         LEFT JOIN files f ON f.organization_id = r.organization_id AND f.id = unhex(r.subject_id, '-')
       WHERE r.organization_id = :organizationId AND r.idempotency_key = :key`,
      { organizationId, key: claim.key },
    )
  )
}

const completeRecord = `UPDATE idempotency_records
  SET fingerprint = coalesce(fingerprint, :fingerprint), reply = (
    SELECT ${fileSnapshot} FROM files f ${fileJoins}
    WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-'))
  WHERE subject_id = :fileId AND organization_id = :organizationId AND reply IS NULL
    AND coalesce(fingerprint, :fingerprint) IS NOT NULL
    AND EXISTS (SELECT 1 FROM files WHERE ${isFile} AND status = :status)
    AND NOT EXISTS (
      SELECT 1 FROM files f JOIN contents c
        ON c.organization_id = f.organization_id AND c.is_public = f.is_public AND c.sha256 = unhex(:unlessKnown)
      WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-'))` as const

/**
 * Completes the idempotency record of a file with the file as it is now, if it has come as far as `status`, and with
 * the fingerprint if that was not known before: without one there is no reply. Nor when the organization has content
 * with the hash `unlessKnown`, which the file will be given first.
 */
export function storeReply(
  db: D1Database,
  of: OfFile,
  status: FileRecord['status'],
  {
    unlessKnown = null,
    fingerprint = null,
  }: { unlessKnown?: Sha256 | null; fingerprint?: Sha256 | null } = {},
): Statement {
  return prepare(db, completeRecord, { ...of, status, unlessKnown, fingerprint })
}

export function toIdempotencyRecord<Reply>(
  row: IdempotencyRow,
  parseReply: (text: string) => Reply,
): IdempotencyRecord<Reply> {
  const { reply } = row
  return {
    organizationId: row.organization_id as OrganizationId,
    fingerprint: row.fingerprint as Sha256 | null,
    subjectId: row.subject_id,
    reply: reply === null ? null : () => parseReply(reply),
    lockedUntil: row.locked_until,
  }
}
