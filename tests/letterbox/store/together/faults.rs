//! Servers of a replica set fail while people write: no letter that was acknowledged is lost, none is there twice
//! (R46, R47, R48).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use rustix::process::Signal;

use super::super::{eventually, form, receipt};
use super::House;
use crate::support::mongod::{Mongod, ReplicaSet};
use crate::support::{Browser, Network, block_on};

/// People who write at once, over both processes.
const PEOPLE: usize = 16;
/// Short, so that the tests are. An election that begins by mistake on a slow machine is one more fault, no more.
const ELECTION: Duration = Duration::from_secs(4);
/// What a slow machine may take for an election, and for whatever else it has to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// What people have sent, and what they were told of it.
#[derive(Default)]
struct Post {
    written: AtomicU32,
    over: AtomicBool,
    acknowledged: Mutex<BTreeSet<String>>,
}

impl Post {
    /// Writes letters until it is over. A letter that was not taken is sent again, from the form that came back.
    fn write(&self, browser: &Browser) {
        while !self.over.load(Ordering::SeqCst) {
            let subject = format!("Letter {}", self.written.fetch_add(1, Ordering::SeqCst));
            let message = format!("{subject} says the same every time it is sent.");
            let (receipt, start) = (receipt(browser), Instant::now());
            loop {
                let answer = browser.post("/contact", &form(&receipt, &subject, &message));
                match answer.status {
                    303 => break,
                    503 => assert!(answer.text().contains(&format!("{message}</textarea>")), "{}", answer.text()),
                    status => panic!("{subject} was answered {status}: {}", answer.text()),
                }
                assert!(start.elapsed() < PATIENCE, "{subject} is not taken");
            }
            self.lock().insert(subject);
        }
    }

    /// Waits until `more` letters were acknowledged from now on.
    fn goes_on(&self, what: &str, more: usize) {
        let (start, before) = (Instant::now(), self.lock().len());
        while self.lock().len() < before + more {
            assert!(start.elapsed() < PATIENCE, "no letters are taken {what}");
            std::thread::yield_now();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.acknowledged.lock().unwrap()
    }
}

/// Ends the writing even when a test fails.
struct Over<'a>(&'a Post);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

/// Which member leads.
fn leader(set: &ReplicaSet) -> usize {
    let hello = eventually("a leader", || ask(&set.url("admin"), doc! { "hello": 1 }));
    let me = hello.get_str("me").unwrap().to_owned();
    set.members.iter().position(|member| me.ends_with(&format!(":{}", member.port))).unwrap()
}

/// Has the leader step down, as soon as somebody else can lead.
fn step_down(set: &ReplicaSet) {
    let steps_down = async {
        let database = Client::with_uri_str(set.url("admin")).await.unwrap().database("admin");
        let start = Instant::now();
        let command = doc! { "replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 8 };
        while database.run_command(command.clone()).await.is_err() {
            assert!(start.elapsed() < PATIENCE, "no leader steps down");
        }
    };
    block_on(steps_down);
}

/// Waits until a member takes part again.
fn rejoins(member: &Mongod) {
    let takes_part = async {
        let mut options = ClientOptions::parse(member.url("admin")).await.unwrap();
        options.server_selection_timeout = Some(Duration::from_secs(1));
        let database = Client::with_options(options).unwrap().database("admin");
        let start = Instant::now();
        loop {
            if let Ok(hello) = database.run_command(doc! { "hello": 1 }).await
                && ["isWritablePrimary", "secondary"].iter().any(|role| hello.get_bool(role).unwrap_or(false))
            {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the member does not take part again");
            tokio::task::yield_now().await;
        }
    };
    block_on(takes_part);
}

/// Lets people write through two processes while `harm` is done to the set, and checks every letter.
fn while_people_write(mut set: ReplicaSet, harm: impl FnOnce(&mut ReplicaSet, &Post)) {
    let house = House::on(set.url("letters"), &[]);
    let processes = ["one", "other"].map(|name| house.process(name));
    let post = Post::default();
    std::thread::scope(|scope| {
        let _over = Over(&post);
        for person in 0..PEOPLE {
            let browser = processes[person % 2].visitor();
            let post = &post;
            scope.spawn(move || post.write(&browser));
        }
        post.goes_on("at first", 20);
        harm(&mut set, &post);
    });
    let mut stored = BTreeMap::<String, u32>::new();
    for letter in house.documents("messages", doc! {}) {
        *stored.entry(letter.get_str("subject").unwrap().to_owned()).or_default() += 1;
    }
    let acknowledged = post.lock();
    let wrong: Vec<_> = acknowledged.iter().filter(|subject| stored.get(*subject) != Some(&1)).collect();
    assert!(wrong.is_empty(), "of {} letters not there exactly once: {wrong:?}", acknowledged.len());
    assert_eq!(stored.len(), acknowledged.len(), "nothing else is there");
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r46_r47_r48_a_leader_that_steps_down_hangs_or_dies_costs_no_letter_and_doubles_none() {
    while_people_write(ReplicaSet::start(ELECTION), |set, post| {
        step_down(set);
        post.goes_on("after a leader stepped down", 40);

        let hung = leader(set);
        set.members[hung].freeze();
        post.goes_on("while a leader hangs", 40);
        set.members[hung].thaw();
        rejoins(&set.members[hung]);
        post.goes_on("after a leader hung", 40);

        let dead = leader(set);
        set.members[dead].signal(Signal::KILL);
        post.goes_on("after a leader died", 40);
        set.members[dead].restart();
        rejoins(&set.members[dead]);
        post.goes_on("after a member rejoined", 40);
    });
}

/// Cuts the leader off from the other members, though not from those who write, until another one leads and the network
/// is whole again. Says whether it went on alone meanwhile: took a write that nobody else has.
fn cut_off(network: &Network, set: &ReplicaSet, post: &Post) -> bool {
    let stale = leader(set);
    let member = &set.members[stale];
    network.cut(stale);
    let insert = doc! { "insert": "alone", "documents": [{ "_id": 1 }], "writeConcern": { "w": 1 } };
    let taken = ask(&member.url("alone"), insert).is_some();
    post.goes_on("while a leader is cut off", 40);
    eventually("another leader", || (leader(set) != stale).then_some(()));
    network.heal(stale);
    rejoins(member);
    post.goes_on("after the network healed", 40);
    let left = eventually("an answer", || ask(&set.url("alone"), doc! { "count": "alone" }));
    taken && left.get_i32("n").is_ok_and(|count| count == 0)
}

/// What a command is answered; nothing where it is refused.
fn ask(url: &str, command: Document) -> Option<Document> {
    block_on(async {
        let client = Client::with_uri_str(url).await.unwrap();
        client.default_database().unwrap().run_command(command).await.ok()
    })
}

#[test]
#[ignore = "needs root, for networks, and a mongod: LETTERBOX_TEST_MONGOD"]
fn r47_a_leader_that_is_cut_off_from_the_others_and_goes_on_for_a_while_costs_no_letter_and_doubles_none() {
    Network::within(|network| {
        let set = ReplicaSet::start_in(network, ELECTION);
        while_people_write(set, |set, post| {
            // A machine may be so slow that the others have elected another one before the first knows.
            assert!((0..5).any(|_| cut_off(network, set, post)), "a leader that is cut off never goes on");
        });
    });
}
