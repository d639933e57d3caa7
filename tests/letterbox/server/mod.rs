//! The listener, seen by clients that behave and clients that don't.

mod caps;
mod client;
mod crowd;
mod slow;
mod started;
mod stopping;
