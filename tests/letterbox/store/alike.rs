//! The engines answer alike: whatever is done with letters, in whatever order, every answer is the same.

use std::fmt::Debug;

use letterbox::models::{
    Action, Change, ChangeId, Cursor, DeliveryKey, Draft, Edit, Folder, Letter, ListQuery, MessageId, Query, Selection,
    Target, Timestamp,
};
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Delivery, Purpose, Store};

use super::contract::sample::{at, id};
use super::fresh::{drop_mongo, open_mongo};
use super::search::Dice;
use crate::support::{block_on, mongod};

const ACTS: u32 = 700;
const SENDERS: [&str; 3] = ["ada@example.com", "ADA@Example.com", "bob@post.example"];
const SEARCHES: [&str; 24] = [
    "ink",
    "quill ink",
    "brief -ink",
    "-quill",
    "in*",
    "\"ink quill\"",
    "\"quill br\"*",
    "GROSSE",
    "größe",
    "naive ink",
    "письмо",
    "ПИСЬМО -手紙",
    "رسالة",
    "été",
    "e\u{301}te\u{301} ink",
    "a'b",
    "from:ada",
    "from:ink",
    "from:\"example com\"",
    "-from:bob ink",
    "from:po*",
    "😀",
    "is:unread is:starred",
    "after:2026-11-21 in:trash",
];

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r61_whatever_is_done_in_whatever_order_both_engines_answer_alike() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(&directory.path().join("letterbox.db"), Purpose::Serve).unwrap();
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        let mongo = open_mongo(&url).await;
        let mut story = Story { dice: Dice(0x9e37_79b9_7f4a_7c15), letters: Vec::new(), changes: 0, step: 0 };
        for step in 0..ACTS {
            story.step = step;
            let question = story.next();
            let (one, other) = (question.ask(&sqlite).await, question.ask(&mongo).await);
            assert_eq!(one, other, "step {step}: {question:?}");
        }
        for store in [&sqlite as &dyn Store, &mongo] {
            store.check(at(0)).await.unwrap();
            store.close().await;
        }
        drop_mongo(&url).await;
    });
}

#[test]
fn whatever_letters_are_indexed_already_the_answers_are_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let open = |name| SqliteStore::open(&directory.path().join(name), Purpose::Serve).unwrap();
    let (at_once, later) = (open("at-once.db"), open("later.db"));
    block_on(async {
        let mut story = Story { dice: Dice(0x2545_f491_4f6c_dd1d), letters: Vec::new(), changes: 0, step: 0 };
        for step in 0..ACTS {
            story.step = step;
            let question = story.next();
            let (one, other) = (question.ask(&at_once).await, question.ask(&later).await);
            assert_eq!(one, other, "step {step}: {question:?}");
            // Which indexes what waits.
            at_once.check(at(0)).await.unwrap();
            if step % 50 == 49 {
                later.check(at(0)).await.unwrap();
            }
        }
        for store in [at_once, later] {
            store.close().await;
        }
    });
}

/// One thing to do.
#[derive(Debug)]
enum Act {
    Add(Delivery),
    Delivered(DeliveryKey),
    Message(MessageId),
    List(ListQuery),
    Read(ListQuery),
    Earlier(MessageId),
    Change(Change),
    Undo(ChangeId, Timestamp),
    SetRead(MessageId, bool),
    Edit(MessageId, Edit, Option<u64>, Timestamp),
    Delete(MessageId),
    DeleteAt(MessageId, u64),
    DeleteTrashed(Vec<MessageId>),
    EmptyTrash(Timestamp),
    Count,
}

impl Act {
    async fn ask(&self, store: &dyn Store) -> String {
        fn told(answer: &impl Debug) -> String {
            format!("{answer:#?}")
        }
        match self {
            Act::Add(delivery) => told(&store.add_message(delivery.clone()).await.unwrap()),
            Act::Delivered(key) => told(&store.delivered(*key).await.unwrap()),
            Act::Message(id) => told(&store.message(*id).await.unwrap()),
            Act::List(query) => told(&store.list_messages(query.clone()).await.unwrap()),
            Act::Read(query) => told(&store.read_messages(query.clone()).await.unwrap()),
            Act::Earlier(id) => told(&store.earlier_from_sender(*id, 3).await.unwrap()),
            Act::Change(change) => told(&store.change_messages(change.clone()).await.unwrap()),
            Act::Undo(id, now) => told(&store.undo_change(*id, *now).await.unwrap()),
            Act::SetRead(id, read) => told(&store.set_read(*id, *read).await.unwrap()),
            Act::Edit(id, edit, expected, now) => {
                told(&store.edit_message(*id, edit.clone(), *expected, *now).await.unwrap())
            }
            Act::Delete(id) => told(&store.delete_message(*id).await.unwrap()),
            Act::DeleteAt(id, version) => told(&store.delete_message_at(*id, *version).await.unwrap()),
            Act::DeleteTrashed(ids) => told(&store.delete_trashed(ids.clone()).await.unwrap()),
            Act::EmptyTrash(before) => told(&store.empty_trash(*before, 1_000).await.unwrap()),
            Act::Count => told(&store.count_folders().await.unwrap()),
        }
    }
}

/// What was done so far.
struct Story {
    dice: Dice,
    letters: Vec<Delivery>,
    changes: u8,
    step: u32,
}

impl Story {
    fn next(&mut self) -> Act {
        match self.dice.roll(30) {
            0..8 => self.add(),
            8..13 => Act::Change(self.change()),
            13 => Act::Undo(ChangeId::from_bytes([self.roll(u32::from(self.changes) + 1) as u8; 16]), self.now()),
            14 => Act::SetRead(self.some_letter(), self.coin()),
            15 | 16 => self.edit(),
            17 => match self.roll(3) {
                0 => Act::Delete(self.some_letter()),
                1 => Act::DeleteAt(self.some_letter(), 1 + u64::from(self.roll(3))),
                _ => Act::DeleteTrashed((0..3).map(|_| self.some_letter()).collect()),
            },
            18 if self.roll(4) == 0 => Act::EmptyTrash(at(i64::from(self.roll(self.step + 1)))),
            18 => Act::Delivered(self.some_key()),
            19 => Act::Message(self.some_letter()),
            20 => Act::Earlier(self.some_letter()),
            21 => Act::Count,
            22 => Act::Read(self.query()),
            _ => Act::List(self.query()),
        }
    }

    fn roll(&mut self, sides: u32) -> u32 {
        u32::try_from(self.dice.roll(sides as usize)).unwrap()
    }

    fn coin(&mut self) -> bool {
        self.roll(2) == 0
    }

    fn now(&self) -> Timestamp {
        at(i64::from(self.step))
    }

    fn some_letter(&mut self) -> MessageId {
        let which = self.roll(self.letters.len() as u32 + 1) as usize;
        self.letters.get(which).map_or(id(1_000_000), |delivery| delivery.id)
    }

    fn some_key(&mut self) -> DeliveryKey {
        let which = self.roll(self.letters.len() as u32 + 1) as usize;
        self.letters.get(which).map_or_else(|| DeliveryKey::unique().unwrap(), |delivery| delivery.key)
    }

    fn some_folder(&mut self) -> Folder {
        Folder::ALL[self.roll(4) as usize]
    }

    fn letter(&mut self) -> Letter {
        let draft = Draft {
            name: format!("N {}", self.dice.text()),
            email: SENDERS[self.roll(3) as usize].into(),
            subject: self.dice.text(),
            message: format!("M {}", self.dice.text()),
        };
        Letter::parse(&draft).unwrap()
    }

    fn add(&mut self) -> Act {
        // Not in the order of time; a name is taken once.
        let delivery = Delivery {
            id: id(self.step * 7_919 % 10_007),
            received_at: self.now(),
            key: if self.roll(10) == 0 { self.some_key() } else { DeliveryKey::unique().unwrap() },
            letter: self.letter(),
        };
        self.letters.push(delivery.clone());
        Act::Add(delivery)
    }

    fn change(&mut self) -> Change {
        self.changes = (self.changes + 1) % 250;
        let action = Action::ALL[self.roll(8) as usize];
        let seen = |story: &mut Self| if story.coin() { Some(story.some_folder()) } else { None };
        let letters = (0..1 + self.roll(5)).map(|_| Target { id: self.some_letter(), seen_in: seen(self) }).collect();
        Change { id: ChangeId::from_bytes([self.changes; 16]), action, letters, now: self.now() }
    }

    fn edit(&mut self) -> Act {
        let edit = Edit {
            letter: if self.coin() { Some(self.letter()) } else { None },
            folder: if self.coin() { Some(self.some_folder()) } else { None },
            read: if self.coin() { Some(self.coin()) } else { None },
            starred: if self.coin() { Some(self.coin()) } else { None },
        };
        let expected = if self.coin() { Some(1 + u64::from(self.roll(3))) } else { None };
        Act::Edit(self.some_letter(), edit, expected, self.now())
    }

    fn query(&mut self) -> ListQuery {
        let mut which = Selection::of(self.some_folder());
        if self.coin() {
            which.folders = Folder::ALL.into_iter().filter(|_| self.coin()).collect();
        }
        (which.unread, which.starred) = (self.roll(4) == 0, self.roll(4) == 0);
        if self.roll(3) > 0 {
            which.search = Query::parse(SEARCHES[self.roll(SEARCHES.len() as u32) as usize]).search;
        }
        let cursor = match self.roll(3) {
            0 => None,
            1 => Some(Cursor::Before(self.some_letter())),
            _ => Some(Cursor::After(self.some_letter())),
        };
        ListQuery { which, cursor, limit: 1 + self.roll(20) }
    }
}
