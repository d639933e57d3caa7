use super::senders::Senders;
use crate::support::Binary;

const ROUNDS: u32 = 50;
const CLIENTS: usize = 16;

/// One thread of the server, so that it can be killed in the midst of anything on small machines too.
const SETTINGS: [(&str, &str); 2] = [("CONTACT_PER_MINUTE", "0"), ("RUST_LOG", "error")];

#[test]
#[ignore = "needs a minute"]
fn r47_fifty_kills_lose_no_acknowledged_letter_and_double_none() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("data/letterbox.db");
    let senders = Senders::default();
    for round in 0..ROUNDS {
        let server = Binary::start(directory.path(), &SETTINGS);
        if round > 0 {
            senders.check(&database);
        }
        // Another moment of the server's life each time, from its very first letters on.
        senders.send_until(server, CLIENTS, round * 7 % 80 + 1, Binary::kill);
    }
    let server = Binary::start(directory.path(), &SETTINGS);
    senders.send_the_rest(&server);
    senders.check(&database);
    assert!(senders.acknowledged() > 50 * 16, "{}", senders.acknowledged());
}
