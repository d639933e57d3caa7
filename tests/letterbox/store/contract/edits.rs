use std::sync::Arc;

use letterbox::models::{
    Action, Change, ChangeId, DeliveryKey, Draft, Edit, Folder, FolderCounts, Letter, ListQuery, Message, Query,
    Selection, Target,
};
use letterbox::store::{Deleted, Delivered, Delivery, Edited, Store};

use super::at_once;
use super::sample::{at, delivery, fill, id, ids, inbox};

fn change_id(number: u8) -> ChangeId {
    ChangeId::from_bytes([number; 16])
}

fn change(number: u8, action: Action, letters: &[u32]) -> Change {
    let letters = letters.iter().map(|number| Target { id: id(*number), seen_in: None }).collect();
    Change { id: change_id(number), action, letters, now: at(50) }
}

fn to(folder: Folder) -> Edit {
    Edit { folder: Some(folder), ..Edit::default() }
}

fn text(name: &str, email: &str, subject: &str, message: &str) -> Letter {
    let draft = Draft { name: name.into(), email: email.into(), subject: subject.into(), message: message.into() };
    Letter::parse(&draft).unwrap()
}

async fn stored(store: &dyn Store, number: u32) -> Message {
    store.message(id(number)).await.unwrap().unwrap()
}

async fn edit(store: &dyn Store, number: u32, edit: Edit, expected: Option<u64>) -> Edited {
    store.edit_message(id(number), edit, expected, at(70)).await.unwrap()
}

pub async fn every_change_of_a_letter_raises_its_version_by_one(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=2).await;
    assert_eq!(stored(store, 1).await.version, 1);
    store.set_read(id(1), true).await.unwrap();
    assert_eq!(stored(store, 1).await.version, 2);
    store.change_messages(change(1, Action::Star, &[1])).await.unwrap();
    assert_eq!(stored(store, 1).await.version, 3);
    store.change_messages(change(2, Action::Trash, &[1])).await.unwrap();
    assert_eq!(stored(store, 1).await.version, 4);
    store.undo_change(change_id(2), at(60)).await.unwrap();
    assert_eq!(stored(store, 1).await.version, 5);
    edit(store, 1, to(Folder::Spam), None).await;
    assert_eq!(stored(store, 1).await.version, 6);
    assert_eq!(stored(store, 2).await.version, 1, "that was another letter");
    let whole = store.read_messages(ListQuery::newest(Folder::Spam, 9)).await.unwrap();
    assert_eq!(whole[0].version, 6);
}

pub async fn what_changes_nothing_leaves_the_version(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, [1]).await;
    let before = stored(store, 1).await;
    assert!(store.set_read(id(1), false).await.unwrap());
    store.change_messages(change(1, Action::Inbox, &[1])).await.unwrap();
    store.change_messages(change(2, Action::Unstar, &[1])).await.unwrap();
    store.undo_change(change_id(9), at(60)).await.unwrap();
    let same = Edit {
        letter: Some(before.letter.clone()),
        folder: Some(Folder::Inbox),
        read: Some(false),
        starred: Some(false),
    };
    for same in [same, Edit::default()] {
        assert_eq!(edit(store, 1, same, Some(1)).await, Edited::Done(before.clone()));
    }
    assert_eq!(stored(store, 1).await, before);
}

pub async fn an_edit_changes_what_it_names_and_nothing_else(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=2).await;
    let mut expected = stored(store, 1).await;
    let untouched = stored(store, 2).await;
    let edits = [
        Edit { read: Some(true), ..Edit::default() },
        Edit { starred: Some(true), ..Edit::default() },
        to(Folder::Archive),
        Edit { letter: Some(text("Bob", "bob@example.org", "", "Another\ntext 😀")), ..Edit::default() },
        Edit { read: Some(false), starred: Some(false), ..to(Folder::Trash) },
    ];
    for (count, wanted) in (2..).zip(edits) {
        expected.letter = wanted.letter.clone().unwrap_or(expected.letter);
        expected.folder = wanted.folder.unwrap_or(expected.folder);
        expected.read = wanted.read.unwrap_or(expected.read);
        expected.starred = wanted.starred.unwrap_or(expected.starred);
        expected.version = count;
        assert_eq!(edit(store, 1, wanted, None).await, Edited::Done(expected.clone()));
        assert_eq!(stored(store, 1).await, expected);
    }
    assert_eq!(stored(store, 2).await, untouched);
}

pub async fn an_edit_of_another_version_is_refused_and_changes_nothing(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, [1]).await;
    assert!(matches!(edit(store, 1, to(Folder::Archive), Some(1)).await, Edited::Done(_)));
    let before = stored(store, 1).await;
    for stale in [0, 1, 3, u64::from(u32::MAX)] {
        assert_eq!(edit(store, 1, to(Folder::Spam), Some(stale)).await, Edited::Stale);
    }
    // Not even when nothing would change.
    assert_eq!(edit(store, 1, to(Folder::Archive), Some(1)).await, Edited::Stale);
    assert_eq!(stored(store, 1).await, before);
    for expected in [None, Some(1)] {
        assert_eq!(edit(store, 2, to(Folder::Spam), expected).await, Edited::Unknown);
    }
}

pub async fn of_many_edits_of_one_version_exactly_one_is_made(store: Arc<dyn Store>) {
    fill(&*store, [1]).await;
    let outcomes = at_once(&store, 20, |store, number| async move {
        let letter = text("Ada", "ada@example.com", &format!("Version of {number}"), "Hello");
        let wanted = Edit { letter: Some(letter), ..Edit::default() };
        edit(&*store, 1, wanted, Some(1)).await
    })
    .await;
    let done: Vec<&Edited> = outcomes.iter().filter(|outcome| **outcome != Edited::Stale).collect();
    assert_eq!(done, [&Edited::Done(stored(&*store, 1).await)]);
}

pub async fn of_many_edits_without_a_version_none_is_lost(store: Arc<dyn Store>) {
    fill(&*store, [1]).await;
    at_once(&store, 20, |store, number| async move {
        let wanted = match number % 4 {
            0 => Edit { starred: Some(true), ..Edit::default() },
            1 => Edit { read: Some(true), ..Edit::default() },
            2 => to(Folder::Trash),
            _ => to(Folder::Inbox),
        };
        assert!(matches!(edit(&*store, 1, wanted, None).await, Edited::Done(_)));
    })
    .await;
    let letter = stored(&*store, 1).await;
    assert!(letter.starred && letter.read && letter.version >= 4, "{letter:?}");
}

pub async fn counts_and_lists_follow_an_edit(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=3).await;
    edit(store, 2, Edit { read: Some(true), ..to(Folder::Archive) }, None).await;
    edit(store, 1, Edit { starred: Some(true), ..Edit::default() }, None).await;
    let counts = store.count_folders().await.unwrap().map(|FolderCounts { total, unread }| (total, unread));
    assert_eq!(counts, [(2, 2), (1, 0), (0, 0), (0, 0)]);
    assert_eq!(ids(&store.list_messages(inbox(9)).await.unwrap()), [3, 1].map(id));
    let which = Selection { starred: true, ..Selection::of(Folder::Inbox) };
    let starred = ListQuery { which, cursor: None, limit: 9 };
    assert_eq!(ids(&store.list_messages(starred).await.unwrap()), [id(1)]);
    store.check(at(80)).await.unwrap();
}

pub async fn an_edited_letter_is_found_by_its_new_words_and_sender_only(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=3).await;
    let letter = text("Zoë Marsh", "zoe@example.net", "Kerning", "About ligatures");
    edit(store, 2, Edit { letter: Some(letter), ..Edit::default() }, None).await;
    let found = async |words: &str| {
        let which = Selection { search: Query::parse(words).search, ..Selection::of(Folder::Inbox) };
        ids(&store.list_messages(ListQuery { which, cursor: None, limit: 9 }).await.unwrap())
    };
    for words in ["ligatures", "kern*", "zoe", "from:zoe@example.net"] {
        assert_eq!(found(words).await, [id(2)], "{words}");
    }
    for words in ["lovelace", "engines", "from:ada"] {
        assert_eq!(found(words).await, [3, 1].map(id), "{words}");
    }
    let earlier = store.earlier_from_sender(id(3), 9).await.unwrap();
    assert_eq!(earlier.iter().map(|letter| letter.id).collect::<Vec<_>>(), [id(1)]);
    store.check(at(80)).await.unwrap();
}

pub async fn an_edit_is_a_change_that_undoing_an_earlier_one_leaves_alone(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=2).await;
    store.change_messages(change(1, Action::Archive, &[1, 2])).await.unwrap();
    edit(store, 1, Edit { starred: Some(true), ..Edit::default() }, None).await;
    // Nothing was changed here, so there still is something to undo.
    edit(store, 2, to(Folder::Archive), None).await;
    assert_eq!(store.undo_change(change_id(1), at(80)).await.unwrap(), 1);
    assert_eq!((stored(store, 1).await.folder, stored(store, 2).await.folder), (Folder::Archive, Folder::Inbox));
}

pub async fn a_letter_edited_into_the_trash_is_emptied_in_its_time(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=3).await;
    for number in 1..=3 {
        store.edit_message(id(number), to(Folder::Trash), None, at(100)).await.unwrap();
    }
    // What is edited there stays as long as it would have; what was taken out and thrown away again begins anew.
    store.edit_message(id(1), Edit { starred: Some(true), ..to(Folder::Trash) }, None, at(200)).await.unwrap();
    store.edit_message(id(2), to(Folder::Inbox), None, at(200)).await.unwrap();
    store.edit_message(id(3), to(Folder::Archive), None, at(200)).await.unwrap();
    store.edit_message(id(3), to(Folder::Trash), None, at(201)).await.unwrap();
    assert_eq!(store.empty_trash(at(100), 9).await.unwrap(), 0);
    assert_eq!(store.empty_trash(at(200), 9).await.unwrap(), 1);
    assert_eq!(store.message(id(1)).await.unwrap(), None);
    assert_eq!((stored(store, 2).await.folder, stored(store, 3).await.folder), (Folder::Inbox, Folder::Trash));
}

pub async fn an_edited_letter_is_still_known_by_its_delivery(store: Arc<dyn Store>) {
    let given = delivery(1);
    store.add_message(given.clone()).await.unwrap();
    let letter = text("Bob", "bob@example.org", "", "Another text");
    edit(&*store, 1, Edit { letter: Some(letter), ..Edit::default() }, None).await;
    let known = Delivered { id: given.id, received_at: given.received_at, repeated: true };
    let again = Delivery { id: id(2), received_at: at(99), key: given.key, letter: given.letter };
    assert_eq!(store.add_message(again).await.unwrap(), known);
    assert_eq!(stored(&*store, 1).await.letter.name.as_str(), "Bob");
    let other = Delivery { key: DeliveryKey::unique().unwrap(), ..delivery(3) };
    assert!(!store.add_message(other).await.unwrap().repeated);
}

pub async fn only_the_version_that_was_seen_is_deleted(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=2).await;
    store.set_read(id(1), true).await.unwrap();
    for stale in [0, 1, 3] {
        assert_eq!(store.delete_message_at(id(1), stale).await.unwrap(), Deleted::Stale);
    }
    assert_eq!(store.delete_message_at(id(1), 2).await.unwrap(), Deleted::Done);
    assert_eq!(store.message(id(1)).await.unwrap(), None);
    assert_eq!(store.delete_message_at(id(1), 2).await.unwrap(), Deleted::Unknown);
    assert_eq!(store.count_messages(Folder::Inbox).await.unwrap(), FolderCounts { total: 1, unread: 1 });
}

pub async fn of_an_edit_and_a_deletion_of_one_version_one_is_done(store: Arc<dyn Store>) {
    fill(&*store, [1]).await;
    let done = at_once(&store, 20, |store, number| async move {
        if number % 2 == 0 {
            store.delete_message_at(id(1), 1).await.unwrap() == Deleted::Done
        } else {
            matches!(edit(&*store, 1, to(Folder::Spam), Some(1)).await, Edited::Done(_))
        }
    })
    .await;
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
}
