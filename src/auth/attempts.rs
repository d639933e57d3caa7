//! How often a login may be tried, so that guessing is slow and nobody can be locked out.
//!
//! | who | may try |
//! |---|---|
//! | a browser that has logged in to this account before | 10 times at once, then every 6 s; nobody else's tries count |
//! | any other address | 20 times at once, then every 3 s, whatever the account |
//! | all other browsers together, on one account | 10 times at once, then every 90 s; while that is used up: each address once a minute, all of them together 60 times a minute |
//!
//! So while an account is under attack its owner gets in at once from a browser of theirs, and from a new one within a
//! minute, unless more than 60 addresses take part in the attack. Refusals are held back for a moment
//! that nobody feels, and no longer: no waiting login holds a connection. All processes on one store count together.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::device_token::KnownDevice;
use crate::models::SessionId;
use crate::throttle::{SharedThrottle, Tally, household};

/// Tries that one address has at once.
pub const LOGINS_AT_ONCE: u32 = 20;
/// How long it takes until a used up address has one more try.
const LOGIN_PACE: Duration = Duration::from_secs(3);
/// How long it takes until a used up address has them all again.
pub const LOGINS_WINDOW: Duration = Duration::from_secs(LOGIN_PACE.as_secs() * LOGINS_AT_ONCE as u64);

/// Counts attempts.
pub struct Attempts {
    devices: SharedThrottle<[u8; 16]>,
    addresses: SharedThrottle<IpAddr>,
    accounts: SharedThrottle<String>,
    besieged_addresses: SharedThrottle<(String, IpAddr)>,
    besieged_accounts: SharedThrottle<String>,
    noted: SharedThrottle<String>,
}

impl Attempts {
    /// Counts together with whoever else counts in the same store.
    pub fn new(tally: &Arc<Tally>) -> Self {
        let seconds = Duration::from_secs;
        Self {
            devices: SharedThrottle::new("login by device", 10, seconds(6), tally),
            addresses: SharedThrottle::new("login by address", LOGINS_AT_ONCE, LOGIN_PACE, tally),
            accounts: SharedThrottle::new("login by account", 10, seconds(90), tally),
            besieged_addresses: SharedThrottle::new("besieged login by address", 1, seconds(60), tally),
            besieged_accounts: SharedThrottle::new("besieged login by account", 60, seconds(1), tally),
            noted: SharedThrottle::new("failed login noted", 30, seconds(60), tally),
        }
    }

    /// Counts a try to log in to the account of this address, known or not.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) async fn admit(
        &self,
        account: &str,
        address: Option<IpAddr>,
        device: Option<KnownDevice>,
    ) -> Result<(), Duration> {
        if let Some(device) = device {
            return self.devices.admit(device.nonce).await;
        }
        let address = address.map(household);
        if let Some(address) = address {
            self.addresses.admit(address).await?;
        }
        if self.accounts.admit(account.to_owned()).await.is_ok() {
            return Ok(());
        }
        if let Some(address) = address {
            self.besieged_addresses.admit((account.to_owned(), address)).await?;
        }
        self.besieged_accounts.admit(account.to_owned()).await
    }

    /// Whether a failed try on this account is worth an entry in the audit log: 30 at once, then one a minute, so that
    /// guessing does not fill the disk.
    pub(super) async fn is_worth_noting(&self, account: &str) -> bool {
        self.noted.admit(account.to_owned()).await.is_ok()
    }

    /// Counts a try to confirm one's own password within a session.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) async fn admit_session(&self, session: SessionId) -> Result<(), Duration> {
        self.devices.admit(*session.as_bytes()).await
    }
}
