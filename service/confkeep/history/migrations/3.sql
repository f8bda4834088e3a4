-- Intents are found by their file alone: an index for revisions is a page more in every commit.
CREATE TABLE intents_3 (
    file       INTEGER PRIMARY KEY REFERENCES files,
    revision   INTEGER NOT NULL REFERENCES revisions,
    batch      INTEGER NOT NULL,
    back       INTEGER NOT NULL DEFAULT 0,
    dev        INTEGER,
    ino        INTEGER,
    mount_root INTEGER NOT NULL,
    old_hash   BLOB REFERENCES contents,
    route      TEXT NOT NULL CHECK (route IN ('replace', 'overwrite'))
);
INSERT INTO intents_3 (file, revision, batch, back, dev, ino, mount_root, old_hash, route)
    SELECT file, revision, batch, back, dev, ino, mount_root, old_hash, route FROM intents;
DROP TABLE intents;
ALTER TABLE intents_3 RENAME TO intents;
