-- An external-content index keeps no second copy of the letters. It is only right while every change of a row tells it
-- the old values as well as the new ones; a DELETE on the index itself, or REPLACE on the table, would drift unseen.
CREATE VIRTUAL TABLE messages_search USING fts5 (
    name, email, subject, body,
    content = 'messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);

INSERT INTO messages_search (messages_search) VALUES ('rebuild');

CREATE TRIGGER messages_search_in AFTER INSERT ON messages BEGIN
    INSERT INTO messages_search (rowid, name, email, subject, body)
    VALUES (new.seq, new.name, new.email, new.subject, new.body);
END;

CREATE TRIGGER messages_search_out AFTER DELETE ON messages BEGIN
    INSERT INTO messages_search (messages_search, rowid, name, email, subject, body)
    VALUES ('delete', old.seq, old.name, old.email, old.subject, old.body);
END;

CREATE TRIGGER messages_search_over AFTER UPDATE OF seq, name, email, subject, body ON messages BEGIN
    INSERT INTO messages_search (messages_search, rowid, name, email, subject, body)
    VALUES ('delete', old.seq, old.name, old.email, old.subject, old.body);
    INSERT INTO messages_search (rowid, name, email, subject, body)
    VALUES (new.seq, new.name, new.email, new.subject, new.body);
END;
