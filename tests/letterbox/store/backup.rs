use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::{UNLIMITED, ask, eventually, form, receipt};
use crate::support::{Binary, Output, letterbox};

/// Ends what goes on beside a test when that is over, however it ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn r56_a_backup_made_while_letters_come_holds_all_that_came_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[UNLIMITED]);
    let (written, acknowledged, over) = (AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let browser = server.visitor();
                while !over.load(Ordering::SeqCst) {
                    // Who loads the page in the same second has the same receipt; the same letter with it would be one.
                    let subject = written.fetch_add(1, Ordering::SeqCst).to_string();
                    let answer = browser.post("/contact", &form(&receipt(&browser), &subject, "Hello"));
                    assert_eq!(answer.status, 303);
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let _over = Over(&over);
        for round in 0..3 {
            let before = acknowledged.load(Ordering::SeqCst);
            eventually("more letters", || (acknowledged.load(Ordering::SeqCst) >= before + 20).then_some(()));
            let before = acknowledged.load(Ordering::SeqCst);
            let name = format!("copy {round}.db");
            let output = Output::of(letterbox(directory.path(), &[]).args(["backup", &name]), "");
            assert_eq!(output.code, 0, "{}", output.stderr);
            let copy = directory.path().join(name);
            assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(ask::<String>(&copy, "PRAGMA integrity_check"), "ok");
            let there: u32 = ask(&copy, "SELECT count(*) FROM messages");
            assert!(there >= before, "{there} of {before}");
        }
    });
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.map(|name| name.into_string().unwrap()).filter(|name| name.contains("partial")).collect();
    assert!(names.is_empty(), "nothing unfinished is left: {names:?}");
}

#[test]
fn r56_a_backup_never_overwrites_and_can_be_served_from() {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[UNLIMITED]);
    assert_eq!(super::send(&server, "Hello").status, 303);
    let backup = || Output::of(letterbox(directory.path(), &[]).args(["backup", "copy.db"]), "");
    assert_eq!(backup().code, 0);
    let copy = directory.path().join("copy.db");
    let first = std::fs::read(&copy).unwrap();
    let second = backup();
    assert_eq!(second.code, 1);
    assert!(second.stderr.contains("never overwrites"), "{}", second.stderr);
    assert_eq!(std::fs::read(&copy).unwrap(), first);
    server.kill();

    let server = Binary::start(directory.path(), &[UNLIMITED, ("DATABASE_URL", "sqlite:copy.db")]);
    assert_eq!(super::send(&server, "Hello again").status, 303);
    assert_eq!(ask::<u32>(&copy, "SELECT count(*) FROM messages"), 2);
}
