//! What browsers are told to refuse on our behalf.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_OPENER_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HeaderMap,
    HeaderName, HeaderValue, REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

const PUBLIC_POLICY: &str = "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const PRIVATE_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Two years, as the preload lists want it; without `includeSubDomains`, which is not ours to decide for the owner.
const TWO_YEARS: &str = "max-age=63072000";

const EVERYWHERE: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, PUBLIC_POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: it would make browsers send `Origin: null` with our own forms.
    (REFERRER_POLICY, "same-origin"),
    (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// The headers of every answer, for whoever answers below HTTP's middleware.
pub fn always(https: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    const NAMES: [&str; 6] = [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-resource-policy",
        "cross-origin-opener-policy",
        "x-frame-options",
    ];
    let transport = https.then_some(("strict-transport-security", TWO_YEARS));
    NAMES.into_iter().zip(EVERYWHERE.map(|(_, value)| value)).chain(transport)
}

/// Adds what is not there yet.
pub(super) fn apply(headers: &mut HeaderMap, https: bool) {
    for (name, value) in EVERYWHERE {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TWO_YEARS));
    }
    // What sets a cookie is for one person; what says nothing about caching is for nobody's cache.
    if headers.contains_key(SET_COOKIE) || !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// For the pages of people who are signed in: kept by no cache, so that the Back button shows nothing after the
/// logout; scripts from our own files only.
pub(super) fn apply_private(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PRIVATE_POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
