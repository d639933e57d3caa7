//! Which form of an answer a client wants.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

use crate::paths;

/// Whether the client would rather have JSON than a page: it names a JSON type and does not like HTML better; or it
/// speaks JSON itself and says nothing of HTML.
pub fn json(request: &HttpRequest) -> bool {
    if request.path().starts_with(paths::API) {
        return true;
    }
    let header =
        |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    prefers_json(header(ACCEPT), header(CONTENT_TYPE))
}

fn prefers_json(accept: &str, content_type: &str) -> bool {
    let json = quality(accept, "application/json").max(quality(accept, "application/problem+json"));
    let html = quality(accept, "text/html");
    json > 0.0 && json >= html || html == 0.0 && content_type.starts_with("application/json")
}

/// The weight of an exactly named media type in an `Accept` header (RFC 9110 §12.5.1); 0 when it is not named.
fn quality(accept: &str, kind: &str) -> f32 {
    accept
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts.next()?.eq_ignore_ascii_case(kind);
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            named.then_some(weight)
        })
        .fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert!(!prefers_json(firefox, ""));
        assert!(!prefers_json(firefox, "application/json"));
        assert!(!prefers_json("*/*", "") && !prefers_json("", ""));
        assert!(prefers_json("application/json", ""));
        assert!(prefers_json("Application/Problem+JSON, text/html;q=0.5", ""));
        assert!(!prefers_json("text/html, application/json;q=0.5", ""));
        assert!(!prefers_json("application/json;q=0", ""));
        assert!(prefers_json("*/*", "application/json; charset=utf-8"));
    }
}
