-- The whole schema, table by table. Until the first release it is edited in place: `npm start` says when the local
-- database was made by another text of it.
--
-- Times are integer milliseconds since 1970 UTC. Ids of files are UUIDv7, so their text order is their
-- order of creation: every "newest first" index ends in the id alone.

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
) STRICT;

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

-- What clients see: a name, a type and metadata, and what has become of the bytes that were promised.
CREATE TABLE files (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  filename TEXT NOT NULL,
  content_type TEXT NOT NULL,
  metadata TEXT NOT NULL CHECK (json_valid(metadata)),
  -- What `metadata_terms` finds the file by, as a JSON array: its rows are made, and found again, by this.
  terms TEXT NOT NULL CHECK (json_valid(terms)),
  -- The checksum as the client wrote it: uploads are forgotten, this can be asked for always.
  checksum TEXT,
  -- Anyone may read it under /public/{object key}, without a credential.
  is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
  -- Where the request came from.
  source TEXT NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'm2m', 'connector')),
  source_detail TEXT,
  connector_metadata TEXT CHECK (json_valid(connector_metadata)),
  -- It changes as `file_transitions` has it.
  status TEXT NOT NULL CHECK (status IN ('uploading', 'ready', 'error', 'failed')),
  -- Why an `error` or `failed` file has no bytes: a failure as JSON.
  refusal TEXT CHECK (json_valid(refusal)),
  -- Deferred: deleting the last file of a content deletes both in one batch.
  content_id TEXT REFERENCES contents (id) DEFERRABLE INITIALLY DEFERRED,
  -- The organization had the bytes before.
  is_duplicate INTEGER NOT NULL DEFAULT 0 CHECK (is_duplicate IN (0, 1)),
  created_at INTEGER NOT NULL,
  -- A file has bytes exactly when its status says so.
  CONSTRAINT bytes_match_status CHECK ((content_id IS NOT NULL) = (status = 'ready'))
) STRICT;
CREATE INDEX files_with_bytes ON files (organization_id, id) WHERE content_id IS NOT NULL;
-- What is ready is among those with bytes: a file is in one of the two indices.
CREATE INDEX files_by_status ON files (organization_id, status, id) WHERE status <> 'ready';
CREATE INDEX files_by_content ON files (content_id) WHERE content_id IS NOT NULL;
-- Its upload, which begins in the same batch, has counted it: see `uploads_begin`.
CREATE TRIGGER files_go AFTER DELETE ON files
BEGIN
  UPDATE organizations SET file_count = file_count - 1 WHERE id = OLD.organization_id;
END;

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
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  -- Whether its files are those that anyone may read.
  is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
  -- NULL while the Worker has not hashed the bytes (a presigned PUT that it has not read).
  sha256 TEXT CHECK (length(sha256) = 64),
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  object_key TEXT NOT NULL,
  etag TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- No URL can change a content, but after its deletion something may still land at its key until then.
  watch_until INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX contents_by_sha256 ON contents (organization_id, is_public, sha256) WHERE sha256 IS NOT NULL;
-- What the upload had reserved becomes used here, so that the quota never has to hold both.
CREATE TRIGGER contents_come AFTER INSERT ON contents
BEGIN
  UPDATE organizations SET
    used_bytes = used_bytes + NEW.byte_size,
    reserved_bytes = reserved_bytes - coalesce(
      (SELECT reserved_bytes FROM uploads WHERE file_id = NEW.id AND state = 'pending'), 0)
  WHERE id = NEW.organization_id;
END;
CREATE TRIGGER contents_go AFTER DELETE ON contents
BEGIN
  UPDATE organizations SET used_bytes = used_bytes - OLD.byte_size WHERE id = OLD.organization_id;
END;

-- How the bytes of a file come: where they are put, what was sealed, what is reserved for them. A key says the id of
-- its file, so that no index of object keys is needed.
CREATE TABLE uploads (
  file_id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  -- `edge`: the bytes pass through the Worker. `presigned_put`, `multipart`: the client puts them into the bucket.
  method TEXT NOT NULL CHECK (method IN ('edge', 'presigned_put', 'multipart')),
  -- `settled` rows of uploads with URLs stay while a PUT can still land.
  state TEXT NOT NULL CHECK (state IN ('pending', 'settled')),
  -- Where bytes are put, and where they are in the end. Not the same where a URL could still replace them.
  object_key TEXT NOT NULL,
  content_key TEXT NOT NULL,
  content_type TEXT NOT NULL,
  byte_size INTEGER CHECK (byte_size >= 0),
  reserved_bytes INTEGER NOT NULL CHECK (reserved_bytes >= 0),
  expires_at INTEGER NOT NULL,
  -- When the sweep looks at it next: at its expiry; sooner until a multipart upload is noted; later where a sweep took
  -- it on and did not end it. Of a settled one the time to forget it counts from here.
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
  CONSTRAINT parts_are_planned CHECK ((method = 'multipart') = (part_bytes IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_sweep ON uploads (state, sweep_at);
-- Those for which nothing is reserved, though they may bring up to 5 GiB.
CREATE INDEX uploads_unsized ON uploads (organization_id)
  WHERE state = 'pending' AND method = 'presigned_put' AND byte_size IS NULL;
-- Usage follows its rows, whatever batch they change in: reserved bytes and their number the pending uploads. Of
-- unsized uploads, which reserve nothing, an organization with a quota may have ten, and none when nothing is left.
-- The bound on files is on what begins only: an organization that is over it can still settle and delete.
CREATE TRIGGER uploads_begin AFTER INSERT ON uploads WHEN NEW.state = 'pending'
BEGIN
  SELECT RAISE(ABORT, 'quota_used_up') FROM organizations
  WHERE NEW.method = 'presigned_put' AND NEW.byte_size IS NULL
    AND id = NEW.organization_id AND used_bytes + reserved_bytes >= quota_bytes;
  SELECT RAISE(ABORT, 'within_unsized_uploads') FROM organizations
  WHERE NEW.method = 'presigned_put' AND NEW.byte_size IS NULL
    AND id = NEW.organization_id AND quota_bytes IS NOT NULL
    AND (SELECT count(*) FROM (
      SELECT 1 FROM uploads
      WHERE organization_id = NEW.organization_id
        AND state = 'pending' AND method = 'presigned_put' AND byte_size IS NULL
      LIMIT 11)) > 10;
  UPDATE organizations SET
    reserved_bytes = reserved_bytes + NEW.reserved_bytes,
    pending_uploads = pending_uploads + 1,
    file_count = file_count + 1
  WHERE id = NEW.organization_id;
  SELECT RAISE(ABORT, 'within_files') FROM organizations
  WHERE id = NEW.organization_id AND file_count > files_max;
END;
-- What an upload had reserved became used when its content came.
CREATE TRIGGER uploads_change AFTER UPDATE OF state, reserved_bytes ON uploads WHEN OLD.state = 'pending'
BEGIN
  UPDATE organizations SET
    reserved_bytes = reserved_bytes
      - CASE WHEN EXISTS (SELECT 1 FROM contents WHERE id = OLD.file_id) THEN 0 ELSE OLD.reserved_bytes END
      + CASE NEW.state WHEN 'pending' THEN NEW.reserved_bytes ELSE 0 END,
    pending_uploads = pending_uploads - (NEW.state <> 'pending')
  WHERE id = OLD.organization_id;
END;
CREATE TRIGGER uploads_end AFTER DELETE ON uploads WHEN OLD.state = 'pending'
BEGIN
  UPDATE organizations SET
    reserved_bytes = reserved_bytes
      - CASE WHEN EXISTS (SELECT 1 FROM contents WHERE id = OLD.file_id) THEN 0 ELSE OLD.reserved_bytes END,
    pending_uploads = pending_uploads - 1
  WHERE id = OLD.organization_id;
END;

-- Top-level metadata, inverted: one row for each scalar, and for each scalar of an array, of the files with bytes.
-- A filter walks this index; it never reads the files it rejects.
CREATE TABLE metadata_terms (
  -- A hash of organization, field and value: what a row holds has a fixed size.
  term TEXT NOT NULL CHECK (length(term) = 22),
  file_id TEXT NOT NULL,
  PRIMARY KEY (term, file_id)
) STRICT, WITHOUT ROWID;

-- Files tied to something of the user's. They go with their file, whichever dialect deletes it.
CREATE TABLE associations (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  file_id TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, resource_type, resource_id, file_id)
) STRICT, WITHOUT ROWID;
-- With the time in it, an expansion reads this index alone, oldest association first.
CREATE INDEX associations_by_file ON associations (file_id, created_at);
CREATE INDEX associations_by_type ON associations (organization_id, resource_type, file_id);

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
