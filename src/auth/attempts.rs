//! How often a login may be tried, so that guessing is slow and nobody can be locked out.
//!
//! | who | may try |
//! |---|---|
//! | a browser that has logged in to this account before | 10 times at once, then every 6 s; nobody else's tries count |
//! | any other address | 20 times at once, then every 3 s, whatever the account |
//! | all other browsers together, on one account | 10 times at once, then every 90 s; while that is used up: each address once a minute, all of them together 60 times a minute |
//!
//! So while an account is under attack its owner gets in at once from a browser of theirs, and from a new one within a
//! minute, unless more than 60 addresses take part in the attack. Refusals are answered at once: no waiting login holds
//! a connection.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::device_token::KnownDevice;
use crate::clock::Clock;
use crate::models::SessionId;
use crate::throttle::{Throttle, household};

/// Tries that one address has at once.
pub const LOGINS_AT_ONCE: u32 = 20;
/// How long it takes until a used up address has one more try.
const LOGIN_PACE: Duration = Duration::from_secs(3);
/// How long it takes until a used up address has them all again.
pub const LOGINS_WINDOW: Duration = Duration::from_secs(LOGIN_PACE.as_secs() * LOGINS_AT_ONCE as u64);

/// Counts attempts.
pub struct Attempts {
    devices: Throttle<[u8; 16]>,
    addresses: Throttle<IpAddr>,
    accounts: Throttle<String>,
    besieged_addresses: Throttle<(String, IpAddr)>,
    besieged_accounts: Throttle<String>,
    noted: Throttle<String>,
}

impl Attempts {
    /// Nobody has tried anything yet.
    pub fn new(clock: &Arc<dyn Clock>) -> Self {
        let seconds = Duration::from_secs;
        Self {
            devices: Throttle::new(10, seconds(6), Arc::clone(clock)),
            addresses: Throttle::new(LOGINS_AT_ONCE, LOGIN_PACE, Arc::clone(clock)),
            accounts: Throttle::new(10, seconds(90), Arc::clone(clock)),
            besieged_addresses: Throttle::new(1, seconds(60), Arc::clone(clock)),
            besieged_accounts: Throttle::new(60, seconds(1), Arc::clone(clock)),
            noted: Throttle::new(30, seconds(60), Arc::clone(clock)),
        }
    }

    /// Counts a try to log in to the account of this address, known or not.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn admit(
        &self,
        account: &str,
        address: Option<IpAddr>,
        device: Option<KnownDevice>,
    ) -> Result<(), Duration> {
        if let Some(device) = device {
            return self.devices.admit(device.nonce);
        }
        let address = address.map(household);
        if let Some(address) = address {
            self.addresses.admit(address)?;
        }
        if self.accounts.admit(account.to_owned()).is_ok() {
            return Ok(());
        }
        if let Some(address) = address {
            self.besieged_addresses.admit((account.to_owned(), address))?;
        }
        self.besieged_accounts.admit(account.to_owned())
    }

    /// Whether a failed try on this account is worth an entry in the audit log: 30 at once, then one a minute, so that
    /// guessing does not fill the disk.
    pub(super) fn is_worth_noting(&self, account: &str) -> bool {
        self.noted.admit(account.to_owned()).is_ok()
    }

    /// Counts a try to confirm one's own password within a session.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn admit_session(&self, session: SessionId) -> Result<(), Duration> {
        self.devices.admit(*session.as_bytes())
    }
}
