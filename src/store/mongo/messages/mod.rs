//! The letters, in MongoDB.

mod add;
mod arrivals;
mod change;
mod counts;
mod delete;
mod find;
mod inbound;
pub(super) mod kept;
mod letter;
mod lots;
mod tally;
mod words;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use mongodb::bson::Uuid;
use tokio::sync::{Mutex, watch};

pub(super) use self::arrivals::Arrivals;
use self::change::Progress;
use self::delete::Deletion;
pub(super) use self::inbound::Inbound;
pub(super) use self::tally::Tally;
use super::{Fault, MongoStore, Rooms};
use crate::models::{
    Change, ChangeId, Changed, DeliveryKey, Edit, Folder, FolderCounts, ListQuery, Message, MessageId, MessagePage,
    MessageSummary, Timestamp,
};
use crate::store::{Deleted, Delivered, Delivery, Edited, Messages, Result};

#[async_trait]
impl Messages for MongoStore {
    async fn add_message(&self, delivery: Delivery) -> Result<Delivered> {
        let id = delivery.id;
        let delivered = self.put_in(delivery).await?;
        if !delivered.repeated {
            self.arrivals.came(id);
        }
        Ok(delivered)
    }

    fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.listen(self.home.runtime(), &self.rooms)
    }

    async fn delivered(&self, key: DeliveryKey) -> Result<Option<Delivered>> {
        self.read(move |rooms| async move { add::delivered(&rooms, key).await }).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Message>> {
        self.read(move |rooms| async move { find::message(&rooms, id).await }).await
    }

    async fn list_messages(&self, query: ListQuery) -> Result<MessagePage> {
        self.read(move |rooms| async move { find::page(&rooms, &query).await }).await
    }

    async fn read_messages(&self, query: ListQuery) -> Result<Vec<Message>> {
        self.read(move |rooms| async move { find::messages(&rooms, &query).await }).await
    }

    async fn earlier_from_sender(&self, id: MessageId, limit: u32) -> Result<Vec<MessageSummary>> {
        self.read(move |rooms| async move { find::earlier_from_sender(&rooms, id, limit).await }).await
    }

    async fn change_messages(&self, change: Change) -> Result<Changed> {
        let progress = Arc::new(Mutex::new(Progress::of(&change)));
        let change = Arc::new(change);
        let changed = self
            .write(move |rooms| {
                let (change, progress) = (Arc::clone(&change), Arc::clone(&progress));
                async move { change::change(&rooms, &change, &progress).await }
            })
            .await?;
        self.note_changed(changed.changed);
        Ok(changed)
    }

    async fn undo_change(&self, id: ChangeId, now: Timestamp) -> Result<u64> {
        let act = Uuid::new();
        let undone = self.write(move |rooms| async move { change::undo(&rooms, id, now, act).await }).await?;
        self.note_changed(undone);
        Ok(undone)
    }

    async fn set_read(&self, id: MessageId, read: bool) -> Result<bool> {
        let (there, changed) = self.write(move |rooms| async move { change::set_read(&rooms, id, read).await }).await?;
        self.note_changed(changed.into());
        Ok(there)
    }

    async fn edit_message(&self, id: MessageId, edit: Edit, expected: Option<u64>, now: Timestamp) -> Result<Edited> {
        let (act, edit, tried) = (Uuid::new(), Arc::new(edit), Arc::new(AtomicBool::new(false)));
        let edited = self
            .write(move |rooms| {
                let (edit, tried) = (Arc::clone(&edit), Arc::clone(&tried));
                async move { change::edit(&rooms, id, &edit, expected, act, now, &tried).await }
            })
            .await?;
        self.note_changed(matches!(edited, Edited::Done(_)).into());
        Ok(edited)
    }

    async fn delete_message(&self, id: MessageId) -> Result<bool> {
        let deletion = Arc::new(Deletion::new());
        let deleted = self
            .write(move |rooms| {
                let deletion = Arc::clone(&deletion);
                async move { delete::one(&rooms, id, &deletion).await }
            })
            .await?;
        self.note_changed(deleted.into());
        Ok(deleted)
    }

    async fn delete_message_at(&self, id: MessageId, version: u64) -> Result<Deleted> {
        let deletion = Arc::new(Deletion::new());
        let deleted = self
            .write(move |rooms| {
                let deletion = Arc::clone(&deletion);
                async move { delete::one_at(&rooms, id, version, &deletion).await }
            })
            .await?;
        self.note_changed((deleted == Deleted::Done).into());
        Ok(deleted)
    }

    async fn delete_trashed(&self, ids: Vec<MessageId>) -> Result<u64> {
        let (ids, deletion) = (Arc::new(ids), Arc::new(Deletion::new()));
        let deleted = self
            .write(move |rooms| {
                let (ids, deletion) = (Arc::clone(&ids), Arc::clone(&deletion));
                async move { delete::trashed(&rooms, &ids, &deletion).await }
            })
            .await?;
        self.note_changed(deleted);
        Ok(deleted)
    }

    async fn empty_trash(&self, before: Timestamp, limit: u32) -> Result<u64> {
        let deletion = Arc::new(Deletion::new());
        let deleted = self
            .write(move |rooms| {
                let deletion = Arc::clone(&deletion);
                async move { delete::empty_trash(&rooms, before, limit, &deletion).await }
            })
            .await?;
        self.note_changed(deleted);
        Ok(deleted)
    }

    async fn count_folders(&self) -> Result<[FolderCounts; 4]> {
        let (counts, is_time_to_fold) = self.read(|rooms| async move { counts::count(&rooms).await }).await?;
        if is_time_to_fold {
            self.fold_aside();
        }
        Ok(counts)
    }

    async fn count_messages(&self, folder: Folder) -> Result<FolderCounts> {
        let counts = self.count_folders().await?;
        Ok(Folder::ALL
            .into_iter()
            .zip(counts)
            .find(|(known, _)| *known == folder)
            .map(|(_, counts)| counts)
            .unwrap_or_default())
    }
}

impl MongoStore {
    /// Closes the lots of this process. One that is not closed here is closed by others, after an hour.
    pub(super) async fn close_lots(&self) {
        let (inbound, rooms) = (Arc::clone(&self.inbound), Arc::clone(&self.rooms));
        if let Some(runtime) = self.home.runtime() {
            let _ = runtime.spawn(async move { inbound.lots.end(&rooms).await }).await;
        }
    }

    /// Works out the words of every letter anew.
    pub(super) async fn rebuild_words(&self) -> Result<()> {
        self.read_patiently(|rooms| async move { words::rebuild(&rooms).await }).await
    }
}

/// All letters, in whatever folder, after the counts were compared with them.
pub(super) async fn total(rooms: &Rooms) -> std::result::Result<u64, Fault> {
    counts::verify(rooms).await
}
