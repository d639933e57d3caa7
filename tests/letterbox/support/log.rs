use std::io::{self, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// What the applications of this process log, all tests together; a request's number finds its lines.
pub struct Log(Mutex<String>);

static LOG: OnceLock<Log> = OnceLock::new();

impl Log {
    /// Listens from the first call on.
    pub fn listen() -> &'static Self {
        LOG.get_or_init(|| {
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(Pen).finish();
            let _ = tracing::subscriber::set_global_default(subscriber);
            Self(Mutex::default())
        })
    }

    /// The lines that have `words` in them.
    pub fn lines_with(&self, words: &str) -> Vec<String> {
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
    }
}

struct Pen;

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(log) = LOG.get() {
            log.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(bytes));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Pen {
    type Writer = Pen;

    fn make_writer(&self) -> Pen {
        Pen
    }
}
