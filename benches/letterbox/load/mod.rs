//! Load from `wrk`, which takes little of the machine for itself. A run in which anything went wrong is no result.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::client::Client;
use crate::measure::{Plan, Spread};
use crate::process::Server;

/// Connections that ask at once.
pub const CONNECTIONS: usize = 64;
/// How long a server has to be at rest.
const REST: Duration = Duration::from_millis(150);
/// The letter that is sent, as a form sends it, but for its receipt.
const LETTER: &str = "name=Ada+Lovelace&email=ada%40example.com&subject=Engines&message=Could+you+please+tell+me+when+\
                      the+workshop+opens+again%3F+I+read+your+article+about+garden+chairs+and+have+a+question.";
/// As long as a receipt of Letterbox.
const NO_RECEIPT: &str = "0000000000000000000000000000000000000000000";
/// Each run counts its letters from its own number.
const LETTERS_OF_A_RUN: u64 = 1 << 22;
static RUNS: AtomicU64 = AtomicU64::new(0);
const LOAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/letterbox/load/load.lua");
const LETTERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/letterbox/load/letters.lua");
const FLOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/letterbox/load/flood.lua");

/// Whether there is a `wrk`, else what to do.
pub fn need_wrk() -> Result<(), String> {
    let there = Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if there { Ok(()) } else { Err("needs wrk (Debian: apt-get install wrk)".to_owned()) }
}

/// Something that keeps a server or a database busy.
pub trait Load {
    /// Does so for so many seconds.
    fn run(&self, seconds: u64) -> Shot;
}

/// What is asked, and of whom.
pub struct Ask<'a> {
    servers: Vec<&'a Server>,
    path: String,
    header: Option<String>,
    letter: Option<String>,
}

impl<'a> Ask<'a> {
    pub fn get(server: &'a Server, path: &str) -> Self {
        Self { servers: vec![server], path: path.to_owned(), header: None, letter: None }
    }

    /// Sends letters to all of these servers, each of which gets its share of the connections.
    pub fn post(servers: &[&'a Server]) -> Self {
        let letter = Some(letter(servers[0]));
        Self { servers: servers.to_vec(), path: "/contact".to_owned(), header: None, letter }
    }

    pub fn of(self, servers: &[&'a Server]) -> Self {
        Self { servers: servers.to_vec(), ..self }
    }

    /// With one more header, as it stands on its line.
    pub fn with(self, header: &str) -> Self {
        Self { header: Some(header.to_owned()), ..self }
    }

    fn wrk(&self, server: &Server, seconds: u64) -> Child {
        let connections = (CONNECTIONS / self.servers.len()).to_string();
        let url = format!("http://127.0.0.1:{}{}", server.port, self.path);
        let mut wrk = Command::new("wrk");
        let script = if self.letter.is_some() { LETTERS } else { LOAD };
        wrk.args(["-t1", "--timeout", "30s", "-c", &connections, "-d", &seconds.to_string(), "-s", script]);
        if let Some(header) = &self.header {
            wrk.args(["-H", header]);
        }
        wrk.arg(url);
        if let Some(letter) = &self.letter {
            let first = RUNS.fetch_add(1, Ordering::Relaxed) * LETTERS_OF_A_RUN;
            wrk.args(["--", letter, &first.to_string()]);
        }
        wrk.stdout(Stdio::piped()).spawn().unwrap()
    }

    /// Whether a page is still what is answered: to `wrk` the way to the login is as good.
    fn check(&self) {
        if self.letter.is_none() {
            let header = self.header.as_ref().map_or(String::new(), |header| format!("{header}\r\n"));
            for server in &self.servers {
                assert_eq!(Client::connect(server.port).get(&self.path, &header).status, 200, "{}", self.path);
            }
        }
    }
}

/// A letter with a receipt of this server, if it gives any.
pub fn letter(server: &Server) -> String {
    let page = Client::connect(server.port).get("/contact", "");
    let page = String::from_utf8_lossy(&page.body);
    let receipt = page.split_once("name=\"receipt\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    format!("receipt={}&{LETTER}", receipt.map_or(NO_RECEIPT, |(receipt, _)| receipt))
}

impl Load for Ask<'_> {
    fn run(&self, seconds: u64) -> Shot {
        let busy = || self.servers.iter().map(|server| server.processor_seconds()).sum::<f64>();
        let before = busy();
        let running: Vec<Child> = self.servers.iter().map(|server| self.wrk(server, seconds)).collect();
        let mut shot = Shot::default();
        for child in running {
            let Report { requests, seconds, failed } = report(child);
            assert_eq!(failed, 0, "{failed} of {requests} requests for {} failed", self.path);
            shot.requests += requests;
            shot.per_second += requests as f64 / seconds;
        }
        let ended = busy();
        // What a server has put off is paid for in its own turn: the time it still works counts as time of the load.
        let still = at_rest(&busy) - ended;
        shot.per_second *= seconds as f64 / (seconds as f64 + still);
        shot.processor_seconds = ended + still - before;
        self.check();
        shot
    }
}

/// Waits until the processor time no longer grows, and returns it.
fn at_rest(busy: &dyn Fn() -> f64) -> f64 {
    let mut before = busy();
    loop {
        sleep(REST);
        let now = busy();
        // The clock of processor time has steps of 10 ms; a server at rest may well look around now and then.
        if now - before < 0.015 {
            return now;
        }
        before = now;
    }
}

/// What one measurement found.
#[derive(Default)]
pub struct Shot {
    pub requests: u64,
    pub per_second: f64,
    /// Of whoever was kept busy.
    pub processor_seconds: f64,
}

/// What several found.
pub struct Rate {
    pub per_second: Spread,
    /// Microseconds of processor time that the server took for a request.
    pub processor_micros: f64,
    /// All that was sent, to warm up too.
    pub sent: u64,
}

/// Warms every side up, then measures the sides in turn.
pub fn in_turn<const N: usize>(plan: &Plan, sides: [&dyn Load; N]) -> [Rate; N] {
    let warm_up = sides.map(|side| side.run(plan.seconds).requests);
    let mut shots = [const { Vec::new() }; N];
    for _ in 0..plan.rounds {
        for (side, shots) in sides.iter().zip(&mut shots) {
            shots.push(side.run(plan.seconds));
        }
    }
    let mut warm_up = warm_up.into_iter();
    shots.map(|shots: Vec<Shot>| {
        assert!(shots.iter().all(|shot| shot.requests > 0), "nothing was answered");
        let requests: u64 = shots.iter().map(|shot| shot.requests).sum();
        let busy: f64 = shots.iter().map(|shot| shot.processor_seconds).sum();
        Rate {
            per_second: Spread::of(shots.iter().map(|shot| shot.per_second).collect()),
            processor_micros: busy * 1e6 / requests as f64,
            sent: requests + warm_up.next().unwrap_or_default(),
        }
    })
}

/// Clients that guess at a password. They end when this is dropped.
pub struct Flood(Child);

impl Flood {
    pub fn start(server: &Server, clients: usize) -> Self {
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "--timeout", "60s", "-d", "600", "-s", FLOOD, "-c", &clients.to_string()]);
        Self(wrk.arg(format!("http://127.0.0.1:{}/login", server.port)).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Report {
    requests: u64,
    seconds: f64,
    failed: u64,
}

/// Reads the line that the scripts write at their end.
fn report(child: Child) -> Report {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("measured ")).unwrap_or_else(|| panic!("wrk: {text}"));
    let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
    let &[requests, micros, broken, refused] = numbers.as_slice() else { panic!("wrk: {line}") };
    Report { requests, seconds: micros as f64 / 1e6, failed: broken + refused }
}
