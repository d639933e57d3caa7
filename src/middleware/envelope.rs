//! Whatever comes from within goes out whole. Around it there is only what was once made whole (`once_a_second`).
//!
//! It gives each request a number, writes its line in the log, adds the security headers, and turns what is bare (an
//! error of a layer or an extractor, a panic, a missing page) into the error page or, for programs, into
//! `application/problem+json`; so it does for them with a form that comes back.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_http::{ConnectionType, ResponseHead};
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpResponse};
use askama::Template;
use futures_util::FutureExt as _;
use serde_json::json;

use super::is_authenticated::CurrentUser;
use super::request_line::RequestLine;
use super::security_headers;
use crate::error::{Problem, problem_json};
use crate::models::Fault;
use crate::page::{self, Finished, Frame, Refusal, RenderFailure};
use crate::state::State;
use crate::wants;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    status: u16,
    title: String,
    advice: String,
    request_id: String,
}

/// What has to be known about a request once it is gone: an inner layer that fails takes it along.
struct Facts {
    state: Data<State>,
    line: RequestLine,
    wants_json: bool,
}

/// The middleware.
///
/// # Errors
/// Never a bare error: what it returns as one answers with a whole page.
pub async fn envelope<B: MessageBody + 'static>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let facts = Rc::new(Facts {
        line: RequestLine::begin(state.clock.now(), request.method()),
        state,
        wants_json: wants::json(request.request()),
    });
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    match outcome {
        Ok(Ok(response)) => Ok(facts.finish(response)),
        Ok(Err(error)) => {
            let inner = error.as_response_error().error_response();
            let problem = problem_of(&inner, || error.to_string());
            Err(facts.instead_of_nothing(problem, Some(inner.head())))
        }
        Err(panic) => {
            let mut problem = Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR);
            problem.cause = Some(format!("panic: {}", panic_text(&*panic)));
            Err(facts.instead_of_nothing(problem, None))
        }
    }
}

impl Facts {
    fn finish<B: MessageBody + 'static>(&self, response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
        let instead = if is_bare_error(response.response()) {
            let problem = problem_of(response.response(), String::new);
            self.log_cause(&problem);
            let frame = match response.request().extensions().get::<CurrentUser>() {
                Some(user) => Frame::private(&self.state.config.site_name, user.user()),
                None => Frame::public(&self.state.config.site_name),
            };
            Some(self.error_page(&problem, frame))
        } else if self.wants_json {
            response.response().extensions().get().map(|refusal| self.refusal(refusal, response.status()))
        } else {
            None
        };
        let mut response = match instead {
            Some(answer) => {
                let (request, inner) = response.into_parts();
                ServiceResponse::new(request, carry_over(answer, inner.head()).map_into_right_body())
            }
            None => response.map_into_left_body(),
        };
        let (route, status) = (response.request().match_pattern(), response.status());
        self.seal(response.response_mut().headers_mut(), route.as_deref(), status);
        response
    }

    /// The answer to a request that an inner layer has swallowed.
    fn instead_of_nothing(&self, problem: Problem, inner: Option<&ResponseHead>) -> actix_web::Error {
        self.log_cause(&problem);
        let page = self.error_page(&problem, Frame::public(&self.state.config.site_name));
        let mut response = match inner {
            Some(inner) => carry_over(page, inner),
            None => page,
        };
        let status = response.status();
        self.seal(response.headers_mut(), None, status);
        InternalError::from_response(problem.title, response).into()
    }

    /// A form that comes back, for programs: what keeps it from being done, or every fault at once, each pointing at its
    /// field (RFC 6901, section 6).
    fn refusal(&self, refusal: &Refusal, status: StatusCode) -> HttpResponse<BoxBody> {
        let title = if refusal.faults.is_empty() { "This cannot be done now" } else { "The form has faults" };
        let advice = "Mend the fields named in errors and send it again.";
        let advice = refusal.notice.clone().unwrap_or_else(|| advice.to_owned());
        let mut body = problem_json(&Problem { title, advice, ..Problem::of_status(status) }, &self.line.id);
        let error = |fault: &Fault| json!({"pointer": format!("#/{}", fault.field), "field": fault.field, "detail": fault.message});
        if !refusal.faults.is_empty() {
            body["errors"] = refusal.faults.iter().map(error).collect();
        }
        HttpResponse::build(status).content_type("application/problem+json").body(body.to_string())
    }

    fn error_page(&self, problem: &Problem, frame: Frame) -> HttpResponse<BoxBody> {
        if self.wants_json {
            return HttpResponse::build(problem.status)
                .content_type("application/problem+json")
                .body(problem_json(problem, &self.line.id).to_string());
        }
        let page = ErrorPage {
            frame,
            status: problem.status.as_u16(),
            title: problem.title.to_owned(),
            advice: problem.advice.clone(),
            request_id: self.line.id.clone(),
        };
        let mut response = page::html(problem.status, &page);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn seal(&self, headers: &mut HeaderMap, route: Option<&str>, status: StatusCode) {
        security_headers::apply(headers, self.state.is_https());
        self.line.finish(headers, route, status);
    }

    fn log_cause(&self, problem: &Problem) {
        if let Some(cause) = &problem.cause {
            tracing::error!(request_id = %self.line.id, status = problem.status.as_u16(), cause = %cause.escape_debug(), "a request failed");
        }
    }
}

/// Whether nobody has given this error a body that is meant for people.
fn is_bare_error<B>(response: &HttpResponse<B>) -> bool {
    let status = response.status();
    (status.is_client_error() || status.is_server_error()) && response.extensions().get::<Finished>().is_none()
}

fn problem_of<B>(response: &HttpResponse<B>, cause: impl FnOnce() -> String) -> Problem {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return problem.clone();
    }
    let mut problem = Problem::of_status(response.status());
    if response.status().is_server_error() {
        let failure = response.extensions().get::<RenderFailure>().map(|failure| failure.0.clone());
        problem.cause = failure.or_else(|| Some(cause()).filter(|cause| !cause.is_empty()));
    }
    problem
}

/// What a bare error may say in its head.
const KEPT: [HeaderName; 6] = [
    header::ALLOW,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    header::SET_COOKIE,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
];

/// Keeps that, and whether to close.
fn carry_over(mut page: HttpResponse<BoxBody>, inner: &ResponseHead) -> HttpResponse<BoxBody> {
    for name in KEPT {
        for value in inner.headers().get_all(&name) {
            page.headers_mut().append(name.clone(), value.clone());
        }
    }
    // Not a header before it is on the wire.
    if inner.connection_type() == ConnectionType::Close {
        page.head_mut().set_connection_type(ConnectionType::Close);
    }
    page
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of an unknown kind")
}
