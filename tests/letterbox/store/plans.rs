//! How MongoDB finds letters: along an index, in the order of the list, and no more of them than a page shows.

use letterbox::commands::seed;
use letterbox::models::{Cursor, Folder, ListQuery, Query, Selection};
use letterbox::store::{Messages as _, Store as _};
use mongodb::bson::{Document, doc};

use super::contract::sample::at;
use super::fresh::{drop_mongo, open_mongo};
use crate::support::{block_on, mongod};

const PAGE: u32 = 20;
/// Letters a page may look at: those it shows, one more, and as many at its edges.
const LOOKED_AT: i32 = 2 * PAGE as i32 + 2;

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn no_page_of_a_list_sorts_letters_or_looks_at_more_than_it_shows() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        let store = open_mongo(&url).await;
        seed::fill(&store, 1_500, at(0)).await.unwrap();
        let all = Selection { folders: Folder::ALL.into(), ..Selection::of(Folder::Inbox) };
        let unread = Selection { unread: true, ..Selection::of(Folder::Inbox) };
        let starred = Selection { starred: true, ..all.clone() };
        let word = Selection { search: Query::parse("please").search, ..all.clone() };
        for which in [Selection::of(Folder::Inbox), all, unread, starred, word] {
            let first = ListQuery { which: which.clone(), cursor: None, limit: PAGE };
            let page = store.list_messages(first.clone()).await.unwrap();
            let last = page.items.last().unwrap().id;
            mongod::run(&url, doc! { "profile": 2 });
            for cursor in [None, Some(Cursor::Before(last)), Some(Cursor::After(last))] {
                store.list_messages(ListQuery { cursor, ..first.clone() }).await.unwrap();
            }
            mongod::run(&url, doc! { "profile": 0 });
            let done = profile(&url);
            assert!(done.len() >= 3, "{done:?}");
            for done in done {
                let plan = done.get_str("planSummary").unwrap();
                assert!(plan.starts_with("IXSCAN") && !done.contains_key("hasSortStage"), "{which:?} {done}");
                assert!(done.get_i32("docsExamined").unwrap() <= LOOKED_AT, "{which:?} {done}");
            }
            mongod::run(&url, doc! { "drop": "system.profile" });
        }
        store.close().await;
        drop_mongo(&url).await;
    });
}

/// What the server did to find letters.
fn profile(url: &str) -> Vec<Document> {
    let ns = doc! { "$regex": "\\.messages$" };
    let lists = doc! { "op": "query", "ns": ns, "command.filter.folder": { "$exists": true } };
    let find = doc! { "find": "system.profile", "filter": lists, "batchSize": 1_000 };
    let answer = mongod::run(url, find);
    let batch = answer.get_document("cursor").unwrap().get_array("firstBatch").unwrap().clone();
    batch.into_iter().map(|entry| entry.as_document().unwrap().clone()).collect()
}
