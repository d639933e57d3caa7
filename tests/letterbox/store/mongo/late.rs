//! What hung and is carried out late, and what is left so that it does no harm.

use letterbox::models::{Action, Change, ChangeId, EndReason, Role, Target};
use letterbox::store::mongo::MongoStore;
use letterbox::store::{
    KeptSession, Messages as _, Record, RecordKind, Records as _, Sessions as _, Store as _, Tokens as _,
};
use mongodb::bson::{DateTime, Document, doc};

use super::{open, raw};
use crate::store::contract::sample::{add_session, add_user, at, fill, id, stored, token};
use crate::support::{block_on, mongod};

async fn fresh() -> (MongoStore, mongodb::Database) {
    let url = mongod::standalone().url(&mongod::database_name());
    (open(&url).await.unwrap(), raw(&url).await)
}

async fn end(store: MongoStore, database: mongodb::Database) {
    store.check(at(0)).await.unwrap();
    store.close().await;
    database.drop().await.unwrap();
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_token_that_is_inserted_again_after_it_was_revoked_stays_revoked() {
    block_on(async {
        let (store, database) = fresh().await;
        let user = add_user(&store, 1, Role::Owner).await;
        for number in [1, 2] {
            store.add_token(token(number, user)).await.unwrap();
        }
        assert!(store.remove_token(user, token(1, user).id).await.unwrap());
        assert_eq!(store.remove_tokens(user).await.unwrap(), 1);
        for number in [1, 2] {
            store.add_token(token(number, user)).await.unwrap();
            assert!(store.token(token(number, user).id).await.unwrap().is_none());
            assert!(!store.note_token_use(token(number, user).id, at(9), at(8)).await.unwrap());
        }
        assert_eq!(store.list_tokens(user).await.unwrap().len(), 0);
        assert_eq!(store.count_records(RecordKind::Tokens).await.unwrap(), 0);
        assert_eq!(store.read_records(RecordKind::Tokens, None, 9).await.unwrap().len(), 0);
        let marks = database.collection::<Document>("tokens");
        let mark = marks.find_one(doc! {}).await.unwrap().unwrap();
        let mut fields: Vec<_> = mark.keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["_id", "revoked", "revoked_at", "user"], "nothing of the secret is left");
        // A mark is no token that is forgotten, and goes after an hour.
        assert_eq!(store.forget_tokens(at(0)).await.unwrap(), 0);
        assert_eq!(marks.count_documents(doc! {}).await.unwrap(), 2);
        let long_ago = doc! { "$set": { "revoked_at": DateTime::from_millis(0) } };
        marks.update_one(doc! { "_id": mark.get("_id").unwrap() }, long_ago).await.unwrap();
        assert_eq!(store.forget_tokens(at(0)).await.unwrap(), 0);
        assert_eq!(marks.count_documents(doc! {}).await.unwrap(), 1);
        end(store, database).await;
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_session_that_is_put_over_one_whose_alarm_was_told_is_as_it_was_put_also_the_second_time() {
    block_on(async {
        let (store, database) = fresh().await;
        let user = add_user(&store, 1, Role::Owner).await;
        let session = add_session(&store, 1, user).await;
        assert!(store.end_session(session, EndReason::TokenReused, at(1)).await.unwrap());
        assert!(store.take_reuse_alarm(user).await.unwrap());
        assert!(!store.take_reuse_alarm(user).await.unwrap());
        let kept = KeptSession { session: stored(&store, session).await, alarm: true };
        for _ in 0..2 {
            store.put_records(vec![Record::Session(kept.clone())]).await.unwrap();
            let read = store.read_records(RecordKind::Sessions, None, 9).await.unwrap();
            assert!(matches!(&read[..], [Record::Session(read)] if read.alarm && read.session == kept.session));
            assert!(store.take_reuse_alarm(user).await.unwrap());
        }
        end(store, database).await;
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn letters_of_many_versions_are_changed_and_changed_back_together_and_an_undoing_counts_once() {
    block_on(async {
        let (store, database) = fresh().await;
        fill(&store, 1..=6).await;
        for (number, times) in [(2, 1), (3, 2), (4, 3)] {
            for time in 0..times {
                assert!(store.set_read(id(number), time % 2 == 0).await.unwrap());
            }
        }
        let letters = (1..=6).map(|number| Target { id: id(number), seen_in: None }).collect();
        let change = Change { id: ChangeId::from_bytes([7; 16]), letters, action: Action::Archive, now: at(5) };
        assert_eq!(store.change_messages(change.clone()).await.unwrap().changed, 6);
        // Reading is no change that can be undone, nor does it stand in the way of undoing one.
        assert!(store.set_read(id(1), true).await.unwrap());
        assert_eq!(store.undo_change(change.id, at(6)).await.unwrap(), 6);
        assert_eq!(store.undo_change(change.id, at(7)).await.unwrap(), 0);
        assert_eq!(store.count_folders().await.unwrap()[0].total, 6);
        let versions = database.collection::<Document>("messages").distinct("version", doc! {}).await.unwrap();
        assert_eq!(versions.len(), 4, "{versions:?}");
        end(store, database).await;
    });
}
