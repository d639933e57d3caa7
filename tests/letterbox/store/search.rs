use std::path::Path;

use letterbox::models::{Folder, ListQuery, Query, Selection, Timestamp};
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Messages as _, Purpose, Store as _};
use rusqlite::{Connection, params};

use super::open;
use crate::support::{Output, block_on, letterbox};

const WORDS: [&str; 12] =
    ["ink", "quill", "Brief", "größe", "naïve", "письмо", "手紙", "رسالة", "😀", "e\u{301}t\u{e9}", "a'b\"c", "x*^:-y"];

#[test]
fn r53_the_search_index_follows_ten_thousand_random_changes() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("letterbox.db");
    make(&database);
    let connection = open(&database);
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for number in 0..10_000_u32 {
        // What came since the last round is not indexed yet, the rest is.
        if number % 2_500 == 0 {
            check(&database);
            connection.execute_batch("BEGIN").unwrap();
        }
        match dice.roll(10) {
            0..5 => insert(&connection, number, &mut dice),
            5..8 => {
                let texts = [dice.text(), dice.text(), dice.text()];
                let folder = ["inbox", "archive", "spam", "trash"][dice.roll(4)];
                let update = "UPDATE messages SET name = ?1, subject = ?2, body = ?3, folder = ?4, read = ?5,
                                     trashed_at = CASE ?4 WHEN 'trash' THEN 1 END
                              WHERE seq = (SELECT seq FROM messages ORDER BY seq LIMIT 1 OFFSET ?6)";
                let values = params![texts[0], texts[1], texts[2], folder, dice.roll(2), dice.roll(500)];
                connection.prepare_cached(update).unwrap().execute(values).unwrap();
            }
            _ => {
                let delete = "DELETE FROM messages
                              WHERE seq = (SELECT seq FROM messages ORDER BY seq LIMIT 1 OFFSET ?1)";
                connection.prepare_cached(delete).unwrap().execute([dice.roll(500)]).unwrap();
            }
        }
        if number % 2_500 == 2_499 {
            connection.execute_batch("COMMIT").unwrap();
        }
    }
    check(&database);
    look_over(&connection).unwrap();
    let counted: String = connection
        .query_row(
            "SELECT group_concat(total || '/' || unread) FROM (SELECT * FROM folder_counts ORDER BY folder)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let there = "SELECT group_concat(total) FROM (SELECT (SELECT count(*) || '/' || count(CASE read WHEN 0 THEN 1 END)
                 FROM messages WHERE messages.folder = folder_counts.folder) AS total FROM folder_counts ORDER BY folder)";
    assert_eq!(counted, connection.query_row(there, [], |row| row.get::<_, String>(0)).unwrap(), "the counts too");
}

#[test]
fn r53_a_damaged_search_index_is_noticed_and_can_be_rebuilt() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    std::fs::create_dir(&data).unwrap();
    make(&data.join("letterbox.db"));
    let connection = open(&data.join("letterbox.db"));
    let mut dice = Dice(7);
    for number in 0..20 {
        insert(&connection, number, &mut dice);
    }
    let check = |arguments: &[&str]| Output::of(letterbox(directory.path(), &[]).arg("check").args(arguments), "");
    let sound = check(&[]);
    assert_eq!(sound.code, 0, "{}", sound.stderr);
    // What a wrong trigger does: it forgets to tell the index the old values.
    connection.execute_batch("DROP TRIGGER messages_search_over; UPDATE messages SET body = 'changed'").unwrap();
    let damaged = check(&[]);
    assert_eq!(damaged.code, 1);
    assert!(damaged.stderr.contains("letterbox check --rebuild-index"), "{}", damaged.stderr);
    assert_eq!(damaged.stderr.trim_end().lines().count(), 1, "{}", damaged.stderr);
    let rebuilt = check(&["--rebuild-index"]);
    assert_eq!(rebuilt.code, 0, "{}", rebuilt.stderr);
    look_over(&connection).unwrap();
}

#[test]
fn r50_a_search_for_nothing_but_what_is_unwanted_keeps_no_reader_for_long() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("letterbox.db");
    make(&database);
    let connection = open(&database);
    let mut dice = Dice(11);
    connection.execute_batch("BEGIN").unwrap();
    for number in 0..20_000 {
        insert(&connection, number, &mut dice);
    }
    connection.execute_batch("COMMIT").unwrap();
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    let search = Query::parse("-a* -e* -i* -o* -u* -1* -2* -3* -r*").search;
    let which = Selection { search, ..ListQuery::newest(Folder::Inbox, 50).which };
    // A read that takes longer than five seconds is ended and answered with an error.
    block_on(store.list_messages(ListQuery { which, cursor: None, limit: 50 })).unwrap();
    block_on(store.close());
}

#[test]
fn r53_no_statement_replaces_rows_behind_the_triggers_back() {
    fn search(directory: &Path) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                search(&path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap().to_uppercase();
                for words in ["OR REPLACE INTO", "REPLACE INTO"] {
                    assert!(!text.contains(words), "{words} in {}", path.display());
                }
            }
        }
    }
    search(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
}

/// A new database with Letterbox's schema.
fn make(database: &Path) {
    let store = SqliteStore::open(database, Purpose::Serve).unwrap();
    block_on(store.close());
}

/// Indexes what waits and looks everything over.
fn check(database: &Path) {
    let store = SqliteStore::open(database, Purpose::Command).unwrap();
    block_on(store.check(Timestamp::from_millis(0))).unwrap();
    block_on(store.close());
}

/// Whether the index holds exactly what the letters say. The plain `PRAGMA integrity_check` does not see that.
fn look_over(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO messages_search (messages_search, rank) VALUES ('integrity-check', 1)", [])
}

fn insert(connection: &Connection, number: u32, dice: &mut Dice) {
    let unique = u128::from(number).to_be_bytes();
    let insert = "INSERT INTO messages (id, delivery_key, received_at, name, email, email_key, subject, body)
                  VALUES (?1, ?1, ?2, ?3, 'ada@example.com', 'ada@example.com', ?4, ?5)";
    let values = params![unique, number, dice.text(), dice.text(), dice.text()];
    connection.prepare_cached(insert).unwrap().execute(values).unwrap();
    // As Letterbox does it.
    let wait = "INSERT INTO unindexed (seq, bytes) VALUES (?1, 0)";
    connection.prepare_cached(wait).unwrap().execute([connection.last_insert_rowid()]).unwrap();
    let count = "UPDATE folder_counts SET total = total + 1, unread = unread + 1 WHERE folder = 'inbox'";
    connection.prepare_cached(count).unwrap().execute([]).unwrap();
}

/// Xorshift: the same throws every time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    pub(super) fn text(&mut self) -> String {
        let words: Vec<_> = (0..self.roll(8)).map(|_| WORDS[self.roll(WORDS.len())]).collect();
        words.join(" ")
    }
}
