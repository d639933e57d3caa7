//! MODEL: the rules and the types that cannot be wrong.
//!
//! What the public sends is parsed here once, into types whose existence proves that the rules hold.
//! No web framework, no template and no database driver is named in this room.

mod act;
mod action;
mod device;
mod email;
mod event;
mod export;
mod fault;
mod id;
mod listing;
mod message;
mod password;
mod receipt;
mod search;
mod session;
mod summary;
mod text;
mod time;
mod token;
mod user;

pub use act::{ActKey, Admission, Job, ProcessId, Quota};
pub use action::{Action, Change, Changed, Edit, Standing, Target, Verdict};
pub use device::device_in_words;
pub use email::EmailAddress;
pub use event::{Event, EventKind, network_of};
pub use export::Format;
pub use fault::Fault;
pub use id::{ChangeId, EventId, MessageId, SessionId, TokenId, UserId};
pub use listing::{Cursor, Filter, FolderCounts, ListQuery, MessagePage, Selection};
pub use message::{BODY_MAX, Body, Draft, Folder, Letter, Message, NAME_MAX, PersonName, SUBJECT_MAX, Subject};
pub use password::{NewPassword, PASSWORD_MAX, PASSWORD_MIN};
pub use receipt::{DeliveryKey, Receipt, ReceiptBook};
pub use search::{Excerpt, Excerpts, Lookup, Query, RELEVANT_AMONG, Search, Segment, Term};
pub use session::{EndReason, Session};
pub use summary::{MessageSummary, Outline, PREVIEW_MAX, Summaries};
pub use time::Timestamp;
pub use token::{PersonalToken, Scope, TokenLifetime, TokenName};
pub use user::{NewUser, PasswordHash, Role, User};
