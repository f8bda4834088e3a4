-- The store's schema, version 3 (PRAGMA user_version). Times are milliseconds since the epoch, hashes SHA-256.
-- migrations/N.sql makes version N of version N - 1.
CREATE TABLE contents (
    hash   BLOB PRIMARY KEY,            -- of the bytes as they were saved
    bytes  BLOB NOT NULL,
    packed INTEGER NOT NULL DEFAULT 0   -- 0: as they are, 1: zlib, 2: as they are, packing does not pay
);
CREATE INDEX contents_to_pack ON contents (packed) WHERE packed = 0;

CREATE TABLE files (
    id   INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE           -- absolute, free of links, as the kernel's bytes
);

CREATE TABLE revisions (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,   -- numbers are never used again
    file    INTEGER NOT NULL REFERENCES files,
    hash    BLOB REFERENCES contents,   -- NULL: that save removed the file
    size    INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('promised', 'applied', 'abandoned')),
    origin  TEXT NOT NULL CHECK (origin IN ('api', 'library', 'external', 'restore', 'recovery')),
    uid     INTEGER,                    -- who asked, where known
    message TEXT NOT NULL DEFAULT '',
    request TEXT NOT NULL DEFAULT ''
);
CREATE INDEX revisions_of_file ON revisions (file, id);
CREATE INDEX revisions_of_content ON revisions (hash, file);

-- A save that has been promised and is not yet settled. At most one for each target.
CREATE TABLE intents (
    file       INTEGER PRIMARY KEY REFERENCES files,
    revision   INTEGER NOT NULL REFERENCES revisions, -- no index: there are as many as saves under way
    batch      INTEGER NOT NULL,        -- the first revision of the saves that are done together, all or none
    back       INTEGER NOT NULL DEFAULT 0,  -- 1: the batch failed, its caller was told so, and it is being undone
    dev        INTEGER,                 -- of the target when it was looked at, NULL where nothing was
    ino        INTEGER,
    mount_root INTEGER NOT NULL,
    old_hash   BLOB REFERENCES contents, -- NULL: the file did not exist
    route      TEXT NOT NULL CHECK (route IN ('replace', 'overwrite'))
);
