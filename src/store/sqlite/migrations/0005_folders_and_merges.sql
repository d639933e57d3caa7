-- For a list of more than two values SQLite makes a table and drops it again, for each letter that comes. The words of a
-- CHECK may be changed where they stand, since what is in the table does not change by it
-- (<https://sqlite.org/lang_altertable.html#otheralter>).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(
    sql,
    'CHECK (folder IN (''inbox'', ''archive'', ''spam'', ''trash''))',
    'CHECK (folder = ''inbox'' OR folder = ''archive'' OR folder = ''spam'' OR folder = ''trash'')'
)
WHERE type = 'table' AND name = 'messages';
PRAGMA writable_schema = RESET;

-- Eight pieces of the search index are merged into one, instead of four: while letters come, a word is written anew less
-- often, and a search looks into a few pieces more (<https://sqlite.org/fts5.html#the_automerge_configuration_option>).
INSERT INTO messages_search (messages_search, rank) VALUES ('automerge', 8);
