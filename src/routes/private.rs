//! For people who are signed in. Everything in this file stands behind the guard.

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use super::{Page, add};
use crate::controllers::{access_tokens, account, activity, home, logout, messages, users};
use crate::error::Error;
use crate::middleware::{is_authenticated, session};
use crate::paths;
use crate::state::State;

pub(super) fn configure(config: &mut ServiceConfig, state: &State) {
    add(
        config,
        Page::at(paths::HOME).get(|r| r.to(home::show)).finish().wrap(from_fn(is_authenticated)).wrap(session(state)),
    );

    // The one exception: whoever posts here may go, even if the store cannot say who it is. See the controller.
    add(
        config,
        Page::at(paths::LOGOUT)
            .get(|r| r.to(logout::show).wrap(from_fn(is_authenticated)))
            .post(|r| r.to(logout::log_out))
            .finish()
            .wrap(session(state)),
    );

    add(
        config,
        web::scope(paths::MESSAGES)
            .service(Page::at("").get(|r| r.to(messages::list)).post(|r| r.to(messages::act_on_many)).finish())
            .service(Page::at("/export").get(|r| r.to(messages::export)).finish())
            .service(Page::at("/events").get(|r| r.to(messages::events)).finish())
            .service(Page::at("/{id}").get(|r| r.to(messages::show)).post(|r| r.to(messages::act_on_one)).finish())
            .default_service(web::to(|| async { Err::<&str, _>(Error::NotFound) }))
            .wrap(from_fn(is_authenticated))
            .wrap(session(state)),
    );

    add(
        config,
        Page::at(paths::ACCOUNT)
            .get(|r| r.to(account::show))
            .post(|r| r.to(account::change))
            .finish()
            .wrap(from_fn(is_authenticated))
            .wrap(session(state)),
    );
    add(
        config,
        Page::at(paths::ACCESS_TOKENS)
            .get(|r| r.to(access_tokens::list))
            .post(|r| r.to(access_tokens::change))
            .finish()
            .wrap(from_fn(is_authenticated))
            .wrap(session(state)),
    );
    add(
        config,
        Page::at(paths::ACTIVITY)
            .get(|r| r.to(activity::list))
            .finish()
            .wrap(from_fn(is_authenticated))
            .wrap(session(state)),
    );
    add(
        config,
        Page::at(paths::USERS)
            .get(|r| r.to(users::list))
            .post(|r| r.to(users::change))
            .finish()
            .wrap(from_fn(is_authenticated))
            .wrap(session(state)),
    );
}
