//! The letters, in MongoDB.

use async_trait::async_trait;
use mongodb::bson::doc;
use tokio::sync::watch;

use super::{Fault, MongoStore, Rooms};
use crate::models::{
    Change, ChangeId, Changed, DeliveryKey, Folder, FolderCounts, ListQuery, Message, MessageId, MessagePage,
    MessageSummary, Timestamp,
};
use crate::store::{Delivered, Delivery, Messages, Result, StoreError};

#[async_trait]
impl Messages for MongoStore {
    async fn add_message(&self, _delivery: Delivery) -> Result<Delivered> {
        Err(not_kept())
    }

    fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    async fn delivered(&self, _key: DeliveryKey) -> Result<Option<Delivered>> {
        Err(not_kept())
    }

    async fn message(&self, _id: MessageId) -> Result<Option<Message>> {
        Err(not_kept())
    }

    async fn list_messages(&self, _query: ListQuery) -> Result<MessagePage> {
        Err(not_kept())
    }

    async fn read_messages(&self, _query: ListQuery) -> Result<Vec<Message>> {
        Err(not_kept())
    }

    async fn earlier_from_sender(&self, _id: MessageId, _limit: u32) -> Result<Vec<MessageSummary>> {
        Err(not_kept())
    }

    async fn change_messages(&self, _change: Change) -> Result<Changed> {
        Err(not_kept())
    }

    async fn undo_change(&self, _id: ChangeId, _now: Timestamp) -> Result<u64> {
        Err(not_kept())
    }

    async fn set_read(&self, _id: MessageId, _read: bool) -> Result<bool> {
        Err(not_kept())
    }

    async fn delete_message(&self, _id: MessageId) -> Result<bool> {
        Err(not_kept())
    }

    async fn delete_trashed(&self, _ids: Vec<MessageId>) -> Result<u64> {
        Err(not_kept())
    }

    async fn empty_trash(&self, _before: Timestamp, _limit: u32) -> Result<u64> {
        Err(not_kept())
    }

    async fn count_folders(&self) -> Result<[FolderCounts; 4]> {
        Err(not_kept())
    }

    async fn count_messages(&self, _folder: Folder) -> Result<FolderCounts> {
        Err(not_kept())
    }
}

impl MongoStore {
    /// Works out the words of every letter anew.
    pub(super) async fn rebuild_words(&self) -> Result<()> {
        Err(not_kept())
    }
}

/// All letters, in whatever folder.
pub(super) async fn total(rooms: &Rooms) -> Result<u64, Fault> {
    Ok(rooms.messages.count_documents(doc! {}).await?)
}

fn not_kept() -> StoreError {
    StoreError::Internal("no letters are kept here yet".into())
}
