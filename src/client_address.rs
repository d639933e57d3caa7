//! Whose request it is, when proxies stand in between.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client. What a header says counts only when the connection comes from a trusted proxy, and then
/// it is read from the right: the first address that no trusted proxy of ours has is the client's. Addresses further
/// left are the client's own words.
pub fn client_address(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    Some(behind_proxies(peer, request.headers(), trusted))
}

fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = peer;
    if !is_trusted(&peer) {
        return peer;
    }
    for hop in hops(headers).into_iter().rev() {
        // An entry nobody can read ends what can be believed.
        let Some(address) = hop else { return nearest };
        nearest = address;
        if !is_trusted(&address) {
            return address;
        }
    }
    nearest
}

/// The chain of addresses, client first. `Forwarded` (RFC 7239) speaks when it is there, else `X-Forwarded-For`.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = |name: HeaderName| -> Vec<String> {
        headers.get_all(name).map(|value| value.to_str().unwrap_or("?").to_owned()).collect()
    };
    let forwarded = lines(FORWARDED);
    if forwarded.is_empty() {
        return lines(X_FORWARDED_FOR).iter().flat_map(|line| line.split(',')).map(address).collect();
    }
    forwarded.iter().flat_map(|line| line.split(',')).map(forwarded_for).collect()
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| address(value.trim_matches('"')))
    })?
}

/// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:1234`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => text,
        },
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &str)], trusted: &[&str]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        behind_proxies(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let lies = [("x-forwarded-for", "9.9.9.9"), ("forwarded", "for=9.9.9.9")];
        assert_eq!(seen("192.0.2.7", &lies, &[]), "192.0.2.7");
        assert_eq!(seen("192.0.2.7", &lies, &["10.0.0.0/8"]), "192.0.2.7");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_counts() {
        let trusted = ["127.0.0.1/32", "10.0.0.0/8"];
        let headers = [("x-forwarded-for", "9.9.9.9, 198.51.100.4"), ("x-forwarded-for", "10.1.2.3")];
        assert_eq!(seen("127.0.0.1", &headers, &trusted), "198.51.100.4");
        assert_eq!(seen("127.0.0.1", &[("x-forwarded-for", "10.1.2.3")], &trusted), "10.1.2.3");
        assert_eq!(seen("127.0.0.1", &[], &trusted), "127.0.0.1");
    }

    #[test]
    fn forwarded_is_read_with_ports_quotes_and_brackets() {
        let trusted = ["::1/128", "127.0.0.1/32"];
        let header = |value| [("forwarded", value), ("x-forwarded-for", "9.9.9.9")];
        assert_eq!(seen("::1", &header("proto=https;for=\"[2001:db8::7]:4711\";by=x"), &trusted), "2001:db8::7");
        assert_eq!(seen("127.0.0.1", &header("For=192.0.2.43:80, for=127.0.0.1"), &trusted), "192.0.2.43");
        assert_eq!(seen("127.0.0.1", &header("for=192.0.2.43, for=unknown"), &trusted), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &header("proto=http"), &trusted), "127.0.0.1");
    }
}
