//! Requests that change something must come from our own pages.
//!
//! The rules are those of Go 1.25's `net/http` `CrossOriginProtection`, with two more: `Origin` may also be the
//! configured public URL, because a proxy may have changed `Host`; and `null` is nobody's origin. They need no token
//! in the form and so no cookie for visitors. Judged by headers only, so that the body is left to the controller.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error as ActixError, ResponseError as _};

use crate::error::Error;
use crate::state::State;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const ADVICE: &str =
    "This was sent from another site. Open the page here, and send it from there; nothing has been changed.";

/// The middleware.
///
/// # Errors
/// Those of the layers within.
pub async fn cross_origin<B: MessageBody + 'static>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    if is_allowed(request.method(), request.headers(), state.public_url.origin()) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    tracing::warn!(route = request.match_pattern(), "a request from another site was refused");
    let refused = Error::Forbidden(ADVICE).error_response();
    Ok(request.into_response(refused).map_into_right_body())
}

fn is_allowed(method: &Method, headers: &HeaderMap, public_origin: &str) -> bool {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
        return true;
    }
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
    let origin = header(ORIGIN);
    match header(SEC_FETCH_SITE) {
        "same-origin" | "none" => true,
        "" => {
            origin.is_empty()
                || origin == public_origin
                || origin.split_once("://").is_some_and(|(_, host)| !host.is_empty() && host == header(HOST))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn allowed(method: Method, headers: &[(HeaderName, &str)]) -> bool {
        let mut map = HeaderMap::new();
        map.insert(HOST, HeaderValue::from_static("box.example:8443"));
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        is_allowed(&method, &map, "https://letters.example")
    }

    #[test]
    fn the_matrix_of_sites_and_origins() {
        let post = |headers: &[(HeaderName, &str)]| allowed(Method::POST, headers);
        let site = |site: &'static str| post(&[(SEC_FETCH_SITE, site), (ORIGIN, "https://evil.example")]);
        assert!(site("same-origin") && site("none"));
        assert!(!site("same-site") && !site("cross-site") && !site("anything"));
        let origin = |origin: &'static str| post(&[(ORIGIN, origin)]);
        assert!(post(&[]), "no browser");
        assert!(origin("http://box.example:8443") && origin("https://letters.example"));
        for refused in
            ["null", "https://evil.example", "https://box.example", "https://letters.example.evil.example", "://"]
        {
            assert!(!origin(refused), "{refused}");
        }
    }

    #[test]
    fn reading_is_free_and_every_way_of_writing_is_judged() {
        let foreign = [(SEC_FETCH_SITE, "cross-site")];
        assert!([Method::GET, Method::HEAD, Method::OPTIONS].into_iter().all(|method| allowed(method, &foreign)));
        let unsafe_methods =
            [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::from_bytes(b"QUERY").unwrap()];
        assert!(unsafe_methods.into_iter().all(|method| !allowed(method, &foreign)));
    }
}
