//! The buttons: which actions fit letters that lie in a folder.

use crate::models::{Action, Folder};

/// One button of a form.
pub struct Tool {
    /// The value of `action`.
    pub action: &'static str,
    /// What it says.
    pub label: &'static str,
    /// The key that presses it, where scripts run.
    pub key: &'static str,
}

/// What deletes for good is no [`Action`]: it cannot be taken back.
pub(super) const DELETE: &str = "delete";

const fn tool(action: Action, label: &'static str, key: &'static str) -> Tool {
    Tool { action: action.as_str(), label, key }
}

const ARCHIVE: Tool = tool(Action::Archive, "Archive", "e");
const SPAM: Tool = tool(Action::Spam, "Spam", "!");
const TRASH: Tool = tool(Action::Trash, "Trash", "#");

/// What moves letters that lie in `folder`; the folder is not known where a search reaches over several.
pub(super) fn moves(folder: Option<Folder>) -> Vec<Tool> {
    match folder {
        Some(Folder::Inbox) => vec![ARCHIVE, SPAM, TRASH],
        Some(Folder::Archive) => vec![tool(Action::Inbox, "Move to inbox", "e"), SPAM, TRASH],
        Some(Folder::Spam) => vec![tool(Action::Inbox, "Not spam", "!"), TRASH],
        Some(Folder::Trash) => {
            vec![tool(Action::Inbox, "Restore", "#"), Tool { action: DELETE, label: "Delete for good", key: "" }]
        }
        None => vec![ARCHIVE, tool(Action::Inbox, "Inbox", ""), SPAM, TRASH],
    }
}

/// What marks letters.
pub(super) fn marks() -> Vec<Tool> {
    vec![
        tool(Action::Read, "Mark read", "shift+i"),
        tool(Action::Unread, "Mark unread", "shift+u"),
        tool(Action::Star, "Star", "s"),
        tool(Action::Unstar, "Remove star", ""),
    ]
}
