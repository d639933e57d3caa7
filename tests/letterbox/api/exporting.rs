//! Letters as a file, for programs.

use serde_json::{Value, json};

use super::{Program, problem};
use crate::support::{OWNER, TestApp};

#[test]
fn an_export_is_that_of_the_page_and_a_line_of_it_is_a_letter_of_the_api() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let id = program.letter("Engines");
    program.letter("Other");
    program.send("PATCH", &format!("/messages/{id}"), &json!({"starred": true}));
    let page = app.log_in(OWNER);
    for format in ["csv", "jsonl", "mbox"] {
        let answer = program.get(&format!("/messages/export?format={format}&starred=1"));
        assert_eq!(answer.status, 200);
        let same = page.get(&format!("/messages/export?format={format}&starred=1"));
        assert_eq!(answer.text(), same.text());
        for header in ["content-type", "content-disposition"] {
            assert_eq!(answer.header(header), same.header(header));
        }
    }
    let lines = program.get("/messages/export?format=jsonl&starred=true").text();
    let line: Value = serde_json::from_str(lines.trim_end()).unwrap();
    assert_eq!(line, program.stored(&id));
    assert_eq!(program.ask("HEAD", "/messages/export", &[], b"").status, 200);
}

#[test]
fn an_export_is_refused_to_who_takes_no_such_file() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let ask = |format: &str, accept| {
        program.ask("GET", &format!("/messages/export?format={format}"), &[("accept", accept)], b"")
    };
    for (format, accept) in [("csv", "text/csv"), ("jsonl", "*/*"), ("mbox", "application/*")] {
        assert_eq!(ask(format, accept).status, 200);
    }
    for (format, accept) in [("csv", "application/json"), ("jsonl", "*/*;q=0"), ("mbox", "text/*")] {
        problem(&ask(format, accept), 406);
    }
}
