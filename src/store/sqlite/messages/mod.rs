//! The letters, in SQLite.

mod change;
mod find;
pub(super) mod kept;
pub(super) mod place;
mod tail;

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tokio::sync::watch;

use self::find::Shape;
use super::memory::Memory;
use super::{SqliteStore, bytes, text};
use crate::models::{
    Body, Change, ChangeId, Changed, Cursor, DeliveryKey, Edit, EmailAddress, Excerpt, Excerpts, Folder, FolderCounts,
    Letter, ListQuery, Message, MessageId, MessagePage, MessageSummary, Outline, PREVIEW_MAX, PersonName, Standing,
    Subject, Summaries, Timestamp,
};
use crate::store::{Deleted, Delivered, Delivery, Edited, KeptLetter, Messages, Result, StoreError};

#[async_trait]
impl Messages for SqliteStore {
    async fn add_message(&self, delivery: Delivery) -> Result<Delivered> {
        if let Err(full) = self.room.check(&self.readers).await {
            // A letter that is there already gets the answer it had, room or no room.
            return self.delivered(delivery.key).await?.ok_or(full);
        }
        let memory = Arc::clone(&self.memory);
        let add = move |connection: &Connection| add(connection, &memory, delivery);
        let delivered = self.writer.write_without_savepoint(add).await?;
        if !delivered.repeated {
            self.arrivals.send_modify(|letters| *letters += 1);
        }
        Ok(delivered)
    }

    fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    async fn delivered(&self, key: DeliveryKey) -> Result<Option<Delivered>> {
        let memory = Arc::clone(&self.memory);
        self.readers.read_briefly(move |connection| Ok(memory.keys.look_up(connection, key)?)).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Message>> {
        self.readers.look_up(move |connection| find_one(connection, id)).await
    }

    async fn list_messages(&self, query: ListQuery) -> Result<MessagePage> {
        self.readers.read(move |connection| page(connection, &query)).await
    }

    async fn list_and_count(&self, query: ListQuery) -> Result<(MessagePage, [FolderCounts; 4])> {
        let is_plain = query.which.is_plain();
        let read = move |connection: &Connection| Ok((page(connection, &query)?, count_all(connection)?));
        if is_plain { self.readers.read_briefly(read).await } else { self.readers.read(read).await }
    }

    async fn read_messages(&self, query: ListQuery) -> Result<Vec<Message>> {
        self.readers
            .read(move |connection| {
                let mut found = find::walk(connection, &query, &mut Shape { columns: WHOLE, read: message })?.items();
                if query.looks_up() {
                    found.reverse();
                }
                Ok(found)
            })
            .await
    }

    async fn earlier_from_sender(&self, id: MessageId, limit: u32) -> Result<Vec<MessageSummary>> {
        self.readers.read(move |connection| earlier_from_sender(connection, id, limit)).await
    }

    async fn change_messages(&self, change: Change) -> Result<Changed> {
        self.writer.write(move |connection| change::change(connection, &change)).await
    }

    async fn undo_change(&self, id: ChangeId, now: Timestamp) -> Result<u64> {
        self.writer.write(move |connection| change::undo(connection, id, now)).await
    }

    async fn set_read(&self, id: MessageId, read: bool) -> Result<bool> {
        self.writer.write(move |connection| change::set_read(connection, id, read)).await
    }

    async fn edit_message(&self, id: MessageId, edit: Edit, expected: Option<u64>, now: Timestamp) -> Result<Edited> {
        if edit.letter.is_some() {
            self.room.check(&self.readers).await?;
        }
        self.writer.write(move |connection| change::edit(connection, id, &edit, expected, now)).await
    }

    async fn delete_message(&self, id: MessageId) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut delete = connection.prepare_cached("DELETE FROM messages WHERE id = ?1")?;
                Ok(delete.execute([id.as_bytes()])? == 1)
            })
            .await
    }

    async fn delete_message_at(&self, id: MessageId, version: u64) -> Result<Deleted> {
        self.writer.write(move |connection| change::delete_at(connection, id, version)).await
    }

    async fn delete_trashed(&self, ids: Vec<MessageId>) -> Result<u64> {
        self.writer.write(move |connection| change::delete_trashed(connection, &ids)).await
    }

    async fn empty_trash(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.writer.write(move |connection| change::empty_trash(connection, before, limit)).await
    }

    async fn count_folders(&self) -> Result<[FolderCounts; 4]> {
        self.readers.look_up(count_all).await
    }

    async fn count_messages(&self, folder: Folder) -> Result<FolderCounts> {
        self.readers.look_up(move |connection| count(connection, folder)).await
    }
}

fn count_all(connection: &Connection) -> Result<[FolderCounts; 4]> {
    let mut select = connection.prepare_cached("SELECT folder, total, unread FROM folder_counts")?;
    let mut rows = select.query([])?;
    let mut all = [None; 4];
    while let Some(row) = rows.next()? {
        let folder = folder(text(row, 0)?)?;
        let counts = FolderCounts { total: row.get(1)?, unread: row.get(2)? };
        all.iter_mut().zip(Folder::ALL).filter(|(_, of)| *of == folder).for_each(|(place, _)| *place = Some(counts));
    }
    let [Some(inbox), Some(archive), Some(spam), Some(trash)] = all else {
        return Err(StoreError::Internal("the counts of a folder are missing".into()));
    };
    Ok([inbox, archive, spam, trash])
}

fn count(connection: &Connection, folder: Folder) -> Result<FolderCounts> {
    let mut select = connection.prepare_cached("SELECT total, unread FROM folder_counts WHERE folder = ?1")?;
    let counts = |row: &Row<'_>| Ok(FolderCounts { total: row.get(0)?, unread: row.get(1)? });
    Ok(select.query_row([folder.as_str()], counts)?)
}

fn add(connection: &Connection, memory: &Memory, delivery: Delivery) -> Result<Delivered> {
    let Delivery { id, received_at, key, letter } = delivery;
    if let Some(known) = memory.keys.find(connection, key)? {
        return Ok(known);
    }
    let (folder, read, starred, version) = (Folder::Inbox, false, false, 1);
    let message = Message { id, received_at, letter, folder, read, starred, version };
    kept::insert(connection, memory, &KeptLetter { message, key, trashed_at: None })?;
    Ok(Delivered { id, received_at, repeated: false })
}

/// A letter whole. Column 0 is its number.
const WHOLE: &str = "m.id, m.received_at, m.name, m.email, m.subject, m.body, m.folder, m.read, m.starred, m.version";
/// A letter as a list shows it.
const SUMMARY: &str =
    "m.id, m.received_at, m.name, m.email, m.subject, substr(m.body, 1, 160), m.folder, m.read, m.starred";
/// The same, where the piece to show depends on what is looked for.
const FOUND: &str = "m.id, m.received_at, m.name, m.email, m.subject, m.body, m.folder, m.read, m.starred";
const _: () = assert!(PREVIEW_MAX == 160);

fn find_one(connection: &Connection, id: MessageId) -> Result<Option<Message>> {
    let mut select = connection.prepare_cached(&format!("SELECT seq, {WHOLE} FROM messages m WHERE id = ?1"))?;
    select.query_row([id.as_bytes()], |row| Ok(message(row))).optional()?.transpose()
}

fn message(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: MessageId::from_bytes(bytes(row, 1)?),
        received_at: Timestamp::from_millis(row.get(2)?),
        letter: Letter {
            name: PersonName::from_trusted(text(row, 3)?.to_owned()),
            email: EmailAddress::from_trusted(text(row, 4)?.to_owned()),
            subject: Subject::from_trusted(text(row, 5)?.to_owned()),
            body: Body::from_trusted(text(row, 6)?.to_owned()),
        },
        folder: folder(text(row, 7)?)?,
        read: row.get(8)?,
        starred: row.get(9)?,
        version: row.get(10)?,
    })
}

/// Letters for whose texts room is made beforehand; longer lists may not find as many as they ask for.
const FORESEEN: u32 = 64;

/// Adds the letter of a row to a list.
fn outline(row: &Row<'_>, excerpts: Option<&Excerpts<'_>>, list: &mut Summaries) -> Result<Outline> {
    // Texts go straight from SQLite's memory to where they stay; of a body, only the piece that is shown.
    let [name, email, subject, body] = [text(row, 3)?, text(row, 4)?, text(row, 5)?, text(row, 6)?];
    let preview = excerpts.map_or_else(|| Excerpt::beginning_of(body), |excerpts| excerpts.of(body));
    Ok(list.add(
        MessageId::from_bytes(bytes(row, 1)?),
        Timestamp::from_millis(row.get(2)?),
        Standing { folder: folder(text(row, 7)?)?, read: row.get(8)?, starred: row.get(9)? },
        [name, email, subject],
        preview,
    ))
}

fn folder(name: &str) -> Result<Folder> {
    Folder::parse(name).ok_or_else(|| StoreError::Internal(format!("unknown folder {name}").into()))
}

fn page(connection: &Connection, query: &ListQuery) -> Result<MessagePage> {
    let search = &query.which.search;
    let excerpts = search.has_terms().then(|| search.excerpts());
    let columns = if excerpts.is_some() { FOUND } else { SUMMARY };
    let mut list = Summaries::with_capacity(query.limit.min(FORESEEN) as usize);
    let mut shape = Shape { columns, read: |row: &Row<'_>| outline(row, excerpts.as_ref(), &mut list) };
    let found = find::walk(connection, query, &mut shape)?;
    let more = found.more;
    let mut items = found.items();
    if query.looks_up() {
        items.reverse();
    }
    let beyond = |cursor: Option<Cursor>| -> Result<bool> {
        let Some(cursor) = cursor else { return Ok(false) };
        let none = ListQuery { cursor: Some(cursor), limit: 0, ..query.clone() };
        Ok(find::walk(connection, &none, &mut Shape { columns: "1", read: |_: &Row<'_>| Ok(()) })?.more)
    };
    let newer = items.first().map(|item| Cursor::After(item.id()));
    let older = items.last().map(|item| Cursor::Before(item.id()));
    let (has_newer, has_older) = match query.cursor {
        // From the newest on: nothing can be newer.
        None => (false, more),
        Some(Cursor::Before(_)) => (beyond(newer)?, more),
        Some(Cursor::After(_)) => (more, beyond(older)?),
    };
    Ok(MessagePage { items: list.finish(items), has_newer, has_older })
}

fn earlier_from_sender(connection: &Connection, id: MessageId, limit: u32) -> Result<Vec<MessageSummary>> {
    let sql = format!(
        "SELECT m.seq, {} FROM messages this JOIN messages m ON m.email_key = this.email_key AND m.seq < this.seq
         WHERE this.id = ?1 AND m.folder <> 'trash' ORDER BY m.seq DESC LIMIT ?2",
        SUMMARY
    );
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query(params![id.as_bytes(), limit])?;
    let (mut list, mut found) = (Summaries::default(), Vec::new());
    while let Some(row) = rows.next()? {
        found.push(outline(row, None, &mut list)?);
    }
    Ok(list.finish(found))
}
