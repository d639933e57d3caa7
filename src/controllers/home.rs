//! The front door.

use actix_web::HttpResponse;

use crate::middleware::CurrentUser;
use crate::{page, paths};

/// `GET /`: whoever is signed in goes to the inbox; the guard has sent all others to the login.
pub async fn show(_: CurrentUser) -> HttpResponse {
    page::see_other(paths::MESSAGES)
}
