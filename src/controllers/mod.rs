//! CONTROLLER: one file per page, one function per route: form, model, store, answer.

pub mod access_tokens;
pub mod account;
pub mod activity;
pub mod api;
pub mod contact;
pub mod health;
pub mod home;
pub mod invitation;
pub mod login;
pub mod logout;
pub mod messages;
pub mod setup;
pub mod users;
