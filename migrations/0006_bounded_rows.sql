-- The metadata index anew: what a row holds has a fixed size, and one row is all that a term costs. A term is a hash
-- of organization, field and value, so SQL cannot fill this: the sweep indexes the files that were there before.
DROP TABLE metadata_terms;
CREATE TABLE metadata_terms (
  term TEXT NOT NULL CHECK (length(term) = 22),
  file_id TEXT NOT NULL,
  PRIMARY KEY (term, file_id)
) STRICT, WITHOUT ROWID;

-- The terms of a file as a JSON array: its rows above are made, and found again, by this. NULL: not indexed yet.
ALTER TABLE files ADD COLUMN terms TEXT CHECK (json_valid(terms));
CREATE INDEX files_without_terms ON files (id) WHERE terms IS NULL;

-- With the time in it, an expansion reads this index alone, oldest association first.
DROP INDEX associations_by_file;
CREATE INDEX associations_by_file ON associations (file_id, created_at);

-- How many files there are, whatever their status; and how many there may be, as configured when an upload last began.
ALTER TABLE organizations ADD COLUMN file_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN files_max INTEGER;
UPDATE organizations SET file_count = (SELECT count(*) FROM files WHERE organization_id = organizations.id);

-- What is ready is among those with bytes: a file is in one of the two indices.
DROP INDEX files_by_status;
CREATE INDEX files_by_status ON files (organization_id, status, id) WHERE status <> 'ready';

-- A file that begins with an upload is counted by the update that the upload makes anyway. The bound is on what begins
-- only: an organization that is over it can still settle and delete.
DROP TRIGGER uploads_begin;
CREATE TRIGGER uploads_begin AFTER INSERT ON uploads WHEN NEW.state = 'pending'
BEGIN
  UPDATE organizations SET
    reserved_bytes = reserved_bytes + NEW.reserved_bytes,
    pending_uploads = pending_uploads + 1,
    file_count = file_count + 1
  WHERE id = NEW.organization_id;
  SELECT RAISE(ABORT, 'within_files') FROM organizations
  WHERE id = NEW.organization_id AND file_count > files_max;
END;
CREATE TRIGGER files_come AFTER INSERT ON files WHEN NEW.status <> 'uploading'
BEGIN
  UPDATE organizations SET file_count = file_count + 1 WHERE id = NEW.organization_id;
END;
CREATE TRIGGER files_go AFTER DELETE ON files
BEGIN
  UPDATE organizations SET file_count = file_count - 1 WHERE id = OLD.organization_id;
END;
