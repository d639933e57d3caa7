//! The API as a stranger's tool sees it, which knows nothing but the description.

use std::process::Command;

use super::Program;
use crate::support::TestApp;

/// Cases for each operation, beside those at its limits; in the deterministic mode they are the same in each run.
const CASES: &str = "5";
/// What holds for every answer, whatever was asked.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,missing_required_header,unsupported_method,ignored_auth";

#[test]
#[ignore = "needs LETTERBOX_TEST_SCHEMATHESIS=/path/to/schemathesis"]
fn every_answer_is_one_that_the_description_foresees() {
    let schemathesis = std::env::var_os("LETTERBOX_TEST_SCHEMATHESIS").unwrap();
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    for subject in ["One", "Two"] {
        program.letter(subject);
    }
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(schemathesis)
        .current_dir(directory.path())
        .args(["run", &app.url("/api/v1/openapi.json"), "--no-color", "--generation-deterministic"])
        .args(["--header", &format!("Authorization: Bearer {}", program.token)])
        .args(["--checks", CHECKS, "--max-examples", CASES, "--request-timeout", "60"])
        .args(["--suppress-health-check", "all", "--exclude-operation-id", "logOut", "--continue-on-failure"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
