//! Nothing to agree on: the file has one process that serves it.

use async_trait::async_trait;

use super::SqliteStore;
use crate::models::{ActKey, Admission, Job, ProcessId, Quota, Timestamp};
use crate::store::{Coordination, Result};

#[async_trait]
impl Coordination for SqliteStore {
    async fn count_act(&self, _key: ActKey, _quota: Quota, _now: Timestamp) -> Result<Option<Admission>> {
        Ok(None)
    }

    async fn claim(&self, _job: Job, _holder: ProcessId, _until: Timestamp, _now: Timestamp) -> Result<bool> {
        Ok(true)
    }
}
