//! The inbox: lists of letters, one letter, and what can be done with them.

mod act;
mod export;
mod list;
mod live;
mod show;
mod tools;
mod view;

pub use act::{act_on_many, act_on_one};
pub use export::export;
pub use list::list;
pub use live::events;
pub use show::show;
