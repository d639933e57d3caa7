-- Delivery keys stand in no order. An index of them had another page to write for almost every letter, more than for all
-- the rest of it. A letter's own row says its key; this table, by which the row is found, follows a moment later, with
-- many keys at a time.
CREATE TABLE delivery_keys (
    key BLOB    PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO delivery_keys (key, seq) SELECT delivery_key, seq FROM messages ORDER BY delivery_key;

-- It has the keys of all letters whose numbers are not above this one, and of some others.
CREATE TABLE delivery_keys_known (
    up_to INTEGER NOT NULL
) STRICT;

INSERT INTO delivery_keys_known (up_to) SELECT coalesce(max(seq), -1) FROM messages;

-- SQLite drops no UNIQUE from a table: the letters move to another one, which is the same but for that.
CREATE TABLE messages_anew (
    seq          INTEGER PRIMARY KEY,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    delivery_key BLOB    NOT NULL CHECK (length(delivery_key) = 16),
    received_at  INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    email        TEXT    NOT NULL,
    email_key    TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    folder       TEXT    NOT NULL DEFAULT 'inbox' CHECK (folder IN ('inbox', 'archive', 'spam', 'trash')),
    read         INTEGER NOT NULL DEFAULT 0 CHECK (read IN (0, 1)),
    starred      INTEGER NOT NULL DEFAULT 0 CHECK (starred IN (0, 1)),
    -- One more with each change of the letter.
    version      INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    -- Since when it has been in the trash.
    trashed_at   INTEGER CHECK ((folder = 'trash') = (trashed_at IS NOT NULL)),
    -- The last change somebody made, and the action that takes it back.
    change_id    BLOB    CHECK (length(change_id) = 16),
    change_undo  TEXT    CHECK ((change_id IS NULL) = (change_undo IS NULL))
) STRICT;

INSERT INTO messages_anew
SELECT seq, id, delivery_key, received_at, name, email, email_key, subject, body, folder, read, starred, version,
       trashed_at, change_id, change_undo
FROM messages ORDER BY seq;

-- Its indexes and triggers go with it.
DROP TABLE messages;
ALTER TABLE messages_anew RENAME TO messages;

CREATE INDEX messages_by_folder ON messages (folder);
CREATE INDEX messages_unread    ON messages (folder) WHERE read = 0;
CREATE INDEX messages_starred   ON messages (folder) WHERE starred = 1;
CREATE INDEX messages_by_sender ON messages (email_key);
CREATE INDEX messages_changed   ON messages (change_id) WHERE change_id IS NOT NULL;
CREATE INDEX messages_trashed   ON messages (trashed_at) WHERE trashed_at IS NOT NULL;

-- What follows from a new letter is written by whoever stores it (messages/kept.rs).
CREATE TRIGGER messages_counted_out AFTER DELETE ON messages BEGIN
    UPDATE folder_counts SET total = total - 1, unread = unread - (1 - old.read) WHERE folder = old.folder;
END;

CREATE TRIGGER messages_counted_over AFTER UPDATE OF folder, read ON messages BEGIN
    UPDATE folder_counts SET total = total - 1, unread = unread - (1 - old.read) WHERE folder = old.folder;
    UPDATE folder_counts SET total = total + 1, unread = unread + (1 - new.read) WHERE folder = new.folder;
END;

-- Told to forget words that it never knew, an external-content index would drift unseen.
CREATE TRIGGER messages_search_out AFTER DELETE ON messages BEGIN
    INSERT INTO messages_search (messages_search, rowid, name, email, subject, body)
    SELECT 'delete', old.seq, old.name, old.email, old.subject, old.body
    WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE seq = old.seq);
    DELETE FROM unindexed WHERE seq = old.seq;
END;

CREATE TRIGGER messages_search_over AFTER UPDATE OF seq, name, email, subject, body ON messages BEGIN
    INSERT INTO messages_search (messages_search, rowid, name, email, subject, body)
    SELECT 'delete', old.seq, old.name, old.email, old.subject, old.body
    WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE seq = old.seq);
    DELETE FROM unindexed WHERE seq = old.seq;
    INSERT OR IGNORE INTO unindexed (seq, bytes) VALUES (new.seq, octet_length(new.body));
END;

CREATE TRIGGER messages_known_out AFTER DELETE ON messages BEGIN
    DELETE FROM delivery_keys WHERE key = old.delivery_key AND seq = old.seq;
END;

CREATE TRIGGER messages_known_over AFTER UPDATE OF seq ON messages BEGIN
    UPDATE delivery_keys SET seq = new.seq WHERE key = old.delivery_key AND seq = old.seq;
END;

CREATE TRIGGER messages_known_anew AFTER UPDATE OF delivery_key ON messages WHEN old.delivery_key <> new.delivery_key BEGIN
    DELETE FROM delivery_keys WHERE key = old.delivery_key AND seq = new.seq;
END;
