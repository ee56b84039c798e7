import type { IdempotencyClaim } from '../core/idempotency/idempotency'
import type {
  NewUploadIntent,
  StreamDetails,
  UploadIntent,
  VerifiedBytes,
} from '../core/ports/upload-repository'
import { insertUpload, limitUploads } from './begin-upload-statements'
import { selectClaimed } from './idempotency-records'
import { insertFile } from './insert-file'
import { isPending, settleStatements } from './settle-upload-statements'

/** The batch that writes an intent down unless the key is held; the last statement returns who holds it. */
export function beginStreamStatements(
  db: D1Database,
  intent: NewUploadIntent,
  options: { idempotencyKey: string | null; pendingUploadsMax: number; filesMax: number; now: number },
): D1PreparedStatement[] {
  const { file, upload } = intent
  const { idempotencyKey, now } = options
  const isUnclaimed = `NOT EXISTS (
    SELECT 1 FROM idempotency_records
    WHERE organization_id = ?2 AND idempotency_key = ?10 AND expires_at > ?11)`
  return [
    limitUploads(db, file.organizationId, options),
    insertFile(db, intent, isUnclaimed, [idempotencyKey, now]),
    insertUpload(db, file, upload, null),
    db
      .prepare(
        `SELECT organization_id, fingerprint, subject_id, reply, locked_until FROM idempotency_records
         WHERE organization_id = ?1 AND idempotency_key = ?2 AND expires_at > ?3`,
      )
      .bind(file.organizationId, idempotencyKey, now),
  ]
}

/**
 * The batch of `StreamUploadRepository.settle`. Who does not get the key takes his own upload away, so that
 * everything after that finds nothing pending. With a claim, who holds the key comes last.
 */
export function settleStreamStatements(
  db: D1Database,
  { intent, bytes, details }: { intent: UploadIntent; bytes: VerifiedBytes; details: StreamDetails },
  claim: IdempotencyClaim | null,
  now: number,
): D1PreparedStatement[] {
  const { id, organizationId } = intent.file
  const { origin, resource } = details
  const statement = (sql: string, ...more: unknown[]) => db.prepare(sql).bind(id, organizationId, ...more)
  const describe = statement(
    `UPDATE files SET source = ?3, source_detail = ?4, connector_metadata = ?5
     WHERE id = ?1 AND organization_id = ?2 AND status = 'uploading' AND ${isPending}`,
    origin.source,
    origin.sourceDetail,
    origin.connectorMetadata && JSON.stringify(origin.connectorMetadata),
  )
  const associate =
    resource &&
    statement(
      `INSERT INTO associations (organization_id, resource_type, resource_id, file_id, created_at)
       SELECT organization_id, ?3, ?4, id, created_at FROM files
       WHERE id = ?1 AND organization_id = ?2 AND status = 'uploading' AND ${isPending}
       ON CONFLICT DO NOTHING`,
      resource.type,
      resource.id,
    )
  return [
    ...(claim === null ? [] : claimOrYield(db, intent, claim, now)),
    describe,
    ...(associate === null ? [] : [associate]),
    ...settleStatements(db, intent, bytes, now),
    ...(claim === null ? [] : [selectClaimed(db, organizationId, claim)]),
  ]
}

/** Takes the key; if somebody else has it, ends the upload and lists its object for deletion. */
function claimOrYield(
  db: D1Database,
  { file }: UploadIntent,
  claim: IdempotencyClaim,
  now: number,
): D1PreparedStatement[] {
  const statement = (sql: string, ...more: unknown[]) =>
    db.prepare(sql).bind(file.id, file.organizationId, ...more)
  const isOthers = `EXISTS (
    SELECT 1 FROM idempotency_records
    WHERE organization_id = ?2 AND idempotency_key = ?3 AND subject_id <> ?1)`
  return [
    db
      .prepare(
        `DELETE FROM idempotency_records
         WHERE organization_id = ?1 AND idempotency_key = ?2 AND expires_at <= ?3`,
      )
      .bind(file.organizationId, claim.key, now),
    statement(
      `INSERT INTO idempotency_records
         (organization_id, idempotency_key, fingerprint, subject_id, locked_until, expires_at)
       SELECT ?2, ?3, ?4, ?1, ?5, ?6 WHERE ${isPending}
       ON CONFLICT (organization_id, idempotency_key) DO NOTHING`,
      claim.key,
      claim.fingerprint,
      claim.lockedUntil,
      claim.expiresAt,
    ),
    // Its put has ended: nothing can land late.
    statement(
      `INSERT INTO object_deletions (object_key, due_at, watch_until)
       SELECT object_key, ?4, ?4 FROM uploads
       WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending' AND ${isOthers}
       ON CONFLICT DO NOTHING`,
      claim.key,
      now,
    ),
    statement(
      `DELETE FROM files
       WHERE id = ?1 AND organization_id = ?2 AND status = 'uploading' AND ${isPending} AND ${isOthers}`,
      claim.key,
    ),
    statement(
      `DELETE FROM uploads
       WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending' AND ${isOthers}`,
      claim.key,
    ),
  ]
}
