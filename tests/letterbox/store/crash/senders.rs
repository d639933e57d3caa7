use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::super::form;
use crate::support::{Binary, Browser};

/// Far more than a letter takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// People who send letters to a server that dies again and again. Whoever got no answer sends the same form again, to
/// the next server.
#[derive(Default)]
pub struct Senders {
    written: Mutex<u32>,
    unanswered: Mutex<Vec<Form>>,
    acknowledged: Mutex<BTreeSet<String>>,
}

/// A letter and the receipt its form carries.
struct Form {
    subject: String,
    receipt: String,
}

impl Senders {
    /// `count` people send letters until `letters` of them were acknowledged and `cut` has taken the server away.
    pub fn send_until(&self, server: Binary, count: usize, letters: u32, cut: impl FnOnce(Binary)) {
        let origin = server.origin.clone();
        std::thread::scope(|scope| {
            let (acknowledged, letters_in) = channel();
            for _ in 0..count {
                let (origin, acknowledged) = (origin.clone(), acknowledged.clone());
                scope.spawn(move || self.send_letters(&Browser::new(origin), &acknowledged));
            }
            drop(acknowledged);
            for _ in 0..letters {
                letters_in.recv_timeout(PATIENCE).expect("a letter that is acknowledged");
            }
            cut(server);
        });
    }

    /// Sends again what was never answered, and checks that nothing is left to send.
    pub fn send_the_rest(&self, server: &Binary) {
        let browser = server.visitor();
        for form in std::mem::take(&mut *lock(&self.unanswered)) {
            assert_eq!(self.post(&browser, &form).unwrap(), 303);
            lock(&self.acknowledged).insert(form.subject);
        }
        assert_eq!(lock(&self.acknowledged).len(), *lock(&self.written) as usize);
    }

    /// Every letter that was acknowledged is in the database, and none is in it twice.
    pub fn check(&self, database: &Path) {
        let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
        let mut select = connection.prepare("SELECT subject, count(*) FROM messages GROUP BY subject").unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let stored: BTreeMap<String, u32> = rows.map(Result::unwrap).collect();
        let twice: Vec<_> = stored.iter().filter(|(_, count)| **count != 1).collect();
        assert!(twice.is_empty(), "stored more than once: {twice:?}");
        let acknowledged = lock(&self.acknowledged);
        let lost: Vec<_> = acknowledged.iter().filter(|subject| !stored.contains_key(*subject)).collect();
        assert!(lost.is_empty(), "{} of {} acknowledged letters are lost: {lost:?}", lost.len(), acknowledged.len());
    }

    /// How many letters were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        lock(&self.acknowledged).len()
    }

    fn send_letters(&self, browser: &Browser, acknowledged: &Sender<()>) {
        while let Some(form) = self.next_form(browser) {
            match self.post(browser, &form) {
                Ok(303) => {
                    lock(&self.acknowledged).insert(form.subject);
                    // Nobody counts any more once the server is being taken away.
                    let _ = acknowledged.send(());
                }
                Ok(503) => lock(&self.unanswered).push(form),
                Ok(status) => panic!("{} was answered {status}", form.subject),
                Err(_) => return lock(&self.unanswered).push(form),
            }
        }
    }

    /// One that was not answered before, or a new one; `None` when the server is gone.
    fn next_form(&self, browser: &Browser) -> Option<Form> {
        if let Some(form) = lock(&self.unanswered).pop() {
            return Some(form);
        }
        let receipt = browser.try_get("/contact").ok()?.hidden("receipt");
        let mut written = lock(&self.written);
        *written += 1;
        Some(Form { subject: format!("Letter {written}"), receipt })
    }

    fn post(&self, browser: &Browser, sent: &Form) -> Result<u16, ureq::Error> {
        let message = format!("{} says the same every time it is sent. ", sent.subject).repeat(20);
        browser.try_post("/contact", &form(&sent.receipt, &sent.subject, &message)).map(|answer| answer.status)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
