//! The whole database is away, or the network hangs, whole or in part (R39, R58): visitors keep their text, and all is well again by
//! itself when the database is back.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::super::{eventually, form, receipt};
use super::{DONE, House};
use crate::support::mongod::Mongod;
use crate::support::{Binary, Browser, Proxy, encode};

/// Every request is answered in 20 s, on a machine that has nothing else to do.
const LIMIT: Duration = Duration::from_secs(60);
const NAME: &str = "letters";

/// A server of its own, a network in front of it, and a Letterbox that has just taken a letter.
fn behind_a_network() -> (Mongod, Proxy, House, Binary) {
    let mongod = Mongod::start(&[]);
    let network = Proxy::to(mongod.port);
    let house = House::on(format!("mongodb://127.0.0.1:{}/{NAME}?directConnection=true", network.port), &[]);
    let process = house.process("log");
    eventually("the work in the background", || house.logged("log", DONE).then_some(()));
    let browser = process.visitor();
    assert_eq!(browser.post("/contact", &form(&receipt(&browser), "Before", "Hello")).status, 303);
    (mongod, network, house, process)
}

fn in_time<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let outcome = act();
    assert!(start.elapsed() < LIMIT, "{what} took {:?}", start.elapsed());
    outcome
}

/// What people see while nothing answers; gives the receipt of the letter that could not be stored.
fn people_keep_their_text(browser: &Browser) -> String {
    let ready = in_time("readiness", || browser.get("/readyz"));
    assert_eq!((ready.status, browser.get("/healthz").status), (503, 200));
    let page = in_time("the form", || browser.get("/contact"));
    assert_eq!(page.status, 200);
    let receipt = page.hidden("receipt");
    let answer = in_time("a letter", || browser.post("/contact", &form(&receipt, "Meanwhile", "Text <that> is kept")));
    let text = answer.text();
    assert_eq!(answer.status, 503, "{text}");
    assert!(text.contains("Text &#60;that&#62; is kept</textarea>") && text.contains("value=\"Meanwhile\""), "{text}");
    assert_eq!((answer.hidden("receipt"), answer.header("retry-after")), (receipt.clone(), "5"));
    assert_eq!(in_time("the login", || browser.post("/login", &[("email", "a@b.c"), ("password", "x")])).status, 503);
    receipt
}

/// The database is back: the same form is taken, once.
fn all_is_well_again(house: &House, browser: &Browser, receipt: &str) {
    eventually("readiness", || (browser.get("/readyz").status == 200).then_some(()));
    eventually("a letter that is taken", || {
        let answer = browser.post("/contact", &form(receipt, "Meanwhile", "Text <that> is kept"));
        (answer.status == 303).then_some(())
    });
    assert_eq!((house.letters("Before"), house.letters("Meanwhile")), (1, 1));
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r58_while_the_network_hangs_the_text_is_kept_and_after_it_all_is_well_by_itself() {
    let (_mongod, network, house, process) = behind_a_network();
    let browser = process.visitor();
    network.hold();
    let receipt = people_keep_their_text(&browser);
    network.release();
    all_is_well_again(&house, &browser, &receipt);
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r58_while_the_database_is_down_the_text_is_kept_and_after_it_all_is_well_by_itself() {
    let (mut mongod, _network, house, process) = behind_a_network();
    let browser = process.visitor();
    mongod.signal(Signal::KILL);
    let receipt = people_keep_their_text(&browser);
    mongod.restart();
    all_is_well_again(&house, &browser, &receipt);
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r58_a_connection_that_falls_silent_with_a_letter_while_others_work_costs_no_letter() {
    let (_mongod, network, house, process) = behind_a_network();
    let browser = process.visitor();
    // The second try has some seconds, in which a very busy machine may not come to it.
    let taken = (1..=5).any(|round| {
        let (receipt, subject) = (receipt(&browser), format!("Silence {round}"));
        network.silence_with(&subject);
        let answer = in_time("a letter", || browser.post("/contact", &form(&receipt, &subject, "Hello")));
        assert!([303, 503].contains(&answer.status), "{}", answer.text());
        network.has_silenced() && answer.status == 303 && house.letters(&subject) == 1
    });
    assert!(taken, "a letter is never tried again beside the connection that fell silent with it");
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r39_a_client_that_resets_its_connection_does_not_cut_what_was_begun() {
    let (_mongod, network, house, process) = behind_a_network();
    let receipt = receipt(&process.visitor());
    let body = encode(&form(&receipt, "Cut off", "Said and gone"));
    network.hold();
    let mut wire = TcpStream::connect(process.origin.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /contact HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    wire.write_all((head + &body).as_bytes()).unwrap();
    eventually("the letter on its way to the database", || network.holds("Said and gone").then_some(()));
    // With nothing left to wait for, closing sends a reset.
    rustix::net::sockopt::set_socket_linger(&wire, Some(Duration::ZERO)).unwrap();
    drop(wire);
    network.release();
    eventually("the letter", || (house.letters("Cut off") == 1).then_some(()));
}
