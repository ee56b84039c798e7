-- What a presigned PUT seals beside type and size, where the client is told which headers to send.
ALTER TABLE uploads ADD COLUMN md5 TEXT CHECK (length(md5) = 32);
ALTER TABLE uploads ADD COLUMN sha256 TEXT CHECK (length(sha256) = 64);
-- Sealed with `if-none-match: *`: once there are bytes, no URL can change them.
ALTER TABLE uploads ADD COLUMN write_once INTEGER NOT NULL DEFAULT 0 CHECK (write_once IN (0, 1));
ALTER TABLE uploads ADD COLUMN content_disposition TEXT;

-- The checksum as whoever promised the file wrote it: uploads are forgotten, this can be asked for always.
ALTER TABLE files ADD COLUMN checksum TEXT;

-- Until when a URL may still put bytes at the key. The file of that URL may be gone while others have its content.
ALTER TABLE contents ADD COLUMN writable_until INTEGER;
