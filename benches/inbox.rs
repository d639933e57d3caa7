//! What the inbox costs with a million letters, against a thousand: the ratio is the figure, the time depends on the
//! machine. Run with `cargo bench --bench inbox`; it fills a store in `target/bench-inbox-N` first, which takes minutes
//! for a million. `LETTERBOX_BENCH_LETTERS=100000` makes the large one smaller. `LETTERBOX_BENCH_MONGODB` names a server,
//! for example `mongodb://127.0.0.1:27017`, to measure it instead; its databases `bench-inbox-N` are filled once.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a measurement that cannot go on may stop")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use letterbox::clock::{Clock, SystemClock};
use letterbox::commands::seed;
use letterbox::config::{Config, Engine};
use letterbox::models::{
    Action, Change, ChangeId, Cursor, Folder, ListQuery, Message, MessageId, Query, RELEVANT_AMONG, Selection, Target,
};
use letterbox::store::mongo::MongoStore;
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Purpose, Store};

/// Letters on a page.
const PAGE: u32 = 50;
/// Times each thing is done; the median counts.
const TIMES: usize = 51;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let many = std::env::var("LETTERBOX_BENCH_LETTERS").ok().map_or(1_000_000, |text| text.parse().unwrap());
    runtime.block_on(async {
        let few = measure(&*open(1_000).await).await;
        let much = measure(&*open(many).await).await;
        println!("{:44} {:>12} {:>12} {:>8}", "", "1000", many, "ratio");
        for ((what, few), (_, much)) in few.into_iter().zip(much) {
            let ratio = much.as_secs_f64() / few.as_secs_f64();
            println!("{what:44} {:>12} {:>12} {ratio:>8.1}", micros(few), micros(much));
        }
    });
}

fn micros(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}

async fn open(letters: u64) -> Box<dyn Store> {
    let store: Box<dyn Store> = match std::env::var("LETTERBOX_BENCH_MONGODB") {
        Ok(server) => Box::new(open_mongo(format!("{server}/bench-inbox-{letters}")).await),
        Err(_) => Box::new(open_sqlite(letters)),
    };
    if store.list_messages(ListQuery::newest(Folder::Inbox, 1)).await.unwrap().items.is_empty() {
        let begun = Instant::now();
        seed::fill(&*store, letters, SystemClock::start().now()).await.unwrap();
        println!("{letters} letters were put in within {} s", begun.elapsed().as_secs());
    }
    store
}

fn open_sqlite(letters: u64) -> SqliteStore {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("target/bench-inbox-{letters}"));
    std::fs::create_dir_all(&directory).unwrap();
    SqliteStore::open(&directory.join("letterbox.db"), Purpose::Serve).unwrap()
}

async fn open_mongo(url: String) -> MongoStore {
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => Some(url.clone()),
        "SECRET_KEY" => Some("uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3".to_owned()),
        _ => None,
    });
    let Engine::MongoDb(url) = config.unwrap().database_url else { unreachable!("no MongoDB") };
    MongoStore::open(&url).await.unwrap()
}

async fn measure(store: &dyn Store) -> Vec<(&'static str, Duration)> {
    let inbox = Selection::of(Folder::Inbox);
    let middle = middle(store).await;
    let mut times = Vec::new();
    for (what, which, cursor) in [
        ("first page", inbox.clone(), None),
        ("page in the middle, by its cursor", inbox.clone(), Some(Cursor::Before(middle))),
        ("page in the middle, upwards", inbox.clone(), Some(Cursor::After(middle))),
        ("unread", Selection { unread: true, ..inbox.clone() }, None),
        ("starred", Selection { starred: true, ..inbox.clone() }, None),
        ("unread and starred", Selection { unread: true, starred: true, ..inbox.clone() }, None),
        ("search: a common word", looking_for("please"), None),
        ("search: a common word, from the middle", looking_for("please"), Some(Cursor::Before(middle))),
        ("search: a rare word", looking_for("zanzibar"), None),
        ("search: two common words", looking_for("please garden"), None),
        ("search: a phrase", looking_for("\"garden chairs\""), None),
        ("search: the beginning of a word", looking_for("gard*"), None),
        ("search: one letter and a star", looking_for("g*"), None),
        ("search: a common word without another", looking_for("please -garden"), None),
        ("search: all without a word", looking_for("-please"), None),
        ("search: a sender", looking_for("from:writer77"), None),
        ("search: a common word in the trash", looking_for("please in:trash"), None),
        ("search: a word nobody wrote", looking_for("xylophone"), None),
    ] {
        let query = ListQuery { which, cursor, limit: PAGE };
        times.push((what, median(async || drop(store.list_messages(query.clone()).await.unwrap())).await));
    }
    times.push(("all counts", median(async || assert_ne!(store.count_folders().await.unwrap()[0].total, 0)).await));
    times.push(("a sender's earlier letters", {
        median(async || drop(store.earlier_from_sender(middle, 10).await.unwrap())).await
    }));
    times.push(("the most relevant of 1,000 hits", median(async || relevant(store).await).await));
    times.push(("archive a letter and undo it", median(async || there_and_back(store, middle).await).await));
    times
}

fn looking_for(text: &str) -> Selection {
    let query = Query::parse(text);
    let folders = if query.folders.is_empty() { vec![Folder::Inbox, Folder::Archive] } else { query.folders };
    Selection { folders, unread: query.unread, starred: query.starred, search: query.search }
}

/// A letter in the middle of all.
async fn middle(store: &dyn Store) -> MessageId {
    let newest = ListQuery::newest(Folder::Inbox, 1);
    let last = store.list_messages(newest.clone()).await.unwrap().items[0].clone();
    let oldest = ListQuery { cursor: Some(Cursor::After(MessageId::from_bytes([0; 16]))), ..newest.clone() };
    let first = store.list_messages(oldest).await.unwrap().items[0].clone();
    let half = last.received_at.since(first.received_at) / 2;
    let cursor = Some(Cursor::Before(MessageId::earliest(first.received_at.plus(half))));
    store.list_messages(ListQuery { cursor, ..newest }).await.unwrap().items[0].id
}

async fn relevant(store: &dyn Store) {
    let query = ListQuery { which: looking_for("please"), cursor: None, limit: RELEVANT_AMONG };
    let search = query.which.search.clone();
    let mut hits: Vec<Message> = store.read_messages(query).await.unwrap();
    hits.sort_by_cached_key(|message| std::cmp::Reverse(search.weight(&message.letter)));
}

async fn there_and_back(store: &dyn Store, id: MessageId) {
    let now = SystemClock::start().now();
    let change = ChangeId::new(now);
    let letters = vec![Target { id, seen_in: None }];
    store.change_messages(Change { id: change, action: Action::Archive, letters, now }).await.unwrap();
    store.undo_change(change, now).await.unwrap();
}

async fn median(mut act: impl AsyncFnMut()) -> Duration {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        act().await;
        times.push(begun.elapsed());
        if begun.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    times.sort();
    times[times.len() / 2]
}
