//! Standard error, which is written to by many at once.

use std::io::{self, Write, stderr};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::APART;

/// Bytes that may wait.
const MOST: usize = 64 * 1024;

/// Lines on their way.
pub(super) struct Lines {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

struct Waiting {
    text: Vec<u8>,
    /// When something was last written.
    written: Option<Instant>,
}

/// One line that is being written.
pub(super) struct Line {
    lines: &'static Lines,
    may_wait: bool,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { waiting: Mutex::new(Waiting { text: Vec::new(), written: None }), came: Condvar::new() }
    }

    /// Starts the thread that writes what waits.
    pub(super) fn start(&'static self) -> io::Result<()> {
        thread::Builder::new().name("log".to_owned()).spawn(|| self.write_what_waits()).map(drop)
    }

    /// A line that is written at once, unless it may wait for others.
    pub(super) fn line(&'static self, may_wait: bool) -> Line {
        Line { lines: self, may_wait }
    }

    /// Writes what waits.
    pub(super) fn flush(&self) {
        // Who cannot write to standard error has nowhere to say so.
        let _ = self.waiting().write();
    }

    fn put(&self, text: &[u8], may_wait: bool) -> io::Result<()> {
        let mut waiting = self.waiting();
        waiting.text.extend_from_slice(text);
        let waits =
            may_wait && waiting.text.len() < MOST && waiting.written.is_some_and(|written| written.elapsed() < APART);
        if !waits {
            return waiting.write();
        }
        if waiting.text.len() == text.len() {
            self.came.notify_one();
        }
        Ok(())
    }

    fn write_what_waits(&self) {
        loop {
            let waiting = self.waiting();
            drop(self.came.wait_while(waiting, |waiting| waiting.text.is_empty()));
            thread::sleep(APART);
            self.flush();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn write(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let written = stderr().write_all(&self.text);
        self.text.clear();
        self.written = Some(Instant::now());
        written
    }
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.lines.put(text, self.may_wait).map(|()| text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
