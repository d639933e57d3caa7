//! Two stores side by side, in the order of the names.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;

use indicatif::ProgressBar;

use crate::store::{Record, RecordId, RecordKind, Records, Result};

/// Records read, or written, at once. A letter has at most some 40 KB, so this is what bounds the memory.
const BATCH: u32 = 500;

/// The records of one kind in one store, read batch by batch.
pub(super) struct Stream<'a> {
    store: &'a dyn Records,
    kind: RecordKind,
    waiting: VecDeque<Record>,
    last: Option<RecordId>,
    ended: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn of(store: &'a dyn Records, kind: RecordKind) -> Self {
        Self { store, kind, waiting: VecDeque::new(), last: None, ended: false }
    }

    /// The next record, which stays where it is.
    async fn peek(&mut self) -> Result<Option<&Record>> {
        if self.waiting.is_empty() && !self.ended {
            let batch = self.store.read_records(self.kind, self.last, BATCH).await?;
            self.ended = batch.len() < BATCH as usize;
            self.last = batch.last().map(Record::id).or(self.last);
            self.waiting = batch.into();
        }
        Ok(self.waiting.front())
    }

    /// The next record.
    pub(super) async fn next(&mut self) -> Result<Option<Record>> {
        self.peek().await?;
        Ok(self.waiting.pop_front())
    }
}

/// What stands under one name in two stores.
enum Pair {
    /// The source alone has it.
    Missing(Record),
    /// The target alone has it.
    Extra(Record),
    /// Both have it, in two versions; the source's is this.
    Differing(Record),
    /// Both have the same.
    Same,
}

async fn next_pair(source: &mut Stream<'_>, target: &mut Stream<'_>) -> Result<Option<Pair>> {
    let order = match (source.peek().await?, target.peek().await?) {
        (None, None) => return Ok(None),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(left), Some(right)) => left.id().cmp(&right.id()),
    };
    let left = if order.is_le() { source.next().await? } else { None };
    let right = if order.is_ge() { target.next().await? } else { None };
    Ok(match (left, right) {
        (Some(left), None) => Some(Pair::Missing(left)),
        (None, Some(right)) => Some(Pair::Extra(right)),
        (Some(left), Some(right)) if left.canonical() == right.canonical() => Some(Pair::Same),
        (Some(left), Some(_)) => Some(Pair::Differing(left)),
        (None, None) => None,
    })
}

/// What a store holds that another one does not, for each kind of record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Records under names that the other store does not know.
    pub extra: [u64; RecordKind::ALL.len()],
    /// Records that read otherwise in the other store.
    pub differing: [u64; RecordKind::ALL.len()],
}

impl Differences {
    /// Whether there is any.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |counts: &[u64], what: &str| {
            let some = RecordKind::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0);
            let some: Vec<_> = some.map(|(kind, count)| format!("{count} {}", kind.as_str())).collect();
            if some.is_empty() { None } else { Some(format!("{} that {what}", some.join(", "))) }
        };
        let parts = [told(&self.extra, "FROM does not have"), told(&self.differing, "differ from those of FROM")];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", and "))
    }
}

/// Looks for what the target holds and the source does not. With `overwrite`, records whose names the source does not
/// know are deleted from the target: they could stand in the way, as two users with one address would.
///
/// # Errors
/// Those of the stores.
pub async fn compare(
    source: &dyn Records,
    target: &dyn Records,
    overwrite: bool,
    bar: &ProgressBar,
) -> Result<Differences> {
    let mut found = Differences::default();
    for (place, kind) in RecordKind::ALL.into_iter().enumerate() {
        let (mut left, mut right) = (Stream::of(source, kind), Stream::of(target, kind));
        let mut doomed = Vec::new();
        while let Some(pair) = next_pair(&mut left, &mut right).await? {
            bar.inc(if matches!(pair, Pair::Same | Pair::Differing(_)) { 2 } else { 1 });
            match pair {
                Pair::Extra(record) => {
                    found.extra[place] += 1;
                    doomed.push(record.id());
                }
                Pair::Differing(_) => found.differing[place] += 1,
                Pair::Missing(_) | Pair::Same => {}
            }
            if doomed.len() == BATCH as usize {
                drop_records(target, kind, &mut doomed, overwrite).await?;
            }
        }
        drop_records(target, kind, &mut doomed, overwrite).await?;
    }
    Ok(found)
}

async fn drop_records(target: &dyn Records, kind: RecordKind, ids: &mut Vec<RecordId>, really: bool) -> Result<()> {
    let ids = std::mem::take(ids);
    if really && !ids.is_empty() { target.drop_records(kind, ids).await } else { Ok(()) }
}

/// Puts every record of the source that the target does not have, or has otherwise, into the target; says how many.
///
/// # Errors
/// Those of the stores.
pub async fn transfer(source: &dyn Records, target: &dyn Records, bar: &ProgressBar) -> Result<u64> {
    let mut written = 0;
    for kind in RecordKind::ALL {
        let (mut left, mut right) = (Stream::of(source, kind), Stream::of(target, kind));
        let mut batch = Vec::new();
        while let Some(pair) = next_pair(&mut left, &mut right).await? {
            match pair {
                Pair::Missing(record) | Pair::Differing(record) => batch.push(record),
                Pair::Same => bar.inc(1),
                Pair::Extra(_) => {}
            }
            if batch.len() == BATCH as usize {
                written += put(target, &mut batch, bar).await?;
            }
        }
        written += put(target, &mut batch, bar).await?;
    }
    Ok(written)
}

async fn put(target: &dyn Records, batch: &mut Vec<Record>, bar: &ProgressBar) -> Result<u64> {
    let batch = std::mem::take(batch);
    let count = batch.len() as u64;
    if count > 0 {
        target.put_records(batch).await?;
    }
    bar.inc(count);
    Ok(count)
}
