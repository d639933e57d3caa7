//! Which letters are meant, in SQL: by folder and mark along an index, by words along the search index.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::place::{at_or_above, at_or_below};
use super::tail;
use crate::models::{Cursor, Folder, ListQuery, Search, Selection, Term};
use crate::store::Result;

/// The columns of `m`, and how one of its rows becomes something.
pub(super) struct Shape<R> {
    pub(super) columns: &'static str,
    pub(super) read: R,
}

/// The numbers of letters a page may show, both included.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Span {
    const ALL: Self = Self { first: 0, last: i64::MAX };
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

/// The letters a walk came upon.
pub(super) struct Found<T> {
    /// In the order of the walk, each with its number.
    rows: Vec<(i64, T)>,
    /// Whether there are more behind them.
    pub(super) more: bool,
}

impl<T> Found<T> {
    const NOTHING: Self = Self { rows: Vec::new(), more: false };

    /// The letters, without their numbers.
    pub(super) fn items(self) -> Vec<T> {
        self.rows.into_iter().map(|(_, item)| item).collect()
    }

    fn add(&mut self, others: Self) {
        self.rows.extend(others.rows);
        self.more |= others.more;
    }

    /// Where letters that are looked for elsewhere could still change the page: before its last one, once it is full and
    /// known to have others behind it.
    fn where_others_count(&self, mut span: Span, query: &ListQuery) -> Option<Span> {
        if self.more {
            let (last, _) = self.rows.last()?;
            *(if query.looks_up() { &mut span.last } else { &mut span.first }) = *last;
        }
        Some(span)
    }
}

/// The letters that are meant, in the order they are walked from the cursor: downwards, or upwards from
/// [`Cursor::After`]. At most as many as the query's limit.
pub(super) fn walk<T, R>(connection: &Connection, query: &ListQuery, shape: &mut Shape<R>) -> Result<Found<T>>
where
    R: FnMut(&Row<'_>) -> Result<T>,
{
    let Some(span) = span(connection, query)? else { return Ok(Found::NOTHING) };
    let mut found = Found::NOTHING;
    if query.which.search.has_terms() {
        found = by_words(connection, query, span, shape)?;
    } else {
        // One index walk for each folder, then the first of them all: SQLite would sort the folders whole.
        for folder in &query.which.folders {
            found.add(by_folder(connection, query, *folder, span, shape)?);
        }
    }
    let up = query.looks_up();
    found.rows.sort_by_key(|(seq, _)| if up { *seq } else { -*seq });
    found.more |= found.rows.len() > query.limit as usize;
    found.rows.truncate(query.limit as usize);
    Ok(found)
}

fn span(connection: &Connection, query: &ListQuery) -> Result<Option<Span>> {
    let (since, until) = query.which.search.ids();
    let mut span = Span::ALL;
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

fn by_folder<T, R: FnMut(&Row<'_>) -> Result<T>>(
    connection: &Connection,
    query: &ListQuery,
    folder: Folder,
    span: Span,
    shape: &mut Shape<R>,
) -> Result<Found<T>> {
    let sql = format!(
        "SELECT m.seq, {} FROM messages m WHERE m.folder = ?1 AND m.seq BETWEEN ?2 AND ?3{}
         ORDER BY m.seq {} LIMIT ?4",
        shape.columns,
        marks(&query.which),
        way(query),
    );
    let values = [Value::Text(folder.as_str().into()), span.first.into(), span.last.into(), one_more(query)];
    read(connection, &sql, values.into(), query, shape)
}

/// At least the first of those that are meant, as many as the query's limit: of the letters that are indexed, and of those
/// that are not yet.
fn by_words<T, R: FnMut(&Row<'_>) -> Result<T>>(
    connection: &Connection,
    query: &ListQuery,
    span: Span,
    shape: &mut Shape<R>,
) -> Result<Found<T>> {
    let which = &query.which;
    let words = Words::of(&which.search);
    let filter = format!("AND m.folder IN ({}){}", quoted(&which.folders), marks(which));
    let number = if words.are_wanted { "s.rowid" } else { "m.seq" };
    let rest = format!("{filter} ORDER BY {number} {} LIMIT ?3 * {}", way(query), any_there(which));
    let values = [span.first.into(), span.last.into(), one_more(query), Value::Text(words.expression.clone())];
    let mut found = read(connection, &among_indexed(&words, span, shape.columns, &rest), values.into(), query, shape)?;

    let Some(span) = found.where_others_count(span, query) else { return Ok(found) };
    let mut waiting = tail::meant(connection, &words, &filter, span)?;
    if !query.looks_up() {
        waiting.reverse();
    }
    found.more |= waiting.len() > query.limit as usize;
    let one = format!("SELECT m.seq, {} FROM messages m WHERE m.seq = ?1", shape.columns);
    for seq in waiting.into_iter().take(query.limit as usize) {
        found.add(read(connection, &one, vec![seq.into()], query, shape)?);
    }
    Ok(found)
}

fn among_indexed(words: &Words, span: Span, columns: &str, rest: &str) -> String {
    if words.are_wanted {
        // SQLite looks at each hit's number twice more where it has to lie between two.
        let between = if span == Span::ALL { "" } else { "AND s.rowid BETWEEN ?1 AND ?2" };
        return format!(
            "SELECT m.seq, {columns} FROM messages_search s CROSS JOIN messages m ON m.seq = s.rowid
             WHERE s.messages_search MATCH ?4 {between} {rest}"
        );
    }
    // Nothing to walk along but the letters themselves.
    format!(
        "SELECT m.seq, {columns} FROM messages m WHERE m.seq BETWEEN ?1 AND ?2 AND m.seq NOT IN (
             SELECT rowid FROM messages_search WHERE messages_search MATCH ?4
         ) AND m.seq NOT IN (SELECT seq FROM unindexed) {rest}"
    )
}

/// Reads as many rows as the page is to have; of the one behind them, only that it is there.
fn read<T, R: FnMut(&Row<'_>) -> Result<T>>(
    connection: &Connection,
    sql: &str,
    values: Vec<Value>,
    query: &ListQuery,
    shape: &mut Shape<R>,
) -> Result<Found<T>> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut found = Found::NOTHING;
    while let Some(row) = rows.next()? {
        if found.rows.len() == query.limit as usize {
            found.more = true;
            break;
        }
        found.rows.push((row.get(0)?, (shape.read)(row)?));
    }
    Ok(found)
}

fn one_more(query: &ListQuery) -> Value {
    (i64::from(query.limit) + 1).into()
}

/// 1 or 0 in SQL: whether one of the folders can hold what is meant, as the kept counts say. As a factor of the limit it is
/// asked once, before the first hit, so that nobody walks through all letters that say "please" to find none of them in
/// an empty folder.
fn any_there(which: &Selection) -> String {
    let counted = if which.unread { "unread" } else { "total" };
    format!("EXISTS (SELECT 1 FROM folder_counts WHERE folder IN ({}) AND {counted} > 0)", quoted(&which.folders))
}

/// Their names, as SQL writes them.
fn quoted(folders: &[Folder]) -> String {
    folders.iter().map(|folder| format!("'{folder}'")).collect::<Vec<_>>().join(", ")
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

fn way(query: &ListQuery) -> &'static str {
    if query.looks_up() { "ASC" } else { "DESC" }
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
