//! MIDDLEWARE: what happens to every request, or to every request of a kind, around its controller.
//!
//! A middleware refuses by answering, not by failing: a failure would skip what the layers further out add.

mod cross_origin;
mod deadline;
mod envelope;
mod is_authenticated;
mod is_authorized;
mod once_a_second;
mod request_id;
mod request_line;
mod security_headers;
mod session;

pub use cross_origin::cross_origin;
pub use deadline::deadline;
pub use envelope::envelope;
pub use is_authenticated::{CurrentUser, is_authenticated};
pub use is_authorized::{Caller, is_authorized};
pub use once_a_second::{Kept, in_one_piece, once_a_second};
pub use security_headers::always as headers_of_every_answer;
pub use session::session;
