// All SQL of the bare Worker: the writes and reads of the gateway's schema (migrations/), as plain as they can be. None of
// them guards anything.

/** The one organization. */
export const insertOrganization =
  "INSERT INTO organizations (id, name, created_at, pending_uploads_max) VALUES ('acme', 'Acme', 0, 1000000000)"

/** The one fact that all files state, in the form of a row of `metadata_terms`. */
const term = 'tag-common-of-measured'

const shown = 'f.id, f.filename, f.content_type, f.metadata, f.created_at, c.byte_size, c.object_key'
const withContent = `SELECT ${shown} FROM files f LEFT JOIN contents c ON c.id = f.content_id WHERE f.id = ?1`

/** As ordered by time as the gateway's. */
export function newId() {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`
}

/** A file begins, and its upload. */
export function begin(db, { id, key, filename = 'a', contentType = 'text/plain', size = 0 }) {
  const now = Date.now()
  return [
    db
      .prepare(
        `INSERT INTO files (id, organization_id, filename, content_type, metadata, terms, status, created_at)
         VALUES (?1, 'acme', ?2, ?3, '{}', ?4, 'uploading', ?5)`,
      )
      .bind(id, filename, contentType, JSON.stringify([term]), now),
    db
      .prepare(
        `INSERT INTO uploads (file_id, organization_id, method, state, object_key, content_key, content_type,
           byte_size, reserved_bytes, expires_at, sweep_at)
         VALUES (?1, 'acme', 'presigned_put', 'pending', ?2, ?2, ?3, ?4, ?4, ?5, ?5)`,
      )
      .bind(id, key, contentType, size, now + 3_600_000),
  ]
}

/** The file gets its bytes, and can be found by its metadata; the upload ends. Gives the file as `selectFile` does. */
export function end(db, { id, key, size, sha256, etag }) {
  return [
    db
      .prepare(
        `INSERT INTO contents (id, organization_id, sha256, byte_size, object_key, etag, created_at)
         VALUES (?1, 'acme', ?2, ?3, ?4, ?5, ?6)`,
      )
      .bind(id, sha256, size, key, etag, Date.now()),
    db.prepare("UPDATE files SET status = 'ready', content_id = ?1 WHERE id = ?1").bind(id),
    db.prepare('INSERT INTO metadata_terms (term, file_id) VALUES (?1, ?2)').bind(term, id),
    db.prepare('DELETE FROM uploads WHERE file_id = ?1').bind(id),
    selectFile(db, id),
  ]
}

/** A file of the organization, and its content. */
export function selectFile(db, id) {
  return db.prepare(`${withContent} AND f.organization_id = 'acme'`).bind(id)
}

/** A file whose bytes are awaited: `object_key` is where. */
export function selectUpload(db, id) {
  return db.prepare('SELECT * FROM files f JOIN uploads u ON u.file_id = f.id WHERE f.id = ?1').bind(id)
}

/** The newest files that have bytes. */
export function selectPage(db) {
  return db.prepare(
    `SELECT ${shown} FROM files f INDEXED BY files_with_bytes JOIN contents c ON c.id = f.content_id
     WHERE f.organization_id = 'acme' AND f.content_id IS NOT NULL ORDER BY f.id DESC LIMIT 51`,
  )
}

/** The newest of the files that state the fact, as their index has them. */
export function selectPageByTerm(db) {
  return db
    .prepare(
      `SELECT ${shown} FROM metadata_terms t CROSS JOIN files f ON f.id = t.file_id
         JOIN contents c ON c.id = f.content_id
       WHERE t.term = ?1 ORDER BY t.file_id DESC LIMIT 51`,
    )
    .bind(term)
}

/** Removes a file with all its rows; the first statement says which object it had. */
export function remove(db, id) {
  return [
    db
      .prepare('SELECT c.object_key FROM files f JOIN contents c ON c.id = f.content_id WHERE f.id = ?1')
      .bind(id),
    db.prepare('DELETE FROM metadata_terms WHERE term = ?1 AND file_id = ?2').bind(term, id),
    db.prepare('DELETE FROM contents WHERE id = (SELECT content_id FROM files WHERE id = ?1)').bind(id),
    db.prepare('DELETE FROM files WHERE id = ?1').bind(id),
  ]
}
