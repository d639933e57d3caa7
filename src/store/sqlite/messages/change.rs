//! Moving and marking letters, taking that back, and emptying the trash.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::models::{Action, Change, ChangeId, Changed, MessageId, Standing, Timestamp, Verdict};
use crate::store::{Result, StoreError};

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
    let sql = format!("UPDATE messages SET {set}, change_id = ?2, change_undo = ?3 WHERE id = ?1 AND ?4 IS NOT NULL");
    let (change, undo) = name.unzip();
    connection.prepare_cached(&sql)?.execute(params![
        id.as_bytes(),
        change.map(|id| *id.as_bytes()),
        undo.map(Action::as_str),
        now.millis(),
    ])?;
    Ok(())
}
