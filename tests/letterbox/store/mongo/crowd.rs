use std::sync::Arc;

use futures_util::FutureExt as _;
use letterbox::models::Timestamp;
use letterbox::store::{Store as _, StoreError};

use super::open;
use crate::support::block_on;
use crate::support::mongod::{Mongod, database_name};

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r59_of_a_crowd_before_a_silent_server_whoever_cannot_be_served_is_told_at_once_and_nobody_waits_for_ever() {
    let server = Mongod::start(&[]);
    block_on(async {
        let store = Arc::new(open(&server.url(&database_name())).await.unwrap());
        server.freeze();
        let mut waiting = Vec::new();
        loop {
            let store = Arc::clone(&store);
            let mut read = Box::pin(async move { store.ping().await });
            // Asked once, and not waited for.
            match (&mut read).now_or_never() {
                None => waiting.push(read),
                Some(Err(StoreError::Busy)) => break,
                Some(outcome) => panic!("{outcome:?}"),
            }
            assert!(waiting.len() < 1_000, "the crowd grows without end");
        }
        assert!(waiting.len() > 100, "only {} may wait", waiting.len());
        for read in waiting {
            let outcome = read.await;
            assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        }
        server.thaw();
        while store.ping().await.is_err() {}
        store.check(Timestamp::from_millis(0)).await.unwrap();
        store.close().await;
        assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))), "closed is closed");
    });
}
