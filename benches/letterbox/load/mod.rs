//! Load from `wrk`, which takes little of the machine for itself. A run in which anything went wrong is no result.

use std::process::{Child, Command, Stdio};

use crate::measure::{Plan, Spread};
use crate::process::Server;

/// Connections that ask at once.
pub const CONNECTIONS: usize = 64;
/// The letter that is sent, as a form sends it. It comes without a receipt, so that each time it is another one.
pub const LETTER: &str = "name=Ada+Lovelace&email=ada%40example.com&subject=Engines&message=Could+you+please+tell+me+\
                          when+the+workshop+opens+again%3F+I+read+your+article+about+garden+chairs+and+have+a+question.";
const LOAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/letterbox/load/load.lua");
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
    sends_a_letter: bool,
}

impl<'a> Ask<'a> {
    pub fn get(server: &'a Server, path: &str) -> Self {
        Self { servers: vec![server], path: path.to_owned(), header: None, sends_a_letter: false }
    }

    /// Sends letters to all of these servers, each of which gets its share of the connections.
    pub fn post(servers: &[&'a Server]) -> Self {
        Self { servers: servers.to_vec(), path: "/contact".to_owned(), header: None, sends_a_letter: true }
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
        wrk.args(["-t1", "--timeout", "30s", "-c", &connections, "-d", &seconds.to_string(), "-s", LOAD]);
        if let Some(header) = &self.header {
            wrk.args(["-H", header]);
        }
        wrk.arg(url);
        if self.sends_a_letter {
            wrk.args(["--", LETTER]);
        }
        wrk.stdout(Stdio::piped()).spawn().unwrap()
    }
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
        shot.processor_seconds = busy() - before;
        shot
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
    pub requests: u64,
}

/// Warms every side up, then measures the sides in turn.
pub fn in_turn<const N: usize>(plan: &Plan, sides: [&dyn Load; N]) -> [Rate; N] {
    for side in sides {
        side.run(plan.seconds);
    }
    let mut shots = [const { Vec::new() }; N];
    for _ in 0..plan.rounds {
        for (side, shots) in sides.iter().zip(&mut shots) {
            shots.push(side.run(plan.seconds));
        }
    }
    shots.map(|shots: Vec<Shot>| {
        assert!(shots.iter().all(|shot| shot.requests > 0), "nothing was answered");
        let requests = shots.iter().map(|shot| shot.requests).sum();
        let busy: f64 = shots.iter().map(|shot| shot.processor_seconds).sum();
        Rate {
            per_second: Spread::of(shots.iter().map(|shot| shot.per_second).collect()),
            processor_micros: busy * 1e6 / requests as f64,
            requests,
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
