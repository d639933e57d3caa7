//! Moving, marking and editing letters, taking that back, and deleting.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::models::{Action, Change, ChangeId, Changed, Edit, Message, MessageId, Standing, Timestamp, Verdict};
use crate::store::{Deleted, Edited, Result, StoreError};

pub(super) fn change(connection: &Connection, change: &Change) -> Result<Changed> {
    let mut changed = Changed::default();
    for target in &change.letters {
        let Some(standing) = standing(connection, target.id)? else {
            changed.gone += 1;
            continue;
        };
        match standing.judge(change.action, target) {
            Verdict::Elsewhere => changed.moved.push(standing.folder),
            Verdict::AsWanted => changed.unchanged += 1,
            Verdict::Change => {
                let name = Some((change.id, standing.undoes(change.action)));
                apply(connection, target.id, change.action, name, change.now)?;
                changed.changed += 1;
            }
        }
    }
    Ok(changed)
}

pub(super) fn undo(connection: &Connection, id: ChangeId, now: Timestamp) -> Result<u64> {
    let mut select = connection.prepare_cached("SELECT id, change_undo FROM messages WHERE change_id = ?1")?;
    let letters = select
        .query_map([id.as_bytes()], |row| Ok((MessageId::from_bytes(row.get(0)?), row.get::<_, String>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (letter, undo) in &letters {
        let action =
            Action::parse(undo).ok_or_else(|| StoreError::Internal(format!("unknown action {undo}").into()))?;
        apply(connection, *letter, action, None, now)?;
    }
    Ok(letters.len() as u64)
}

/// False when there is no such letter.
pub(super) fn set_read(connection: &Connection, id: MessageId, read: bool) -> Result<bool> {
    let mut update = connection
        .prepare_cached("UPDATE messages SET read = ?2, version = version + 1 WHERE id = ?1 AND read <> ?2")?;
    if update.execute(params![id.as_bytes(), read])? == 1 {
        return Ok(true);
    }
    Ok(standing(connection, id)?.is_some())
}

pub(super) fn edit(
    connection: &Connection,
    id: MessageId,
    edit: &Edit,
    expected: Option<u64>,
    now: Timestamp,
) -> Result<Edited> {
    let Some(message) = super::find_one(connection, id)? else { return Ok(Edited::Unknown) };
    if expected.is_some_and(|expected| expected != message.version) {
        return Ok(Edited::Stale);
    }
    let Some(edited) = edit.apply(&message) else { return Ok(Edited::Done(message)) };
    if edited.letter != message.letter {
        write_letter(connection, &edited)?;
    }
    let mut update = connection.prepare_cached(
        "UPDATE messages SET folder = ?2, read = ?3, starred = ?4, version = ?5, change_id = NULL, change_undo = NULL,
                trashed_at = CASE ?2 WHEN 'trash' THEN coalesce(trashed_at, ?6) END
         WHERE id = ?1",
    )?;
    update.execute(params![
        id.as_bytes(),
        edited.folder.as_str(),
        edited.read,
        edited.starred,
        edited.version,
        now.millis(),
    ])?;
    Ok(Edited::Done(edited))
}

/// A statement of its own: the search index follows these columns, and moving a letter need not touch it.
fn write_letter(connection: &Connection, message: &Message) -> Result<()> {
    let letter = &message.letter;
    let mut update = connection.prepare_cached(
        "UPDATE messages SET name = ?2, email = ?3, email_key = ?4, subject = ?5, body = ?6 WHERE id = ?1",
    )?;
    update.execute(params![
        message.id.as_bytes(),
        letter.name.as_str(),
        letter.email.as_str(),
        letter.email.key(),
        letter.subject.as_str(),
        letter.body.as_str(),
    ])?;
    Ok(())
}

pub(super) fn delete_at(connection: &Connection, id: MessageId, version: u64) -> Result<Deleted> {
    let mut delete = connection.prepare_cached("DELETE FROM messages WHERE id = ?1 AND version = ?2")?;
    if delete.execute(params![id.as_bytes(), version])? == 1 {
        return Ok(Deleted::Done);
    }
    Ok(if standing(connection, id)?.is_some() { Deleted::Stale } else { Deleted::Unknown })
}

pub(super) fn delete_trashed(connection: &Connection, ids: &[MessageId]) -> Result<u64> {
    let mut delete = connection.prepare_cached("DELETE FROM messages WHERE id = ?1 AND folder = 'trash'")?;
    let mut deleted = 0;
    for id in ids {
        deleted += delete.execute([id.as_bytes()])? as u64;
    }
    Ok(deleted)
}

pub(super) fn empty_trash(connection: &Connection, before: Timestamp, limit: u32) -> Result<u64> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE trashed_at < ?1 LIMIT ?2)",
    )?;
    Ok(delete.execute(params![before.millis(), limit])? as u64)
}

fn standing(connection: &Connection, id: MessageId) -> Result<Option<Standing>> {
    let mut select = connection.prepare_cached("SELECT folder, read, starred FROM messages WHERE id = ?1")?;
    let found =
        select.query_row([id.as_bytes()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((folder, read, starred)) = found else { return Ok(None) };
    Ok(Some(Standing { folder: super::folder(&folder)?, read, starred }))
}

fn apply(
    connection: &Connection,
    id: MessageId,
    action: Action,
    name: Option<(ChangeId, Action)>,
    now: Timestamp,
) -> Result<()> {
    let set = match action {
        Action::Star => "starred = 1",
        Action::Unstar => "starred = 0",
        Action::Read => "read = 1",
        Action::Unread => "read = 0",
        Action::Trash => "folder = 'trash', trashed_at = ?4",
        Action::Archive => "folder = 'archive', trashed_at = NULL",
        Action::Inbox => "folder = 'inbox', trashed_at = NULL",
        Action::Spam => "folder = 'spam', trashed_at = NULL",
    };
    // The time stands in every form of the statement, so that all take the same parameters.
    let sql = format!(
        "UPDATE messages SET {set}, version = version + 1, change_id = ?2, change_undo = ?3
         WHERE id = ?1 AND ?4 IS NOT NULL"
    );
    let (change, undo) = name.unzip();
    connection.prepare_cached(&sql)?.execute(params![
        id.as_bytes(),
        change.map(|id| *id.as_bytes()),
        undo.map(Action::as_str),
        now.millis(),
    ])?;
    Ok(())
}
