-- The store's schema, version 1 (PRAGMA user_version). Times are milliseconds since the epoch, hashes SHA-256.
CREATE TABLE IF NOT EXISTS contents (
    hash  BLOB PRIMARY KEY,
    bytes BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS files (
    id   INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE           -- absolute, free of links, as the kernel's bytes
);

CREATE TABLE IF NOT EXISTS revisions (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,   -- numbers are never used again
    file    INTEGER NOT NULL REFERENCES files,
    hash    BLOB NOT NULL REFERENCES contents,
    size    INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('promised', 'applied', 'abandoned')),
    origin  TEXT NOT NULL CHECK (origin IN ('api', 'library', 'external', 'restore', 'recovery')),
    uid     INTEGER,                    -- who asked, where known
    message TEXT NOT NULL DEFAULT '',
    request TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS revisions_of_file ON revisions (file, id);

-- A save that has been promised and is not yet settled. At most one for each target.
CREATE TABLE IF NOT EXISTS intents (
    file       INTEGER PRIMARY KEY REFERENCES files,
    revision   INTEGER NOT NULL REFERENCES revisions,
    dev        INTEGER,                 -- of the target when it was looked at, NULL where nothing was
    ino        INTEGER,
    mount_root INTEGER NOT NULL,
    old_hash   BLOB REFERENCES contents, -- NULL: the file did not exist
    route      TEXT NOT NULL CHECK (route IN ('replace', 'overwrite'))
);
