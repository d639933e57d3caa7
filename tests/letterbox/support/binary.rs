use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::Browser;

/// The real `letterbox` as a server of its own process.
pub struct Binary {
    child: Child,
    /// The one line it prints.
    pub greeting: String,
    /// `http://127.0.0.1:PORT`
    pub origin: String,
}

/// How a command of `letterbox` ended.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// `letterbox` in `directory`, with these settings and none of this process's own.
pub fn letterbox(directory: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterbox"));
    command.current_dir(directory).env_clear().env("BCRYPT_COST", "10").env("PORT", "0").envs(settings.iter().copied());
    command
}

impl Output {
    /// Runs a command to its end, with `input` on its standard input, which it need not read: one that is refused for its
    /// arguments may have ended before.
    pub fn of(command: &mut Command, input: &str) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        match child.stdin.take().unwrap().write_all(input.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        }
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Binary {
    /// Starts the server in `directory` and waits for its greeting. What it logs goes to this process's standard error.
    pub fn start(directory: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_command(&mut letterbox(directory, settings))
    }

    /// The same with a command that was prepared (its standard error sent elsewhere, or run under another program).
    pub fn start_command(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut greeting = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut greeting).unwrap();
        let origin = greeting.split_whitespace().find(|word| word.starts_with("http://"));
        let origin = origin.unwrap_or_else(|| panic!("no address in {greeting:?}")).trim_end_matches('/').to_owned();
        Self { child, greeting: greeting.trim_end().to_owned(), origin }
    }

    pub fn visitor(&self) -> Browser {
        Browser::new(self.origin.clone())
    }

    /// The path of the set-up link in the greeting.
    pub fn setup_link(&self) -> String {
        let link = self.greeting.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
        link.trim_start_matches(&self.origin).to_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to say goodbye.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits for the end.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut log).unwrap();
        }
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
