-- Files that anyone may read under /public/{object key}, without a credential.
ALTER TABLE files ADD COLUMN is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1));

-- Pages of an organization's keys, newest first; among those of one millisecond the rowid decides.
CREATE INDEX api_keys_by_creation ON api_keys (organization_id, created_at);
