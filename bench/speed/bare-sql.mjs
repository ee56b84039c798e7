// All SQL of the bare Worker: the writes and reads of the gateway's schema (migrations/), as plain as they can be. None of
// them guards anything.

/** The one organization. */
export const insertOrganization =
  "INSERT INTO organizations (id, name, created_at, pending_uploads_max) VALUES ('acme', 'Acme', 0, 1000000000)"

/** The one fact that all files state, in the form of a row of `metadata_terms`. */
const term = 'tag-of-measured!'

const shown = 'f.uuid AS id, f.filename, f.content_type, f.metadata, f.created_at, c.byte_size, c.object_key'
const joinContent = 'JOIN contents c ON c.organization_id = f.organization_id AND c.id = f.content_id'
const isFile = "f.organization_id = 'acme' AND f.id = unhex(?1, '-')"

/** As ordered by time as the gateway's. */
export function newId() {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`
}

/** Where the bytes of a file are in the end: `contents.object_key` says the same. */
export function keyOf(id) {
  return `acme/${id}`
}

/** A file begins, and its upload. */
export function begin(db, { id, filename = 'a', contentType = 'text/plain', size = 0 }) {
  const now = Date.now()
  return [
    db
      .prepare(
        `INSERT INTO files (organization_id, id, filename, content_type, metadata, terms, status, created_at)
         VALUES ('acme', unhex(?1, '-'), ?2, ?3, '{}', ?4, 'uploading', ?5)`,
      )
      .bind(id, filename, contentType, JSON.stringify([term]), now),
    db
      .prepare(
        `INSERT INTO uploads (organization_id, file_id, method, object_key, content_key, content_type, byte_size,
           reserved_bytes, expires_at, sweep_at)
         VALUES ('acme', unhex(?1, '-'), 'presigned_put', ?2, ?2, ?3, ?4, ?4, ?5, ?5)`,
      )
      .bind(id, keyOf(id), contentType, size, now + 3_600_000),
  ]
}

/** The file gets its bytes, and can be found by its metadata; the upload ends. Gives the file as `selectFile` does. */
export function end(db, { id, size, sha256, etag }) {
  return [
    db
      .prepare(
        `INSERT INTO contents (organization_id, id, sha256, byte_size, extension, etag)
         VALUES ('acme', unhex(?1, '-'), unhex(?2), ?3, '', ?4)`,
      )
      .bind(id, sha256, size, etag),
    db.prepare(`UPDATE files AS f SET status = 'ready', content_id = id WHERE ${isFile}`).bind(id),
    db.prepare("INSERT INTO metadata_terms (term, file_id) VALUES (?1, unhex(?2, '-'))").bind(term, id),
    db.prepare("DELETE FROM uploads WHERE organization_id = 'acme' AND file_id = unhex(?1, '-')").bind(id),
    selectFile(db, id),
  ]
}

/** A file of the organization, and its content. */
export function selectFile(db, id) {
  return db.prepare(`SELECT ${shown} FROM files f ${joinContent} WHERE ${isFile}`).bind(id)
}

/** A file whose bytes are awaited: `object_key` is where. */
export function selectUpload(db, id) {
  return db
    .prepare(
      `SELECT f.uuid, f.filename, f.content_type, f.metadata, f.created_at, u.object_key, u.byte_size, u.expires_at
       FROM files f JOIN uploads u ON u.organization_id = f.organization_id AND u.file_id = f.id WHERE ${isFile}`,
    )
    .bind(id)
}

/** The newest files that have bytes. */
export function selectPage(db) {
  return db.prepare(
    `SELECT ${shown} FROM files f INDEXED BY files_ready ${joinContent}
     WHERE f.organization_id = 'acme' AND f.content_id IS NOT NULL ORDER BY f.id DESC LIMIT 51`,
  )
}

/** The newest of the files that state the fact, as their index has them. */
export function selectPageByTerm(db) {
  return db
    .prepare(
      `SELECT ${shown} FROM metadata_terms t
         CROSS JOIN files f ON f.organization_id = 'acme' AND f.id = t.file_id ${joinContent}
       WHERE t.term = ?1 ORDER BY t.file_id DESC LIMIT 51`,
    )
    .bind(term)
}

/** Removes a file, with which triggers remove all its rows; the first statement says which object it had. */
export function remove(db, id) {
  return [
    db.prepare(`SELECT c.object_key FROM files f ${joinContent} WHERE ${isFile}`).bind(id),
    db.prepare(`DELETE FROM files AS f WHERE ${isFile}`).bind(id),
  ]
}
