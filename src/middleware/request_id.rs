//! The number of a request, by which a person who reports an error and the log speak of the same thing.

use std::cell::RefCell;

use uuid::Builder;

use crate::models::Timestamp;

/// Random bytes in one number.
const RANDOM: usize = 10;
/// Numbers for which the system is asked for random bytes at once: asking costs as much as all the rest of a number.
const AT_ONCE: usize = 64;

/// Random bytes that nobody has used yet; the last ones first.
struct Stock {
    bytes: [u8; RANDOM * AT_ONCE],
    left: usize,
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; RANDOM * AT_ONCE], left: 0 }) };
}

/// A number that no other request has had: a UUID of version 7 (RFC 9562, section 5.7) in 32 hexadecimal digits.
pub(super) fn new(now: Timestamp) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    let random = STOCK.with_borrow_mut(Stock::take);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid().simple().to_string()
}

impl Stock {
    fn take(&mut self) -> [u8; RANDOM] {
        if self.left == 0 {
            // Without new ones the old ones serve again: with the time before them they still tell requests apart.
            let _ = getrandom::fill(&mut self.bytes);
            self.left = AT_ONCE;
        }
        self.left -= 1;
        let mut random = [0; RANDOM];
        random.copy_from_slice(&self.bytes[self.left * RANDOM..][..RANDOM]);
        random
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_requests_have_the_same_number() {
        let numbers: BTreeSet<String> =
            (0..AT_ONCE * 10).map(|_| new(Timestamp::from_millis(1_764_000_000_000))).collect();
        assert_eq!(numbers.len(), AT_ONCE * 10);
        assert!(numbers.iter().all(|number| number.len() == 32 && &number[12..13] == "7"));
    }
}
