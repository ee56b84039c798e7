-- What Cuadra's API says of a file beyond the others: where the request came from.
ALTER TABLE files ADD COLUMN source TEXT NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'm2m', 'connector'));
ALTER TABLE files ADD COLUMN source_detail TEXT;
ALTER TABLE files ADD COLUMN connector_metadata TEXT CHECK (json_valid(connector_metadata));
CREATE INDEX files_by_status ON files (organization_id, status, id);

-- The store's name for a multipart upload that the Worker itself is sending: whoever gives the upload up aborts it.
ALTER TABLE uploads ADD COLUMN multipart_id TEXT;

-- Files tied to something of the user's. They go with their file, whichever dialect deletes it.
CREATE TABLE associations (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  file_id TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, resource_type, resource_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX associations_by_file ON associations (file_id);
CREATE INDEX associations_by_type ON associations (organization_id, resource_type, file_id);
