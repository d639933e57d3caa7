//! The database does something and its answer is lost: done again, the act knows its own work and says what became of
//! it.

use std::future::Future;

use letterbox::models::{Action, Change, ChangeId, Edit, EndReason, Role, Target};
use letterbox::store::mongo::MongoStore;
use letterbox::store::{Edited, Messages as _, Result, Sessions as _, StoreError, Tokens as _};

use super::super::contract::sample::{add_session, add_user, at, delivery, fill, id, session, token, user};
use super::open;
use crate::support::mongod::{database_name, standalone};
use crate::support::{Proxy, block_on};

/// How the commands begin, on their way to the server.
const INSERT: &str = "\u{2}insert\0";
const UPDATE: &str = "\u{2}update\0";
/// How often an act may come too late, on a machine that has other things to do.
const ROUNDS: u32 = 5;

/// A store behind a network, in a database of its own.
async fn behind(network: &Proxy) -> MongoStore {
    let url = format!("mongodb://127.0.0.1:{}/{}?directConnection=true", network.port, database_name());
    open(&url).await.unwrap()
}

/// What `act` says though the server's answer to `command` was lost. It is given the number of the round.
async fn told<T, F>(network: &Proxy, command: &str, act: impl Fn(u32) -> F) -> T
where
    F: Future<Output = Result<T>>,
{
    for round in 1..=ROUNDS {
        network.lose_answer_to(command);
        let outcome = act(round).await;
        match (outcome, network.has_silenced()) {
            (Ok(told), true) => return told,
            (Ok(_) | Err(StoreError::Unavailable(_)), _) => {}
            (Err(error), _) => panic!("{error:?}"),
        }
    }
    panic!("the database is never in time");
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_session_whose_answer_was_lost_is_told_right() {
    let network = Proxy::to(standalone().port);
    block_on(async {
        let store = &behind(&network).await;
        let owner = add_user(store, 1, Role::Owner).await;
        for number in 1..=ROUNDS {
            add_session(store, number, owner).await;
            let alarmed = add_user(store, 10 + number, Role::Member).await;
            let reused = add_session(store, 10 + number, alarmed).await;
            store.end_session(reused, EndReason::TokenReused, at(1)).await.unwrap();
        }
        let one = |round| session(round, owner).id;
        let rotated = told(&network, UPDATE, |round| store.rotate_session(one(round), 0, at(2), at(3_000))).await;
        assert!(rotated, "it is this act that raised the counter");
        let end = |round| store.end_session(one(round), EndReason::LoggedOut, at(4));
        assert!(told(&network, UPDATE, end).await, "it is this act that ended it");
        let alarm = |round| store.take_reuse_alarm(user(10 + round, Role::Member).user.id);
        assert!(told(&network, UPDATE, alarm).await, "the alarm is told");
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_letter_whose_answer_was_lost_is_told_right() {
    let network = Proxy::to(standalone().port);
    block_on(async {
        let store = &behind(&network).await;
        let added = told(&network, INSERT, |round| store.add_message(delivery(100 + round))).await;
        assert!(!added.repeated, "it came once");

        fill(store, 1..=2 * ROUNDS).await;
        let edit =
            |round| store.edit_message(id(round), Edit { starred: Some(true), ..Edit::default() }, Some(1), at(1));
        let edited = told(&network, UPDATE, edit).await;
        assert!(matches!(&edited, Edited::Done(message) if message.starred), "{edited:?}");

        let name = |round: u32| ChangeId::from_bytes([round as u8; 16]);
        for round in 1..=ROUNDS {
            let letters = [2 * round - 1, 2 * round].map(|number| Target { id: id(number), seen_in: None }).to_vec();
            let change = Change { id: name(round), action: Action::Archive, letters, now: at(2) };
            assert_eq!(store.change_messages(change).await.unwrap().changed, 2);
        }
        assert_eq!(told(&network, UPDATE, |round| store.undo_change(name(round), at(3))).await, 2);
        assert!(
            told(&network, UPDATE, |round| store.delete_message(id(round))).await,
            "it is this act that deleted it"
        );
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_token_whose_removal_was_not_answered_is_told_as_removed() {
    let network = Proxy::to(standalone().port);
    block_on(async {
        let store = &behind(&network).await;
        let owner = add_user(store, 1, Role::Owner).await;
        for number in 1..=ROUNDS {
            store.add_token(token(number, owner)).await.unwrap();
        }
        assert!(told(&network, UPDATE, |round| store.remove_token(owner, token(round, owner).id)).await);
    });
}
