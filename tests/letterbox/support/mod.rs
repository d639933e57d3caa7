//! What the tests stand on: an application of their own, a browser without a screen, a clock they move themselves.

mod app;
mod binary;
mod browser;
mod clock;
mod failing;
mod log;
pub mod mongod;
mod network;
mod proxy;
mod wire;

pub use app::{TestApp, block_on};
pub use binary::{Binary, Output, letterbox};
pub use browser::{Answer, Browser, encode};
pub use clock::TestClock;
pub use failing::{STORE_SECRET, Trouble};
pub use log::Log;
pub use network::Network;
pub use proxy::Proxy;
pub use wire::Wire;

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse battery staple";
/// The owner in the tests.
pub const OWNER: &str = "owner@example.com";
