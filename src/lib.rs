//! Letterbox: a contact page for a website, and a private inbox for its owner.
//!
//! URLs are named in [`paths`] and answered where [`routes`] says. Read in this order: `models` (what a letter is),
//! `store/port` (what is asked of a database), `auth` (who is there), `controllers` (one page each), `middleware`
//! (what surrounds them), `app` (all of it together), `server` (how it is listened to), `commands`.

pub mod app;
pub mod assets;
pub mod auth;
pub mod body;
pub mod client;
pub mod client_address;
pub mod clock;
pub mod commands;
pub mod config;
pub mod connection;
pub mod controllers;
pub mod cookies;
pub mod error;
pub mod export;
pub mod flash;
pub mod keyring;
pub mod log;
pub mod middleware;
pub mod models;
pub mod page;
pub mod paths;
pub mod routes;
pub mod server;
pub mod state;
pub mod store;
pub mod throttle;
pub mod wants;
