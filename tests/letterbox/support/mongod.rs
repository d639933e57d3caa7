//! Real MongoDB servers, from the `mongod` that `LETTERBOX_TEST_MONGOD` names.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use rustix::process::{Pid, Signal, kill_process};

use super::{Network, block_on};

/// Starts the server and says its process id; starts it anew for each line of its input, and leaves nothing behind when
/// that ends. It ends when the test process does, however it does.
const KEEPER: &str = r#"
ulimit -n "$(ulimit -Hn)"
start() {
    "$@" --fork --dbpath "$DIR" --logpath "$DIR/log" --logappend --pidfilepath "$DIR/pid" >"$DIR/start"
}
if ! start "$@"; then
    tail -n 5 "$DIR/start" >&2
    rm -rf "$DIR"
    exit 1
fi
cat "$DIR/pid"
while read -r _; do
    if start "$@"; then cat "$DIR/pid"; else echo; fi
done
kill -9 "$(cat "$DIR/pid")"
rm -rf "$DIR" || rm -rf "$DIR"
"#;
/// Ports below those that the system gives to whoever asks for any, so that no other test takes one meanwhile.
const PORTS: std::ops::Range<u16> = 20_000..30_000;
/// An ordinary election, which a slow machine does not begin by mistake.
pub const CALM: Duration = Duration::from_secs(10);

/// One server on a free port, with a directory of its own. It ends when this is dropped.
pub struct Mongod {
    host: String,
    pub port: u16,
    /// Its process.
    pub pid: u32,
    keeper: Child,
    says: BufReader<ChildStdout>,
}

impl Mongod {
    /// Starts a server with these arguments beside the usual ones, and waits until it can be asked.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(&["sh"], "127.0.0.1", arguments)
    }

    /// The same on a machine of its own.
    pub fn start_in(network: &mut Network, arguments: &[&str]) -> Self {
        let started = Self::start_with(&["unshare", "--net", "sh"], &network.next(), arguments);
        network.link(started.keeper.id());
        started
    }

    fn start_with(shell: &[&str], host: &str, arguments: &[&str]) -> Self {
        for _ in 0..20 {
            if let Some(started) = Self::try_start(shell, host, arguments) {
                return started;
            }
        }
        panic!("no mongod starts");
    }

    fn try_start(shell: &[&str], host: &str, arguments: &[&str]) -> Option<Self> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Another process of these tests begins elsewhere.
        let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add((std::process::id() % 997 * 10) as u16);
        let port = PORTS.start + step % (PORTS.end - PORTS.start);
        let mongod = std::env::var("LETTERBOX_TEST_MONGOD").expect("LETTERBOX_TEST_MONGOD names a mongod");
        let directory = tempfile::Builder::new().prefix("letterbox-mongod-").tempdir_in(place()).unwrap().keep();
        // A machine gets its address when it is there.
        let own = if host == "127.0.0.1" { host } else { "0.0.0.0" };
        let mut keeper = Command::new(shell[0]);
        keeper.args(&shell[1..]).args(["-c", KEEPER, "sh", &mongod, "--port", &port.to_string()]);
        keeper.args(["--bind_ip", own, "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]);
        keeper.args(["--setParameter", "diagnosticDataCollectionEnabled=false"]).args(arguments);
        keeper.env("DIR", &directory).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut keeper = keeper.spawn().unwrap();
        let mut says = BufReader::new(keeper.stdout.take().unwrap());
        let mut pid = String::new();
        says.read_line(&mut pid).unwrap();
        match pid.trim().parse() {
            Ok(pid) => Some(Self { host: host.to_owned(), port, pid, keeper, says }),
            Err(_) => {
                keeper.wait().unwrap();
                None
            }
        }
    }

    /// Stops it, and returns when none of its threads runs any more: after the signal alone, a thread on another core may
    /// answer once more.
    pub fn freeze(&self) {
        let begun = Instant::now();
        self.signal(Signal::STOP);
        let threads = format!("/proc/{}/task", self.pid);
        let stands = |thread: &std::fs::DirEntry| {
            // proc_pid_stat(5): the state follows the name, which may hold brackets of its own.
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
        };
        while !std::fs::read_dir(&threads).unwrap().all(|thread| stands(&thread.unwrap())) {
            assert!(begun.elapsed() < CALM, "a thread of it does not stop");
            std::thread::yield_now();
        }
    }

    /// Lets one that is frozen go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// SIGKILL, say.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid.try_into().unwrap()).unwrap(), signal).unwrap();
    }

    /// Starts a server that was killed, on what it has on its disk.
    pub fn restart(&mut self) {
        for _ in 0..100 {
            // The one that was killed may still hold the port.
            let mut pid = String::new();
            writeln!(self.keeper.stdin.as_mut().unwrap(), "again").unwrap();
            self.says.read_line(&mut pid).unwrap();
            if let Ok(pid) = pid.trim().parse() {
                self.pid = pid;
                return;
            }
        }
        panic!("a mongod does not start again");
    }

    /// The URL of a database on this server and no other.
    pub fn url(&self, database: &str) -> String {
        format!("mongodb://{}/{database}?directConnection=true", self.address())
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Where the servers keep their files: in memory if there is plenty of it, for everything they acknowledge is synced.
fn place() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let free = rustix::fs::statvfs(&memory).map_or(0, |fs| fs.f_bavail.saturating_mul(fs.f_frsize));
    if free > 8 << 30 { memory } else { std::env::temp_dir() }
}

/// Three servers that hold the same.
pub struct ReplicaSet {
    pub members: Vec<Mongod>,
    name: String,
}

impl ReplicaSet {
    /// Starts three servers and waits until one of them leads. They elect another one when they have not heard of it
    /// for `election`.
    pub fn start(election: Duration) -> Self {
        let name = set_name();
        let arguments = arguments(&name);
        let members = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..3).map(|_| scope.spawn(|| Mongod::start(&arguments))).collect();
            starting.into_iter().map(|member| member.join().unwrap()).collect()
        });
        Self::of(members, name, election)
    }

    /// The same with a machine for each of them.
    pub fn start_in(network: &mut Network, election: Duration) -> Self {
        let name = set_name();
        let members = (0..3).map(|_| Mongod::start_in(network, &arguments(&name))).collect();
        Self::of(members, name, election)
    }

    fn of(members: Vec<Mongod>, name: String, election: Duration) -> Self {
        let host = |(id, member): (i32, &Mongod)| doc! { "_id": id, "host": member.address() };
        let hosts: Vec<_> = (0..).zip(&members).map(host).collect();
        let election = i64::try_from(election.as_millis()).unwrap();
        let settings = doc! { "electionTimeoutMillis": election, "heartbeatIntervalMillis": 500 };
        let set = Self { members, name };
        let first = set.members[0].url("admin");
        run(&first, doc! { "replSetInitiate": { "_id": &set.name, "members": hosts, "settings": settings } });
        // Answered by the one that leads, as soon as there is one and most others have what it wrote.
        let majority = doc! { "w": "majority" };
        let insert = doc! { "insert": "begun", "documents": [{ "_id": 1 }], "writeConcern": majority };
        run(&set.url("begun"), insert);
        set
    }

    /// The URL of a database on the set.
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<_> = self.members.iter().map(Mongod::address).collect();
        format!("mongodb://{}/{database}?replicaSet={}", hosts.join(","), self.name)
    }
}

/// A name that no other set of this process has.
fn set_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("letterbox{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Of a member of the set `name`.
fn arguments(name: &str) -> [&str; 4] {
    ["--replSet", name, "--oplogSize", "64"]
}

/// Has a command carried out by whoever leads the database at `url`. May be called from within a runtime.
pub fn run(url: &str, command: Document) -> Document {
    let work = async {
        let mut options = ClientOptions::parse(url).await.unwrap();
        options.server_selection_timeout = Some(Duration::from_secs(60));
        let client = Client::with_options(options).unwrap();
        client.default_database().unwrap().run_command(command).await.unwrap()
    };
    std::thread::scope(|scope| scope.spawn(|| block_on(work)).join().unwrap())
}

/// The server that all tests of this process share; each has a database of its own.
pub fn standalone() -> &'static Mongod {
    static SHARED: OnceLock<Mongod> = OnceLock::new();
    SHARED.get_or_init(|| Mongod::start(&[]))
}

/// The replica set that all tests of this process share. Nobody does it harm.
pub fn replica_set() -> &'static ReplicaSet {
    static SHARED: OnceLock<ReplicaSet> = OnceLock::new();
    SHARED.get_or_init(|| ReplicaSet::start(CALM))
}

/// A name that no other database of this process has.
pub fn database_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("letters{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
