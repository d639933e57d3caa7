//! The store as Letterbox opens it, without the web around it.

use std::path::Path;

use letterbox::clock::{Clock as _, SystemClock};
use letterbox::models::{
    Action, Change, ChangeId, Cursor, Filter, Folder, ListQuery, MessageId, Query, RELEVANT_AMONG, Selection, Target,
    Timestamp,
};
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Messages as _, Purpose};
use tokio::runtime::Runtime;

use super::{database, middle};

/// Letters on a page.
const PAGE: u32 = 50;

pub struct House {
    runtime: Runtime,
    store: SqliteStore,
    /// A letter of the inbox in the middle of all.
    pub middle: MessageId,
}

impl House {
    /// Opens the store of a Letterbox in `directory`.
    pub fn open(directory: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = database(directory);
        let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
        Self { runtime, store, middle: middle(&database) }
    }

    /// What is meant by a search as it is typed.
    pub fn search(words: &str) -> Selection {
        Filter { query: Query::parse(words), is_search: true, ..Filter::default() }.selection()
    }

    pub fn list(&self, which: Selection, cursor: Option<Cursor>) {
        let query = ListQuery { which, cursor, limit: PAGE };
        self.runtime.block_on(self.store.list_messages(query)).unwrap();
    }

    pub fn count(&self) {
        let counts = self.runtime.block_on(self.store.count_folders()).unwrap();
        assert_ne!(counts[0].total, 0);
    }

    pub fn earlier(&self) {
        self.runtime.block_on(self.store.earlier_from_sender(self.middle, 10)).unwrap();
    }

    /// Those of the newest letters with a common word that are most to the point.
    pub fn most_relevant(&self) {
        let query = ListQuery { which: Self::search("please"), cursor: None, limit: RELEVANT_AMONG };
        let search = query.which.search.clone();
        let mut hits = self.runtime.block_on(self.store.read_messages(query)).unwrap();
        hits.sort_by_cached_key(|message| std::cmp::Reverse(search.weight(&message.letter)));
    }

    pub fn archive_and_undo(&self) {
        let now: Timestamp = SystemClock::start().now();
        let id = ChangeId::new(now);
        let letters = vec![Target { id: self.middle, seen_in: Some(Folder::Inbox) }];
        self.runtime.block_on(async {
            self.store.change_messages(Change { id, action: Action::Archive, letters, now }).await.unwrap();
            self.store.undo_change(id, now).await.unwrap();
        });
    }
}
