//! The pages in real browsers: what only a browser can tell.
//!
//! Not every machine has them, so all of these are ignored unless asked for; `.ci/run` asks for all.

mod accessibility;
mod acting;
mod driver;
mod keyboard;
mod layout;
mod leaving;
mod policy;
mod probe;
mod screen;
mod screenshots;
mod sending;
mod story;
mod tour;
