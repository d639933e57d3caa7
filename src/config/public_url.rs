//! The address that browsers type.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::error::Fault;

const MUST: &str = "be an address such as https://letters.example.com, with nothing after the host and its port";

/// An origin of the web: scheme, host and, unless it is the scheme's own, port. `Display` is [`PublicUrl::origin`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
}

impl PublicUrl {
    /// The address of a server that listens on `host` (a name or an address, IPv6 without brackets) at `port`, as a
    /// browser on the same machine types it. A server that listens everywhere is found at `localhost`.
    pub(super) fn local(host: &str, port: u16) -> Self {
        let name = match host.parse::<IpAddr>() {
            Ok(ip) if ip.to_canonical().is_unspecified() => "localhost".to_owned(),
            Ok(IpAddr::V6(ip)) => Host::<&str>::Ipv6(ip).to_string(),
            _ => host.to_ascii_lowercase(),
        };
        let origin = if port == 80 { format!("http://{name}") } else { format!("http://{name}:{port}") };
        Self { origin }
    }

    /// Whether browsers come by TLS. Turns on `Secure` and `__Host-` for cookies, and HSTS.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// `scheme://host[:port]` as browsers write it in the `Origin` header: lower case, an international domain in
    /// its ASCII form, no default port, no slash at the end.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The whole address of `path`, which begins with a slash; a missing slash is added.
    pub fn join(&self, path: &str) -> String {
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("{}{slash}{path}", self.origin)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// Reads `PUBLIC_URL`.
pub(super) fn public_url(text: &str) -> Result<PublicUrl, Fault> {
    if text.contains('@') {
        return Err(Fault::hidden("is a URL with a user name or a password", MUST));
    }
    // The parser of browsers mends much: `http:a`, `http:\\a`, line breaks. A setting is better not mended.
    let lower = text.to_ascii_lowercase();
    let plain = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).is_some_and(|rest| {
        !rest.starts_with('/') && !rest.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control())
    });
    let url = Url::parse(text).ok().filter(|_| plain).ok_or_else(|| Fault::shown(MUST))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.port() != Some(0);
    if bare { Ok(PublicUrl { origin: url.origin().ascii_serialization() }) } else { Err(Fault::shown(MUST)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> String {
        public_url(text).expect(text).origin().to_owned()
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        assert_eq!(origin("https://letters.example.com"), "https://letters.example.com");
        assert_eq!(origin("HTTPS://Letters.Example.com:443/"), "https://letters.example.com");
        assert_eq!(origin("http://localhost:80"), "http://localhost");
        assert_eq!(origin("http://localhost:8080/"), "http://localhost:8080");
        assert_eq!(origin("https://bücher.example"), "https://xn--bcher-kva.example");
        assert_eq!(origin("http://[0:0::1]:8080"), "http://[::1]:8080");
    }

    #[test]
    fn https_is_what_the_scheme_says() {
        assert!(public_url("HTTPS://a.example").expect("a URL").is_https());
        assert!(!public_url("http://https.example").expect("a URL").is_https());
    }

    #[test]
    fn more_than_an_origin_is_refused() {
        for text in [
            "https://a.example/letters",
            "https://a.example//",
            "https://a.example?",
            "https://a.example/?q=1",
            "https://a.example#",
            "https://a.example/#top",
            "https://a.example:0",
        ] {
            assert!(public_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_browser_would_mend_is_refused() {
        for text in [
            "",
            "a.example",
            "//a.example",
            "http:a.example",
            "http:/a.example",
            "http:///a.example",
            "http:\\\\a.example",
            "http://a.example\\",
            " http://a.example",
            "http://a.exa\nmple",
            "ftp://a.example",
            "http://",
            "http://a b",
            "http://a:99999",
        ] {
            assert!(public_url(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_shown() {
        for text in ["https://ada:hunter2@a.example", "https://hunter2@a.example", "ada:hunter2@a", "https://@hunter2"]
        {
            let error = public_url(text).expect_err("refused").of("PUBLIC_URL", text).to_string();
            assert!(error.starts_with("PUBLIC_URL is a URL with a user name or a password; it must be"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_path_is_joined_by_one_slash() {
        let url = public_url("https://a.example/").expect("a URL");
        assert_eq!(url.join("/contact"), "https://a.example/contact");
        assert_eq!(url.join("contact"), "https://a.example/contact");
        assert_eq!(url.join(""), "https://a.example/");
    }

    #[test]
    fn a_server_without_a_public_url_is_found_where_it_listens() {
        let cases = [
            ("127.0.0.1", 8080, "http://127.0.0.1:8080"),
            ("Example.COM", 80, "http://example.com"),
            ("0.0.0.0", 1, "http://localhost:1"),
            ("::", 443, "http://localhost:443"),
            ("::ffff:0.0.0.0", 8080, "http://localhost:8080"),
            ("::1", 8080, "http://[::1]:8080"),
        ];
        for (host, port, expected) in cases {
            let url = PublicUrl::local(host, port);
            assert_eq!(url.origin(), expected);
            assert_eq!(public_url(expected).expect("a URL"), url, "both ways to make an origin agree");
        }
    }
}
