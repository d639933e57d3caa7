//! The same questions asked of SQLite itself, on a connection of one's own: no thread between, no cursor looked up, no
//! page's neighbours, nothing but the rows. What the inbox costs beyond that is the house's.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Row};

const ROWS: &str =
    "m.id, m.received_at, m.name, m.email, m.subject, substr(m.body, 1, 160), m.folder, m.read, m.starred";
const WHOLE: &str = "m.id, m.received_at, m.name, m.email, m.subject, m.body, m.folder, m.read, m.starred";

/// What the names of measurements mean to the engine.
pub fn measure(database: &Path, median: impl Fn(&mut dyn FnMut()) -> Duration) -> Vec<(&'static str, Duration)> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.pragma_update(None, "cache_size", -16_384).unwrap();
    let middle: i64 =
        connection.query_row("SELECT (min(seq) + max(seq)) / 2 FROM messages", [], |row| row.get(0)).unwrap();
    let folder = |more: &str| {
        format!("SELECT {ROWS} FROM messages m WHERE m.folder = 'inbox' {more} ORDER BY m.seq DESC LIMIT 51")
    };
    let words = |words: &str| {
        format!(
            "SELECT {WHOLE} FROM messages_search s CROSS JOIN messages m ON m.seq = s.rowid
             WHERE s.messages_search MATCH '{words}' AND m.folder IN ('inbox', 'archive')
             ORDER BY s.rowid DESC LIMIT 51"
        )
    };
    let questions = [
        ("first page", folder("")),
        ("page in the middle, by its cursor", folder(&format!("AND m.seq < {middle}"))),
        ("unread", folder("AND m.read = 0")),
        ("starred", folder("AND m.starred = 1")),
        ("search: a common word", words("please")),
        ("search: a rare word", words("zanzibar")),
        ("search: two common words", words("please garden")),
        ("search: a phrase", words("\"garden chairs\"")),
        ("search: the beginning of a word", words("gard *")),
        ("all counts", "SELECT folder, total, unread FROM folder_counts".to_owned()),
    ];
    questions.iter().map(|(what, sql)| (*what, median(&mut || read(&connection, sql)))).collect()
}

/// Reads all rows as a page needs them: every text in memory of its own.
fn read(connection: &Connection, sql: &str) {
    let mut select = connection.prepare_cached(sql).unwrap();
    let width = select.column_count();
    let mut rows = select.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        std::hint::black_box(values(row, width));
    }
}

fn values(row: &Row<'_>, width: usize) -> Vec<rusqlite::types::Value> {
    (0..width).map(|column| row.get(column).unwrap()).collect()
}
