use std::sync::Arc;

use letterbox::models::{EmailAddress, EndReason, NewUser, PasswordHash, PersonName, Role, User};
use letterbox::store::{Store, UserAdded, UserChanged};

use super::at_once;
use super::sample::{add_session, add_user, at, hash, session, stored, user};

pub async fn a_user_comes_back_as_they_were_given(store: Arc<dyn Store>) {
    let given = user(1, Role::Owner);
    assert_eq!(store.add_user(given.clone()).await.unwrap(), UserAdded::Added);
    let (found, password) = store.user_by_email("user1@example.com").await.unwrap().unwrap();
    assert_eq!(found, given.user);
    assert!(password == given.password);
    assert!(store.user_by_email("user2@example.com").await.unwrap().is_none());
}

pub async fn a_login_is_the_same_in_upper_and_lower_case(store: Arc<dyn Store>) {
    let mut given = user(1, Role::Member);
    given.user.email = EmailAddress::from_trusted("Ada@BÜCHER.example".into());
    store.add_user(given.clone()).await.unwrap();
    let key = EmailAddress::from_trusted("ADA@bücher.EXAMPLE".into()).key();
    let (found, _) = store.user_by_email(&key).await.unwrap().unwrap();
    assert_eq!(found.email.as_str(), "Ada@BÜCHER.example", "kept as it was typed");
}

pub async fn of_two_users_with_one_address_the_second_is_refused(store: Arc<dyn Store>) {
    add_user(&*store, 1, Role::Owner).await;
    let mut second = user(2, Role::Owner);
    second.user.email = EmailAddress::from_trusted("uSER1@example.COM".into());
    assert_eq!(store.add_user(second).await.unwrap(), UserAdded::EmailTaken);
    assert_eq!(store.count_users().await.unwrap(), 1);
    let (_, password) = store.user_by_email("user1@example.com").await.unwrap().unwrap();
    assert!(password == hash("hash 1"), "the first one's password stays");
}

pub async fn of_many_first_users_at_once_exactly_one_gets_in(store: Arc<dyn Store>) {
    let first =
        |store: Arc<dyn Store>, number| async move { store.add_first_user(user(number, Role::Owner)).await.unwrap() };
    let answers = at_once(&store, 8, first).await;
    assert_eq!(answers.iter().filter(|answer| **answer == UserAdded::Added).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == UserAdded::NotFirst).count(), 7, "{answers:?}");
    assert_eq!(store.count_users().await.unwrap(), 1);
    assert_eq!(store.add_first_user(user(9, Role::Owner)).await.unwrap(), UserAdded::NotFirst);
}

pub async fn users_are_listed_in_the_order_they_were_added(store: Arc<dyn Store>) {
    assert_eq!((store.list_users().await.unwrap().len(), store.count_users().await.unwrap()), (0, 0));
    let mut expected = Vec::<User>::new();
    for number in 1..=12 {
        let given = user(number, if number % 2 == 0 { Role::Owner } else { Role::Member });
        expected.push(given.user.clone());
        store.add_user(given).await.unwrap();
    }
    assert_eq!(store.list_users().await.unwrap(), expected);
    assert_eq!(store.count_users().await.unwrap(), 12);
}

pub async fn a_new_password_ends_all_sessions_but_one(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    let other = add_user(&*store, 2, Role::Owner).await;
    let [one, two, three] = [1, 2, 3].map(|number| session(number, id).id);
    for number in 1..=3 {
        add_session(&*store, number, id).await;
    }
    let stranger = add_session(&*store, 4, other).await;
    assert!(store.set_password(id, hash("new"), Some(two), at(500)).await.unwrap());
    let ended = Some((at(500), EndReason::PasswordChanged));
    for (session, expected) in [(one, ended), (two, None), (three, ended), (stranger, None)] {
        assert_eq!(stored(&*store, session).await.ended, expected);
    }
    assert!(store.user_by_email("user1@example.com").await.unwrap().unwrap().1 == hash("new"));
    assert!(store.set_password(id, hash("newer"), None, at(600)).await.unwrap());
    assert_eq!(stored(&*store, two).await.ended, Some((at(600), EndReason::PasswordChanged)));
    assert!(store.user_by_email("user2@example.com").await.unwrap().unwrap().1 == hash("hash 2"));
}

pub async fn a_session_that_had_ended_keeps_its_reason_when_the_password_changes(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    let ended = add_session(&*store, 1, id).await;
    store.end_session(ended, EndReason::TokenReused, at(400)).await.unwrap();
    store.set_password(id, hash("new"), None, at(500)).await.unwrap();
    assert_eq!(stored(&*store, ended).await.ended, Some((at(400), EndReason::TokenReused)));
}

pub async fn nobody_gets_a_password_when_there_is_no_such_user(store: Arc<dyn Store>) {
    let nobody = user(9, Role::Owner).user.id;
    assert!(!store.set_password(nobody, hash("new"), None, at(0)).await.unwrap());
    assert!(!store.renew_password_hash(nobody, &hash("old"), hash("new")).await.unwrap());
    assert!(!store.set_name(nobody, PersonName::from_trusted("Nobody".into())).await.unwrap());
    assert_eq!(store.set_role(nobody, Role::Owner, at(0)).await.unwrap(), UserChanged::Unknown);
    assert_eq!(store.remove_user(nobody).await.unwrap(), UserChanged::Unknown);
    assert_eq!(store.count_users().await.unwrap(), 0);
}

pub async fn a_hash_is_renewed_only_if_it_is_still_the_old_one(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    let session = add_session(&*store, 1, id).await;
    assert!(store.renew_password_hash(id, &hash("hash 1"), hash("renewed")).await.unwrap());
    assert!(!store.renew_password_hash(id, &hash("hash 1"), hash("late")).await.unwrap());
    let other_scheme = PasswordHash { scheme: "test-v0".into(), hash: "renewed".into() };
    assert!(!store.renew_password_hash(id, &other_scheme, hash("late")).await.unwrap());
    assert!(store.user_by_email("user1@example.com").await.unwrap().unwrap().1 == hash("renewed"));
    assert_eq!(stored(&*store, session).await.ended, None, "the password is the same, so nobody is logged out");
}

pub async fn a_password_changes_only_for_whoever_knew_the_present_one(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    let here = add_session(&*store, 1, id).await;
    let elsewhere = add_session(&*store, 2, id).await;
    assert!(!store.change_password(id, &hash("another"), hash("new"), here, at(500)).await.unwrap());
    assert_eq!(stored(&*store, elsewhere).await.ended, None, "nothing is done");
    assert!(store.change_password(id, &hash("hash 1"), hash("new"), here, at(600)).await.unwrap());
    assert_eq!(stored(&*store, here).await.ended, None);
    assert_eq!(stored(&*store, elsewhere).await.ended, Some((at(600), EndReason::PasswordChanged)));
    assert!(store.user_by_email("user1@example.com").await.unwrap().unwrap().1 == hash("new"));
}

pub async fn of_many_renewals_of_one_hash_one_wins(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    let renewed = at_once(&store, 8, |store, number| async move {
        store.renew_password_hash(id, &hash("hash 1"), hash(&format!("renewed {number}"))).await.unwrap()
    })
    .await;
    assert_eq!(renewed.iter().filter(|won| **won).count(), 1);
    let winner = renewed.iter().position(|won| *won).unwrap();
    let (_, password) = store.user_by_email("user1@example.com").await.unwrap().unwrap();
    assert!(password == hash(&format!("renewed {winner}")));
}

pub async fn a_user_can_be_renamed(store: Arc<dyn Store>) {
    let id = add_user(&*store, 1, Role::Owner).await;
    add_user(&*store, 2, Role::Member).await;
    assert!(store.set_name(id, PersonName::from_trusted("Grace Hopper".into())).await.unwrap());
    let names: Vec<_> = store.list_users().await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["Grace Hopper", "User Ü2"].map(|name| PersonName::from_trusted(name.into())));
}

pub async fn the_last_owner_stays(store: Arc<dyn Store>) {
    let owner = add_user(&*store, 1, Role::Owner).await;
    let member = add_user(&*store, 2, Role::Member).await;
    assert_eq!(store.remove_user(owner).await.unwrap(), UserChanged::LastOwner);
    assert_eq!(store.set_role(owner, Role::Member, at(0)).await.unwrap(), UserChanged::LastOwner);
    assert_eq!(store.set_role(owner, Role::Owner, at(0)).await.unwrap(), UserChanged::Changed);
    assert_eq!(store.set_role(member, Role::Owner, at(0)).await.unwrap(), UserChanged::Changed);
    assert_eq!(store.remove_user(owner).await.unwrap(), UserChanged::Changed);
    assert_eq!(store.remove_user(member).await.unwrap(), UserChanged::LastOwner);
    assert_eq!(store.count_users().await.unwrap(), 1);
}

pub async fn of_two_owners_who_leave_at_once_one_stays(store: Arc<dyn Store>) {
    let owners = [add_user(&*store, 1, Role::Owner).await, add_user(&*store, 2, Role::Owner).await];
    let answers = at_once(&store, 2, |store, number| async move {
        match number {
            0 => store.remove_user(owners[0]).await.unwrap(),
            _ => store.set_role(owners[1], Role::Member, at(0)).await.unwrap(),
        }
    })
    .await;
    assert!(answers.contains(&UserChanged::Changed) && answers.contains(&UserChanged::LastOwner), "{answers:?}");
    assert_eq!(store.list_users().await.unwrap().iter().filter(|user| user.role == Role::Owner).count(), 1);
}

pub async fn an_owner_who_has_not_accepted_the_invitation_does_not_count(store: Arc<dyn Store>) {
    let owner = add_user(&*store, 1, Role::Owner).await;
    let invitation = PasswordHash { scheme: PasswordHash::INVITED.into(), hash: String::new() };
    let invited = NewUser { password: invitation, ..user(2, Role::Owner) };
    let invited_id = invited.user.id;
    store.add_user(invited).await.unwrap();
    let listed: Vec<_> = store.list_users().await.unwrap().into_iter().map(|user| user.invited).collect();
    assert_eq!(listed, [false, true]);
    assert_eq!(store.remove_user(owner).await.unwrap(), UserChanged::LastOwner);
    assert!(store.set_password(invited_id, hash("chosen"), None, at(0)).await.unwrap());
    assert_eq!(store.remove_user(owner).await.unwrap(), UserChanged::Changed);
}

pub async fn another_role_ends_all_sessions_and_the_same_role_none(store: Arc<dyn Store>) {
    add_user(&*store, 1, Role::Owner).await;
    let id = add_user(&*store, 2, Role::Member).await;
    let session = add_session(&*store, 1, id).await;
    assert_eq!(store.set_role(id, Role::Member, at(1)).await.unwrap(), UserChanged::Changed);
    assert_eq!(stored(&*store, session).await.ended, None);
    assert_eq!(store.set_role(id, Role::Owner, at(2)).await.unwrap(), UserChanged::Changed);
    assert_eq!(stored(&*store, session).await.ended, Some((at(2), EndReason::RoleChanged)));
    assert_eq!(store.list_users().await.unwrap()[1].role, Role::Owner);
}
