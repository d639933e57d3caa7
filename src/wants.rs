//! Which form of an answer a client wants.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

use crate::paths;

/// Whether the client would rather have JSON than a page: it names a JSON type and does not like HTML better; or it
/// speaks JSON itself and says nothing of HTML.
pub fn json(request: &HttpRequest) -> bool {
    if request.path().strip_prefix(paths::API).is_some_and(|below| below.starts_with('/')) {
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

/// Whether the client takes an answer of this media type. Who says nothing takes everything.
pub fn takes(request: &HttpRequest, kind: &str) -> bool {
    let lines: Vec<&str> = request.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok()).collect();
    lines.is_empty() || is_taken(&lines.join(","), kind)
}

/// The most specific range that fits decides (RFC 9110 §12.5.1).
fn is_taken(accept: &str, kind: &str) -> bool {
    let family = kind.split('/').next().unwrap_or_default();
    let mut best = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().unwrap_or_default();
        let precision = match named.split_once('/') {
            Some(_) if named.eq_ignore_ascii_case(kind) => 2,
            Some((type_, "*")) if type_.eq_ignore_ascii_case(family) => 1,
            Some(("*", "*")) => 0,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q="))).unwrap_or("1");
        let wanted = weight.trim().parse::<f32>().map_or(true, |weight| weight > 0.0);
        best = best.max(Some((precision, wanted)));
    }
    best.is_some_and(|(_, wanted)| wanted)
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
    fn the_most_specific_range_says_what_a_client_takes() {
        let json = |accept| is_taken(accept, "application/json");
        for taken in [
            "*/*",
            "application/*",
            "Application/JSON",
            "text/html, application/json;q=0.1",
            "*/*;q=0, application/json",
            "application/*;q=0.5, */*;q=0",
            "application/json; charset=utf-8",
            "application/json;q=nonsense",
        ] {
            assert!(json(taken), "{taken}");
        }
        for refused in ["", "text/html", "*/*;q=0", "*/*, application/json;q=0", "application/*; q=0.0, */*", "json"] {
            assert!(!json(refused), "{refused}");
        }
    }

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
