use std::sync::Arc;

use letterbox::models::{EndReason, Role, Session};
use letterbox::store::Store;

use super::at_once;
use super::sample::{add_session, add_user, at, session, stored, user};

pub async fn every_field_of_a_session_comes_back(store: Arc<dyn Store>) {
    let given_user = user(1, Role::Member);
    store.add_user(given_user.clone()).await.unwrap();
    let given = Session {
        counter: 3,
        key: std::array::from_fn(|index| u8::try_from(index * 8).unwrap()),
        created_at: at(1),
        rotated_at: at(2),
        current_seen: true,
        idle_expires_at: at(3),
        expires_at: at(4),
        device: "Firefox on Linux, «λ» 😀".into(),
        ..session(1, given_user.user.id)
    };
    store.add_session(given.clone()).await.unwrap();
    let (found, owner) = store.session(given.id).await.unwrap().unwrap();
    assert!(found == given, "{found:?}");
    assert_eq!(owner, given_user.user);
}

pub async fn a_session_that_is_not_there_is_not_found(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    add_session(&*store, 1, id).await;
    let unknown = session(2, id).id;
    assert!(store.session(unknown).await.unwrap().is_none());
    assert!(!store.rotate_session(unknown, 0, at(1), at(2)).await.unwrap());
    assert!(!store.end_session(unknown, EndReason::LoggedOut, at(1)).await.unwrap());
    store.mark_session_seen(unknown, 0).await.unwrap();
    assert!(store.session(unknown).await.unwrap().is_none());
}

pub async fn a_rotation_raises_the_counter_and_forgets_that_the_token_was_seen(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let id = add_session(&*store, 1, user).await;
    let before = stored(&*store, id).await;
    store.mark_session_seen(id, 0).await.unwrap();
    assert!(store.rotate_session(id, 0, at(50), at(70)).await.unwrap());
    let expected =
        Session { counter: 1, rotated_at: at(50), idle_expires_at: at(70), current_seen: false, ..before.clone() };
    assert!(stored(&*store, id).await == expected, "only these fields change");
    assert!(!store.rotate_session(id, 0, at(51), at(71)).await.unwrap(), "not from a counter that is past");
    assert!(!store.rotate_session(id, 2, at(51), at(71)).await.unwrap(), "not from a counter to come");
    assert!(stored(&*store, id).await == expected);
}

pub async fn of_twenty_rotations_at_once_exactly_one_wins(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let id = add_session(&*store, 1, user).await;
    let rotate = |store: Arc<dyn Store>, _| async move { store.rotate_session(id, 0, at(1), at(2)).await.unwrap() };
    let won = at_once(&store, 20, rotate).await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
    assert_eq!(stored(&*store, id).await.counter, 1);
}

pub async fn a_session_that_ended_does_not_rotate(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let id = add_session(&*store, 1, user).await;
    store.end_session(id, EndReason::Revoked, at(1)).await.unwrap();
    assert!(!store.rotate_session(id, 0, at(2), at(3)).await.unwrap());
    assert_eq!(stored(&*store, id).await.counter, 0);
}

pub async fn a_token_is_seen_only_while_it_is_the_current_one(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let [id, other] = [add_session(&*store, 1, user).await, add_session(&*store, 2, user).await];
    store.rotate_session(id, 0, at(1), at(2)).await.unwrap();
    for counter in [0, 2] {
        store.mark_session_seen(id, counter).await.unwrap();
        assert!(!stored(&*store, id).await.current_seen, "the token of {counter}");
    }
    store.mark_session_seen(id, 1).await.unwrap();
    assert!(stored(&*store, id).await.current_seen);
    assert!(!stored(&*store, other).await.current_seen);
}

pub async fn a_session_ends_once_and_keeps_its_reason(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let reasons = [
        EndReason::LoggedOut,
        EndReason::Revoked,
        EndReason::PasswordChanged,
        EndReason::RoleChanged,
        EndReason::TokenReused,
    ];
    for (number, reason) in (1..).zip(reasons) {
        let id = add_session(&*store, number, user).await;
        assert!(store.end_session(id, reason, at(10)).await.unwrap());
        assert!(!store.end_session(id, EndReason::LoggedOut, at(11)).await.unwrap());
        assert_eq!(stored(&*store, id).await.ended, Some((at(10), reason)));
    }
}

pub async fn all_sessions_but_one_can_be_ended_at_once(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Owner).await, add_user(&*store, 2, Role::Owner).await];
    let ids = [add_session(&*store, 1, user).await, add_session(&*store, 2, user).await];
    let stranger = add_session(&*store, 3, other).await;
    assert_eq!(store.end_sessions(user, Some(ids[0]), EndReason::Revoked, at(9)).await.unwrap(), 1);
    assert_eq!(store.end_sessions(user, Some(ids[0]), EndReason::Revoked, at(10)).await.unwrap(), 0);
    assert_eq!(stored(&*store, ids[0]).await.ended, None);
    assert_eq!(stored(&*store, ids[1]).await.ended, Some((at(9), EndReason::Revoked)));
    assert_eq!(store.end_sessions(user, None, EndReason::Revoked, at(11)).await.unwrap(), 1);
    assert_eq!(stored(&*store, stranger).await.ended, None);
}

pub async fn the_list_shows_live_sessions_only_and_the_newest_first(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Owner).await, add_user(&*store, 2, Role::Owner).await];
    for number in 1..=3 {
        add_session(&*store, number, user).await;
    }
    let ended = add_session(&*store, 4, user).await;
    store.end_session(ended, EndReason::LoggedOut, at(5)).await.unwrap();
    for (number, idle, end) in [(5, 100, 200), (6, 200, 100)] {
        let expired = Session { idle_expires_at: at(idle), expires_at: at(end), ..session(number, user) };
        store.add_session(expired).await.unwrap();
    }
    add_session(&*store, 7, other).await;
    let live = store.list_sessions(user, at(100)).await.unwrap();
    assert!(live == [3, 2, 1].map(|number| session(number, user)), "{live:?}");
    assert_eq!(store.list_sessions(user, at(99)).await.unwrap().len(), 5, "expiry is the first instant without");
}

pub async fn a_reuse_alarm_rings_once(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Owner).await, add_user(&*store, 2, Role::Owner).await];
    let [stolen, plain] = [add_session(&*store, 1, user).await, add_session(&*store, 2, user).await];
    store.end_session(plain, EndReason::LoggedOut, at(1)).await.unwrap();
    assert!(!store.take_reuse_alarm(user).await.unwrap());
    store.end_session(stolen, EndReason::TokenReused, at(2)).await.unwrap();
    assert!(!store.take_reuse_alarm(other).await.unwrap());
    let told = at_once(&store, 8, |store, _| async move { store.take_reuse_alarm(user).await.unwrap() }).await;
    assert_eq!(told.into_iter().filter(|told| *told).count(), 1);
}

pub async fn old_sessions_are_forgotten_and_live_ones_are_not(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let live = add_session(&*store, 1, user).await;
    let ended_early = add_session(&*store, 2, user).await;
    store.end_session(ended_early, EndReason::LoggedOut, at(99)).await.unwrap();
    let ended_late = add_session(&*store, 3, user).await;
    store.end_session(ended_late, EndReason::LoggedOut, at(100)).await.unwrap();
    let idle = Session { idle_expires_at: at(99), ..session(4, user) };
    let expired = Session { expires_at: at(99), ..session(5, user) };
    for session in [&idle, &expired] {
        store.add_session(session.clone()).await.unwrap();
    }
    assert_eq!(store.forget_sessions(at(100)).await.unwrap(), 3);
    assert_eq!(store.forget_sessions(at(100)).await.unwrap(), 0);
    for (id, kept) in [(live, true), (ended_early, false), (ended_late, true), (idle.id, false), (expired.id, false)] {
        assert_eq!(store.session(id).await.unwrap().is_some(), kept);
    }
}

pub async fn sessions_go_with_their_user(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Member).await, add_user(&*store, 2, Role::Member).await];
    let [gone, stays] = [add_session(&*store, 1, user).await, add_session(&*store, 2, other).await];
    store.remove_user(user).await.unwrap();
    assert!(store.session(gone).await.unwrap().is_none());
    assert!(store.session(stays).await.unwrap().is_some());
}

pub async fn a_session_of_nobody_opens_nothing(store: Arc<dyn Store>) {
    let nobody = user(1, Role::Owner).user.id;
    // Refusing it is as good as keeping it unseen.
    let _ = store.add_session(session(1, nobody)).await;
    assert!(store.session(session(1, nobody).id).await.unwrap().is_none());
}
