//! Servers as processes of their own, and what the kernel knows of them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

use crate::client::{EMAIL, PASSWORD};

/// Clock ticks a second in /proc; so it is on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// A server that has said where it is. It ends when this is dropped.
pub struct Server {
    pub port: u16,
    child: Child,
    /// Goes when the server has gone.
    _own: Option<TempDir>,
}

impl Server {
    /// Letterbox in a directory of its own, with the settings of a fresh installation and these.
    pub fn letterbox(settings: &[(&str, &str)]) -> Self {
        let directory = directory();
        let mut server = Self::letterbox_in(directory.path(), settings);
        server._own = Some(directory);
        server
    }

    /// The same in a directory that is there, on whatever `data` in it holds.
    pub fn letterbox_in(directory: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start(letterbox(directory, settings).stderr(File::create(directory.join("log")).unwrap()))
    }

    /// This program as one of its peers.
    pub fn peer(arguments: &[&str]) -> Self {
        Self::start(Command::new(std::env::current_exe().unwrap()).arg("peer").args(arguments))
    }

    /// Starts a server whose first line on standard output has its address.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        let address = greeting.split_whitespace().find(|word| word.starts_with("http://"));
        let address = address.unwrap_or_else(|| panic!("no address in {greeting:?}")).trim_end_matches('/');
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        Self { port, child, _own: None }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Seconds of processor time that it and its children have taken.
    pub fn processor_seconds(&self) -> f64 {
        let processes =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let mine = processes.filter_map(Stat::of).filter(|stat| stat.pid == self.pid() || stat.parent == self.pid());
        mine.map(|stat| stat.ticks).sum::<u64>() as f64 / TICKS
    }

    /// Bytes of memory that are its own just now.
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gently: a store that is used again should be left in order.
        let pid = Pid::from_raw(self.pid().try_into().unwrap()).unwrap();
        let _ = kill_process(pid, Signal::TERM);
        let _ = self.child.wait();
    }
}

/// Does something on one core alone; so do the processes that are started by it, for good.
pub fn on_core<T>(core: usize, act: impl FnOnce() -> T) -> T {
    let before = sched_getaffinity(None).unwrap();
    let mut alone = CpuSet::new();
    alone.set(core);
    sched_setaffinity(None, &alone).unwrap();
    let done = act();
    sched_setaffinity(None, &before).unwrap();
    done
}

/// Seconds of processor time that all threads of this process have taken, to the nanosecond.
pub fn own_processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// What /proc/PID/stat says.
struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program may hold anything, and ends with the last parenthesis.
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self { pid, parent: number(1)?.try_into().ok()?, ticks: number(11)? + number(12)? })
    }
}

/// A directory on the disk of `target`, which all stores here share.
pub fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// `letterbox` in `directory`, with these settings and none of this process's own.
pub fn letterbox(directory: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterbox"));
    command.current_dir(directory).env_clear().env("PORT", "0").envs(settings.iter().copied());
    command
}

/// Adds somebody who can log in.
pub fn add_owner(directory: &Path, settings: &[(&str, &str)]) {
    let mut command = letterbox(directory, settings);
    command.args(["user", "add", EMAIL, "--name", "Owner", "--role", "owner", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
