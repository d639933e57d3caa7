//! The same questions asked of SQLite itself, on a connection of one's own: no thread between, no cursor looked up, no
//! page's neighbours, nothing but the rows. What the inbox costs beyond that is the house's.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{database, open_to_read};

const ROWS: &str =
    "m.id, m.received_at, m.name, m.email, m.subject, substr(m.body, 1, 160), m.folder, m.read, m.starred";
const WHOLE: &str = "m.id, m.received_at, m.name, m.email, m.subject, m.body, m.folder, m.read, m.starred";

pub struct Bare(Connection);

impl Bare {
    /// Opens the store of a Letterbox in `directory`.
    pub fn open(directory: &Path) -> Self {
        let connection = open_to_read(&database(directory));
        connection.pragma_update(None, "cache_size", -16_384).unwrap();
        Self(connection)
    }

    /// The number of the letter in the middle of all.
    pub fn middle(&self) -> i64 {
        self.0.query_row("SELECT (min(seq) + max(seq)) / 2 FROM messages", [], |row| row.get(0)).unwrap()
    }

    /// A page of the inbox for which `more` is true.
    pub fn folder(more: &str) -> String {
        format!("SELECT {ROWS} FROM messages m WHERE m.folder = 'inbox' {more} ORDER BY m.seq DESC LIMIT 51")
    }

    /// The newest letters that fit an expression of FTS5.
    pub fn search(expression: &str) -> String {
        format!(
            "SELECT {WHOLE} FROM messages_search s CROSS JOIN messages m ON m.seq = s.rowid
             WHERE s.messages_search MATCH '{expression}' AND m.folder IN ('inbox', 'archive')
             ORDER BY s.rowid DESC LIMIT 51"
        )
    }

    /// Reads all rows as a page needs them, every text in memory of its own.
    pub fn read(&self, sql: &str) {
        let mut select = self.0.prepare_cached(sql).unwrap();
        let width = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<Value> = (0..width).map(|column| row.get(column).unwrap()).collect();
            std::hint::black_box(values);
        }
    }
}
