use std::collections::BTreeSet;
use std::sync::Arc;

use letterbox::models::{Cursor, DeliveryKey, Draft, Folder, FolderCounts, Letter, ListQuery, Message};
use letterbox::store::{Delivered, Delivery, Store};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::at_once;
use super::sample::{at, delivery, fill, id, ids, inbox, letter};

pub async fn a_letter_comes_back_as_it_was_given(store: Arc<dyn Store>) {
    let given = delivery(1);
    let answer = store.add_message(given.clone()).await.unwrap();
    assert_eq!(answer, Delivered { id: given.id, received_at: given.received_at, repeated: false });
    let expected = Message {
        id: given.id,
        received_at: given.received_at,
        letter: given.letter,
        folder: Folder::Inbox,
        read: false,
        starred: false,
        version: 1,
    };
    assert_eq!(store.message(given.id).await.unwrap(), Some(expected));
}

pub async fn any_unicode_comes_back_byte_for_byte(store: Arc<dyn Store>) {
    let texts = proptest::collection::vec(proptest::char::any(), 1..200).prop_filter_map("no letter", |characters| {
        let allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let text: String = characters.into_iter().filter(allowed).collect();
        let line = text.replace(['\n', '\u{2028}', '\u{2029}'], " ").trim().chars().take(100).collect::<String>();
        let draft = Draft { name: line.clone(), email: "ada@bücher.example".into(), subject: line, message: text };
        Letter::parse(&draft).ok()
    });
    let mut runner = TestRunner::default();
    for number in 0..300 {
        let letter = texts.new_tree(&mut runner).unwrap().current();
        let given = Delivery { letter: letter.clone(), ..delivery(number) };
        store.add_message(given).await.unwrap();
        assert_eq!(store.message(id(number)).await.unwrap().unwrap().letter, letter);
    }
}

pub async fn a_letter_that_is_not_there_is_not_found(store: Arc<dyn Store>) {
    fill(&*store, [1]).await;
    assert_eq!(store.message(id(2)).await.unwrap(), None);
    assert_eq!(store.delivered(DeliveryKey::unique().unwrap()).await.unwrap(), None);
}

pub async fn the_same_delivery_twice_is_one_letter_with_one_answer(store: Arc<dyn Store>) {
    let first = delivery(1);
    let second = Delivery { id: id(2), received_at: at(99), ..first.clone() };
    store.add_message(first.clone()).await.unwrap();
    let answer = store.add_message(second).await.unwrap();
    assert_eq!(answer, Delivered { id: first.id, received_at: first.received_at, repeated: true });
    assert_eq!(ids(&store.list_messages(inbox(9)).await.unwrap()), [first.id]);
}

pub async fn the_same_delivery_many_times_at_once_is_one_letter_with_one_answer(store: Arc<dyn Store>) {
    let first = delivery(0);
    let answers = at_once(&store, 20, |store, number| {
        let again = Delivery { id: id(number), received_at: at(i64::from(number)), ..first.clone() };
        async move { store.add_message(again).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(answers.iter().all(|answer| (answer.id, answer.received_at) == (answers[0].id, answers[0].received_at)));
    assert_eq!(ids(&store.list_messages(inbox(9)).await.unwrap()), [answers[0].id]);
}

pub async fn a_delivery_is_known_for_as_long_as_its_letter_is_there(store: Arc<dyn Store>) {
    let given = delivery(1);
    store.add_message(given.clone()).await.unwrap();
    let known = Delivered { id: given.id, received_at: given.received_at, repeated: true };
    assert_eq!(store.delivered(given.key).await.unwrap(), Some(known));
    store.delete_message(given.id).await.unwrap();
    assert_eq!(store.delivered(given.key).await.unwrap(), None);
}

pub async fn deliveries_with_other_keys_are_other_letters(store: Arc<dyn Store>) {
    let first = delivery(1);
    let second = Delivery { letter: first.letter.clone(), ..delivery(2) };
    store.add_message(first).await.unwrap();
    assert!(!store.add_message(second).await.unwrap().repeated);
    assert_eq!(ids(&store.list_messages(inbox(9)).await.unwrap()), [id(2), id(1)]);
}

pub async fn letters_are_listed_by_id_and_not_by_arrival(store: Arc<dyn Store>) {
    fill(&*store, [3, 1, 4, 2]).await;
    let page = store.list_messages(inbox(9)).await.unwrap();
    assert_eq!(ids(&page), [4, 3, 2, 1].map(id));
}

pub async fn a_list_can_be_read_page_by_page_both_ways(store: Arc<dyn Store>) {
    fill(&*store, 1..=7).await;
    let mut cursor = None;
    // Down to the end, and up again.
    for (next, expected, has_newer, has_older) in [
        (None, vec![7, 6, 5], false, true),
        (Some(Cursor::Before(id(5))), vec![4, 3, 2], true, true),
        (Some(Cursor::Before(id(2))), vec![1], true, false),
        (Some(Cursor::After(id(1))), vec![4, 3, 2], true, true),
        (Some(Cursor::After(id(4))), vec![7, 6, 5], false, true),
        (Some(Cursor::After(id(5))), vec![7, 6], false, true),
        (Some(Cursor::After(id(7))), vec![], false, false),
    ] {
        cursor.clone_from(&next);
        let page = store.list_messages(ListQuery { cursor, ..inbox(3) }).await.unwrap();
        assert_eq!(ids(&page), expected.iter().copied().map(id).collect::<Vec<_>>(), "{cursor:?}");
        if !expected.is_empty() {
            assert_eq!((page.has_newer, page.has_older), (has_newer, has_older), "{cursor:?}");
        }
    }
}

pub async fn a_list_exactly_as_long_as_the_page_has_no_more(store: Arc<dyn Store>) {
    fill(&*store, 1..=3).await;
    for (cursor, expected) in [(None, vec![3, 2, 1]), (Some(Cursor::After(id(0))), vec![3, 2, 1])] {
        let page = store.list_messages(ListQuery { cursor, ..inbox(3) }).await.unwrap();
        assert_eq!(ids(&page), expected.into_iter().map(id).collect::<Vec<_>>());
        assert!(!page.has_newer && !page.has_older, "{cursor:?}");
    }
}

pub async fn a_cursor_may_name_a_letter_that_was_deleted(store: Arc<dyn Store>) {
    fill(&*store, 1..=5).await;
    assert!(store.delete_message(id(3)).await.unwrap());
    let below = store.list_messages(ListQuery { cursor: Some(Cursor::Before(id(3))), ..inbox(9) }).await.unwrap();
    assert_eq!((ids(&below), below.has_newer, below.has_older), (vec![id(2), id(1)], true, false));
    let above = store.list_messages(ListQuery { cursor: Some(Cursor::After(id(3))), ..inbox(9) }).await.unwrap();
    assert_eq!((ids(&above), above.has_newer, above.has_older), (vec![id(5), id(4)], false, true));
}

pub async fn a_walk_down_meets_each_letter_once_even_while_others_arrive(store: Arc<dyn Store>) {
    fill(&*store, 1..=100).await;
    let (mut seen, mut cursor, mut newcomer) = (Vec::new(), None, 1_000);
    loop {
        let page = store.list_messages(ListQuery { cursor, ..inbox(7) }).await.unwrap();
        seen.extend(ids(&page));
        newcomer += 1;
        fill(&*store, [newcomer]).await;
        if !page.has_older {
            break;
        }
        cursor = page.items.last().map(|item| Cursor::Before(item.id));
    }
    assert_eq!(seen, (1..=100).rev().map(id).collect::<Vec<_>>());
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 100);
}

pub async fn an_empty_folder_is_an_empty_page(store: Arc<dyn Store>) {
    fill(&*store, [1]).await;
    for folder in [Folder::Archive, Folder::Spam, Folder::Trash] {
        for cursor in [None, Some(Cursor::Before(id(1))), Some(Cursor::After(id(0)))] {
            let page = store.list_messages(ListQuery { cursor, ..ListQuery::newest(folder, 5) }).await.unwrap();
            assert!(page.items.is_empty() && !page.has_newer && !page.has_older, "{folder} {cursor:?}");
        }
    }
}

pub async fn a_preview_is_the_first_160_characters_and_never_half_of_one(store: Arc<dyn Store>) {
    for (number, text) in
        ["a".repeat(160), "b".repeat(161), "😀".repeat(500), "é語😀".repeat(54), "short".into()].into_iter().enumerate()
    {
        let number = u32::try_from(number).unwrap();
        store.add_message(Delivery { letter: letter(&text), ..delivery(number) }).await.unwrap();
        let page = store.list_messages(inbox(1)).await.unwrap();
        assert_eq!(page.items[0].preview(), text.chars().take(160).collect::<String>());
        assert_eq!((page.items[0].name(), page.items[0].email()), ("Ada Lovelace", "ada@example.com"));
        assert_eq!((page.items[0].subject(), page.items[0].received_at), ("Engines", at(i64::from(number))));
    }
}

pub async fn reading_marks_one_letter_and_no_other(store: Arc<dyn Store>) {
    fill(&*store, 1..=3).await;
    assert!(store.set_read(id(2), true).await.unwrap());
    let page = store.list_messages(inbox(9)).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.read).collect::<Vec<_>>(), [false, true, false]);
    assert!(store.message(id(2)).await.unwrap().unwrap().read);
    assert!(store.set_read(id(2), false).await.unwrap());
    assert!(!store.message(id(2)).await.unwrap().unwrap().read);
}

pub async fn counts_follow_every_change(store: Arc<dyn Store>) {
    async fn expect(store: &dyn Store, total: u64, unread: u64) {
        let counts = store.count_messages(Folder::Inbox).await.unwrap();
        assert_eq!(counts, FolderCounts { total, unread });
    }
    let store = &*store;
    expect(store, 0, 0).await;
    fill(store, 1..=3).await;
    expect(store, 3, 3).await;
    // Marked twice counts once.
    for _ in 0..2 {
        store.set_read(id(1), true).await.unwrap();
        expect(store, 3, 2).await;
    }
    store.delete_message(id(1)).await.unwrap();
    expect(store, 2, 2).await;
    store.delete_message(id(2)).await.unwrap();
    expect(store, 1, 1).await;
    store.set_read(id(3), true).await.unwrap();
    store.set_read(id(3), false).await.unwrap();
    expect(store, 1, 1).await;
    let repeated = delivery(4);
    for _ in 0..2 {
        store.add_message(repeated.clone()).await.unwrap();
    }
    expect(store, 2, 2).await;
    for folder in [Folder::Archive, Folder::Spam, Folder::Trash] {
        assert_eq!(store.count_messages(folder).await.unwrap(), FolderCounts::default());
    }
}

pub async fn what_is_not_there_cannot_be_marked_or_deleted(store: Arc<dyn Store>) {
    fill(&*store, [1]).await;
    assert!(!store.set_read(id(2), true).await.unwrap());
    assert!(!store.delete_message(id(2)).await.unwrap());
    assert!(store.delete_message(id(1)).await.unwrap());
    assert!(!store.delete_message(id(1)).await.unwrap());
}
