//! Which letters are meant, in SQL: by folder and mark along an index, by words along the search index.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::place::{at_or_above, at_or_below};
use super::tail;
use crate::models::{Cursor, Folder, ListQuery, Search, Selection, Term};
use crate::store::Result;

/// The columns of `m`, and how one of its rows becomes something.
pub(super) struct Shape<T> {
    pub(super) columns: &'static str,
    pub(super) read: fn(&Row<'_>, &Selection) -> Result<T>,
}

/// The numbers of letters a page may show, both included.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Span {
    /// Where others may stand before the last of those that were found, if these are as many as anybody wants.
    fn before_the_end_of<T>(mut self, found: &[(i64, T)], limit: u32, up: bool) -> Self {
        if found.len() >= limit as usize
            && let Some((last, _)) = found.last()
        {
            *(if up { &mut self.last } else { &mut self.first }) = *last;
        }
        self
    }
}

/// What is looked for, in the language of FTS5.
pub(super) struct Words {
    pub(super) expression: String,
    /// Whether the letters that match are meant; otherwise it is all others.
    pub(super) are_wanted: bool,
}

impl Words {
    fn of(search: &Search) -> Self {
        let (wanted, unwanted) = (expression(&search.wanted), alternatives(&search.unwanted));
        match (search.wanted.is_empty(), search.unwanted.is_empty()) {
            (true, _) => Self { expression: unwanted, are_wanted: false },
            (false, true) => Self { expression: wanted, are_wanted: true },
            (false, false) => Self { expression: format!("({wanted}) NOT ({unwanted})"), are_wanted: true },
        }
    }
}

/// The letters that are meant, in the order they are walked from the cursor: downwards, or upwards from
/// [`Cursor::After`]. At most `limit`.
pub(super) fn walk<T>(connection: &Connection, query: &ListQuery, limit: u32, shape: &Shape<T>) -> Result<Vec<T>> {
    let Some(span) = span(connection, query)? else { return Ok(Vec::new()) };
    let up = query.looks_up();
    let mut found = Vec::new();
    if query.which.search.has_terms() {
        found = by_words(connection, &query.which, span, up, limit, shape)?;
    } else {
        // One index walk for each folder, then the first of them all: SQLite would sort the folders whole.
        for folder in &query.which.folders {
            found.extend(by_folder(connection, &query.which, *folder, span, up, limit, shape)?);
        }
    }
    found.sort_by_key(|(seq, _)| if up { *seq } else { -*seq });
    found.truncate(limit as usize);
    Ok(found.into_iter().map(|(_, item)| item).collect())
}

fn span(connection: &Connection, query: &ListQuery) -> Result<Option<Span>> {
    let (since, until) = query.which.search.ids();
    let mut span = Span { first: 0, last: i64::MAX };
    let lower = [since.map(|id| (id, ">=")), after(query).map(|id| (id, ">"))];
    for (id, order) in lower.into_iter().flatten() {
        let Some(seq) = at_or_above(connection, id, order)? else { return Ok(None) };
        span.first = span.first.max(seq);
    }
    for id in [until, before(query)].into_iter().flatten() {
        let Some(seq) = at_or_below(connection, id, "<")? else { return Ok(None) };
        span.last = span.last.min(seq);
    }
    Ok((span.first <= span.last).then_some(span))
}

fn after(query: &ListQuery) -> Option<crate::models::MessageId> {
    if let Some(Cursor::After(id)) = query.cursor { Some(id) } else { None }
}

fn before(query: &ListQuery) -> Option<crate::models::MessageId> {
    if let Some(Cursor::Before(id)) = query.cursor { Some(id) } else { None }
}

fn by_folder<T>(
    connection: &Connection,
    which: &Selection,
    folder: Folder,
    span: Span,
    up: bool,
    limit: u32,
    shape: &Shape<T>,
) -> Result<Vec<(i64, T)>> {
    let sql = format!(
        "SELECT m.seq, {} FROM messages m WHERE m.folder = ?1 AND m.seq BETWEEN ?2 AND ?3{}
         ORDER BY m.seq {} LIMIT ?4",
        shape.columns,
        marks(which),
        way(up),
    );
    let values = [Value::Text(folder.as_str().into()), span.first.into(), span.last.into(), i64::from(limit).into()];
    numbered(connection, &sql, values.into(), which, shape)
}

/// At least the first `limit` of those that are meant: of the letters that are indexed, and of those that are not yet.
fn by_words<T>(
    connection: &Connection,
    which: &Selection,
    span: Span,
    up: bool,
    limit: u32,
    shape: &Shape<T>,
) -> Result<Vec<(i64, T)>> {
    let words = Words::of(&which.search);
    let folders = not_empty(connection, which)?;
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let filter = format!("AND m.folder IN ({}){}", folders.join(", "), marks(which));
    let rest = format!("{filter} ORDER BY m.seq {} LIMIT ?3", way(up));
    let values = [span.first.into(), span.last.into(), i64::from(limit).into(), Value::Text(words.expression.clone())];
    let mut found = numbered(connection, &among_indexed(&words, shape.columns, &rest), values.into(), which, shape)?;

    let mut waiting = tail::meant(connection, &words, &filter, span.before_the_end_of(&found, limit, up))?;
    if !up {
        waiting.reverse();
    }
    let one = format!("SELECT m.seq, {} FROM messages m WHERE m.seq = ?1", shape.columns);
    for seq in waiting.into_iter().take(limit as usize) {
        found.extend(numbered(connection, &one, vec![seq.into()], which, shape)?);
    }
    Ok(found)
}

fn among_indexed(words: &Words, columns: &str, rest: &str) -> String {
    if words.are_wanted {
        let rest = rest.replace("ORDER BY m.seq", "ORDER BY s.rowid");
        return format!(
            "SELECT m.seq, {columns} FROM messages_search s CROSS JOIN messages m ON m.seq = s.rowid
             WHERE s.messages_search MATCH ?4 AND s.rowid BETWEEN ?1 AND ?2 {rest}"
        );
    }
    // Nothing to walk along but the letters themselves.
    format!(
        "SELECT m.seq, {columns} FROM messages m WHERE m.seq BETWEEN ?1 AND ?2 AND m.seq NOT IN (
             SELECT rowid FROM messages_search WHERE messages_search MATCH ?4
         ) AND m.seq NOT IN (SELECT seq FROM unindexed) {rest}"
    )
}

fn numbered<T>(
    connection: &Connection,
    sql: &str,
    values: Vec<Value>,
    which: &Selection,
    shape: &Shape<T>,
) -> Result<Vec<(i64, T)>> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row.get(0)?, (shape.read)(row, which)?));
    }
    Ok(found)
}

/// Those of the folders that can hold what is meant, as the kept counts say, quoted for SQL: so that nobody walks
/// through all letters that say "please" to find none of them in an empty folder.
fn not_empty(connection: &Connection, which: &Selection) -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for folder in &which.folders {
        let counts = super::count(connection, *folder)?;
        if counts.total > 0 && !(which.unread && counts.unread == 0) {
            folders.push(format!("'{folder}'"));
        }
    }
    Ok(folders)
}

/// Written out and not bound: only so SQLite knows that a partial index will do.
fn marks(which: &Selection) -> &'static str {
    match (which.unread, which.starred) {
        (false, false) => "",
        (true, false) => " AND m.read = 0",
        (false, true) => " AND m.starred = 1",
        (true, true) => " AND m.read = 0 AND m.starred = 1",
    }
}

fn way(up: bool) -> &'static str {
    if up { "ASC" } else { "DESC" }
}

/// All terms, in the language of FTS5. What people typed stands between quotes and has no meaning there.
fn expression(terms: &[Term]) -> String {
    terms.iter().map(phrase).collect::<Vec<_>>().join(" ")
}

fn alternatives(terms: &[Term]) -> String {
    terms.iter().map(phrase).collect::<Vec<_>>().join(" OR ")
}

fn phrase(term: &Term) -> String {
    let field = if term.sender { "{name email} : " } else { "" };
    let star = if term.prefix { " *" } else { "" };
    format!("{field}\"{}\"{star}", term.text.replace('"', "\"\"").replace('\0', " "))
}
