//! The API as a stranger's tool sees it, which knows nothing but the description and tries everything: what keeps the
//! rules, what breaks them, and one thing after the other along the links.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, Binary, Output, PASSWORD, letterbox, mongod};

/// Every check there is, with the answers that are right.
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/letterbox/api/schemathesis.toml");
/// Whom the description has as an example of a login, which therefore succeeds.
const EXAMPLE: &str = "you@example.com";
/// Seconds that one run may take: an access token is good for longer.
const AT_MOST: &str = "800";
/// Requests of one run; some 900 are made.
const AT_LEAST: u64 = 600;
/// Operations that must have done what they are for: all but the description itself, which is not asked for twice.
const OPERATIONS: usize = 13;
/// Refusals for want of time that leave enough of a run.
const RARELY: usize = 20;
/// Runs, when the machine is too busy to serve one of them.
const RUNS: usize = 4;

type Settings = Vec<(&'static str, String)>;

#[test]
#[ignore = "needs LETTERBOX_TEST_SCHEMATHESIS=/path/to/schemathesis"]
fn no_answer_contradicts_the_description_on_sqlite() {
    explore(Settings::new);
}

#[test]
#[ignore = "needs LETTERBOX_TEST_SCHEMATHESIS=/path/to/schemathesis and a mongod: LETTERBOX_TEST_MONGOD"]
fn no_answer_contradicts_the_description_on_mongodb() {
    explore(|| {
        let url = mongod::standalone().url(&mongod::database_name());
        vec![("DATABASE_URL", url), ("SECRET_KEY", "Zk3vN8qT1wXy7RbP5cLm9HsJ2dFg4KaE".to_owned())]
    });
}

/// One run without a fault. Faults count unless the store had too much to do meanwhile and said so.
fn explore(settings: impl Fn() -> Settings) {
    let mut faults = Vec::new();
    for _ in 0..RUNS {
        let house = House::open(settings());
        let Err(fault) = house.explore() else { return };
        assert!(house.turned_away() > 0, "{fault}");
        faults.push(fault);
    }
    panic!("the store was too busy in each of {RUNS} runs: {faults:#?}");
}

/// The started program on an empty store, with one owner.
struct House {
    directory: TempDir,
    process: Binary,
}

impl House {
    fn open(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let usual = [("CONTACT_PER_MINUTE", "0"), ("RUST_LOG", "warn,letterbox=info")];
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).chain(usual).collect();
        let command = || letterbox(directory.path(), &settings);
        let add = ["user", "add", EXAMPLE, "--role", "owner", "--password-stdin"];
        let added = Output::of(command().args(add), PASSWORD);
        assert_eq!(added.code, 0, "{}", added.stderr);
        let log = File::create(directory.path().join("log")).unwrap();
        let process = Binary::start_command(command().stderr(log));
        Self { process, directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Requests that were refused because the store did not answer in time.
    fn turned_away(&self) -> usize {
        std::fs::read_to_string(self.path("log")).unwrap().matches(" status=503 ").count()
    }

    /// An access token of a session of its own.
    fn log_in(&self) -> Result<String, String> {
        let body = json!({"email": EXAMPLE, "password": PASSWORD}).to_string();
        let headers = [("content-type", "application/json")];
        let answer: Answer = self.process.visitor().send("POST", "/api/v1/auth/login", &headers, body.as_bytes());
        let token = answer.json()["access_token"].as_str().map(str::to_owned);
        token.ok_or_else(|| format!("no login: {}", answer.text()))
    }

    /// Lets the stranger in, and says what is wrong by its judgement, or if it has not seen enough to judge.
    fn explore(&self) -> Result<(), String> {
        let schemathesis = std::env::var_os("LETTERBOX_TEST_SCHEMATHESIS").expect("LETTERBOX_TEST_SCHEMATHESIS");
        let output = Command::new("timeout")
            .current_dir(self.directory.path())
            .args(["--kill-after=10", AT_MOST])
            .arg(schemathesis)
            .args(["--config-file", CONFIG, "run", "--no-color"])
            .arg(format!("{}/api/v1/openapi.json", self.process.origin))
            .env("LETTERBOX_ACCESS_TOKEN", self.log_in()?)
            .env("LETTERBOX_OTHER_ACCESS_TOKEN", self.log_in()?)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        if !output.status.success() {
            return Err(format!("{}\n{said}", output.status));
        }
        let report: Value = serde_json::from_slice(&std::fs::read(self.path("report.json")).unwrap()).unwrap();
        let turned_away = self.turned_away();
        if is_thorough(&report) && turned_away <= RARELY {
            Ok(())
        } else {
            Err(format!("503: {turned_away}\n{report:#}\n{said}"))
        }
    }
}

/// Whether everything was tried, and everything succeeded at least once.
fn is_thorough(report: &Value) -> bool {
    let phases = ["examples", "coverage", "fuzzing", "stateful"];
    let all_done = phases.iter().all(|phase| report["phases"][phase]["status"] == "success");
    let accepted = |operation: &Value| {
        operation.as_object().unwrap().values().filter_map(|phase| phase["accepted"].as_u64()).sum::<u64>()
    };
    let succeeded = report["valid_rates"].as_object().unwrap().values().filter(|rates| accepted(rates) > 0).count();
    let cases = report["test_cases"]["generated"].as_u64().unwrap();
    report["stop_reason"] == "completed" && all_done && succeeded == OPERATIONS && cases >= AT_LEAST
}
