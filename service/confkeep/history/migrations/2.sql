-- Contents may be packed, a revision may be a removal, saves may belong together; no query scans a table.
-- A column's NOT NULL goes only with a new table: sqlite.org/lang_altertable.html, section 7.
ALTER TABLE contents ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX contents_to_pack ON contents (packed) WHERE packed = 0;

CREATE TABLE revisions_2 (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    file    INTEGER NOT NULL REFERENCES files,
    hash    BLOB REFERENCES contents,
    size    INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('promised', 'applied', 'abandoned')),
    origin  TEXT NOT NULL CHECK (origin IN ('api', 'library', 'external', 'restore', 'recovery')),
    uid     INTEGER,
    message TEXT NOT NULL DEFAULT '',
    request TEXT NOT NULL DEFAULT ''
);
INSERT INTO revisions_2 SELECT id, file, hash, size, time, state, origin, uid, message, request FROM revisions;
-- Numbers that were withdrawn are not used again either. The new table has its row here if it has any itself.
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'revisions_2', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'revisions_2');
UPDATE sqlite_sequence SET seq = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revisions'), 0)
    WHERE name = 'revisions_2';
DROP TABLE revisions;
ALTER TABLE revisions_2 RENAME TO revisions;
CREATE INDEX revisions_of_file ON revisions (file, id);
CREATE INDEX revisions_of_content ON revisions (hash, file);

CREATE TABLE intents_2 (
    revision   INTEGER PRIMARY KEY REFERENCES revisions,
    file       INTEGER NOT NULL UNIQUE REFERENCES files,
    batch      INTEGER NOT NULL,
    back       INTEGER NOT NULL DEFAULT 0,
    dev        INTEGER,
    ino        INTEGER,
    mount_root INTEGER NOT NULL,
    old_hash   BLOB REFERENCES contents,
    route      TEXT NOT NULL CHECK (route IN ('replace', 'overwrite'))
);
INSERT INTO intents_2 (revision, file, batch, dev, ino, mount_root, old_hash, route)
    SELECT revision, file, revision, dev, ino, mount_root, old_hash, route FROM intents;
DROP TABLE intents;
ALTER TABLE intents_2 RENAME TO intents;
