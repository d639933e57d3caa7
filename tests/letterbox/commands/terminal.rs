//! A password typed on a terminal, through a pseudo-terminal that Python makes.

use std::path::Path;
use std::process::{Command, Stdio};

use super::run;
use crate::support::{OWNER, PASSWORD};

/// Types each line when a prompt asks for it; prints what the terminal showed and the exit code.
const TYPIST: &str = r#"
import os, pty, sys, termios
program, lines, words = sys.argv[1], sys.argv[2].split("|"), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program, [program] + words)
shown = b""
for number, line in enumerate(lines, 1):
    while shown.count(b": ") < number:
        shown += os.read(terminal, 1024)
    # A person is slower than the switch of the echo behind the prompt; this typist waits for it.
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        pass
    os.write(terminal, line.encode() + b"\n")
try:
    while True:
        more = os.read(terminal, 1024)
        if not more:
            break
        shown += more
except OSError:
    pass
_, status = os.waitpid(pid, 0)
print(shown.decode())
print("exit", os.waitstatus_to_exitcode(status))
"#;

/// What stood on the terminal, and the exit code.
fn typed(directory: &Path, lines: &[&str], words: &[&str]) -> (String, i32) {
    let output = Command::new("python3")
        .args(["-c", TYPIST, env!("CARGO_BIN_EXE_letterbox"), &lines.join("|")])
        .args(words)
        .current_dir(directory)
        .env("BCRYPT_COST", "10")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (shown, code) = text.trim_end().rsplit_once("exit ").unwrap_or_else(|| panic!("{text} {:?}", output.stderr));
    (shown.to_owned(), code.parse().unwrap())
}

#[test]
#[ignore = "needs python3, for a pseudo-terminal"]
fn a_password_is_asked_twice_and_never_echoed() {
    let directory = tempfile::tempdir().unwrap();
    let (shown, code) = typed(directory.path(), &[PASSWORD, PASSWORD], &["user", "add", OWNER]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Password: ") && shown.contains("again: ") && shown.contains("may log in now"), "{shown}");
    assert!(!shown.contains(PASSWORD) && !shown.contains("horse") && !shown.contains('*'), "{shown}");
    let (shown, code) = typed(directory.path(), &["another long password"; 2], &["user", "password", OWNER]);
    assert!(code == 0 && shown.contains("has a new password") && !shown.contains("another"), "{shown}");
}

#[test]
#[ignore = "needs python3, for a pseudo-terminal"]
fn two_different_entries_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (shown, code) = typed(directory.path(), &[PASSWORD, "something else entirely"], &["user", "add", OWNER]);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("not the same; nothing was changed"), "{shown}");
    assert_eq!(run(directory.path(), &["user", "list"], &[], "").stdout, "");
}
