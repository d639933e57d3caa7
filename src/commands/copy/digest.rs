//! Whether two stores hold the same: every record of both, read anew and hashed in the order of the names.

use std::fmt;

use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

use super::walk::Stream;
use crate::store::{RecordKind, Records, Result};

/// How many records of each kind a store holds, and the SHA-256 of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests([(u64, [u8; 32]); RecordKind::ALL.len()]);

impl Digests {
    /// Reads the whole store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(store: &dyn Records, bar: &ProgressBar) -> Result<Self> {
        let mut digests = [(0, [0; 32]); RecordKind::ALL.len()];
        for (kind, digest) in RecordKind::ALL.into_iter().zip(&mut digests) {
            let (mut count, mut hash) = (0, Sha256::new());
            let mut records = Stream::of(store, kind);
            while let Some(record) = records.next().await? {
                let bytes = record.canonical();
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(&bytes);
                count += 1;
                bar.inc(1);
            }
            *digest = (count, hash.finalize().into());
        }
        Ok(Self(digests))
    }

    /// In words, what is not the same here and there.
    pub(super) fn unlike(&self, other: &Self) -> String {
        let kinds = RecordKind::ALL.into_iter().zip(self.0.iter().zip(&other.0));
        let unlike = kinds.filter(|(_, (here, there))| here != there).map(|(kind, (here, there))| {
            if here.0 == there.0 {
                format!("{} {} with other content", here.0, kind.as_str())
            } else {
                format!("{} {} in FROM and {} in TO", here.0, kind.as_str(), there.0)
            }
        });
        unlike.collect::<Vec<_>>().join(", ")
    }
}

/// One line for each kind.
impl fmt::Display for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (kind, (count, hash))) in RecordKind::ALL.into_iter().zip(&self.0).enumerate() {
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            write!(f, "{}{:9} {count:>9}  SHA-256 {hash}", if place == 0 { "" } else { "\n" }, kind.as_str())?;
        }
        Ok(())
    }
}

/// Reads both stores, the two at once.
///
/// # Errors
/// Those of the stores.
pub async fn verify(source: &dyn Records, target: &dyn Records, bar: &ProgressBar) -> Result<(Digests, Digests)> {
    let (left, right) = tokio::join!(Digests::of(source, bar), Digests::of(target, bar));
    Ok((left?, right?))
}
