-- What lands late is found by listing `_incoming/`, so no row remembers such keys; and fewer rows are written.

-- Without a rowid, which nothing needs, and without the index of object keys: a key says the id of its file.
CREATE TABLE uploads_next (
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
  -- When the sweep looks at it (again): its expiry, or later where a sweep took it on and did not end it.
  sweep_at INTEGER NOT NULL,
  md5 TEXT CHECK (length(md5) = 32),
  sha256 TEXT CHECK (length(sha256) = 64),
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
INSERT INTO uploads_next (file_id, organization_id, method, state, object_key, content_key, content_type, byte_size,
    reserved_bytes, expires_at, sweep_at, md5, sha256, write_once, content_disposition, multipart_id, part_bytes,
    promoting_etag, promoting_at)
  SELECT file_id, organization_id, method, state, object_key, content_key, content_type, byte_size,
    reserved_bytes, expires_at, sweep_at, md5, sha256, write_once, content_disposition, multipart_id, part_bytes,
    promoting_etag, promoting_at
  FROM uploads;
DROP TABLE uploads;
ALTER TABLE uploads_next RENAME TO uploads;
CREATE INDEX uploads_by_sweep ON uploads (state, sweep_at);
-- Those for which nothing is reserved, though they may bring up to 5 GiB.
CREATE INDEX uploads_unsized ON uploads (organization_id)
  WHERE state = 'pending' AND method = 'presigned_put' AND byte_size IS NULL;

-- Public and private files never share bytes: who deletes a public file takes its object away for certain.
-- A content that both share today counts as public, and stays until the last of its files is deleted.
-- Its id is that of the file whose upload brought it, so that no index of object keys is needed.
PRAGMA defer_foreign_keys = true;
CREATE TABLE contents_kept AS
  SELECT id, organization_id, sha256, byte_size, object_key, etag, created_at, watch_until,
    EXISTS (SELECT 1 FROM files WHERE content_id = contents.id AND is_public = 1) AS is_public
  FROM contents;
DROP TABLE contents;
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
INSERT INTO contents (id, organization_id, is_public, sha256, byte_size, object_key, etag, created_at, watch_until)
  SELECT id, organization_id, is_public, sha256, byte_size, object_key, etag, created_at, watch_until
  FROM contents_kept;
DROP TABLE contents_kept;
CREATE UNIQUE INDEX contents_by_sha256 ON contents (organization_id, is_public, sha256) WHERE sha256 IS NOT NULL;

-- Keys under `_incoming/` are found by listing.
CREATE TABLE object_deletions_next (
  object_key TEXT NOT NULL PRIMARY KEY,
  -- When to try next; in the past for as long as a URL can put something there, so that every sweep looks.
  due_at INTEGER NOT NULL,
  -- A PUT that began before its URL expired may land late: until then the key is deleted again and again.
  watch_until INTEGER NOT NULL,
  -- What is deleted may be a multipart upload that has to be aborted before; `edge` ones are the Worker's own.
  multipart_id TEXT,
  multipart_method TEXT CHECK (multipart_method IN ('edge', 'multipart'))
) STRICT, WITHOUT ROWID;
INSERT INTO object_deletions_next (object_key, due_at, watch_until, multipart_id, multipart_method)
  SELECT object_key, due_at, watch_until, multipart_id, multipart_method
  FROM object_deletions WHERE object_key NOT GLOB '_incoming/*';
DROP TABLE object_deletions;
ALTER TABLE object_deletions_next RENAME TO object_deletions;
CREATE INDEX object_deletions_by_due ON object_deletions (due_at);

-- Where the next sweep goes on with a step that was too long for one; no row: at its beginning.
CREATE TABLE sweep_positions (
  step TEXT NOT NULL PRIMARY KEY,
  position TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Usage follows its rows, whatever batch they change in: reserved bytes and their number the pending uploads,
-- used bytes the contents. Of unsized uploads, which reserve nothing, an organization with a quota may have ten,
-- and none when nothing is left.
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
