use super::super::{ask, form, receipt, send};
use super::strace::Traced;
use crate::support::Binary;

#[test]
#[ignore = "needs strace"]
fn r52_after_a_failed_sync_nothing_is_acknowledged_until_the_database_was_checked() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("data/letterbox.db");
    // The schema is there already: making it would be the first to meet the fault.
    Binary::start(directory.path(), &[]).kill();
    // Calls are counted for each thread: the writer's first syncs succeed, then the disk is away for a while.
    let fault = "inject=fdatasync,fsync:error=EIO:when=4..9";
    let traced = Traced::start(directory.path(), &["-e", "trace=fdatasync,fsync", "-e", fault]);
    let browser = traced.server.visitor();

    let mut answers = Vec::new();
    for number in 0..20 {
        let (receipt, subject) = (receipt(&browser), format!("Letter {number}"));
        let letter = form(&receipt, &subject, "What I had to say");
        let answer = browser.post("/contact", &letter);
        if answer.status == 503 {
            let page = answer.text();
            assert!(page.contains("What I had to say") && page.contains(&receipt), "the text is kept: {page}");
            assert!(!answer.header("retry-after").is_empty());
            assert_eq!(browser.get("/contact").status, 200, "the page is still there");
        }
        answers.push((receipt, subject, answer.status));
    }
    let statuses: Vec<u16> = answers.iter().map(|(_, _, status)| *status).collect();
    let trouble: Vec<u16> = statuses.iter().copied().skip_while(|status| *status == 303).collect();
    let away = trouble.iter().take_while(|status| **status == 503).count();
    assert!(statuses[0] == 303 && away > 1 && statuses[19] == 303, "{statuses:?}");
    assert!(trouble[away..].iter().all(|status| *status == 303), "once it was checked it works again: {statuses:?}");
    let log = traced.log();
    let [failed, checked] = ["the disk failed", "opened anew and checked"].map(|words| log.find(words).expect(words));
    assert!(failed < checked, "{log}");

    for (receipt, subject, _) in &answers {
        assert_eq!(browser.post("/contact", &form(receipt, subject, "What I had to say")).status, 303);
    }
    assert_eq!(send(&traced.server, "One more").status, 303);
    traced.server.kill();
    assert_eq!(ask::<u32>(&database, "SELECT count(*) FROM messages"), 21, "each letter once");
    assert_eq!(ask::<u32>(&database, "SELECT count(DISTINCT subject) FROM messages"), 21);
    assert_eq!(ask::<String>(&database, "PRAGMA integrity_check"), "ok");
}
