//! Tells of most keys that there is no letter with them, without a look into their table.
//!
//! Nearly every letter is a new one, and its key would be looked for in vain, each on another page of the table. A bit says
//! whether any key that is there begins alike: a Bloom filter with one hash function, the key, which is a hash itself.

use rusqlite::Connection;

use crate::models::DeliveryKey;
use crate::store::sqlite::bytes;

/// Of so many bits at the beginning of a key: 2 MB. When there are a million keys, 6 of 100 others begin like one of
/// them; when there are ten million, 45 do.
const BITS: u32 = 24;

/// Knows nothing at first.
#[derive(Default)]
pub(super) struct Filter {
    marks: Vec<u64>,
    known: Known,
}

/// The keys of the table that are marked.
#[derive(Default)]
enum Known {
    #[default]
    Nothing,
    UpTo(DeliveryKey),
    All,
}

impl Filter {
    /// Whether it has yet to begin.
    pub(super) fn knows_nothing(&self) -> bool {
        matches!(self.known, Known::Nothing)
    }

    /// Begins with the keys that wait.
    pub(super) fn begin<'a>(&mut self, waiting: impl Iterator<Item = &'a DeliveryKey>) {
        self.marks = vec![0; 1 << (BITS - u64::BITS.trailing_zeros())];
        waiting.for_each(|key| self.mark(*key));
    }

    /// Marks the next keys of the table, at most so many, until all are.
    pub(super) fn learn_some(&mut self, connection: &Connection, together: usize) -> rusqlite::Result<()> {
        let mut last = match self.known {
            Known::All => return Ok(()),
            Known::Nothing => None,
            Known::UpTo(key) => Some(key),
        };
        // All keys are above the empty one.
        let after = last.as_ref().map_or(&[][..], |key: &DeliveryKey| key.as_bytes());
        let mut select =
            connection.prepare_cached("SELECT key FROM delivery_keys WHERE key > ?1 ORDER BY key LIMIT ?2")?;
        let mut rows = select.query((after, together))?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let key = DeliveryKey::from_bytes(bytes(row, 0)?);
            self.mark(key);
            (last, read) = (Some(key), read + 1);
        }
        self.known = match last {
            Some(last) if read == together => Known::UpTo(last),
            _ => Known::All,
        };
        Ok(())
    }

    /// Marks a key that comes. It does no harm if it goes again.
    pub(super) fn mark(&mut self, key: DeliveryKey) {
        let (word, bit) = place(key);
        if let Some(word) = self.marks.get_mut(word) {
            *word |= bit;
        }
    }

    /// Whether there is no such key, for certain.
    pub(super) fn is_absent(&self, key: DeliveryKey) -> bool {
        let (word, bit) = place(key);
        matches!(self.known, Known::All) && self.marks.get(word).is_some_and(|word| word & bit == 0)
    }

    /// Somebody else may have put keys into the table.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

fn place(key: DeliveryKey) -> (usize, u64) {
    let [first, second, third, fourth, ..] = *key.as_bytes();
    let beginning = u32::from_be_bytes([first, second, third, fourth]) >> (u32::BITS - BITS);
    ((beginning / u64::BITS) as usize, 1 << (beginning % u64::BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(beginning: u32) -> DeliveryKey {
        DeliveryKey::from_bytes((u128::from(beginning) << (u128::BITS - BITS) | 1).to_be_bytes())
    }

    #[test]
    fn only_who_knows_all_keys_says_that_one_is_absent() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE delivery_keys (key BLOB PRIMARY KEY) WITHOUT ROWID").unwrap();
        for beginning in [0, 1, 63, 64, (1 << BITS) - 1] {
            connection.execute("INSERT INTO delivery_keys VALUES (?1)", [key(beginning).as_bytes()]).unwrap();
        }
        let (mut filter, waits) = (Filter::default(), key(100));
        for _ in 0..2 {
            for _ in 0..3 {
                assert!(!filter.is_absent(key(2)), "not yet known for certain");
                if filter.knows_nothing() {
                    filter.begin([&waits].into_iter());
                }
                filter.learn_some(&connection, 2).unwrap();
            }
            for beginning in [0, 1, 63, 64, 100, (1 << BITS) - 1] {
                assert!(!filter.is_absent(key(beginning)), "{beginning} is there");
            }
            for beginning in [2, 62, 65, 99, (1 << BITS) - 2] {
                assert!(filter.is_absent(key(beginning)), "{beginning} is not");
            }
            filter.mark(key(65));
            assert!(!filter.is_absent(key(65)));
            filter.forget();
        }
    }
}
