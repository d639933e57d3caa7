//! Moving and marking letters, taking that back, and emptying the trash.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::models::{Action, Change, ChangeId, Changed, Folder, MessageId, Target, Timestamp};
use crate::store::{Result, StoreError};

pub(super) fn change(connection: &Connection, change: &Change) -> Result<Changed> {
    let mut changed = Changed::default();
    for target in &change.letters {
        let Some(state) = state(connection, target.id)? else {
            changed.gone += 1;
            continue;
        };
        match state.judge(change.action, target) {
            Verdict::Elsewhere => changed.moved.push(state.folder),
            Verdict::AsWanted => changed.unchanged += 1,
            Verdict::Change => {
                let name = Some((change.id, state.undoes(change.action)));
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

struct State {
    folder: Folder,
    read: bool,
    starred: bool,
}

enum Verdict {
    Elsewhere,
    AsWanted,
    Change,
}

impl State {
    fn judge(&self, action: Action, target: &Target) -> Verdict {
        let is_as_wanted = match action {
            Action::Star => self.starred,
            Action::Unstar => !self.starred,
            Action::Read => self.read,
            Action::Unread => !self.read,
            Action::Archive | Action::Inbox | Action::Spam | Action::Trash => action.folder() == Some(self.folder),
        };
        let moves = action.folder().is_some();
        if is_as_wanted {
            Verdict::AsWanted
        } else if moves && target.seen_in.is_some_and(|seen| seen != self.folder) {
            Verdict::Elsewhere
        } else {
            Verdict::Change
        }
    }

    /// What takes `action` back.
    fn undoes(&self, action: Action) -> Action {
        match action {
            Action::Star => Action::Unstar,
            Action::Unstar => Action::Star,
            Action::Read => Action::Unread,
            Action::Unread => Action::Read,
            Action::Archive | Action::Inbox | Action::Spam | Action::Trash => Action::to(self.folder),
        }
    }
}

fn state(connection: &Connection, id: MessageId) -> Result<Option<State>> {
    let mut select = connection.prepare_cached("SELECT folder, read, starred FROM messages WHERE id = ?1")?;
    let found =
        select.query_row([id.as_bytes()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((folder, read, starred)) = found else { return Ok(None) };
    Ok(Some(State { folder: super::folder(&folder)?, read, starred }))
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
