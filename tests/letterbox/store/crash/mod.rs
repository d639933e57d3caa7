//! Crashes: whatever happens to the process or the power, a letter that was acknowledged is there, once.

mod disk;
mod kill;
mod mount;
mod power;
mod senders;
