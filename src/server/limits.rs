//! How many clients, for how long, by how many threads.

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::connection::Timeouts;

/// Connections let in above the caps, so that a health check is answered and others hear 503 instead of silence.
pub(super) const RESERVE: usize = 64;

/// Descriptors kept for everything that isn't a client: database, log, listeners, event loops.
const OTHER_DESCRIPTORS: usize = 256;

/// The fewest connections per address: a browser opens six, and an office shares one address.
const LEAST_PER_ADDRESS: usize = 16;

/// The limits of the listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections in total. Lowered at start when the system grants too few file descriptors.
    pub max_connections: usize,
    /// Open connections from one IPv4 address or one IPv6 /64.
    pub per_address: usize,
    /// Proxies, which speak for many clients: no limit per address for them.
    pub trusted: Vec<IpNet>,
    /// Worker threads, from 1 to 512.
    pub workers: usize,
    /// The patience with each client.
    pub timeouts: Timeouts,
    /// How long requests may still run after the stop began. Whole seconds, rounded up.
    pub shutdown_timeout: Duration,
    /// How long to go on answering, not ready any more, before the stop: a load balancer needs it to look elsewhere.
    pub drain: Duration,
    /// Header lines for the answers of the HTTP parser itself, which no middleware sees. See [`header_lines`].
    pub error_headers: Arc<[u8]>,
}

impl Default for Limits {
    fn default() -> Self {
        let max_connections = 10_000;
        Self {
            max_connections,
            per_address: share_per_address(max_connections),
            trusted: Vec::new(),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            timeouts: Timeouts::default(),
            shutdown_timeout: Duration::from_secs(10),
            drain: Duration::from_millis(500),
            error_headers: Arc::from([]),
        }
    }
}

impl Limits {
    /// Raises the process's limit of open files to what the system allows, and lowers the cap when even that is too
    /// little.
    #[must_use]
    pub(super) fn fitted_to_descriptors(mut self) -> Self {
        let Some(granted) = raise_descriptor_limit() else { return self };
        let affordable = granted.saturating_sub(RESERVE + OTHER_DESCRIPTORS).max(LEAST_PER_ADDRESS);
        if affordable < self.max_connections {
            tracing::warn!(
                wanted = self.max_connections,
                possible = affordable,
                open_files = granted,
                "the limit of open files is too low for MAX_CONNECTIONS; the lower number is used"
            );
            self.max_connections = affordable;
            self.per_address = self.per_address.min(share_per_address(affordable));
        }
        self
    }
}

/// What one address may have of `max_connections`: a quarter.
#[must_use]
pub fn share_per_address(max_connections: usize) -> usize {
    (max_connections / 4).max(LEAST_PER_ADDRESS)
}

/// Header lines as they go over the wire, for [`Limits::error_headers`]. Names and values must be valid as they are;
/// control characters would break the answer and are dropped.
pub fn header_lines<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Arc<[u8]> {
    let clean = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
    let lines: String =
        headers.into_iter().map(|(name, value)| format!("{}: {}\r\n", clean(name), clean(value))).collect();
    Arc::from(lines.into_bytes())
}

/// The number of files this process may have open; `None` when it isn't limited.
fn raise_descriptor_limit() -> Option<usize> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let granted = match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            current
        }
    };
    granted.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_per_address_but_never_under_sixteen() {
        assert_eq!(share_per_address(10_000), 2_500);
        assert_eq!(share_per_address(20), 16);
    }

    #[test]
    fn header_lines_cannot_be_split() {
        assert_eq!(&*header_lines([("a", "b\r\nc: d"), ("e", "f")]), b"a: bc: d\r\ne: f\r\n");
    }

    #[test]
    fn a_cap_above_the_descriptors_is_lowered() {
        let limits = Limits { max_connections: usize::MAX, per_address: usize::MAX, ..Limits::default() };
        let fitted = limits.fitted_to_descriptors();
        if getrlimit(Resource::Nofile).current.is_some() {
            assert!(fitted.max_connections < usize::MAX);
            assert_eq!(fitted.per_address, share_per_address(fitted.max_connections));
        }
    }
}
