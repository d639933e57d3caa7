-- `seq` is the order of the ids as a number: its upper bits are an id's first bytes (messages/place.rs keeps it exact). So
-- every index here, and the search index too, is walked in the order of the list; none needs the ids in it.
CREATE TABLE messages (
    seq          INTEGER PRIMARY KEY,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    delivery_key BLOB    NOT NULL UNIQUE CHECK (length(delivery_key) = 16),
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

-- One walk down one of these is one page of a list, however deep.
CREATE INDEX messages_by_folder ON messages (folder);
CREATE INDEX messages_unread    ON messages (folder) WHERE read = 0;
CREATE INDEX messages_starred   ON messages (folder) WHERE starred = 1;
CREATE INDEX messages_by_sender ON messages (email_key);
CREATE INDEX messages_changed   ON messages (change_id) WHERE change_id IS NOT NULL;
CREATE INDEX messages_trashed   ON messages (trashed_at) WHERE trashed_at IS NOT NULL;

-- Counts are kept by the triggers below, so that no page view has to count.
CREATE TABLE folder_counts (
    folder TEXT    PRIMARY KEY,
    total  INTEGER NOT NULL CHECK (total >= 0),
    unread INTEGER NOT NULL CHECK (unread >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO folder_counts (folder, total, unread)
VALUES ('inbox', 0, 0), ('archive', 0, 0), ('spam', 0, 0), ('trash', 0, 0);

CREATE TRIGGER messages_counted_in AFTER INSERT ON messages BEGIN
    UPDATE folder_counts SET total = total + 1, unread = unread + (1 - new.read) WHERE folder = new.folder;
END;

CREATE TRIGGER messages_counted_out AFTER DELETE ON messages BEGIN
    UPDATE folder_counts SET total = total - 1, unread = unread - (1 - old.read) WHERE folder = old.folder;
END;

CREATE TRIGGER messages_counted_over AFTER UPDATE OF folder, read ON messages BEGIN
    UPDATE folder_counts SET total = total - 1, unread = unread - (1 - old.read) WHERE folder = old.folder;
    UPDATE folder_counts SET total = total + 1, unread = unread + (1 - new.read) WHERE folder = new.folder;
END;

CREATE TABLE users (
    id              BLOB    PRIMARY KEY CHECK (length(id) = 16),
    email           TEXT    NOT NULL,
    email_key       TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    role            TEXT    NOT NULL CHECK (role IN ('owner', 'member')),
    password_scheme TEXT    NOT NULL,
    password_hash   TEXT    NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id              BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    counter         INTEGER NOT NULL CHECK (counter >= 0),
    key             BLOB    NOT NULL CHECK (length(key) = 32),
    created_at      INTEGER NOT NULL,
    rotated_at      INTEGER NOT NULL,
    current_seen    INTEGER NOT NULL CHECK (current_seen IN (0, 1)),
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    ended_at        INTEGER,
    end_reason      TEXT,
    -- Set when a spent token came back, until the user was told.
    alarm           INTEGER NOT NULL DEFAULT 0 CHECK (alarm IN (0, 1)),
    device          TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id);

-- Of a personal access token only the SHA-256 of its secret is kept.
CREATE TABLE access_tokens (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    scope        TEXT    NOT NULL CHECK (scope IN ('read', 'read-write')),
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX access_tokens_by_user ON access_tokens (user_id);

CREATE TABLE events (
    id      BLOB    PRIMARY KEY CHECK (length(id) = 16),
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    network TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
