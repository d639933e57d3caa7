//! What README says about the API is run as it stands there.

use std::process::Command;

use super::{Program, letter};
use crate::support::{OWNER, PASSWORD, TestApp};

#[test]
#[ignore = "needs curl"]
fn the_lines_of_readme_log_in_list_search_and_archive() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let section = readme.split("\n## The API\n").nth(1).unwrap();
    let script = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    program.send("POST", "/messages", &letter("Other"));
    let id = program.letter("Rye bread");
    let script = script
        .replace("http://127.0.0.1:8080", &app.url(""))
        .replace("you@example.com", OWNER)
        .replace("your password", PASSWORD);
    let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
    let (said, wrong) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && wrong.is_empty(), "{said}\n{wrong}");
    assert!(
        said.contains(&format!("\"id\":\"{id}\"")) && said.contains("{\"folder\":\"archive\",\"total\":1"),
        "{said}"
    );
    let archived = program.stored(&id);
    assert_eq!((&archived["folder"], &archived["read"]), (&"archive".into(), &true.into()));
}
