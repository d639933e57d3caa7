//! The counts of MongoDB are kept without a transaction; they are exact all the same.

use std::sync::Arc;
use std::time::Duration;

use letterbox::models::{Action, Change, ChangeId, Edit, Folder, FolderCounts, Target};
use letterbox::store::mongo::MongoStore;
use letterbox::store::{Messages as _, Store as _};
use mongodb::Collection;
use mongodb::bson::{DateTime, Document, Uuid, doc};

use super::contract::sample::{at, fill, id};
use super::fresh::{drop_mongo, open_mongo};
use super::search::Dice;
use crate::support::{block_on, mongod};

/// Letters that no server counts in one go.
const MANY: u32 = 450;

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_process_that_dies_while_it_folds_the_counts_leaves_them_exact() {
    // It dies after the sums were written, when some letters know of it, or when all do.
    for knowing in [0, 5, 10] {
        on_a_database(async |url| {
            let store = open_mongo(&url).await;
            fill(&store, 0..10).await;
            act(&store, 1, Action::Read, &[0, 7]).await;
            left_half_done(&url, knowing).await;
            assert_eq!(inbox(&store).await, (10, 8));
            // What it had taken into the sums changes again.
            act(&store, 2, Action::Archive, &[1, 8]).await;
            act(&store, 3, Action::Unread, &[0]).await;
            assert!(store.delete_message(id(2)).await.unwrap());
            assert_eq!((inbox(&store).await, unread(&store, Folder::Archive).await), ((7, 6), 2));
            // Somebody else finishes it.
            fill(&store, 100..100 + MANY).await;
            assert_eq!(inbox(&store).await, (u64::from(MANY) + 7, u64::from(MANY) + 6));
            act(&store, 4, Action::Read, &Vec::from_iter(100..100 + MANY)).await;
            settled(&store, &url).await;
            assert_eq!(inbox(&store).await, (u64::from(MANY) + 7, 6));
            store.check(at(0)).await.unwrap();
            store.close().await;
        });
    }
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_process_that_dies_with_a_lot_open_leaves_the_counts_exact_and_others_close_it_after_an_hour() {
    on_a_database(async |url| {
        let dead = open_mongo(&url).await;
        fill(&dead, 0..10).await;
        drop(dead);
        let store = open_mongo(&url).await;
        assert_eq!(inbox(&store).await, (10, 10));
        act(&store, 1, Action::Read, &[1]).await;
        act(&store, 2, Action::Archive, &[3]).await;
        assert!(store.delete_message(id(2)).await.unwrap());
        assert_eq!((inbox(&store).await, unread(&store, Folder::Archive).await), ((8, 7), 1));

        let counts = collection(&url, "counts").await;
        let open = async |lots: u64| {
            let many = i64::try_from(lots).unwrap();
            counts.count_documents(doc! { "$expr": { "$eq": [{ "$size": "$open" }, many] } }).await.unwrap() == 1
        };
        assert!(open(1).await);
        let long_ago = doc! { "$set": { "open.0.since": DateTime::from_millis(0) } };
        counts.update_one(doc! {}, long_ago).await.unwrap();
        let begun = std::time::Instant::now();
        // To look at the counts is enough.
        while !open(0).await {
            assert!(begun.elapsed() < Duration::from_secs(60), "the lot stays open");
            store.count_folders().await.unwrap();
        }
        assert_eq!((inbox(&store).await, unread(&store, Folder::Archive).await), ((8, 7), 1));
        store.check(at(0)).await.unwrap();
        store.close().await;
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_process_that_ends_in_order_leaves_no_lot_open() {
    on_a_database(async |url| {
        let store = open_mongo(&url).await;
        // So many that one for those after them is open too.
        fill(&store, 0..150).await;
        two_are_open(&url).await;
        store.close().await;
        let closed = doc! { "open": [], "folders.inbox.total": 150_i64, "folders.inbox.unread": 150_i64 };
        assert_eq!(collection(&url, "counts").await.count_documents(closed).await.unwrap(), 1);
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn no_letter_waits_for_the_next_lot_to_be_opened() {
    on_a_database(async |url| {
        let store = open_mongo(&url).await;
        fill(&store, 0..150).await;
        two_are_open(&url).await;
        // From now on nothing is counted, and no lot opened.
        let database = mongodb::Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
        let refuse = async |validator: Document| {
            database.run_command(doc! { "collMod": "counts", "validator": validator }).await.unwrap();
        };
        refuse(doc! { "nobody": true }).await;
        fill(&store, 150..350).await;
        refuse(doc! {}).await;
        fill(&store, 350..600).await;
        assert_eq!(inbox(&store).await, (600, 600));
        store.check(at(0)).await.unwrap();
        store.close().await;
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn what_many_do_at_once_through_two_processes_is_counted_exactly() {
    on_a_database(async |url| {
        let stores = [Arc::new(open_mongo(&url).await), Arc::new(open_mongo(&url).await)];
        let workers: Vec<_> =
            (0..8_u32).map(|worker| tokio::spawn(work(Arc::clone(&stores[worker as usize % 2]), worker))).collect();
        let mut asked = 0;
        while !workers.iter().all(tokio::task::JoinHandle::is_finished) {
            // Never more than there are, and never an error.
            let counts = stores[asked % 2].count_folders().await.unwrap();
            assert!(counts.iter().all(|counts| counts.unread <= counts.total && counts.total <= 800), "{counts:?}");
            asked += 1;
        }
        for worker in workers {
            worker.await.unwrap();
        }
        let counts = stores[0].count_folders().await.unwrap();
        assert_eq!(counts, stores[1].count_folders().await.unwrap());
        assert_eq!(counts, recount(&url).await);
        for store in stores {
            store.check(at(0)).await.unwrap();
            store.close().await;
        }
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn letters_that_came_through_another_process_are_news_to_whoever_listens() {
    on_a_database(async |url| {
        let (here, there) = (open_mongo(&url).await, open_mongo(&url).await);
        fill(&there, [1]).await;
        let mut arrivals = here.arrivals();
        // One that comes before the first question is news to nobody; after that each is.
        let begun = std::time::Instant::now();
        for number in 2.. {
            fill(&there, [number]).await;
            if tokio::time::timeout(Duration::from_secs(3), arrivals.changed()).await.is_ok() {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "nobody was told");
        }
        here.close().await;
        there.close().await;
    });
}

fn on_a_database(test: impl AsyncFnOnce(String)) {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        test(url.clone()).await;
        drop_mongo(&url).await;
    });
}

/// A hundred acts on letters of its own and of the others.
async fn work(store: Arc<MongoStore>, worker: u32) {
    let mut dice = Dice(u64::from(worker) + 1);
    let change = |step: u8| ChangeId::from_bytes([(worker as u8).wrapping_mul(100).wrapping_add(step); 16]);
    for step in 0..100_u8 {
        let number = worker * 100 + u32::from(step);
        fill(&*store, [number]).await;
        let some = id(dice.roll(800) as u32);
        match dice.roll(6) {
            0 => drop(store.delete_message(some).await.unwrap()),
            1 => drop(store.set_read(some, dice.roll(2) == 0).await.unwrap()),
            2 => {
                let edit = Edit { folder: Some(Folder::ALL[dice.roll(4)]), ..Edit::default() };
                store.edit_message(some, edit, None, at(1)).await.unwrap();
            }
            3 => drop(store.undo_change(change(dice.roll(usize::from(step) + 1) as u8), at(2)).await.unwrap()),
            _ => {
                let letters = (0..4).map(|_| Target { id: id(dice.roll(800) as u32), seen_in: None }).collect();
                let action = Action::ALL[dice.roll(8)];
                store.change_messages(Change { id: change(step), action, letters, now: at(3) }).await.unwrap();
            }
        }
    }
}

async fn act(store: &MongoStore, number: u8, action: Action, letters: &[u32]) {
    let letters = letters.iter().map(|number| Target { id: id(*number), seen_in: None }).collect();
    let change = Change { id: ChangeId::from_bytes([number; 16]), action, letters, now: at(9) };
    store.change_messages(change).await.unwrap();
}

async fn inbox(store: &MongoStore) -> (u64, u64) {
    let FolderCounts { total, unread } = store.count_messages(Folder::Inbox).await.unwrap();
    (total, unread)
}

async fn unread(store: &MongoStore, folder: Folder) -> u64 {
    store.count_messages(folder).await.unwrap().unread
}

/// Waits until two lots are open: the one that letters come with, and the next.
async fn two_are_open(url: &str) {
    let counts = collection(url, "counts").await;
    let begun = std::time::Instant::now();
    while counts.count_documents(doc! { "open": { "$size": 2 } }).await.unwrap() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no other lot is opened");
    }
}

async fn collection(url: &str, name: &str) -> Collection<Document> {
    mongodb::Client::with_uri_str(url).await.unwrap().default_database().unwrap().collection(name)
}

/// The counts as they are while a process folds in the first letters: `knowing` of them were told.
async fn left_half_done(url: &str, knowing: u32) {
    let (messages, counts) = (collection(url, "messages").await, collection(url, "counts").await);
    let before = counts.find_one(doc! {}).await.unwrap().unwrap();
    // As if they had not come, but been changed.
    let changed = doc! { "$set": { "pending": true }, "$unset": { "lot": "" } };
    messages.update_many(doc! {}, changed).await.unwrap();
    let mut letters = Vec::new();
    for number in 0..10_u32 {
        let name = Uuid::from_bytes(*id(number).as_bytes());
        let read = number == 0 || number == 7;
        letters.push(doc! { "id": name, "folder": "inbox", "read": read });
        if number < knowing {
            let counted = doc! { "folder": "inbox", "read": read, "at": 1_i64 };
            let update = doc! { "$set": { "counted": counted }, "$unset": { "pending": "" } };
            assert_eq!(messages.update_one(doc! { "_id": name }, update).await.unwrap().matched_count, 1);
        }
    }
    let folders = doc! { "inbox": { "total": 10_i64, "unread": 8_i64 } };
    let folding = doc! { "number": 1_i64, "letters": letters };
    let sums = doc! {
        "_id": "folders", "revision": 1_i64, "folders": folders, "folding": folding,
        "open": before.get_array("open").unwrap(),
    };
    counts.replace_one(doc! {}, sums).await.unwrap();
}

/// Waits until the sums have taken in letters that came after those of the first process.
async fn settled(store: &MongoStore, url: &str) {
    let counts = collection(url, "counts").await;
    let begun = std::time::Instant::now();
    loop {
        let sums = counts.find_one(doc! {}).await.unwrap().unwrap();
        if !sums.contains_key("folding") && sums.get_i64("revision").unwrap() > 2 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{sums}");
        store.count_folders().await.unwrap();
    }
}

async fn recount(url: &str) -> [FolderCounts; 4] {
    let messages = collection(url, "messages").await;
    let mut counts = [FolderCounts::default(); 4];
    for (folder, counts) in Folder::ALL.into_iter().zip(&mut counts) {
        let count = |filter| messages.count_documents(filter);
        counts.total = count(doc! { "folder": folder.as_str() }).await.unwrap();
        counts.unread = count(doc! { "folder": folder.as_str(), "read": false }).await.unwrap();
    }
    counts
}
