-- Letters that the search index does not know yet. To index them one by one took most of the time of taking them in: the
-- writer does it for many together, a moment later, and until then a search reads these letters themselves. The index
-- always knows exactly the letters that are not in here, with exactly the words they have.
CREATE TABLE unindexed (
    seq   INTEGER PRIMARY KEY,
    -- Of the letter's body, by far the most of its text: tells how much there is to read.
    bytes INTEGER NOT NULL
) STRICT;

DROP TRIGGER messages_search_in;
DROP TRIGGER messages_search_out;
DROP TRIGGER messages_search_over;

CREATE TRIGGER messages_search_in AFTER INSERT ON messages BEGIN
    INSERT OR IGNORE INTO unindexed (seq, bytes) VALUES (new.seq, octet_length(new.body));
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
