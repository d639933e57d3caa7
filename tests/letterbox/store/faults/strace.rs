use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::UNLIMITED;
use crate::support::Binary;

/// The real server under strace, which watches it or spoils its system calls.
pub struct Traced {
    pub server: Binary,
    trace: PathBuf,
    log: PathBuf,
}

impl Traced {
    /// Starts the server in `directory`; `options` say what strace does.
    pub fn start(directory: &Path, options: &[&str]) -> Self {
        let [trace, log] = ["trace", "log"].map(|name| directory.join(name));
        let mut command = Command::new("strace");
        command
            // The tracer is the grandchild, so that the server itself is ours to signal.
            .args(["-D", "-f", "-qq", "-y", "-s", "64", "-o"])
            .arg(&trace)
            .args(options)
            .arg(env!("CARGO_BIN_EXE_letterbox"))
            .current_dir(directory)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("PORT", "0"), ("BCRYPT_COST", "10"), UNLIMITED])
            .stderr(File::create(&log).unwrap());
        Self { server: Binary::start_command(&mut command), trace, log }
    }

    /// What strace saw so far.
    pub fn trace(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.trace).unwrap()).into_owned()
    }

    /// What the server logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}
