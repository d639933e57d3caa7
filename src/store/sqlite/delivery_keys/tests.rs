use std::path::Path;

use super::*;
use crate::models::{Draft, Folder, Letter, Message};
use crate::store::KeptLetter;
use crate::store::sqlite::connection::open_writer;
use crate::store::sqlite::memory::Memory;
use crate::store::sqlite::messages::kept;
use crate::store::sqlite::migrations::migrate;

/// Keys that are settled together here.
const FEW: usize = 3;

/// One that writes: a connection and what it remembers.
struct Process {
    connection: Connection,
    memory: Memory,
}

impl Process {
    fn start(path: &Path) -> Self {
        let mut connection = open_writer(path).unwrap();
        migrate(&mut connection, path, false).unwrap();
        // Nobody pulls the plug here.
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        Self { connection, memory: Memory::default() }
    }

    /// Within a transaction, which is lost if `lost` says so.
    fn write<T>(&self, lost: bool, act: impl FnOnce(&Connection, &Memory) -> T) -> T {
        self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        self.memory.catch_up(&self.connection).unwrap();
        let done = act(&self.connection, &self.memory);
        self.connection.execute_batch(if lost { "ROLLBACK" } else { "COMMIT" }).unwrap();
        if lost {
            self.memory.doubt();
        }
        done
    }

    fn settle(&self, lost: bool) {
        let settled = self.write(lost, |connection, memory| memory.keys.settle(connection, FEW).unwrap());
        if !lost {
            self.memory.keys.settled(settled);
        }
    }

    fn put(&self, letter: &KeptLetter) {
        self.write(false, |connection, memory| kept::put(connection, memory, letter).unwrap());
    }

    /// The letter that came with the key.
    fn find(&self, key: DeliveryKey) -> Option<MessageId> {
        self.write(false, |connection, memory| memory.keys.find(connection, key).unwrap().map(|known| known.id))
    }
}

fn ordered(number: u32) -> DeliveryKey {
    DeliveryKey::from_bytes(u128::from(number).to_be_bytes())
}

/// Keys in no order.
fn scattered(number: u32) -> DeliveryKey {
    DeliveryKey::from_bytes(u128::from(number.wrapping_mul(0x9e37_79b9)).wrapping_mul((1 << 96) + 1).to_be_bytes())
}

fn id(number: u32) -> MessageId {
    // Many begin alike, so that letters have to make room for others.
    MessageId::from_bytes((u128::from(number / 50) << 80 | u128::from(number)).to_be_bytes())
}

fn number_of(id: MessageId) -> u32 {
    u32::from_be_bytes(id.as_bytes()[12..].try_into().unwrap())
}

fn letter(key: DeliveryKey, number: u32) -> KeptLetter {
    let draft =
        Draft { name: "Ada".into(), email: "ada@example.com".into(), subject: "".into(), message: "Hello".into() };
    let message = Message {
        id: id(number),
        received_at: Timestamp::from_millis(i64::from(number)),
        letter: Letter::parse(&draft).unwrap(),
        folder: Folder::Inbox,
        read: false,
        starred: false,
        version: 1,
    };
    KeptLetter { message, key, trashed_at: None }
}

/// Xorshift: the same throws every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[test]
fn a_key_is_known_exactly_as_long_as_its_letter_is_there_whatever_happens() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("letterbox.db");
    let mut processes = [Process::start(&path), Process::start(&path)];
    let mut stored = BTreeMap::<u32, MessageId>::new();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for step in 0..12_000_u32 {
        // Mostly the first one.
        let one = &processes[usize::from(dice.roll(40) == 0)];
        // Mostly later than all others.
        let number = if dice.roll(4) == 0 { 2 * dice.roll(30_000) + 1 } else { 2 * (30_000 + step) };
        let key = dice.roll(8_000);
        let lost = dice.roll(20) == 0;
        // By turns less is settled than comes, and more.
        let settles = if step % 400 < 300 { 18 } else { 10 };
        match dice.roll(20) {
            act if act >= settles => one.settle(lost),
            0 => {
                let Some((&key, &gone)) = stored.range(key..).next() else { continue };
                let delete = "DELETE FROM messages WHERE id = ?1";
                // Another one with the same key may come at once.
                let comes = dice.roll(2) == 0 && !stored.values().any(|known| *known == id(number));
                one.write(lost, |connection, memory| {
                    connection.execute(delete, [gone.as_bytes()]).unwrap();
                    if comes {
                        kept::put(connection, memory, &letter(scattered(key), number)).unwrap();
                    }
                });
                if !lost {
                    stored.remove(&key);
                    stored.extend(comes.then_some((key, id(number))));
                }
            }
            1 => assert_eq!(one.find(scattered(key)), stored.get(&key).copied(), "key {key} in step {step}"),
            // A copy puts a letter in that is there already.
            2 => {
                let Some((&key, &id)) = stored.range(key..).next() else { continue };
                let there = letter(scattered(key), number_of(id));
                one.write(lost, |connection, memory| kept::put(connection, memory, &there).unwrap());
            }
            // Nothing is left but the file.
            3 if dice.roll(10) == 0 => processes = [Process::start(&path), Process::start(&path)],
            _ if !stored.contains_key(&key) && !stored.values().any(|known| *known == id(number)) => {
                one.write(lost, |connection, memory| {
                    kept::put(connection, memory, &letter(scattered(key), number)).unwrap()
                });
                if !lost {
                    stored.insert(key, id(number));
                }
            }
            _ => {}
        }
        if step % 500 == 0 {
            look_over(&processes[0].connection).unwrap();
        }
    }
    for process in &processes {
        for key in 0..8_000 {
            assert_eq!(process.find(scattered(key)), stored.get(&key).copied(), "key {key}");
        }
    }
    assert!(stored.len() > 2_000, "{}", stored.len());
}

#[test]
fn keys_that_were_all_settled_are_not_looked_for_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("letterbox.db");
    let process = Process::start(&path);
    for number in 0..100 {
        process.put(&letter(scattered(number), number));
    }
    // New ones keep coming while the first are settled.
    for number in 100..145 {
        process.settle(false);
        process.put(&letter(scattered(number), number));
    }
    let half = Process::start(&path);
    half.write(false, |_, _| ());
    let left = half.memory.keys.waiting().letters.len();
    assert!((1..100).contains(&left), "{left}: a whole round is done, another one is not");
    while !process.memory.keys.is_nothing() {
        process.settle(false);
    }
    let next = Process::start(&path);
    next.write(false, |_, _| ());
    assert!(next.memory.keys.is_nothing());
    assert_eq!(next.find(scattered(42)), Some(id(42)));
}

#[test]
fn a_letter_that_comes_behind_the_round_is_known_after_it() {
    for comes_to in [0, 1] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("letterbox.db");
        let processes = [Process::start(&path), Process::start(&path)];
        for number in 10..20 {
            processes[0].put(&letter(ordered(number), 2 * number));
        }
        processes[0].settle(false);
        // Its key is below those that are settled, its number below those that the table will know.
        processes[comes_to].put(&letter(ordered(5), 21));
        for _ in 0..3 {
            processes[0].settle(false);
        }
        drop(processes);
        assert_eq!(Process::start(&path).find(ordered(5)), Some(id(21)));
    }
}

#[test]
fn a_letter_that_was_put_in_once_more_is_known_though_that_was_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("letterbox.db");
    let process = Process::start(&path);
    let letters: Vec<_> = (10..20).map(|number| letter(ordered(number), number)).collect();
    letters.iter().for_each(|letter| process.put(letter));
    process.settle(false);
    // The round has not come to its key, and would put it into the table.
    process.write(true, |connection, memory| kept::put(connection, memory, &letters[5]).unwrap());
    (0..3).for_each(|_| process.settle(false));
    assert_eq!(process.find(ordered(15)), Some(id(15)));
    assert_eq!(Process::start(&path).find(ordered(15)), Some(id(15)));
}

#[test]
fn a_letter_whose_deletion_was_lost_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(&directory.path().join("letterbox.db"));
    process.put(&letter(ordered(1), 1));
    // Another letter with its key came in the same transaction.
    process.write(true, |connection, memory| {
        connection.execute("DELETE FROM messages", []).unwrap();
        kept::put(connection, memory, &letter(ordered(1), 2)).unwrap();
    });
    assert_eq!(process.find(ordered(1)), Some(id(1)));
}

#[test]
fn a_key_that_is_missing_in_the_table_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(&directory.path().join("letterbox.db"));
    process.put(&letter(scattered(1), 1));
    look_over(&process.connection).unwrap();
    process.settle(false);
    look_over(&process.connection).unwrap();
    process.connection.execute_batch("DELETE FROM delivery_keys").unwrap();
    let sentence = look_over(&process.connection).unwrap_err().to_string();
    assert!(sentence.contains("1 letters"), "{sentence}");
}

#[test]
fn a_key_that_comes_after_the_filter_has_learnt_all_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("letterbox.db");
    let (process, other) = (Process::start(&path), Process::start(&path));
    let learns_all = || {
        process.settle(false);
        process.memory.keys.filter().is_absent(scattered(9))
    };
    process.put(&letter(scattered(1), 1));
    assert!(learns_all());
    process.put(&letter(scattered(2), 2));
    assert_eq!(process.find(scattered(2)), Some(id(2)), "it waits");
    process.settle(false);
    assert_eq!(process.find(scattered(2)), Some(id(2)), "it is in the table");
    assert!(learns_all());
    other.put(&letter(scattered(3), 3));
    other.settle(false);
    assert_eq!(process.find(scattered(3)), Some(id(3)), "another process has put it there");
    // Its number is below the last that the table knows: it goes there at once.
    assert!(learns_all());
    process.put(&letter(scattered(4), 0));
    assert_eq!(process.find(scattered(4)), Some(id(0)));
}
