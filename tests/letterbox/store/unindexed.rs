//! Letters that the search index of SQLite does not know yet are letters like all others.

use std::fs::File;
use std::path::PathBuf;

use letterbox::models::{
    Action, Change, ChangeId, Cursor, DeliveryKey, Draft, Edit, Folder, Letter, ListQuery, Message, MessageId, Query,
    Selection, Target,
};
use letterbox::store::sqlite::{SqliteStore, backup};
use letterbox::store::{Delivery, KeptLetter, Messages as _, Purpose, Record, Records as _, Store as _};
use rusqlite::{Connection, params};

use super::contract::sample::{at, delivery, id, ids, letter};
use super::{UNLIMITED, ask, eventually, open, send};
use crate::support::{Binary, Output, block_on, letterbox};

/// What is left to index.
const WAITING: &str = "SELECT count(*) FROM unindexed";
/// What may be left while letters come without a pause.
const MANY: u32 = 2_048;

/// A closed store whose first letters are indexed and whose last two are not.
struct Half {
    _directory: tempfile::TempDir,
    database: PathBuf,
}

impl Half {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("letterbox.db");
        let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
        block_on(async {
            for (number, subject) in [(10, "Chairs"), (20, "Tables"), (30, "Chairs and tables"), (40, "Garden chairs")]
            {
                store.add_message(named(number, subject)).await.unwrap();
            }
            store.check(at(0)).await.unwrap();
            store.close().await;
        });
        assert_eq!(ask::<u32>(&database, WAITING), 0);
        let half = Self { _directory: directory, database };
        half.unindex("seq IN (SELECT seq FROM messages ORDER BY seq DESC LIMIT 2)");
        half
    }

    /// Makes letters as they are between their commit and their indexing.
    fn unindex(&self, which: &str) {
        let forget = format!(
            "INSERT INTO messages_search (messages_search, rowid, name, email, subject, body)
             SELECT 'delete', seq, name, email, subject, body FROM messages
             WHERE seq NOT IN (SELECT seq FROM unindexed) AND {which};
             INSERT OR IGNORE INTO unindexed SELECT seq, octet_length(body) FROM messages WHERE {which}"
        );
        open(&self.database).execute_batch(&forget).unwrap();
    }

    /// The store as a command opens it, which indexes nothing before it has written something.
    fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.database, Purpose::Command).unwrap()
    }

    /// The store is used, and sound afterwards.
    fn with(&self, act: impl AsyncFnOnce(&SqliteStore)) {
        let store = self.store();
        block_on(async {
            act(&store).await;
            store.check(at(0)).await.unwrap();
            store.close().await;
        });
        assert_eq!(ask::<u32>(&self.database, WAITING), 0);
    }
}

fn named(number: u32, subject: &str) -> Delivery {
    let (name, email, message) = ("Ada Lovelace".into(), "ada@example.com".into(), format!("Letter {number}"));
    let draft = Draft { name, email, subject: subject.into(), message };
    Delivery { letter: Letter::parse(&draft).unwrap(), ..delivery(number) }
}

fn looking_for(text: &str) -> Selection {
    let Query { folders, unread, starred, search, .. } = Query::parse(text);
    Selection { folders: if folders.is_empty() { Folder::ALL.into() } else { folders }, unread, starred, search }
}

async fn find(store: &SqliteStore, text: &str) -> Vec<MessageId> {
    ids(&store.list_messages(ListQuery { which: looking_for(text), cursor: None, limit: 500 }).await.unwrap())
}

#[test]
fn the_newest_letters_are_found_at_once_whatever_is_looked_for() {
    let half = Half::new();
    let store = half.store();
    block_on(async {
        for (text, found) in [
            ("chairs", &[40, 30, 10][..]),
            ("CHAIRS garden", &[40]),
            ("\"garden chairs\"", &[40]),
            ("\"chairs garden\"", &[]),
            ("gard*", &[40]),
            ("gard", &[]),
            ("chairs -tables", &[40, 10]),
            ("-tables", &[40, 10]),
            ("-chairs", &[20]),
            ("-garden -lovelace", &[]),
            ("from:ada chairs", &[40, 30, 10]),
            ("from:chairs", &[]),
            ("chairs in:inbox", &[40, 30, 10]),
            ("chairs in:archive", &[]),
        ] {
            assert_eq!(find(&store, text).await, found.iter().map(|number| id(*number)).collect::<Vec<_>>(), "{text}");
        }
        for (cursor, found) in [
            (Cursor::Before(id(40)), &[30, 10][..]),
            (Cursor::Before(id(30)), &[10]),
            (Cursor::After(id(10)), &[40, 30]),
            (Cursor::After(id(30)), &[40]),
            (Cursor::After(id(40)), &[]),
        ] {
            for limit in [1, 2, 50] {
                let query = ListQuery { which: looking_for("chairs"), cursor: Some(cursor), limit };
                let page = store.list_messages(query).await.unwrap();
                let near = match cursor {
                    Cursor::Before(_) => &found[..found.len().min(limit as usize)],
                    Cursor::After(_) => &found[found.len().saturating_sub(limit as usize)..],
                };
                assert_eq!(ids(&page), near.iter().map(|number| id(*number)).collect::<Vec<_>>(), "{cursor:?} {limit}");
            }
        }
        store.close().await;
    });
    assert_eq!(ask::<u32>(&half.database, WAITING), 2, "whoever searches writes nothing");
}

#[test]
fn letters_that_wait_are_found_in_the_folder_they_were_moved_to() {
    for folder in [Folder::Archive, Folder::Spam, Folder::Trash] {
        Half::new().with(async |store| {
            let edit = Edit { folder: Some(folder), read: Some(true), ..Edit::default() };
            store.edit_message(id(40), edit, None, at(9)).await.unwrap();
            assert_eq!(find(store, &format!("chairs in:{folder}")).await, [id(40)]);
            assert_eq!(find(store, "chairs in:inbox").await, [id(30), id(10)]);
            assert_eq!(find(store, "chairs is:unread").await, [id(30), id(10)]);
        });
    }
}

#[test]
fn r53_what_is_done_with_a_letter_that_waits_leaves_the_index_exact() {
    Half::new().with(async |store| {
        assert!(store.delete_message(id(40)).await.unwrap());
        assert_eq!(find(store, "chairs").await, [id(30), id(10)]);
    });
    for number in [10, 40] {
        Half::new().with(async |store| {
            let letter = Some(named(number, "Lamps").letter);
            store.edit_message(id(number), Edit { letter, ..Edit::default() }, None, at(9)).await.unwrap();
            assert_eq!(find(store, "lamps").await, [id(number)]);
            assert!(!find(store, "chairs").await.contains(&id(number)));
        });
        Half::new().with(async |store| {
            let letters = vec![Target { id: id(number), seen_in: None }];
            let change = Change { id: ChangeId::from_bytes([1; 16]), action: Action::Archive, letters, now: at(9) };
            store.change_messages(change).await.unwrap();
            assert_eq!(find(store, "chairs in:archive").await, [id(number)]);
        });
        // Its place in the list gets another number, to make room for one that comes between it and the one before.
        Half::new().with(async |store| {
            let mut between = *id(number - 1).as_bytes();
            between[8] = 1;
            let between = MessageId::from_bytes(between);
            store.add_message(named(number - 1, "Lamps")).await.unwrap();
            store.add_message(Delivery { id: between, ..named(0, "Lamps") }).await.unwrap();
            assert_eq!(find(store, "lamps").await, [between, id(number - 1)]);
            assert_eq!(find(store, "chairs").await, [id(40), id(30), id(10)]);
        });
    }
}

#[test]
fn r53_a_check_is_content_with_letters_that_wait_and_a_rebuilt_index_knows_them_all() {
    let half = Half::new();
    half.with(async |_| {});
    half.unindex("true");
    half.with(async |store| {
        assert_eq!(ask::<u32>(&half.database, WAITING), 4);
        store.rebuild_search_index().await.unwrap();
        assert_eq!(ask::<u32>(&half.database, WAITING), 0);
        assert_eq!(find(store, "chairs").await, [id(40), id(30), id(10)]);
    });
    // A letter that is neither indexed nor known to wait.
    half.unindex("true");
    open(&half.database).execute_batch("DELETE FROM unindexed").unwrap();
    let store = half.store();
    assert!(block_on(store.check(at(0))).is_err());
    block_on(store.close());
}

#[test]
fn r56_a_backup_is_whole_while_letters_wait() {
    let half = Half::new();
    let copy = half.database.with_extension("copy");
    backup(&half.database, &copy).unwrap();
    assert_eq!(ask::<u32>(&copy, WAITING), 2);
    let store = SqliteStore::open(&copy, Purpose::Serve).unwrap();
    block_on(async {
        assert_eq!(find(&store, "chairs").await, [id(40), id(30), id(10)]);
        eventually("an index that knows all", || (ask::<u32>(&copy, WAITING) == 0).then_some(()));
        assert_eq!(find(&store, "chairs").await, [id(40), id(30), id(10)]);
        store.check(at(0)).await.unwrap();
        store.close().await;
    });
}

#[test]
fn no_more_letters_wait_than_a_search_reads_in_a_moment() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("letterbox.db");
    let store = SqliteStore::open(&database, Purpose::Command).unwrap();
    block_on(async {
        // Without a pause: each is waiting when the one before is done.
        for part in 0..4 {
            let letters = (part * 1_000..(part + 1) * 1_000).map(|number| Record::Letter(kept(number)));
            store.put_records(letters.collect()).await.unwrap();
        }
        store.set_read(id(0), true).await.unwrap();
        let waiting: u32 = ask(&database, WAITING);
        assert!(waiting < MANY, "{waiting}");
        let newest: Vec<_> = (3_500..4_000).rev().map(id).collect();
        assert_eq!(find(&store, "letter").await, newest);
        // Long ones, fewer.
        for number in 10_000..10_200 {
            let mut long = kept(number);
            long.message.letter = letter(&"語語 語語語 ".repeat(1_250));
            store.put_records(vec![Record::Letter(long)]).await.unwrap();
        }
        store.set_read(id(1), true).await.unwrap();
        let waiting: u32 = ask(&database, WAITING);
        assert!(waiting < 100, "{waiting}");
        store.check(at(0)).await.unwrap();
        store.close().await;
    });
}

#[test]
fn r47_what_a_crash_left_unindexed_is_found_and_indexed_by_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("data/letterbox.db");
    let mut letters = 0;
    eventually("a crash between a commit and its indexing", || {
        let server = Binary::start(directory.path(), &[UNLIMITED]);
        assert_eq!(send(&server, "Chairs").status, 303);
        server.kill();
        letters += 1;
        (ask::<u32>(&database, WAITING) > 0).then_some(())
    });
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    block_on(async {
        assert_eq!(find(&store, "chairs").await.len(), letters);
        eventually("an index that knows all", || (ask::<u32>(&database, WAITING) == 0).then_some(()));
        assert_eq!(find(&store, "chairs").await.len(), letters);
        store.check(at(0)).await.unwrap();
        store.close().await;
    });
}

#[test]
fn a_damaged_index_keeps_no_letter_out_and_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("data")).unwrap();
    let database = directory.path().join("data/letterbox.db");
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    let add = async |number| store.add_message(named(number, "Chairs")).await.unwrap();
    block_on(async {
        add(1).await;
        store.check(at(0)).await.unwrap();
        open(&database).execute_batch("UPDATE messages_search_data SET block = x'00'").unwrap();
        for number in 2..=5 {
            add(number).await;
            assert!(store.check(at(0)).await.is_err());
        }
        assert_eq!(store.count_messages(Folder::Inbox).await.unwrap().total, 5);
        let rebuilt = Output::of(letterbox(directory.path(), &[]).args(["check", "--rebuild-index"]), "");
        assert_eq!(rebuilt.code, 0, "{}", rebuilt.stderr);
        store.close().await;
    });
    drop(store);
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    block_on(async {
        assert_eq!(find(&store, "chairs").await.len(), 5);
        store.check(at(0)).await.unwrap();
        store.close().await;
    });
}

#[test]
fn a_store_of_the_schema_before_is_brought_up_to_date_with_all_its_letters() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("letterbox.db");
    let old = Connection::open(&database).unwrap();
    old.execute_batch(include_str!("../../../src/store/sqlite/migrations/0001_letters_users_sessions.sql")).unwrap();
    old.execute_batch(include_str!("../../../src/store/sqlite/migrations/0002_search_index.sql")).unwrap();
    old.execute_batch("PRAGMA application_id = 1279414104; PRAGMA user_version = 2").unwrap();
    for number in [2_u32, 4] {
        let insert = "INSERT INTO messages (seq, id, delivery_key, received_at, name, email, email_key, subject, body)
                      VALUES (?1, ?2, ?2, ?1, 'Ada', 'a@b.c', 'a@b.c', 'Chairs', 'Hello')";
        old.execute(insert, params![number / 2, id(number).as_bytes()]).unwrap();
    }
    drop(old);
    // A server that runs still relies on the schema it has found.
    let server = File::create(directory.path().join("letterbox.db.lock")).unwrap();
    server.lock().unwrap();
    let refused = SqliteStore::open(&database, Purpose::Command).err().unwrap().to_string();
    assert!(refused.contains("An older Letterbox is serving") && refused.contains("stop it"), "{refused}");
    drop(server);
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    block_on(async {
        assert_eq!(find(&store, "chairs").await, [id(4), id(2)]);
        let known = store.delivered(DeliveryKey::from_bytes(*id(4).as_bytes())).await.unwrap();
        assert_eq!(known.map(|known| known.id), Some(id(4)));
        store.add_message(named(6, "Chairs")).await.unwrap();
        assert!(store.delete_message(id(2)).await.unwrap());
        assert_eq!(find(&store, "chairs").await, [id(6), id(4)]);
        assert_eq!(store.check(at(0)).await.unwrap().schema, 5);
        store.close().await;
    });
}

fn kept(number: u32) -> KeptLetter {
    let Delivery { id, received_at, key, letter } = delivery(number);
    let (folder, read, starred, version) = (Folder::Inbox, false, false, 1);
    KeptLetter { message: Message { id, received_at, letter, folder, read, starred, version }, key, trashed_at: None }
}
