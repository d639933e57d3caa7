use std::sync::Arc;

use letterbox::models::{Action, Folder, ListQuery, MessageId, Query, Selection};
use letterbox::store::Store;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::folders::both_ways;
use super::{act, add, fill, id, ids, letter, named};

fn looking_for(text: &str) -> Selection {
    let query = Query::parse(text);
    let folders = if query.folders.is_empty() { vec![Folder::Inbox] } else { query.folders };
    Selection { folders, unread: query.unread, starred: query.starred, search: query.search }
}

async fn find(store: &dyn Store, text: &str) -> Vec<MessageId> {
    let query = ListQuery { which: looking_for(text), cursor: None, limit: 50 };
    ids(&store.list_messages(query).await.unwrap())
}

async fn four_letters(store: &dyn Store) {
    add(store, 1, letter("Zoë Müller", "zoe@post.example", "Appointment on Monday", "Can we meet in Zürich?")).await;
    add(store, 2, letter("Bob", "bob.smith@example.com", "", "The invoice for the garden chairs, by Zoe.")).await;
    add(store, 3, letter("Ελένη", "eleni@example.gr", "Invoice", "Please find the chairs in the garden.")).await;
    add(store, 4, letter("Yuki", "yuki@example.jp", "日本語 の 手紙", "It's a point-blank \"quoted\" text.")).await;
}

pub async fn words_are_found_wherever_they_stand(store: Arc<dyn Store>) {
    let store = &*store;
    four_letters(store).await;
    assert_eq!(find(store, "bob").await, named(&[2]), "name");
    assert_eq!(find(store, "post").await, named(&[1]), "address");
    assert_eq!(find(store, "appointment").await, named(&[1]), "subject");
    assert_eq!(find(store, "garden").await, named(&[3, 2]), "body, newest first");
    assert_eq!(find(store, "garden eleni").await, named(&[3]), "all words, in whatever part");
    assert_eq!(find(store, "手紙").await, named(&[4]));
    assert_eq!(find(store, "gardener").await, named(&[]));
    assert_eq!(find(store, "").await, named(&[4, 3, 2, 1]));
}

pub async fn case_and_accents_make_no_difference(store: Arc<dyn Store>) {
    let store = &*store;
    four_letters(store).await;
    for text in ["zurich", "ZÜRICH", "Zu\u{308}rich", "muller", "MÜLLER"] {
        assert_eq!(find(store, text).await, named(&[1]), "{text}");
    }
    assert_eq!(find(store, "zoe").await, named(&[2, 1]));
    assert_eq!(find(store, "ΕΛΈΝΗ").await, named(&[3]));
}

pub async fn phrases_prefixes_and_exclusions_do_what_they_say(store: Arc<dyn Store>) {
    let store = &*store;
    four_letters(store).await;
    assert_eq!(find(store, "\"garden chairs\"").await, named(&[2]));
    assert_eq!(find(store, "\"chairs garden\"").await, named(&[]));
    assert_eq!(find(store, "appoint*").await, named(&[1]));
    assert_eq!(find(store, "appoint").await, named(&[]));
    assert_eq!(find(store, "\"for the gard\"*").await, named(&[2]));
    assert_eq!(find(store, "garden -invoice").await, named(&[]));
    assert_eq!(find(store, "garden -\"garden chairs\"").await, named(&[3]));
    assert_eq!(find(store, "point-blank").await, named(&[4]));
    // None of these is an operator of the engine.
    for text in ["garden OR bob", "garden AND chairs NOT bob", "NEAR(garden chairs)", "name:bob"] {
        assert_eq!(find(store, text).await, named(&[]), "{text}");
    }
}

pub async fn senders_are_found_by_name_and_address(store: Arc<dyn Store>) {
    let store = &*store;
    four_letters(store).await;
    assert_eq!(find(store, "from:zoe").await, named(&[1]), "not where she is only mentioned");
    assert_eq!(find(store, "from:bob.smith@example.com").await, named(&[2]));
    assert_eq!(find(store, "from:\"zoe muller\"").await, named(&[1]));
    assert_eq!(find(store, "from:\"example.c\"*").await, named(&[2]));
    assert_eq!(find(store, "garden -from:bob").await, named(&[3]));
}

pub async fn days_bound_a_search(store: Arc<dyn Store>) {
    const DAY: u32 = 24 * 60;
    let store = &*store;
    fill(store, [0, DAY - 1, DAY, 2 * DAY - 1, 2 * DAY]).await;
    assert_eq!(find(store, "after:2026-11-02").await, named(&[2 * DAY, 2 * DAY - 1, DAY]));
    assert_eq!(find(store, "before:2026-11-02").await, named(&[DAY - 1, 0]));
    assert_eq!(find(store, "after:2026-11-02 before:2026-11-03 dear").await, named(&[2 * DAY - 1, DAY]));
    assert_eq!(find(store, "after:2027-01-01").await, named(&[]));
    assert_eq!(find(store, "before:2026-11-01").await, named(&[]));
}

pub async fn a_search_stays_within_its_folders_and_filters(store: Arc<dyn Store>) {
    let store = &*store;
    fill(store, 1..=6).await;
    act(store, 1, Action::Archive, &[1, 2]).await;
    act(store, 2, Action::Trash, &[3]).await;
    act(store, 3, Action::Star, &[1, 4]).await;
    act(store, 4, Action::Read, &[4, 5]).await;
    assert_eq!(find(store, "dear").await, named(&[6, 5, 4]));
    assert_eq!(find(store, "dear in:archive").await, named(&[2, 1]));
    assert_eq!(find(store, "dear in:trash in:archive").await, named(&[3, 2, 1]));
    assert_eq!(find(store, "in:all is:starred").await, named(&[4, 1]));
    assert_eq!(find(store, "in:all is:starred dear").await, named(&[4, 1]));
    assert_eq!(find(store, "is:unread dear").await, named(&[6]));
    assert_eq!(find(store, "in:all is:starred is:unread").await, named(&[1]));
}

pub async fn a_search_pages_both_ways_in_the_order_of_the_list(store: Arc<dyn Store>) {
    // Not in the order of arrival.
    fill(&*store, [5, 3, 1, 9, 7, 8, 2, 6, 4]).await;
    let expected = named(&[9, 8, 7, 6, 5, 4, 3, 2, 1]);
    for text in ["olive", "dear olive -nobody", "-nobody", "oliv*"] {
        let which = looking_for(text);
        let query = |cursor| ListQuery { which: which.clone(), cursor, limit: 2 };
        assert_eq!(both_ways(&*store, query).await, expected, "{text}");
    }
}

pub async fn a_search_for_nothing_but_exclusions_finds_the_rest(store: Arc<dyn Store>) {
    let store = &*store;
    four_letters(store).await;
    assert_eq!(find(store, "-garden").await, named(&[4, 1]));
    assert_eq!(find(store, "-garden -quoted").await, named(&[1]));
    assert_eq!(find(store, "-from:bob -from:zoe").await, named(&[4, 3]));
}

pub async fn r54_any_text_is_a_search_and_none_fails(store: Arc<dyn Store>) {
    four_letters(&*store).await;
    let texts =
        ["\\PC{0,40}", "[-\"*:(){}^+.\\\\ a-z\u{0}-\u{1f}]{0,40}", "(from:|-|\"|NEAR|AND |[\\p{M}\\p{L}\\p{N}]){0,12}"];
    let mut runner = TestRunner::default();
    for pattern in texts {
        let strategy = proptest::string::string_regex(pattern).unwrap();
        for _ in 0..150 {
            let text = strategy.new_tree(&mut runner).unwrap().current();
            find(&*store, &text).await;
        }
    }
    let everything = "\"every\" AND* NOT -(x OR y) NEAR/2 {name}: ^begin col:val 'quote' \\ \u{fffd} 😀 ﷽";
    find(&*store, everything).await;
    // What a letter says is found by saying it.
    let words = (proptest::string::string_regex("[\\p{L}\\p{N}]{1,20}").unwrap()).prop_map(|word| word.to_string());
    for number in 10..60 {
        let word = words.new_tree(&mut runner).unwrap().current();
        add(&*store, number, letter("Any", "any@example.com", "", &format!("before {word} after"))).await;
        assert!(find(&*store, &word).await.contains(&id(number)), "{word:?}");
    }
}

pub async fn a_letter_that_was_deleted_is_found_no_more(store: Arc<dyn Store>) {
    fill(&*store, 1..=3).await;
    act(&*store, 1, Action::Trash, &[2]).await;
    assert_eq!(find(&*store, "in:trash olive").await, named(&[2]));
    store.delete_trashed(named(&[2])).await.unwrap();
    assert_eq!(find(&*store, "in:all olive").await, named(&[3, 1]));
}

pub async fn a_hit_deep_in_a_letter_is_shown_in_its_preview(store: Arc<dyn Store>) {
    let body = format!("{}here is the needle", "hay ".repeat(500));
    add(&*store, 1, letter("Ada", "ada@example.com", "", &body)).await;
    let query = ListQuery { which: looking_for("needle"), cursor: None, limit: 5 };
    let page = store.list_messages(query).await.unwrap();
    assert!(page.items[0].preview().ends_with("needle"), "{}", page.items[0].preview());
    assert!(page.items[0].preview().chars().count() <= 160);
}
