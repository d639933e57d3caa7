//! What every store promises, whatever its engine. A promise is a plain function on a new and empty store; the list
//! below is expanded once for each adapter.

mod edits;
mod messages;
pub mod sample;
mod sessions;
mod tokens;
mod users;

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Purpose, Store};

use crate::support::block_on;

/// A new and empty store, and what must live as long as it does.
struct Fresh {
    store: Arc<dyn Store>,
    _keep: Box<dyn Any>,
}

/// The promises of the port, expanded for one adapter: a module of its own, how a fresh store is opened, and the
/// attributes of each test, for example `#[ignore = "needs …"]`.
macro_rules! contract {
    ($adapter:ident, $open:path, $attributes:tt) => {
        mod $adapter {
            contract!(@each $attributes, $open, messages:
                a_letter_comes_back_as_it_was_given,
                any_unicode_comes_back_byte_for_byte,
                a_letter_that_is_not_there_is_not_found,
                the_same_delivery_twice_is_one_letter_with_one_answer,
                the_same_delivery_many_times_at_once_is_one_letter_with_one_answer,
                a_delivery_is_known_for_as_long_as_its_letter_is_there,
                deliveries_with_other_keys_are_other_letters,
                letters_are_listed_by_id_and_not_by_arrival,
                a_list_can_be_read_page_by_page_both_ways,
                a_list_exactly_as_long_as_the_page_has_no_more,
                a_cursor_may_name_a_letter_that_was_deleted,
                a_walk_down_meets_each_letter_once_even_while_others_arrive,
                an_empty_folder_is_an_empty_page,
                a_preview_is_the_first_160_characters_and_never_half_of_one,
                reading_marks_one_letter_and_no_other,
                counts_follow_every_change,
                what_is_not_there_cannot_be_marked_or_deleted,
            );
            contract!(@each $attributes, $open, edits:
                every_change_of_a_letter_raises_its_version_by_one,
                what_changes_nothing_leaves_the_version,
                an_edit_changes_what_it_names_and_nothing_else,
                an_edit_of_another_version_is_refused_and_changes_nothing,
                of_many_edits_of_one_version_exactly_one_is_made,
                of_many_edits_without_a_version_none_is_lost,
                counts_and_lists_follow_an_edit,
                an_edited_letter_is_found_by_its_new_words_and_sender_only,
                an_edit_is_a_change_that_undoing_an_earlier_one_leaves_alone,
                a_letter_edited_into_the_trash_is_emptied_in_its_time,
                an_edited_letter_is_still_known_by_its_delivery,
                only_the_version_that_was_seen_is_deleted,
                of_an_edit_and_a_deletion_of_one_version_one_is_done,
            );
            contract!(@each $attributes, $open, users:
                a_user_comes_back_as_they_were_given,
                a_login_is_the_same_in_upper_and_lower_case,
                of_two_users_with_one_address_the_second_is_refused,
                of_many_first_users_at_once_exactly_one_gets_in,
                users_are_listed_in_the_order_they_were_added,
                a_new_password_ends_all_sessions_but_one,
                a_session_that_had_ended_keeps_its_reason_when_the_password_changes,
                a_password_changes_only_for_whoever_knew_the_present_one,
                nobody_gets_a_password_when_there_is_no_such_user,
                a_hash_is_renewed_only_if_it_is_still_the_old_one,
                of_many_renewals_of_one_hash_one_wins,
                a_user_can_be_renamed,
                the_last_owner_stays,
                of_two_owners_who_leave_at_once_one_stays,
                an_owner_who_has_not_accepted_the_invitation_does_not_count,
                another_role_ends_all_sessions_and_the_same_role_none,
            );
            contract!(@each $attributes, $open, sessions:
                every_field_of_a_session_comes_back,
                a_session_that_is_not_there_is_not_found,
                a_rotation_raises_the_counter_and_forgets_that_the_token_was_seen,
                of_twenty_rotations_at_once_exactly_one_wins,
                a_session_that_ended_does_not_rotate,
                a_token_is_seen_only_while_it_is_the_current_one,
                a_session_ends_once_and_keeps_its_reason,
                all_sessions_but_one_can_be_ended_at_once,
                the_list_shows_live_sessions_only_and_the_newest_first,
                a_reuse_alarm_rings_once,
                old_sessions_are_forgotten_and_live_ones_are_not,
                sessions_go_with_their_user,
                a_session_of_nobody_opens_nothing,
            );
            contract!(@each $attributes, $open, tokens:
                every_field_of_a_token_comes_back_and_so_does_its_user,
                a_token_speaks_of_its_user_as_they_are_now,
                a_token_that_is_not_there_is_not_found,
                tokens_are_listed_to_their_user_alone_and_the_newest_first,
                the_use_of_a_token_is_noted_unless_one_is_noted_that_is_recent_enough,
                of_twenty_uses_at_once_one_is_noted,
                a_token_is_removed_by_its_user_alone_and_once,
                all_tokens_of_a_user_are_removed_and_nobody_elses,
                tokens_that_expired_long_ago_are_forgotten_and_no_others,
                tokens_outlive_a_password_and_go_with_their_user,
            );
        }
    };
    (@each $attributes:tt, $open:path, $room:ident: $($promise:ident,)*) => {
        mod $room {
            $(contract!(@one $attributes, $open, $room, $promise);)*
        }
    };
    (@one [$($attribute:tt)*], $open:path, $room:ident, $promise:ident) => {
        #[test]
        $($attribute)*
        fn $promise() {
            $crate::store::contract::keep($open(), $crate::store::contract::$room::$promise);
        }
    };
}

contract!(sqlite, crate::store::contract::fresh_sqlite, []);

/// Runs one promise on one fresh store.
fn keep<F: Future<Output = ()>>(fresh: impl Future<Output = Fresh>, promise: impl FnOnce(Arc<dyn Store>) -> F) {
    block_on(async {
        let fresh = fresh.await;
        promise(Arc::clone(&fresh.store)).await;
        fresh.store.close().await;
    });
}

async fn fresh_sqlite() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("letterbox.db"), Purpose::Serve).unwrap();
    Fresh { store: Arc::new(store), _keep: Box::new(directory) }
}

/// Does `act` as often as `times` says, all at once, and gives what came of each.
async fn at_once<T, F>(store: &Arc<dyn Store>, times: u32, act: impl Fn(Arc<dyn Store>, u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..times).map(|number| tokio::spawn(act(Arc::clone(store), number))).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}
