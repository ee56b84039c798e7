import type { AddAssociation, AssociationRepository } from '../core/ports/association-repository'
import { type AssociationRow, toAssociation, toAssociations } from './association-rows'
import { readRows, runBatch } from './d1'
import { isFile, isOfFile, type OfFile } from './file-rows'
import { forgetExpired, selectHolder, takeKey, toIdempotencyRecord } from './idempotency-records'
import { prepare, type Statement } from './statement'

const columns = 'resource_type, resource_id, created_at'
const ofResource = `${isOfFile} AND resource_type = :type AND resource_id = :resourceId` as const

export function createAssociationRepository(db: D1Database): AssociationRepository {
  return {
    async of(organizationId, fileId) {
      const select: Statement<AssociationRow> = prepare(
        db,
        `SELECT ${columns} FROM associations WHERE ${isOfFile}`,
        { fileId, organizationId },
      )
      return toAssociations(await readRows('associations.of', select))
    },

    // With a claim nothing is tied unless the key is free, and the reply is stored with the tie.
    async add({ file, association: { resource, createdAt }, max, claim, now }) {
      const { organizationId } = file
      const of = { fileId: file.id, organizationId }
      const at = { ...of, type: resource.type, resourceId: resource.id }
      const insert = prepare(
        db,
        `INSERT INTO associations (organization_id, resource_type, resource_id, file_id, created_at)
         SELECT organization_id, :type, :resourceId, id, :createdAt FROM files
         WHERE ${isFile}
           AND (SELECT count(*) FROM associations WHERE ${isOfFile}) < :max
           AND (:key IS NULL OR NOT EXISTS (
             SELECT 1 FROM idempotency_records WHERE organization_id = :organizationId AND idempotency_key = :key))
         ON CONFLICT DO NOTHING`,
        { ...at, createdAt, max, key: claim?.key ?? null },
      )
      const { holder, association, found } = await runBatch(db, 'associations.add', {
        forgetExpired: forgetExpired(db, organizationId, claim, now),
        insert,
        keepReply: claim && keepReply(db, at, claim),
        holder: selectHolder(db, organizationId, claim),
        association: selectAssociation(db, at),
        found: selectFileId(db, of),
      })
      const others = holder.find((record) => record.subject_id !== claim?.requestId)
      return {
        hasFile: found.length > 0,
        association: association[0] ? toAssociation(association[0]) : null,
        record: others
          ? toIdempotencyRecord(others, (text) => toAssociation(JSON.parse(text) as AssociationRow))
          : null,
      }
    },

    async remove(organizationId, fileId, resource) {
      const of = { fileId, organizationId }
      const at = { ...of, type: resource.type, resourceId: resource.id }
      const { found } = await runBatch(db, 'associations.remove', {
        remove: prepare(db, `DELETE FROM associations WHERE ${ofResource}`, at),
        found: selectFileId(db, of),
      })
      return found.length > 0
    },
  }
}

type OfResource = OfFile & { type: string; resourceId: string }

function selectFileId(db: D1Database, of: OfFile): Statement<{ uuid: string }> {
  return prepare(db, `SELECT uuid FROM files WHERE ${isFile}`, of)
}

function selectAssociation(db: D1Database, at: OfResource): Statement<AssociationRow> {
  return prepare(db, `SELECT ${columns} FROM associations WHERE ${ofResource}`, at)
}

/** Takes the key with the association as its reply, if that is there. */
function keepReply(
  db: D1Database,
  at: OfResource,
  { requestId: subjectId, ...claim }: NonNullable<AddAssociation['claim']>,
): Statement {
  const reply = `json_object('resource_type', resource_type, 'resource_id', resource_id, 'created_at', created_at)`
  return prepare(db, takeKey(reply, `FROM associations WHERE ${ofResource}`), { ...at, ...claim, subjectId })
}
