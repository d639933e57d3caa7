//! Everybody's accounts, for owners.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::auth::{AccountError, Client};
use crate::body::Form;
use crate::error::Error;
use crate::middleware::CurrentUser;
use crate::models::{EmailAddress, Fault, PersonName, Role, User};
use crate::page::{self, Frame};
use crate::state::State;
use crate::{body, client, flash, paths};

#[derive(Template)]
#[template(path = "users/list.html")]
struct UsersPage {
    frame: Frame,
    users: Vec<UserRow>,
    invitation: Option<Link>,
    name: String,
    email: String,
    as_owner: bool,
    errors: Vec<Fault>,
    notice: Option<String>,
}

struct UserRow {
    name: String,
    email: String,
    role: Role,
    other_role: Role,
    invited: bool,
    is_self: bool,
}

/// An invitation, shown once.
struct Link {
    email: String,
    url: String,
}

impl UsersPage {
    async fn of(owner: &User, state: &State) -> Result<Self, Error> {
        let users = state.store.list_users().await?.into_iter();
        let users = users.map(|user| UserRow {
            is_self: user.id == owner.id,
            name: user.name.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            other_role: if user.role == Role::Owner { Role::Member } else { Role::Owner },
            role: user.role,
            invited: user.invited,
        });
        Ok(Self {
            frame: Frame::private(&state.config.site_name, owner),
            users: users.collect(),
            invitation: None,
            name: String::new(),
            email: String::new(),
            as_owner: false,
            errors: Vec::new(),
            notice: None,
        })
    }

    fn error(&self, field: &str) -> Option<&str> {
        page::fault_of(&self.errors, field)
    }
}

/// `GET /users`: who holds a key.
pub async fn list(user: CurrentUser, session: Session, state: Data<State>) -> Result<HttpResponse, Error> {
    let mut page = UsersPage::of(user.owner()?, &state).await?;
    page.frame.flash = flash::take(&session);
    Ok(page::html(StatusCode::OK, &page))
}

/// `POST /users`: one change, named by `action`.
pub async fn change(
    request: HttpRequest,
    payload: Payload,
    user: CurrentUser,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let owner = user.owner()?;
    let mut sent = body::small_form(&request, payload).await?;
    let client = client::of(&request, &state);
    let action = sent.take("action");
    if action == "invite" {
        return invite(owner, &state, sent, &client).await;
    }
    let subject = EmailAddress::parse("email", &sent.take("email")).map_err(|_| Error::BadRequest(NOT_OURS))?;
    let by = owner.email.as_str();
    let outcome = match action.as_str() {
        "invite-again" => return invite_again(owner, &state, &subject, &client).await,
        "role" => {
            let role = Role::parse(&sent.take("role")).ok_or(Error::BadRequest(NOT_OURS))?;
            state.auth.set_role(&subject, role, by, &client).await
        }
        "remove" => state.auth.remove_user(&subject, by, &client).await,
        _ => return Err(Error::BadRequest(NOT_OURS)),
    };
    let sentence = match outcome {
        Ok(()) if action == "role" => format!("The role of {subject} is changed; they log in anew."),
        Ok(()) => format!("{subject} is removed."),
        Err(AccountError::LastOwner) => return refuse(owner, &state, LAST_OWNER).await,
        Err(AccountError::Unknown) => {
            return refuse(owner, &state, "Somebody else has removed this user already.").await;
        }
        Err(error) => return Err(error.into()),
    };
    flash::put(&session, &sentence);
    Ok(page::see_other(paths::USERS))
}

const NOT_OURS: &str = "This form is not one of ours. Open the page anew and try again.";
const LAST_OWNER: &str = "The last owner stays an owner. Make somebody else an owner first.";

async fn invite(owner: &User, state: &State, mut sent: Form, client: &Client) -> Result<HttpResponse, Error> {
    let (typed_name, typed_email) = (sent.take("name"), sent.take("email"));
    let role = Role::parse(&sent.take("role")).unwrap_or(Role::Member);
    let parsed = (PersonName::parse("name", &typed_name), EmailAddress::parse("email", &typed_email));
    let errors = match parsed {
        (Ok(name), Ok(email)) => match state.auth.invite(name, email, role, owner, client).await {
            Ok((user, token)) => return show_link(owner, state, user.email.as_str(), &token).await,
            Err(AccountError::EmailTaken) => vec![Fault::new("email", "A user with this address exists already.")],
            Err(error) => return Err(error.into()),
        },
        (name, email) => name.err().into_iter().chain(email.err()).collect(),
    };
    let page = UsersPage {
        name: typed_name,
        email: typed_email,
        as_owner: role == Role::Owner,
        errors,
        ..UsersPage::of(owner, state).await?
    };
    Ok(page::form_again(StatusCode::UNPROCESSABLE_ENTITY, &page, &page.errors, None))
}

async fn invite_again(
    owner: &User,
    state: &State,
    email: &EmailAddress,
    client: &Client,
) -> Result<HttpResponse, Error> {
    match state.auth.invite_again(email, owner, client).await {
        Ok(token) => show_link(owner, state, email.as_str(), &token).await,
        Err(AccountError::NotInvited | AccountError::Unknown) => {
            refuse(owner, state, "They have accepted or were removed meanwhile.").await
        }
        Err(error) => Err(error.into()),
    }
}

async fn show_link(owner: &User, state: &State, email: &str, token: &str) -> Result<HttpResponse, Error> {
    let url = state.public_url.join(&format!("{}?token={token}", paths::INVITATION));
    let invitation = Some(Link { email: email.to_owned(), url });
    Ok(page::html(StatusCode::OK, &UsersPage { invitation, ..UsersPage::of(owner, state).await? }))
}

async fn refuse(owner: &User, state: &State, why: &str) -> Result<HttpResponse, Error> {
    let page = UsersPage { notice: Some(why.to_owned()), ..UsersPage::of(owner, state).await? };
    Ok(page::form_again(StatusCode::CONFLICT, &page, &[], Some(why)))
}
