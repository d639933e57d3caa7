//! One's own personal access tokens.

use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::auth::{AccountError, Client, TOKENS_MAX, TokenError};
use crate::body::Form;
use crate::error::{Error, in_words, retry_after_seconds};
use crate::middleware::CurrentUser;
use crate::models::{Fault, PersonalToken, Scope, Timestamp, TokenLifetime, TokenName};
use crate::page::{self, Frame, When};
use crate::state::State;
use crate::{body, client, flash, paths};

#[derive(Template)]
#[template(path = "account/tokens.html")]
struct TokensPage {
    frame: Frame,
    email: String,
    made: Option<Made>,
    tokens: Vec<TokenRow>,
    name: String,
    scope: Scope,
    lifetime: TokenLifetime,
    errors: Vec<Fault>,
    notice: Option<String>,
}

/// A token that was made just now, shown once.
struct Made {
    name: String,
    text: String,
}

struct TokenRow {
    id: String,
    name: String,
    may_write: bool,
    made: When,
    last_used: Option<When>,
    expires: Option<When>,
    expired: bool,
}

impl TokenRow {
    fn of(token: PersonalToken, now: Timestamp) -> Self {
        Self {
            id: token.id.to_string(),
            expired: !token.is_live(now),
            name: token.name.as_str().to_owned(),
            may_write: token.scope.may_write(),
            made: When::in_head(token.created_at),
            last_used: token.last_used_at.map(When::in_head),
            expires: token.expires_at.map(When::in_head),
        }
    }
}

impl TokensPage {
    async fn of(user: &CurrentUser, state: &State) -> Result<Self, Error> {
        let now = state.clock.now();
        let tokens = state.auth.tokens_of(user.user()).await?.into_iter();
        Ok(Self {
            frame: Frame::private(&state.config.site_name, user.user()),
            email: user.user().email.as_str().to_owned(),
            made: None,
            tokens: tokens.map(|token| TokenRow::of(token, now)).collect(),
            name: String::new(),
            scope: Scope::Read,
            lifetime: TokenLifetime::Days(90),
            errors: Vec::new(),
            notice: None,
        })
    }

    fn error(&self, field: &str) -> Option<&str> {
        page::fault_of(&self.errors, field)
    }
}

/// `GET /account/tokens`: the tokens, and the form for another one.
pub async fn list(user: CurrentUser, session: Session, state: Data<State>) -> Result<HttpResponse, Error> {
    let mut page = TokensPage::of(&user, &state).await?;
    page.frame.flash = flash::take(&session);
    Ok(page::html(StatusCode::OK, &page))
}

/// `POST /account/tokens`: one change, named by `action`.
pub async fn change(
    request: HttpRequest,
    payload: Payload,
    user: CurrentUser,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let mut sent = body::small_form(&request, payload).await?;
    let client = client::of(&request, &state);
    match sent.take("action").as_str() {
        "make" => make(&user, &state, sent, &client).await,
        "revoke" => {
            let revoked = state.auth.revoke_token(user.user(), &sent.take("token"), &client).await?;
            let told = if revoked { "That token is revoked." } else { "That token had been revoked already." };
            flash::put(&session, told);
            Ok(page::see_other(paths::ACCESS_TOKENS))
        }
        _ => Err(Error::BadRequest(NOT_OURS)),
    }
}

const NOT_OURS: &str = "This form is not one of ours. Open the page anew and try again.";

async fn make(user: &CurrentUser, state: &State, mut sent: Form, client: &Client) -> Result<HttpResponse, Error> {
    let (typed, present) = (sent.take("name"), sent.take("present"));
    let scope = Scope::parse(&sent.take("scope")).ok_or(Error::BadRequest(NOT_OURS))?;
    let lifetime = TokenLifetime::parse(&sent.take("expires")).ok_or(Error::BadRequest(NOT_OURS))?;
    let again = async |status, errors, notice| {
        let page =
            TokensPage { name: typed.clone(), scope, lifetime, errors, notice, ..TokensPage::of(user, state).await? };
        Ok(page::form_again(status, &page, &page.errors, page.notice.as_deref()))
    };
    let name = match TokenName::parse("name", &typed) {
        Ok(name) => name,
        Err(fault) => return again(StatusCode::UNPROCESSABLE_ENTITY, vec![fault], None).await,
    };
    let wrong = || vec![Fault::new("present", "This is not your present password. Type it again.")];
    let proof = match state.auth.prove_password(user.user(), user.session(), &present, client).await {
        Ok(proof) => proof,
        Err(AccountError::WrongPassword) => return again(StatusCode::UNPROCESSABLE_ENTITY, wrong(), None).await,
        Err(AccountError::TooMany(wait)) => {
            let notice = format!("Too many tries. Please wait {} and try again.", in_words(wait));
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, Vec::new(), Some(notice)).await?;
            response.headers_mut().insert(header::RETRY_AFTER, retry_after_seconds(wait).into());
            return Ok(response);
        }
        Err(error) => return Err(error.into()),
    };
    match state.auth.make_token(user.user(), &proof, name, scope, lifetime, client).await {
        // On this very answer, which nobody may keep: not in an address, not in a cookie, not in a log.
        Ok(text) => {
            let made = Some(Made { name: typed, text });
            Ok(page::html(StatusCode::OK, &TokensPage { made, ..TokensPage::of(user, state).await? }))
        }
        Err(TokenError::TooMany) => {
            let notice = format!("You have {TOKENS_MAX} access tokens already. Revoke one that you do not use.");
            again(StatusCode::CONFLICT, Vec::new(), Some(notice)).await
        }
        Err(TokenError::WrongPassword) => again(StatusCode::UNPROCESSABLE_ENTITY, wrong(), None).await,
        Err(TokenError::Store(error)) => Err(error.into()),
    }
}
