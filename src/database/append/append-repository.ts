import { parsePieceName, pieceName } from '../../core/append/ledger'
import { partCountMaxOfUnknown } from '../../core/append/plan'
import type { FileId, GrantId, OrganizationId } from '../../core/ids'
import type { AppendRepository, FoundAppend } from '../../core/ports/append-repository'
import { readRow, readRows, runRepeatableBatch } from '../d1'
import { toFileRecord } from '../file-records'
import { type FileRow, fileColumns, fileJoins, isOfFile } from '../file-rows'
import { prepare, type Statement } from '../statement'

type FoundRow = FileRow & {
  statement: string | null
  pieces: string | null
  parts_skipped: number | null
  append_token: string | null
  append_until: number | null
}

/** The values of the parameters of `isOwned`. */
type Owned = { organizationId: OrganizationId; fileId: FileId; grantId: GrantId | null }

/** The upload that bytes are appended to, if its file is the owner's to append to. */
const isOwned = `${isOfFile} AND method = 'append' AND (:grantId IS NULL OR EXISTS (
  SELECT 1 FROM files WHERE organization_id = :organizationId AND id = unhex(:fileId, '-')
    AND grant_id = unhex(:grantId, '-')))` as const

const isHeld =
  `${isOfFile} AND method = 'append' AND append_token = :token AND append_until IS NOT NULL` as const

/** How many bytes are reserved, and taken of a grant: as many as there will be, or as have come while no client says. */
const reserve = <const ByteSize extends string>(byteSize: ByteSize) =>
  `reserved_bytes = max(reserved_bytes, ${byteSize}), granted_bytes = max(granted_bytes, ${byteSize})` as const

/** No upload is over whose bytes are all there: it is settled, however late. */
const isOpen = '(expires_at > :now OR received_bytes = byte_size)' as const

/** The store has begun it, unless its bytes are put in one piece. Until then the request that makes it is at it. */
const isBegun = '(multipart_id IS NOT NULL OR byte_size <= part_bytes)' as const

const takeUpload = `UPDATE uploads SET
    parts_skipped = parts_skipped + (append_until IS NOT NULL AND append_token IS NOT :token),
    append_token = :token, append_until = :until,
    byte_size = coalesce(byte_size, :byteSize), ${reserve('coalesce(:byteSize, 0)')}
  WHERE ${isOwned} AND ${isOpen} AND ${isBegun} AND received_bytes = :offset
    AND (append_until IS NULL OR append_until <= :now OR append_token = :token)
    AND (:byteSize IS NULL OR (:byteSize >= received_bytes AND coalesce(byte_size, :byteSize) = :byteSize
      AND (byte_size IS NOT NULL OR :byteSize <= part_bytes * :partsMax)))
    AND (:end IS NULL OR coalesce(byte_size, :byteSize, :end) >= :end)` as const

const nameFile = `UPDATE files SET filename = :filename
  WHERE organization_id = :organizationId AND id = unhex(:fileId, '-')
    AND EXISTS (SELECT 1 FROM uploads WHERE ${isHeld} AND received_bytes = 0)` as const

const takeUploadOver = `UPDATE uploads SET
    parts_skipped = parts_skipped + 1, append_token = NULL, append_until = NULL
  WHERE ${isOwned} AND append_until IS NOT NULL` as const

const advance = `UPDATE uploads SET
    received_bytes = :to, pieces = :pieces, parts_skipped = :partsSkipped, append_until = :until,
    byte_size = CASE WHEN :isEnd THEN coalesce(byte_size, :to) ELSE byte_size END,
    ${reserve(':to')}
  WHERE ${isHeld} AND received_bytes = :from` as const

const keepParts = `INSERT INTO upload_parts (organization_id, file_id, part_number, etag)
  SELECT u.organization_id, u.file_id, j.value ->> 0, j.value ->> 1
  FROM uploads u, json_each(:parts) j
  WHERE u.organization_id = :organizationId AND u.file_id = unhex(:fileId, '-') AND u.method = 'append'
    AND u.append_token = :token AND u.append_until IS NOT NULL AND u.received_bytes = :from
  ON CONFLICT DO NOTHING` as const

/** How far uploads have come whose bytes are appended. Each of these batches may be run twice. */
export function createAppendRepository(db: D1Database): AppendRepository {
  return {
    async take({ organizationId, id: fileId, grantId }, { hold, offset, byteSize, end, filename }, now) {
      const owned = { organizationId, fileId, grantId }
      const { found } = await runRepeatableBatch(db, 'appends.take', {
        take: prepare(db, takeUpload, {
          ...owned,
          ...hold,
          offset,
          byteSize,
          end,
          now,
          partsMax: partCountMaxOfUnknown,
        }),
        name:
          filename === null
            ? null
            : prepare(db, nameFile, { organizationId, fileId, token: hold.token, filename }),
        found: selectFound(db, owned),
      })
      return found[0] ? toFound(found[0]) : null
    },

    async find({ organizationId, id: fileId, grantId }) {
      const row = await readRow('appends.find', selectFound(db, { organizationId, fileId, grantId }))
      return row && toFound(row)
    },

    async takeOver({ organizationId, id: fileId, grantId }) {
      const owned = { organizationId, fileId, grantId }
      const { found } = await runRepeatableBatch(db, 'appends.takeOver', {
        takeOver: prepare(db, takeUploadOver, owned),
        found: selectFound(db, owned),
      })
      return found[0] ? toFound(found[0]) : null
    },

    async commit({ organizationId, id: fileId }, token, step) {
      const of = { organizationId, fileId }
      const { from, to, isEnd, partsSkipped, until } = step
      const pieces = JSON.stringify(step.pieces.map(pieceName))
      const outcome: Statement<{ received_bytes: number }> = prepare(
        db,
        `SELECT received_bytes FROM uploads WHERE ${isOfFile} AND append_token = :token AND pieces = :pieces`,
        { ...of, token, pieces },
      )
      const { rows } = await runRepeatableBatch(db, 'appends.commit', {
        keepParts:
          step.parts.length === 0
            ? null
            : prepare(db, keepParts, {
                ...of,
                token,
                from,
                parts: JSON.stringify(step.parts.map(({ partNumber, etag }) => [partNumber, etag])),
              }),
        advance: prepare(db, advance, { ...of, token, from, to, pieces, isEnd, partsSkipped, until }),
        rows: outcome,
      })
      return rows[0]?.received_bytes === to
    },

    async prolong({ organizationId, id: fileId }, { token, until }, partsSkipped) {
      const prolong = prepare(
        db,
        `UPDATE uploads SET append_until = :until, parts_skipped = :partsSkipped WHERE ${isHeld} RETURNING 1`,
        { organizationId, fileId, token, until, partsSkipped },
      )
      const { prolonged } = await runRepeatableBatch(db, 'appends.prolong', { prolonged: prolong })
      return prolonged.length > 0
    },

    async release({ organizationId, id: fileId }, token, skipsPart) {
      await runRepeatableBatch(db, 'appends.release', {
        release: prepare(
          db,
          `UPDATE uploads SET append_until = NULL, parts_skipped = parts_skipped + :skipsPart WHERE ${isHeld}`,
          { organizationId, fileId, token, skipsPart },
        ),
      })
    },

    async parts({ organizationId, id: fileId }) {
      const select: Statement<{ part_number: number; etag: string }> = prepare(
        db,
        `SELECT part_number, etag FROM upload_parts WHERE ${isOfFile} ORDER BY part_number`,
        { organizationId, fileId },
      )
      const rows = await readRows('appends.parts', select)
      return rows.map(({ part_number: partNumber, etag }) => ({ partNumber, etag }))
    },
  }
}

const oneFound =
  `SELECT ${fileColumns}, f.statement, u.pieces, u.parts_skipped, u.append_token, u.append_until
  FROM files f ${fileJoins}
  WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-')
    AND (:grantId IS NULL OR f.grant_id = unhex(:grantId, '-'))` as const

function selectFound(db: D1Database, owned: Owned): Statement<FoundRow> {
  return prepare(db, oneFound, owned)
}

function toFound(row: FoundRow): FoundAppend {
  const { append_token: token, append_until: until } = row
  return {
    file: toFileRecord(row),
    statement: row.statement,
    ledger:
      row.upload_method === 'append'
        ? {
            pieces: (JSON.parse(row.pieces ?? '[]') as string[]).flatMap(
              (name) => parsePieceName(name) ?? [],
            ),
            partsSkipped: row.parts_skipped ?? 0,
          }
        : null,
    hold: token !== null && until !== null ? { token, until } : null,
  }
}
