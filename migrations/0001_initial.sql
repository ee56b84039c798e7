-- Times are integer milliseconds since 1970 UTC. Ids of files are UUIDv7, so their text order is their
-- order of creation: every "newest first" index ends in the id alone.

CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  quota_bytes INTEGER CHECK (quota_bytes >= 0),
  used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0),
  created_at INTEGER NOT NULL,
  -- An overrun aborts the whole batch it happens in.
  CONSTRAINT within_quota CHECK (quota_bytes IS NULL OR used_bytes + reserved_bytes <= quota_bytes)
) STRICT;

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

CREATE TABLE contents (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  -- NULL while nobody has hashed the bytes (a presigned PUT that the Worker has not read).
  sha256 TEXT CHECK (length(sha256) = 64),
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  object_key TEXT NOT NULL,
  etag TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX contents_by_sha256 ON contents (organization_id, sha256);
CREATE UNIQUE INDEX contents_by_object_key ON contents (object_key);

CREATE TABLE files (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  filename TEXT NOT NULL,
  content_type TEXT NOT NULL,
  metadata TEXT NOT NULL CHECK (json_valid(metadata)),
  status TEXT NOT NULL CHECK (status IN ('uploading', 'uploaded', 'processing', 'ready', 'error', 'failed')),
  -- Why an `error` or `failed` file has no bytes: a failure as JSON.
  refusal TEXT CHECK (json_valid(refusal)),
  -- Deferred: deleting the last file of a content deletes both in one batch.
  content_id TEXT REFERENCES contents (id) DEFERRABLE INITIALLY DEFERRED,
  is_duplicate INTEGER NOT NULL DEFAULT 0 CHECK (is_duplicate IN (0, 1)),
  created_at INTEGER NOT NULL,
  -- A file has bytes exactly when its status says so.
  CONSTRAINT bytes_match_status CHECK ((content_id IS NOT NULL) = (status IN ('uploaded', 'processing', 'ready')))
) STRICT;
CREATE INDEX files_with_bytes ON files (organization_id, id) WHERE content_id IS NOT NULL;
CREATE INDEX files_by_content ON files (content_id) WHERE content_id IS NOT NULL;

-- Top-level metadata, inverted: one row per scalar, and one per scalar of an array.
-- `value` is the scalar as JSON text. A filter walks this index; it never reads the files it rejects.
CREATE TABLE metadata_terms (
  organization_id TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  file_id TEXT NOT NULL,
  PRIMARY KEY (organization_id, field, value, file_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX metadata_terms_by_file ON metadata_terms (file_id);

CREATE TABLE uploads (
  file_id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  -- `edge`: the bytes pass through the Worker. `presigned_put`: the client puts them into the bucket itself.
  method TEXT NOT NULL CHECK (method IN ('edge', 'presigned_put')),
  -- `settled` rows of presigned uploads stay while their URL can still be used.
  state TEXT NOT NULL CHECK (state IN ('pending', 'settled')),
  object_key TEXT NOT NULL,
  content_type TEXT NOT NULL,
  byte_size INTEGER CHECK (byte_size >= 0),
  reserved_bytes INTEGER NOT NULL CHECK (reserved_bytes >= 0),
  expires_at INTEGER NOT NULL,
  -- When the sweep looks at it (again): its expiry, or later where a sweep took it on and did not end it.
  sweep_at INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_sweep ON uploads (state, sweep_at);

-- The outbox: written in the batch that lets go of an object, emptied by whoever deletes the object.
CREATE TABLE object_deletions (
  object_key TEXT NOT NULL PRIMARY KEY,
  -- When to try next.
  due_at INTEGER NOT NULL,
  -- A PUT that began before its URL expired may land late: until then the key is deleted again and again.
  watch_until INTEGER NOT NULL
) STRICT;
CREATE INDEX object_deletions_by_due ON object_deletions (due_at);

CREATE TABLE idempotency_records (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  idempotency_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  -- The file or API key that the request makes.
  subject_id TEXT NOT NULL,
  -- NULL while the request runs.
  reply TEXT CHECK (json_valid(reply)),
  -- A running request that has not finished by then is taken for dead.
  locked_until INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at);
CREATE INDEX idempotency_records_by_subject ON idempotency_records (subject_id);
