-- Uploads anew: a client's own multipart uploads, keys of incoming bytes apart from where they are in the end,
-- and which bytes are being settled.
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
  -- The store's name for the multipart upload: whoever gives the upload up aborts it.
  multipart_id TEXT,
  -- The size of every part but the last.
  part_bytes INTEGER CHECK (part_bytes > 0),
  -- The one version of the incoming bytes that may be promoted, and since when: settlers that overlap copy the same.
  promoting_etag TEXT,
  promoting_at INTEGER,
  CONSTRAINT parts_are_planned CHECK ((method = 'multipart') = (part_bytes IS NOT NULL))
) STRICT;
INSERT INTO uploads_next (file_id, organization_id, method, state, object_key, content_key, content_type, byte_size,
    reserved_bytes, expires_at, sweep_at, md5, sha256, write_once, content_disposition, multipart_id)
  SELECT file_id, organization_id, method, state, object_key,
    -- URLs that are out there put bytes at the promised key; they are promoted to one beside it.
    CASE WHEN method = 'presigned_put' AND write_once = 0 AND state = 'pending'
      THEN object_key || '-settled' ELSE object_key END,
    content_type, byte_size, reserved_bytes, expires_at, sweep_at, md5, sha256, write_once, content_disposition,
    multipart_id
  FROM uploads;
DROP TABLE uploads;
ALTER TABLE uploads_next RENAME TO uploads;
CREATE INDEX uploads_by_sweep ON uploads (state, sweep_at);
-- Events of the store name the key.
CREATE UNIQUE INDEX uploads_by_object_key ON uploads (object_key);

-- What is deleted may be a multipart upload that has to be aborted before; `edge` ones are the Worker's own.
ALTER TABLE object_deletions ADD COLUMN multipart_id TEXT;
ALTER TABLE object_deletions ADD COLUMN multipart_method TEXT CHECK (multipart_method IN ('edge', 'multipart'));

-- No URL can change a content any more, but after its deletion something may still land at its key until then.
ALTER TABLE contents RENAME COLUMN writable_until TO watch_until;
UPDATE contents SET watch_until = watch_until + 86400000;

ALTER TABLE organizations ADD COLUMN pending_uploads INTEGER NOT NULL DEFAULT 0 CHECK (pending_uploads >= 0);
-- As configured when an upload last began. An overrun aborts the whole batch it happens in.
ALTER TABLE organizations ADD COLUMN pending_uploads_max INTEGER NOT NULL DEFAULT 0
  CONSTRAINT within_pending_uploads CHECK (pending_uploads <= pending_uploads_max);
UPDATE organizations SET (pending_uploads, pending_uploads_max) = (
  SELECT count(*), count(*) FROM uploads WHERE organization_id = organizations.id AND state = 'pending');

-- Usage follows its rows, whatever batch they change in: reserved bytes and their number the pending uploads,
-- used bytes the contents.
CREATE TRIGGER uploads_begin AFTER INSERT ON uploads WHEN NEW.state = 'pending'
BEGIN
  UPDATE organizations SET
    reserved_bytes = reserved_bytes + NEW.reserved_bytes,
    pending_uploads = pending_uploads + 1
  WHERE id = NEW.organization_id;
END;
CREATE TRIGGER uploads_change AFTER UPDATE OF state, reserved_bytes ON uploads WHEN OLD.state = 'pending'
BEGIN
  UPDATE organizations SET
    reserved_bytes = reserved_bytes - OLD.reserved_bytes
      + CASE NEW.state WHEN 'pending' THEN NEW.reserved_bytes ELSE 0 END,
    pending_uploads = pending_uploads - (NEW.state <> 'pending')
  WHERE id = OLD.organization_id;
END;
CREATE TRIGGER uploads_end AFTER DELETE ON uploads WHEN OLD.state = 'pending'
BEGIN
  UPDATE organizations SET
    reserved_bytes = reserved_bytes - OLD.reserved_bytes,
    pending_uploads = pending_uploads - 1
  WHERE id = OLD.organization_id;
END;
CREATE TRIGGER contents_come AFTER INSERT ON contents
BEGIN
  UPDATE organizations SET used_bytes = used_bytes + NEW.byte_size WHERE id = NEW.organization_id;
END;
CREATE TRIGGER contents_go AFTER DELETE ON contents
BEGIN
  UPDATE organizations SET used_bytes = used_bytes - OLD.byte_size WHERE id = OLD.organization_id;
END;
