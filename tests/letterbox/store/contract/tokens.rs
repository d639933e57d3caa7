use std::sync::Arc;

use letterbox::models::{PersonalToken, Role, Scope, TokenName};
use letterbox::store::Store;

use super::at_once;
use super::sample::{add_user, at, token, user};

/// The token as the store has it now.
async fn stored(store: &dyn Store, token: &PersonalToken) -> Option<PersonalToken> {
    store.token(token.id).await.unwrap().map(|(token, _)| token)
}

pub async fn every_field_of_a_token_comes_back_and_so_does_its_user(store: Arc<dyn Store>) {
    let given_user = user(1, Role::Member);
    store.add_user(given_user.clone()).await.unwrap();
    let plain = PersonalToken { scope: Scope::ReadAndWrite, ..token(1, given_user.user.id) };
    let full = PersonalToken {
        name: TokenName::from_trusted("Nightly «λ» 😀 backup".into()),
        scope: Scope::Read,
        hash: std::array::from_fn(|index| u8::try_from(index * 8).unwrap()),
        created_at: at(1),
        expires_at: Some(at(2)),
        last_used_at: Some(at(3)),
        ..token(2, given_user.user.id)
    };
    for given in [&plain, &full] {
        store.add_token(given.clone()).await.unwrap();
        let (found, owner) = store.token(given.id).await.unwrap().unwrap();
        assert!(found == *given, "{found:?}");
        assert_eq!(owner, given_user.user);
    }
    let listed = store.list_tokens(given_user.user.id).await.unwrap();
    assert!(listed == [full, plain], "{listed:?}");
}

pub async fn a_token_speaks_of_its_user_as_they_are_now(store: Arc<dyn Store>) {
    add_user(&*store, 1, Role::Owner).await;
    let id = add_user(&*store, 2, Role::Owner).await;
    store.add_token(token(1, id)).await.unwrap();
    store.set_role(id, Role::Member, at(1)).await.unwrap();
    let (_, user) = store.token(token(1, id).id).await.unwrap().expect("another role ends no token");
    assert_eq!(user.role, Role::Member);
}

pub async fn a_token_that_is_not_there_is_not_found(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    store.add_token(token(1, id)).await.unwrap();
    let unknown = token(2, id);
    assert!(stored(&*store, &unknown).await.is_none());
    assert!(!store.note_token_use(unknown.id, at(1), at(0)).await.unwrap());
    assert!(!store.remove_token(id, unknown.id).await.unwrap());
    assert!(stored(&*store, &unknown).await.is_none());
    assert_eq!(store.list_tokens(user(2, Role::Owner).user.id).await.unwrap().len(), 0);
}

pub async fn tokens_are_listed_to_their_user_alone_and_the_newest_first(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Owner).await, add_user(&*store, 2, Role::Owner).await];
    for (number, user) in [(2, user), (1, user), (4, other), (3, user)] {
        store.add_token(token(number, user)).await.unwrap();
    }
    let mine = store.list_tokens(user).await.unwrap();
    assert!(mine == [3, 2, 1].map(|number| token(number, user)), "{mine:?}");
    let theirs = store.list_tokens(other).await.unwrap();
    assert!(theirs == [token(4, other)], "{theirs:?}");
}

pub async fn the_use_of_a_token_is_noted_unless_one_is_noted_that_is_recent_enough(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let [used, other] = [token(1, user), token(2, user)];
    for token in [&used, &other] {
        store.add_token(token.clone()).await.unwrap();
    }
    for (now, since, noted) in [(100, 40, true), (110, 50, false), (160, 100, false), (161, 101, true)] {
        assert_eq!(store.note_token_use(used.id, at(now), at(since)).await.unwrap(), noted, "at {now}");
    }
    let expected = PersonalToken { last_used_at: Some(at(161)), ..used.clone() };
    assert_eq!(stored(&*store, &used).await, Some(expected), "only this field changes");
    assert_eq!(stored(&*store, &other).await.unwrap().last_used_at, None);
}

pub async fn of_twenty_uses_at_once_one_is_noted(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let id = token(1, user).id;
    store.add_token(token(1, user)).await.unwrap();
    let note = |store: Arc<dyn Store>, _| async move { store.note_token_use(id, at(60_000), at(0)).await.unwrap() };
    let noted = at_once(&store, 20, note).await;
    assert_eq!(noted.into_iter().filter(|noted| *noted).count(), 1);
}

pub async fn a_token_is_removed_by_its_user_alone_and_once(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Owner).await, add_user(&*store, 2, Role::Owner).await];
    let [gone, stays] = [token(1, user), token(2, user)];
    for token in [&gone, &stays] {
        store.add_token(token.clone()).await.unwrap();
    }
    assert!(!store.remove_token(other, gone.id).await.unwrap());
    assert!(stored(&*store, &gone).await.is_some());
    assert!(store.remove_token(user, gone.id).await.unwrap());
    assert!(!store.remove_token(user, gone.id).await.unwrap());
    assert!(stored(&*store, &gone).await.is_none() && stored(&*store, &stays).await.is_some());
}

pub async fn all_tokens_of_a_user_are_removed_and_nobody_elses(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Owner).await, add_user(&*store, 2, Role::Owner).await];
    for (number, user) in [(1, user), (2, user), (3, other)] {
        store.add_token(token(number, user)).await.unwrap();
    }
    assert_eq!(store.remove_tokens(user).await.unwrap(), 2);
    assert_eq!(store.remove_tokens(user).await.unwrap(), 0);
    assert_eq!(store.list_tokens(user).await.unwrap().len(), 0);
    assert_eq!(store.list_tokens(other).await.unwrap().len(), 1);
}

pub async fn tokens_that_expired_long_ago_are_forgotten_and_no_others(store: Arc<dyn Store>) {
    let user = add_user(&*store, 1, Role::Owner).await;
    let ends = [None, Some(at(99)), Some(at(100)), Some(at(101))];
    for (number, expires_at) in (1..).zip(ends) {
        store.add_token(PersonalToken { expires_at, ..token(number, user) }).await.unwrap();
    }
    assert_eq!(store.forget_tokens(at(100)).await.unwrap(), 1);
    assert_eq!(store.forget_tokens(at(100)).await.unwrap(), 0);
    let left: Vec<_> = store.list_tokens(user).await.unwrap().into_iter().map(|token| token.expires_at).collect();
    assert_eq!(left, [Some(at(101)), Some(at(100)), None]);
}

pub async fn tokens_outlive_a_password_and_go_with_their_user(store: Arc<dyn Store>) {
    let [user, other] = [add_user(&*store, 1, Role::Member).await, add_user(&*store, 2, Role::Member).await];
    let [gone, stays] = [token(1, user), token(2, other)];
    for token in [&gone, &stays] {
        store.add_token(token.clone()).await.unwrap();
    }
    store.set_password(user, super::sample::hash("another"), None, at(1)).await.unwrap();
    assert!(stored(&*store, &gone).await.is_some());
    store.remove_user(user).await.unwrap();
    assert!(stored(&*store, &gone).await.is_none());
    assert!(stored(&*store, &stays).await.is_some());
    // Refusing the token of somebody who is gone is as good as keeping it unseen.
    let late = token(3, user);
    let _ = store.add_token(late.clone()).await;
    assert!(stored(&*store, &late).await.is_none());
}
