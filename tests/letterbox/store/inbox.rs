//! What the inbox asks of a store: folders, changes and their undoing, the trash, searching. The promises stand in
//! `contract/folders.rs` and `contract/search.rs`; the lists below are expanded once for each adapter.

#[path = "contract/folders.rs"]
mod folders;
#[path = "contract/search.rs"]
mod search;

use std::time::Duration;

use letterbox::models::{
    Action, Change, ChangeId, Changed, DeliveryKey, Draft, Folder, Letter, ListQuery, MessageId, MessagePage, Target,
    Timestamp,
};
use letterbox::store::{Delivery, Store};

macro_rules! inbox {
    ($adapter:ident, $open:path, $attributes:tt) => {
        mod $adapter {
            inbox!(@each $attributes, $open, folders:
                letters_move_between_folders_and_the_counts_go_with_them,
                marks_change_what_they_say_and_nothing_else,
                a_letter_that_somebody_moved_meanwhile_is_left_where_it_is,
                what_is_as_wanted_or_gone_is_counted_and_not_changed,
                a_change_can_be_undone_once,
                undoing_leaves_alone_what_was_changed_since,
                opening_a_letter_does_not_keep_a_move_from_being_undone,
                only_letters_in_the_trash_are_deleted_for_good,
                the_trash_empties_itself_of_what_lay_there_long_enough,
                emptying_the_trash_from_many_processes_deletes_each_letter_once,
                a_letter_restored_in_time_is_not_emptied,
                filters_page_both_ways,
                letters_of_one_instant_keep_the_order_of_their_ids,
                the_earlier_letters_of_a_sender_are_theirs_whatever_the_case,
                whole_letters_come_in_the_order_of_the_list,
            );
            inbox!(@each $attributes, $open, search:
                words_are_found_wherever_they_stand,
                case_and_accents_make_no_difference,
                phrases_prefixes_and_exclusions_do_what_they_say,
                senders_are_found_by_name_and_address,
                days_bound_a_search,
                a_search_stays_within_its_folders_and_filters,
                a_search_pages_both_ways_in_the_order_of_the_list,
                a_search_for_nothing_but_exclusions_finds_the_rest,
                r54_any_text_is_a_search_and_none_fails,
                a_letter_that_was_deleted_is_found_no_more,
                a_hit_deep_in_a_letter_is_shown_in_its_preview,
            );
        }
    };
    (@each $attributes:tt, $open:path, $room:ident: $($promise:ident,)*) => {
        mod $room {
            $(inbox!(@one $attributes, $open, $room, $promise);)*
        }
    };
    (@one [$($attribute:tt)*], $open:path, $room:ident, $promise:ident) => {
        #[test]
        $($attribute)*
        fn $promise() {
            $crate::store::fresh::keep($open(), $crate::store::inbox::$room::$promise);
        }
    };
}

inbox!(sqlite, crate::store::fresh::sqlite, []);
inbox!(
    mongo_standalone,
    crate::store::fresh::mongo_standalone,
    [#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]]
);
inbox!(
    mongo_replica_set,
    crate::store::fresh::mongo_replica_set,
    [#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]]
);

/// 2026-11-01 and so many minutes.
fn at(minutes: u32) -> Timestamp {
    Timestamp::parse_date("2026-11-01").unwrap().plus(Duration::from_secs(60 * u64::from(minutes)))
}

fn id(minutes: u32) -> MessageId {
    MessageId::earliest(at(minutes))
}

fn change_id(number: u8) -> ChangeId {
    ChangeId::from_bytes([number; 16])
}

fn letter(name: &str, email: &str, subject: &str, body: &str) -> Letter {
    let draft = Draft { name: name.into(), email: email.into(), subject: subject.into(), message: body.into() };
    Letter::parse(&draft).unwrap()
}

async fn add(store: &dyn Store, minutes: u32, letter: Letter) {
    let key = DeliveryKey::unique().unwrap();
    store.add_message(Delivery { id: id(minutes), received_at: at(minutes), key, letter }).await.unwrap();
}

async fn fill(store: &dyn Store, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        add(store, number, letter("Ada", "ada@example.com", &format!("Letter {number}"), "Dear Olive")).await;
    }
}

fn change(number: u8, action: Action, letters: &[u32]) -> Change {
    let letters = letters.iter().map(|number| Target { id: id(*number), seen_in: None }).collect();
    Change { id: change_id(number), action, letters, now: at(1_000) }
}

async fn act(store: &dyn Store, number: u8, action: Action, letters: &[u32]) -> Changed {
    store.change_messages(change(number, action, letters)).await.unwrap()
}

async fn list(store: &dyn Store, folder: Folder) -> Vec<MessageId> {
    ids(&store.list_messages(ListQuery::newest(folder, 100)).await.unwrap())
}

fn ids(page: &MessagePage) -> Vec<MessageId> {
    page.items.iter().map(|item| item.id).collect()
}

fn named(numbers: &[u32]) -> Vec<MessageId> {
    numbers.iter().copied().map(id).collect()
}
