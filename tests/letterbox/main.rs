//! Letterbox from the outside: every promise has a test with the promise as its name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so loudly")]

mod api;
mod auth;
mod browser;
mod commands;
mod house;
mod server;
mod store;
mod support;
mod web;
