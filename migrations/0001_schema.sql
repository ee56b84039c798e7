-- The whole schema, table by table. Until the first release it is edited in place: `npm start` says when the local
-- database was made by another text of it.
--
-- Times are integer milliseconds since 1970 UTC. D1 charges for each row that is written, and for one more in each index
-- that gets an entry by it; the removal of an entry is free. So each table is kept in the order in which it is listed, and
-- an index has only what is looked for in it.

-- The customers: what each may have and, kept by the triggers of other tables, what it has.
CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- NULL: as many as it likes.
  quota_bytes INTEGER CHECK (quota_bytes >= 0),
  -- Of its contents.
  used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  -- Of its pending uploads, and how many these are.
  reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0),
  pending_uploads INTEGER NOT NULL DEFAULT 0 CHECK (pending_uploads >= 0),
  -- How many there may be, as configured when an upload last began.
  pending_uploads_max INTEGER NOT NULL DEFAULT 0,
  -- Whatever their status; and how many there may be, as configured when an upload last began.
  file_count INTEGER NOT NULL DEFAULT 0,
  files_max INTEGER,
  -- An overrun aborts the whole batch it happens in.
  CONSTRAINT within_quota CHECK (quota_bytes IS NULL OR used_bytes + reserved_bytes <= quota_bytes),
  CONSTRAINT within_pending_uploads CHECK (pending_uploads <= pending_uploads_max)
) STRICT, WITHOUT ROWID;

-- The credentials that organizations give out. Among those of one millisecond the rowid says which is newer.
CREATE TABLE api_keys (
  -- The public part of the key; the secret part exists only as its SHA-256.
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT,
  secret_sha256 TEXT NOT NULL,
  scopes TEXT NOT NULL CHECK (json_valid(scopes)),
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;
-- Pages of an organization's keys, newest first.
CREATE INDEX api_keys_by_creation ON api_keys (organization_id, created_at);
-- To insert here is to use a key. It aborts the batch if the key is not there with that secret, is revoked or has expired;
-- otherwise it writes when the key was last used, if that is before `unless_used_after` or not known.
CREATE VIEW api_key_uses AS
  SELECT id, secret_sha256, last_used_at AS used_at, last_used_at AS unless_used_after FROM api_keys;
CREATE TRIGGER api_keys_use INSTEAD OF INSERT ON api_key_uses
BEGIN
  SELECT CASE
    WHEN k.id IS NULL THEN RAISE(ABORT, 'api_key_unknown')
    WHEN k.revoked_at IS NOT NULL THEN RAISE(ABORT, 'api_key_revoked')
    WHEN k.expires_at <= NEW.used_at THEN RAISE(ABORT, 'api_key_expired')
  END
  FROM (SELECT NEW.id AS id) n LEFT JOIN api_keys k ON k.id = n.id AND k.secret_sha256 = NEW.secret_sha256;
  UPDATE api_keys SET last_used_at = NEW.used_at
  WHERE id = NEW.id AND (last_used_at IS NULL OR last_used_at <= NEW.unless_used_after);
END;

-- What clients see: a name, a type and metadata, and what has become of the bytes that were promised.
CREATE TABLE files (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  -- The 16 bytes of a UUIDv7: they are in the order of creation, so that a range of the primary key is a list.
  id BLOB NOT NULL CHECK (length(id) = 16),
  -- The id as it is written everywhere else; it takes no room.
  uuid TEXT GENERATED ALWAYS AS (lower(
    substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' ||
    substr(hex(id), 17, 4) || '-' || substr(hex(id), 21))) VIRTUAL,
  filename TEXT NOT NULL,
  content_type TEXT NOT NULL,
  metadata TEXT NOT NULL CHECK (json_valid(metadata)),
  -- What `metadata_terms` finds the file by, as a JSON array: its rows are made, and found again, by this.
  terms TEXT NOT NULL CHECK (json_valid(terms)),
  -- The checksum as the client wrote it: uploads are forgotten, this can be asked for always.
  checksum TEXT,
  -- Anyone may read it under /public/{object key}, without a credential.
  is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
  -- The grant under which it was made, whose holder sees it by this and no other file.
  grant_id BLOB CHECK (length(grant_id) = 16),
  -- What the client said of it when it began to append bytes, as it wrote it: tus tells it again for as long as there is
  -- the file.
  statement TEXT,
  -- Where the request came from.
  source TEXT NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'm2m', 'connector')),
  source_detail TEXT,
  connector_metadata TEXT CHECK (json_valid(connector_metadata)),
  -- It changes as `file_transitions` has it.
  status TEXT NOT NULL CHECK (status IN ('uploading', 'ready', 'error', 'failed')),
  -- Why an `error` or `failed` file has no bytes: a failure as JSON.
  refusal TEXT CHECK (json_valid(refusal)),
  -- Its row in `contents`: of its own id, or, where the organization had the bytes before, of the file that brought them.
  -- No foreign key: SQLite would read all files for each content that goes. Triggers take a content away with its last
  -- file.
  content_id BLOB,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id),
  -- A file has bytes exactly when its status says so.
  CONSTRAINT bytes_match_status CHECK ((content_id IS NOT NULL) = (status = 'ready'))
) STRICT, WITHOUT ROWID;
-- The lists by status; what is `uploading` is in `uploads`.
CREATE INDEX files_ready ON files (organization_id, id) WHERE content_id IS NOT NULL;
CREATE INDEX files_lost ON files (organization_id, status, id) WHERE status IN ('error', 'failed');
-- What was made under a grant.
CREATE INDEX files_by_grant ON files (organization_id, grant_id, id) WHERE grant_id IS NOT NULL;
-- Who else has a content than the file that brought it.
CREATE INDEX files_duplicate ON files (organization_id, content_id) WHERE content_id <> id;

-- The life of a file, of which src/core/uploads/lifecycle.ts tells. Any other beginning or change of status aborts the
-- batch it happens in. A file may be deleted whatever its status.
CREATE TABLE file_transitions (
  from_status TEXT NOT NULL,
  to_status TEXT NOT NULL,
  PRIMARY KEY (from_status, to_status)
) STRICT, WITHOUT ROWID;
INSERT INTO file_transitions (from_status, to_status) VALUES
  -- The bytes are there, and are what was promised.
  ('uploading', 'ready'),
  -- Bytes came, and are not what was promised.
  ('uploading', 'error'),
  -- The client gave the upload up, or nothing came in time.
  ('uploading', 'failed'),
  -- The store says that the bytes were copied, not sent.
  ('ready', 'error');
CREATE TRIGGER files_begin BEFORE INSERT ON files WHEN NEW.status <> 'uploading'
BEGIN
  SELECT RAISE(ABORT, 'a file begins as uploading');
END;
CREATE TRIGGER files_move BEFORE UPDATE OF status ON files WHEN NEW.status <> OLD.status
  AND NOT EXISTS (SELECT 1 FROM file_transitions WHERE from_status = OLD.status AND to_status = NEW.status)
BEGIN
  SELECT RAISE(ABORT, 'no such transition of a file');
END;

-- Bytes in the bucket, once for each organization, for one file or several. The id is that of the file whose upload
-- brought them, so that no index of object keys is needed. Public and private files never share bytes: the client
-- that deletes a public file takes its object away for certain.
CREATE TABLE contents (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  -- Whether its files are those that anyone may read.
  is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
  -- NULL while the Worker has not hashed the bytes (a presigned PUT that it has not read).
  sha256 BLOB CHECK (length(sha256) = 32),
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  -- Of its object key, with the dot; '' where its type has none.
  extension TEXT NOT NULL,
  -- Where the bytes are; it takes no room.
  object_key TEXT GENERATED ALWAYS AS (organization_id || '/' || lower(
    substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' ||
    substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)) || extension) VIRTUAL,
  etag TEXT NOT NULL,
  -- Where the object is a promoted copy: the ETag of the incoming bytes.
  source_etag TEXT,
  -- No URL can change a content, but after its deletion something may still land at its key until then.
  watch_until INTEGER,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX contents_by_sha256 ON contents (organization_id, is_public, sha256) WHERE sha256 IS NOT NULL;

-- The uploads that are pending: where the bytes of a file are put, what was sealed, what is reserved for them. The batch
-- that ends one takes its row away. A key says the id of its file, so that no index of object keys is needed.
CREATE TABLE uploads (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  file_id BLOB NOT NULL CHECK (length(file_id) = 16),
  -- `edge`: the bytes pass through the Worker, in one request; `append`: in as many as the client likes. `presigned_put`,
  -- `multipart`: the client puts them into the bucket.
  method TEXT NOT NULL CHECK (method IN ('edge', 'append', 'presigned_put', 'multipart')),
  -- Where bytes are put, and where they are in the end. Not the same where a URL could still replace them.
  object_key TEXT NOT NULL,
  content_key TEXT NOT NULL,
  content_type TEXT NOT NULL,
  byte_size INTEGER CHECK (byte_size >= 0),
  reserved_bytes INTEGER NOT NULL CHECK (reserved_bytes >= 0),
  -- What it takes of the bytes of its file's grant: its size, or all that was left; NULL: its file is under none.
  granted_bytes INTEGER CHECK (granted_bytes >= 0),
  expires_at INTEGER NOT NULL,
  -- When the sweep looks at it next: at its expiry; sooner until a multipart upload is noted; later where a sweep took
  -- it on and did not end it.
  sweep_at INTEGER NOT NULL,
  -- What is sealed beside type and size, where the client is told which headers to send.
  md5 TEXT CHECK (length(md5) = 32),
  sha256 TEXT CHECK (length(sha256) = 64),
  -- Sealed with `if-none-match: *`: once there are bytes, no URL can change them.
  write_once INTEGER NOT NULL DEFAULT 0 CHECK (write_once IN (0, 1)),
  content_disposition TEXT,
  -- The store's name for the multipart upload: the request or sweep that gives the upload up aborts it.
  multipart_id TEXT,
  -- The size of every part but the last.
  part_bytes INTEGER CHECK (part_bytes > 0),
  -- The one version of the incoming bytes that may be promoted, and since when: settlers that overlap copy the same.
  promoting_etag TEXT,
  promoting_at INTEGER,
  -- Of `append`: how many bytes are kept for certain. It never falls, and only the request with the token moves it, which has
  -- the upload for itself until then. NULL: no request is appending.
  received_bytes INTEGER CHECK (received_bytes >= 0),
  append_token TEXT,
  append_until INTEGER,
  -- The names of the objects that hold what came after the last whole part, in order, as a JSON array.
  pieces TEXT CHECK (json_valid(pieces)),
  -- How many requests may have left a part behind that is not recorded: later parts have numbers of their own.
  parts_skipped INTEGER NOT NULL DEFAULT 0 CHECK (parts_skipped >= 0),
  PRIMARY KEY (organization_id, file_id),
  CONSTRAINT parts_are_planned CHECK ((method IN ('append', 'multipart')) = (part_bytes IS NOT NULL)),
  CONSTRAINT appends_are_counted CHECK ((method = 'append') = (received_bytes IS NOT NULL)),
  CONSTRAINT within_length CHECK (received_bytes <= byte_size)
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_sweep ON uploads (sweep_at);
-- Those for which nothing is reserved, though they may bring up to 5 GiB.
CREATE INDEX uploads_unsized ON uploads (organization_id) WHERE method = 'presigned_put' AND byte_size IS NULL;

-- The parts in the store of the uploads whose bytes are appended. They go with their upload.
CREATE TABLE upload_parts (
  organization_id TEXT NOT NULL,
  file_id BLOB NOT NULL CHECK (length(file_id) = 16),
  part_number INTEGER NOT NULL CHECK (part_number BETWEEN 1 AND 10000),
  etag TEXT NOT NULL,
  PRIMARY KEY (organization_id, file_id, part_number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER uploads_drop_parts AFTER DELETE ON uploads WHEN OLD.method = 'append'
BEGIN
  DELETE FROM upload_parts WHERE organization_id = OLD.organization_id AND file_id = OLD.file_id;
END;

-- The grants that were used, or revoked before they expired. One that was neither has no row: its token says all of it.
CREATE TABLE grants (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  -- The 16 bytes of a UUIDv7: they are in the order of creation.
  id BLOB NOT NULL CHECK (length(id) = 16),
  -- As its token says them; NULL: it was revoked before it was used.
  terms TEXT CHECK (json_valid(terms)),
  max_files INTEGER,
  max_bytes INTEGER,
  -- Of its files that are pending or ready. Kept by the triggers of these.
  files_used INTEGER NOT NULL DEFAULT 0 CHECK (files_used >= 0),
  bytes_used INTEGER NOT NULL DEFAULT 0 CHECK (bytes_used >= 0),
  -- What is refused or given up can be tried again, but not for ever: each try is rows.
  uploads_begun INTEGER NOT NULL DEFAULT 0,
  revoked_at INTEGER,
  PRIMARY KEY (organization_id, id),
  -- An overrun aborts the whole batch it happens in.
  CONSTRAINT within_grant_files CHECK (files_used <= max_files),
  CONSTRAINT within_grant_bytes CHECK (bytes_used <= max_bytes),
  CONSTRAINT within_grant_uploads CHECK (uploads_begun <= 10 * max_files)
) STRICT, WITHOUT ROWID;
-- To insert here is to use a grant. It aborts the batch if the grant is revoked.
CREATE VIEW grant_uses AS SELECT organization_id, id FROM grants;
CREATE TRIGGER grants_use INSTEAD OF INSERT ON grant_uses
BEGIN
  SELECT RAISE(ABORT, 'grant_revoked') FROM grants
  WHERE organization_id = NEW.organization_id AND id = NEW.id AND revoked_at IS NOT NULL;
END;

-- Top-level metadata, inverted: one row for each scalar, and for each scalar of an array, of the files with bytes.
-- A filter walks this index; it never reads the files it rejects.
CREATE TABLE metadata_terms (
  -- A hash of organization, field and value: what a row holds has a fixed size.
  term TEXT NOT NULL CHECK (length(term) = 16),
  file_id BLOB NOT NULL,
  PRIMARY KEY (term, file_id)
) STRICT, WITHOUT ROWID;

-- Files tied to something of the user's. They go with their file, whichever dialect deletes it.
CREATE TABLE associations (
  organization_id TEXT NOT NULL,
  file_id BLOB NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, file_id, resource_type, resource_id),
  FOREIGN KEY (organization_id, file_id) REFERENCES files (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX associations_by_resource ON associations (organization_id, resource_type, resource_id, file_id);
CREATE INDEX associations_by_type ON associations (organization_id, resource_type, file_id);

-- Usage. Each transition of a file updates the counters of its organization once, and takes away what goes with it,
-- whatever batch it is in.

-- The contents that no file has (any more).
CREATE VIEW unshared_contents AS
SELECT c.organization_id, c.id, c.byte_size FROM contents c
WHERE NOT EXISTS (
    SELECT 1 FROM files f
    WHERE f.organization_id = c.organization_id AND f.id = c.id AND f.content_id = c.id)
  AND NOT EXISTS (
    SELECT 1 FROM files f INDEXED BY files_duplicate
    WHERE f.organization_id = c.organization_id AND f.content_id = c.id AND f.content_id <> f.id);

-- An upload begins, and its file with it. Of unsized uploads, which reserve nothing, an organization with a quota may have
-- ten, and none when nothing is left. The bound on files is on what begins only: an organization that is over it can
-- still settle and delete.
CREATE TRIGGER uploads_begin AFTER INSERT ON uploads
BEGIN
  SELECT RAISE(ABORT, 'quota_used_up') FROM organizations
  WHERE NEW.method = 'presigned_put' AND NEW.byte_size IS NULL
    AND id = NEW.organization_id AND used_bytes + reserved_bytes >= quota_bytes;
  SELECT RAISE(ABORT, 'within_unsized_uploads') FROM organizations
  WHERE NEW.method = 'presigned_put' AND NEW.byte_size IS NULL
    AND id = NEW.organization_id AND quota_bytes IS NOT NULL
    AND (SELECT count(*) FROM (
      SELECT 1 FROM uploads
      WHERE organization_id = NEW.organization_id AND method = 'presigned_put' AND byte_size IS NULL
      LIMIT 11)) > 10;
  UPDATE organizations SET
    reserved_bytes = reserved_bytes + NEW.reserved_bytes,
    pending_uploads = pending_uploads + 1,
    file_count = file_count + 1
  WHERE id = NEW.organization_id;
  SELECT RAISE(ABORT, 'within_files') FROM organizations
  WHERE id = NEW.organization_id AND file_count > files_max;
END;

-- An upload begins under a grant, and takes its share of that.
CREATE TRIGGER uploads_begin_granted AFTER INSERT ON uploads WHEN NEW.granted_bytes IS NOT NULL
BEGIN
  INSERT INTO grant_uses (organization_id, id)
  SELECT organization_id, grant_id FROM files WHERE organization_id = NEW.organization_id AND id = NEW.file_id;
  UPDATE grants SET
    files_used = files_used + 1,
    bytes_used = bytes_used + NEW.granted_bytes,
    uploads_begun = uploads_begun + 1
  WHERE organization_id = NEW.organization_id
    AND id = (SELECT grant_id FROM files WHERE organization_id = NEW.organization_id AND id = NEW.file_id);
END;

-- The length of an upload becomes known while its bytes are appended, or more of them have come than were reserved.
CREATE TRIGGER uploads_reserve AFTER UPDATE OF reserved_bytes ON uploads WHEN NEW.reserved_bytes <> OLD.reserved_bytes
BEGIN
  UPDATE organizations SET reserved_bytes = reserved_bytes + NEW.reserved_bytes - OLD.reserved_bytes
  WHERE id = NEW.organization_id;
END;
CREATE TRIGGER uploads_take_granted AFTER UPDATE OF granted_bytes ON uploads WHEN NEW.granted_bytes <> OLD.granted_bytes
BEGIN
  UPDATE grants SET bytes_used = bytes_used + NEW.granted_bytes - OLD.granted_bytes
  WHERE organization_id = NEW.organization_id
    AND id = (SELECT grant_id FROM files WHERE organization_id = NEW.organization_id AND id = NEW.file_id);
END;

-- An upload ends, and its file stays. What was reserved becomes used if it has brought its content, in one update: the
-- quota never has to hold both.
CREATE TRIGGER uploads_end AFTER DELETE ON uploads
WHEN EXISTS (SELECT 1 FROM files WHERE organization_id = OLD.organization_id AND id = OLD.file_id)
BEGIN
  UPDATE organizations SET
    used_bytes = used_bytes + coalesce(
      (SELECT byte_size FROM contents WHERE organization_id = OLD.organization_id AND id = OLD.file_id), 0),
    reserved_bytes = reserved_bytes - OLD.reserved_bytes,
    pending_uploads = pending_uploads - 1
  WHERE id = OLD.organization_id;
END;

-- An upload under a grant ends, and its file stays: the bytes that came are its share, or there is none.
CREATE TRIGGER uploads_end_granted AFTER DELETE ON uploads WHEN OLD.granted_bytes IS NOT NULL
BEGIN
  UPDATE grants SET
    files_used = files_used - (f.content_id IS NULL),
    bytes_used = bytes_used - OLD.granted_bytes + coalesce((
      SELECT byte_size FROM contents WHERE organization_id = f.organization_id AND id = f.content_id), 0)
  FROM (
    SELECT organization_id, grant_id, content_id FROM files
    WHERE organization_id = OLD.organization_id AND id = OLD.file_id) f
  WHERE grants.organization_id = f.organization_id AND grants.id = f.grant_id;
END;

-- A file goes, and with it its terms, its upload, and its content if no other file has that.
CREATE TRIGGER files_go AFTER DELETE ON files
BEGIN
  UPDATE grants SET
    files_used = files_used - 1,
    bytes_used = bytes_used - coalesce(
      (SELECT granted_bytes FROM uploads WHERE organization_id = OLD.organization_id AND file_id = OLD.id),
      (SELECT byte_size FROM contents WHERE organization_id = OLD.organization_id AND id = OLD.content_id), 0)
  WHERE OLD.status IN ('uploading', 'ready') AND organization_id = OLD.organization_id AND id = OLD.grant_id;
  UPDATE organizations SET
    used_bytes = used_bytes - coalesce((
      SELECT byte_size FROM unshared_contents WHERE organization_id = OLD.organization_id AND id = OLD.content_id), 0),
    reserved_bytes = reserved_bytes - coalesce((
      SELECT reserved_bytes FROM uploads WHERE organization_id = OLD.organization_id AND file_id = OLD.id), 0),
    pending_uploads = pending_uploads - EXISTS (
      SELECT 1 FROM uploads WHERE organization_id = OLD.organization_id AND file_id = OLD.id),
    file_count = file_count - 1
  WHERE id = OLD.organization_id;
  DELETE FROM metadata_terms
  WHERE OLD.content_id IS NOT NULL AND file_id = OLD.id AND term IN (SELECT value FROM json_each(OLD.terms));
  DELETE FROM uploads WHERE organization_id = OLD.organization_id AND file_id = OLD.id;
  DELETE FROM contents WHERE organization_id = OLD.organization_id
    AND id = (SELECT id FROM unshared_contents WHERE organization_id = OLD.organization_id AND id = OLD.content_id);
END;

-- A file loses its bytes, and stays.
CREATE TRIGGER files_lose AFTER UPDATE OF content_id ON files
WHEN OLD.content_id IS NOT NULL AND NEW.content_id IS NULL
BEGIN
  UPDATE grants SET
    files_used = files_used - 1,
    bytes_used = bytes_used - (
      SELECT byte_size FROM contents WHERE organization_id = OLD.organization_id AND id = OLD.content_id)
  WHERE organization_id = OLD.organization_id AND id = OLD.grant_id;
  UPDATE organizations SET
    used_bytes = used_bytes - coalesce((
      SELECT byte_size FROM unshared_contents WHERE organization_id = OLD.organization_id AND id = OLD.content_id), 0)
  WHERE id = OLD.organization_id;
  DELETE FROM metadata_terms
  WHERE file_id = OLD.id AND term IN (SELECT value FROM json_each(OLD.terms));
  DELETE FROM contents WHERE organization_id = OLD.organization_id
    AND id = (SELECT id FROM unshared_contents WHERE organization_id = OLD.organization_id AND id = OLD.content_id);
END;

-- The first request with an Idempotency-Key, and its reply to those that repeat it.
CREATE TABLE idempotency_records (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  idempotency_key TEXT NOT NULL,
  -- NULL while a streamed upload runs, whose fingerprint needs the hash of all its bytes.
  fingerprint TEXT,
  -- The file or API key that the request makes.
  subject_id TEXT NOT NULL,
  -- NULL while the request runs.
  reply TEXT CHECK (json_valid(reply)),
  -- A running request that has not finished by then is taken for dead.
  locked_until INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, idempotency_key),
  CONSTRAINT reply_has_fingerprint CHECK (reply IS NULL OR fingerprint IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at);
CREATE INDEX idempotency_records_by_subject ON idempotency_records (subject_id);

-- The outbox: objects to delete, written in the batch that lets go of them, and removed by the request or sweep that
-- deletes the object. Keys under `_incoming/` are not in it: they are found by listing the bucket.
CREATE TABLE object_deletions (
  object_key TEXT NOT NULL PRIMARY KEY,
  -- When to try next; in the past for as long as a URL can put something there, so that every sweep looks.
  due_at INTEGER NOT NULL,
  -- A PUT that began before its URL expired may land late: until then the key is deleted again and again.
  watch_until INTEGER NOT NULL,
  -- What is deleted may be a multipart upload that has to be aborted before; `edge` ones are the Worker's own.
  multipart_id TEXT,
  multipart_method TEXT CHECK (multipart_method IN ('edge', 'multipart'))
) STRICT, WITHOUT ROWID;
CREATE INDEX object_deletions_by_due ON object_deletions (due_at);

-- Where the next sweep goes on with a step that was too long for one; no row: at its beginning.
CREATE TABLE sweep_positions (
  step TEXT NOT NULL PRIMARY KEY,
  position TEXT NOT NULL
) STRICT, WITHOUT ROWID;
