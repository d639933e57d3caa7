//! The bare driver, doing by itself what Letterbox has it do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{self, Binary, DateTime, Document, doc};
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, WriteConcern};
use mongodb::{Client, Collection, Database};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::load::{CONNECTIONS, Load, Shot};
use crate::process::own_processor_seconds;

/// Letters on a page of the inbox, and one more to know whether there are others.
const PAGE: i64 = 51;

pub struct Bare {
    runtime: Runtime,
    database: Database,
    /// A letter as Letterbox stores one.
    letter: Document,
}

impl Bare {
    /// Connects with Letterbox's own settings, and copies the indexes of its letters. One letter has to be there.
    pub fn connect(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (database, letter) = runtime.block_on(async {
            let mut options = ClientOptions::parse(url).await.unwrap();
            options.write_concern = Some(WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build());
            options.read_concern = Some(ReadConcern::majority());
            options.max_pool_size = Some(CONNECTIONS as u32);
            options.max_connecting = Some(8);
            let database = Client::with_options(options).unwrap().default_database().expect("a database");
            let letters: Collection<Document> = database.collection("messages");
            let letter = letters.find_one(doc! { "folder": "inbox" }).await.unwrap().expect("a letter");
            let mut indexes = letters.list_indexes().await.unwrap();
            let copy: Collection<Document> = database.collection("bare");
            while let Some(index) = indexes.try_next().await.unwrap() {
                copy.create_index(index).await.unwrap();
            }
            (database, letter)
        });
        Self { runtime, database, letter }
    }

    /// Letters that Letterbox has stored.
    pub fn count(&self) -> u64 {
        let letters: Collection<Document> = self.database.collection("messages");
        self.runtime.block_on(async { letters.count_documents(doc! {}).await }).unwrap()
    }

    /// Inserts one document after the other in each of 64 tasks.
    fn insert(&self, round: Duration) -> Shot {
        let room: Collection<Document> = self.database.collection("bare");
        let letter = Arc::new(self.letter.clone());
        self.all_at_once(round, move || {
            let (room, letter) = (room.clone(), Arc::clone(&letter));
            async move {
                let mut new = Document::clone(&letter);
                // Like Letterbox's: those of one time stand together in every index that ends with them.
                new.insert("_id", bson::Uuid::from_bytes(*Uuid::now_v7().as_bytes()));
                new.insert(
                    "key",
                    Binary { subtype: BinarySubtype::Generic, bytes: Uuid::new_v4().as_bytes().to_vec() },
                );
                new.insert("received_at", DateTime::now());
                room.insert_one(new).await.unwrap();
            }
        })
    }

    /// Asks what a page of the inbox asks: who that is, the letters without their words, and the counts.
    fn read(&self, round: Duration) -> Shot {
        let database = self.database.clone();
        self.all_at_once(round, move || {
            let database = database.clone();
            async move {
                let room = |name: &str| database.collection::<Document>(name);
                room("sessions").find_one(doc! {}).await.unwrap().expect("a session");
                room("users").find_one(doc! {}).await.unwrap().expect("a user");
                let fields = doc! {
                    "received_at": 1, "name": 1, "email": 1, "subject": 1, "folder": 1, "read": 1, "starred": 1,
                    "preview": { "$substrCP": ["$body", 0, 160] },
                };
                let letters = room("messages");
                let page = letters.find(doc! { "folder": "inbox" }).sort(doc! { "_id": -1 }).limit(PAGE);
                let page: Vec<Document> = page.projection(fields).await.unwrap().try_collect().await.unwrap();
                assert_eq!(page.len() as i64, PAGE);
                room("counts").find_one(doc! {}).await.unwrap();
            }
        })
    }

    fn all_at_once<F>(&self, round: Duration, act: impl Fn() -> F + Clone + Send + 'static) -> Shot
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (begun, before) = (Instant::now(), own_processor_seconds());
        let workers = (0..CONNECTIONS).map(|_| {
            let act = act.clone();
            self.runtime.spawn(async move {
                let mut count = 0_u64;
                while begun.elapsed() < round {
                    act().await;
                    count += 1;
                }
                count
            })
        });
        let counts = self.runtime.block_on(futures_util::future::join_all(workers));
        let requests: u64 = counts.into_iter().map(Result::unwrap).sum();
        let per_second = requests as f64 / begun.elapsed().as_secs_f64();
        Shot { requests, per_second, processor_seconds: own_processor_seconds() - before }
    }
}

/// Letters.
pub struct Inserts<'a>(pub &'a Bare);

impl Load for Inserts<'_> {
    fn run(&self, seconds: u64) -> Shot {
        self.0.insert(Duration::from_secs(seconds))
    }
}

/// Pages of the inbox.
pub struct Reads<'a>(pub &'a Bare);

impl Load for Reads<'_> {
    fn run(&self, seconds: u64) -> Shot {
        self.0.read(Duration::from_secs(seconds))
    }
}
