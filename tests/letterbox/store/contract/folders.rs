use std::sync::Arc;

use letterbox::models::{
    Action, Change, Changed, Cursor, Folder, FolderCounts, ListQuery, Message, MessageId, Selection, Target,
};
use letterbox::store::{Delivery, Store};

use super::{act, add, at, change_id, fill, id, ids, letter, list, named};

async fn counts(store: &dyn Store) -> [(u64, u64); 4] {
    let counts = store.count_folders().await.unwrap();
    for (folder, counts) in Folder::ALL.into_iter().zip(counts) {
        assert_eq!(store.count_messages(folder).await.unwrap(), counts);
    }
    counts.map(|FolderCounts { total, unread }| (total, unread))
}

pub async fn letters_move_between_folders_and_the_counts_go_with_them(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=5).await;
    store.set_read(id(2), true).await.unwrap();
    assert_eq!(counts(store).await, [(5, 4), (0, 0), (0, 0), (0, 0)]);
    assert_eq!(act(store, 1, Action::Archive, &[1, 2]).await, Changed { changed: 2, ..Changed::default() });
    act(store, 2, Action::Spam, &[3]).await;
    act(store, 3, Action::Trash, &[4]).await;
    assert_eq!(counts(store).await, [(1, 1), (2, 1), (1, 1), (1, 1)]);
    assert_eq!(list(store, Folder::Inbox).await, named(&[5]));
    assert_eq!(list(store, Folder::Archive).await, named(&[2, 1]));
    assert_eq!((list(store, Folder::Spam).await, list(store, Folder::Trash).await), (named(&[3]), named(&[4])));
    act(store, 4, Action::Inbox, &[1, 2, 3, 4]).await;
    assert_eq!(counts(store).await, [(5, 4), (0, 0), (0, 0), (0, 0)]);
    assert_eq!(list(store, Folder::Inbox).await, named(&[5, 4, 3, 2, 1]), "back in their places");
}

pub async fn marks_change_what_they_say_and_nothing_else(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=2).await;
    let before = store.message(id(2)).await.unwrap().unwrap();
    for (number, action) in [(1, Action::Star), (2, Action::Read)] {
        act(store, number, action, &[2]).await;
    }
    let mut expected = before.clone();
    (expected.starred, expected.read, expected.version) = (true, true, 3);
    assert_eq!(store.message(id(2)).await.unwrap().unwrap(), expected);
    for (number, action) in [(3, Action::Unstar), (4, Action::Unread)] {
        act(store, number, action, &[2]).await;
    }
    assert_eq!(store.message(id(2)).await.unwrap().unwrap(), Message { version: 5, ..before });
    let other = store.message(id(1)).await.unwrap().unwrap();
    assert!(!other.starred && !other.read);
}

pub async fn a_letter_that_somebody_moved_meanwhile_is_left_where_it_is(store: Arc<dyn Store>) {
    fill(&*store, 1..=3).await;
    act(&*store, 1, Action::Archive, &[1]).await;
    let seen = [1, 2, 3].map(|number| Target { id: id(number), seen_in: Some(Folder::Inbox) });
    let late = Change { id: change_id(2), action: Action::Trash, letters: seen.into(), now: at(9) };
    let expected = Changed { changed: 2, moved: vec![Folder::Archive], ..Changed::default() };
    assert_eq!(store.change_messages(late).await.unwrap(), expected);
    assert_eq!(list(&*store, Folder::Archive).await, named(&[1]));
    // A mark does not care where a letter lies, and a move to where it went already is no conflict.
    let target = Target { id: id(1), seen_in: Some(Folder::Inbox) };
    for (action, changed, unchanged) in [(Action::Star, 1, 0), (Action::Archive, 0, 1)] {
        let change = Change { id: change_id(3), action, letters: vec![target], now: at(9) };
        let expected = Changed { changed, unchanged, ..Changed::default() };
        assert_eq!(store.change_messages(change).await.unwrap(), expected);
    }
}

pub async fn what_is_as_wanted_or_gone_is_counted_and_not_changed(store: Arc<dyn Store>) {
    fill(&*store, 1..=2).await;
    act(&*store, 1, Action::Archive, &[1]).await;
    let again = act(&*store, 2, Action::Archive, &[1, 2, 7]).await;
    assert_eq!(again, Changed { changed: 1, unchanged: 1, gone: 1, moved: vec![] });
    assert_eq!(store.undo_change(change_id(2), at(9)).await.unwrap(), 1);
    assert_eq!(list(&*store, Folder::Archive).await, named(&[1]), "the first change still stands");
}

pub async fn a_change_can_be_undone_once(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=4).await;
    act(store, 1, Action::Archive, &[1, 2]).await;
    act(store, 2, Action::Trash, &[1, 2, 3]).await;
    assert_eq!(store.undo_change(change_id(2), at(9)).await.unwrap(), 3);
    assert_eq!(list(store, Folder::Archive).await, named(&[2, 1]), "each where it was");
    assert_eq!(list(store, Folder::Inbox).await, named(&[4, 3]));
    assert_eq!(store.undo_change(change_id(2), at(9)).await.unwrap(), 0);
    for (number, action) in [(3, Action::Star), (4, Action::Read)] {
        act(store, number, action, &[4]).await;
        assert_eq!(store.undo_change(change_id(number), at(9)).await.unwrap(), 1);
    }
    let letter = store.message(id(4)).await.unwrap().unwrap();
    assert!(!letter.starred && !letter.read);
    assert_eq!(store.undo_change(change_id(99), at(9)).await.unwrap(), 0);
}

pub async fn undoing_leaves_alone_what_was_changed_since(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=3).await;
    act(store, 1, Action::Archive, &[1, 2, 3]).await;
    act(store, 2, Action::Spam, &[1]).await;
    // There and back again is a change too.
    act(store, 3, Action::Inbox, &[2]).await;
    act(store, 4, Action::Archive, &[2]).await;
    assert_eq!(store.undo_change(change_id(1), at(9)).await.unwrap(), 1);
    assert_eq!(list(store, Folder::Inbox).await, named(&[3]));
    assert_eq!((list(store, Folder::Spam).await, list(store, Folder::Archive).await), (named(&[1]), named(&[2])));
}

pub async fn opening_a_letter_does_not_keep_a_move_from_being_undone(store: Arc<dyn Store>) {
    fill(&*store, [1]).await;
    act(&*store, 1, Action::Archive, &[1]).await;
    store.set_read(id(1), true).await.unwrap();
    assert_eq!(store.undo_change(change_id(1), at(9)).await.unwrap(), 1);
    let letter = store.message(id(1)).await.unwrap().unwrap();
    assert_eq!((letter.folder, letter.read), (Folder::Inbox, true));
}

pub async fn only_letters_in_the_trash_are_deleted_for_good(store: Arc<dyn Store>) {
    fill(&*store, 1..=3).await;
    act(&*store, 1, Action::Trash, &[1, 2]).await;
    assert_eq!(store.delete_trashed(named(&[1, 3, 7])).await.unwrap(), 1);
    assert_eq!(store.message(id(1)).await.unwrap(), None);
    assert_eq!((list(&*store, Folder::Inbox).await, list(&*store, Folder::Trash).await), (named(&[3]), named(&[2])));
    assert_eq!(counts(&*store).await, [(1, 1), (0, 0), (0, 0), (1, 1)]);
}

async fn trash(store: &dyn Store, number: u32, when: u32) {
    let letters = vec![Target { id: id(number), seen_in: None }];
    let change = Change { id: change_id(1), action: Action::Trash, letters, now: at(when) };
    store.change_messages(change).await.unwrap();
}

pub async fn the_trash_empties_itself_of_what_lay_there_long_enough(store: Arc<dyn Store>) {
    fill(&*store, 1..=6).await;
    for number in 1..=5 {
        trash(&*store, number, 100 + number).await;
    }
    assert_eq!(store.empty_trash(at(101), 10).await.unwrap(), 0, "to the instant");
    assert_eq!(store.empty_trash(at(104), 2).await.unwrap(), 2, "no more than asked for at once");
    assert_eq!(store.empty_trash(at(104), 10).await.unwrap(), 1);
    assert_eq!((list(&*store, Folder::Trash).await, list(&*store, Folder::Inbox).await), (named(&[5, 4]), named(&[6])));
}

pub async fn emptying_the_trash_from_many_processes_deletes_each_letter_once(store: Arc<dyn Store>) {
    fill(&*store, 1..=20).await;
    for number in 1..=20 {
        trash(&*store, number, 100).await;
    }
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.empty_trash(at(200), 5).await.unwrap() })
        })
        .collect();
    let mut deleted = 0;
    for task in tasks {
        deleted += task.await.unwrap();
    }
    assert_eq!(deleted, 20);
    assert_eq!(counts(&*store).await, [(0, 0); 4]);
}

pub async fn a_letter_restored_in_time_is_not_emptied(store: Arc<dyn Store>) {
    fill(&*store, 1..=3).await;
    for number in 1..=3 {
        trash(&*store, number, 100).await;
    }
    act(&*store, 2, Action::Inbox, &[1]).await;
    // Back in the trash, by another change or by undoing: the time begins anew.
    act(&*store, 3, Action::Inbox, &[2]).await;
    store.undo_change(change_id(3), at(300)).await.unwrap();
    assert_eq!(store.empty_trash(at(200), 10).await.unwrap(), 1);
    assert_eq!((list(&*store, Folder::Inbox).await, list(&*store, Folder::Trash).await), (named(&[1]), named(&[2])));
}

pub async fn filters_page_both_ways(store: Arc<dyn Store>) {
    fill(&*store, 1..=12).await;
    act(&*store, 1, Action::Read, &[2, 4, 6, 8, 10, 12]).await;
    act(&*store, 2, Action::Star, &[3, 6, 9, 12]).await;
    act(&*store, 3, Action::Archive, &[11]).await;
    for (unread, starred, expected) in [
        (true, false, vec![9, 7, 5, 3, 1]),
        (false, true, vec![12, 9, 6, 3]),
        (true, true, vec![9, 3]),
        (false, false, vec![12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ] {
        let which = Selection { unread, starred, ..Selection::of(Folder::Inbox) };
        let query = |cursor| ListQuery { which: which.clone(), cursor, limit: 2 };
        assert_eq!(both_ways(&*store, query).await, named(&expected));
    }
    let which = Selection { folders: vec![Folder::Inbox, Folder::Archive], ..Selection::of(Folder::Inbox) };
    let all: Vec<u32> = (1..=12).rev().collect();
    let query = |cursor| ListQuery { which: which.clone(), cursor, limit: 5 };
    assert_eq!(both_ways(&*store, query).await, named(&all), "two folders are one list");
}

/// Reads a list page by page to its end and back; both walks must meet the same letters.
pub(super) async fn both_ways(store: &dyn Store, query: impl Fn(Option<Cursor>) -> ListQuery) -> Vec<MessageId> {
    let (mut down, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list_messages(query(cursor)).await.unwrap();
        assert_eq!(page.has_newer, !down.is_empty() && !page.items.is_empty());
        down.extend(ids(&page));
        cursor = page.items.last().map(|item| Cursor::Before(item.id));
        if !page.has_older {
            break;
        }
    }
    let Some(last) = down.last() else { return down };
    let (mut up, mut cursor) = (vec![*last], Some(Cursor::After(*last)));
    loop {
        let page = store.list_messages(query(cursor)).await.unwrap();
        up.extend(ids(&page).into_iter().rev());
        cursor = page.items.first().map(|item| Cursor::After(item.id));
        if !page.has_newer {
            break;
        }
    }
    up.reverse();
    assert_eq!(up, down);
    down
}

pub async fn letters_of_one_instant_keep_the_order_of_their_ids(store: Arc<dyn Store>) {
    // All begin alike, so that an engine that numbers them has to make room again and again.
    let mut bytes = *id(1).as_bytes();
    let mut expected = Vec::new();
    for number in [50_u8, 51, 52, 10, 90, 11, 12, 89, 51 + 20, 13, 53, 9, 8, 7, 54, 14] {
        bytes[15] = number;
        let id = MessageId::from_bytes(bytes);
        let key = letterbox::models::DeliveryKey::unique().unwrap();
        let letter = letter("Ada", "ada@example.com", "", "same instant");
        store.add_message(Delivery { id, received_at: at(1), key, letter }).await.unwrap();
        expected.push(id);
    }
    expected.sort();
    expected.reverse();
    assert_eq!(list(&*store, Folder::Inbox).await, expected);
    let search = letterbox::models::Query::parse("instant").search;
    let which = Selection { search, ..Selection::of(Folder::Inbox) };
    assert_eq!(both_ways(&*store, |cursor| ListQuery { which: which.clone(), cursor, limit: 3 }).await, expected);
}

pub async fn the_earlier_letters_of_a_sender_are_theirs_whatever_the_case(store: Arc<dyn Store>) {
    for (number, email) in [
        (1, "ada@example.com"),
        (2, "bob@example.com"),
        (3, "ADA@Example.COM"),
        (4, "ada@example.com"),
        (5, "ada@example.com"),
        (6, "ada@example.com"),
    ] {
        add(&*store, number, letter("Ada", email, "", "Dear Olive")).await;
    }
    act(&*store, 1, Action::Archive, &[3]).await;
    act(&*store, 2, Action::Trash, &[4]).await;
    let earlier = store.earlier_from_sender(id(5), 10).await.unwrap();
    assert_eq!(earlier.iter().map(|letter| letter.id).collect::<Vec<_>>(), named(&[3, 1]));
    assert_eq!(earlier[0].folder, Folder::Archive);
    assert_eq!(store.earlier_from_sender(id(5), 1).await.unwrap().len(), 1);
    assert!(store.earlier_from_sender(id(9), 10).await.unwrap().is_empty());
}

pub async fn whole_letters_come_in_the_order_of_the_list(store: Arc<dyn Store>) {
    fill(&*store, 1..=5).await;
    for cursor in [None, Some(Cursor::Before(id(4))), Some(Cursor::After(id(2)))] {
        let query = ListQuery { cursor, ..ListQuery::newest(Folder::Inbox, 2) };
        let whole = store.read_messages(query.clone()).await.unwrap();
        let listed = store.list_messages(query).await.unwrap();
        assert_eq!(whole.iter().map(|letter| letter.id).collect::<Vec<_>>(), ids(&listed));
        assert_eq!(whole[0], store.message(whole[0].id).await.unwrap().unwrap());
    }
}
