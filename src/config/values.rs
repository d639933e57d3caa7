//! One parser per kind of value. Each says what the value must look like, in words that follow "it must".

use std::fmt::Display;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use tracing_subscriber::filter::LevelFilter;

use super::LogFormat;
use super::error::{Fault, quoted};

/// A whole number in `range`, in digits and nothing else.
pub(super) fn number<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, Fault>
where
    T: FromStr + PartialOrd + Display,
{
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse().ok().filter(|value| digits && range.contains(value));
    value.ok_or_else(|| Fault::shown(format!("be a number from {} to {}", range.start(), range.end())))
}

/// A host to listen on: a name or an address. The brackets around an IPv6 address are taken off.
pub(super) fn host(text: &str) -> Result<String, Fault> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().is_ok(),
        None => text.parse::<IpAddr>().is_ok() || is_host_name(text),
    };
    if address {
        Ok(bare.unwrap_or(text).to_owned())
    } else {
        Err(Fault::shown("be a host name or an IP address without a port, such as 127.0.0.1, :: or localhost"))
    }
}

fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    // A last label of digits is an address that lost a part, not a name.
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 253 && text.split('.').all(is_label) && !text.rsplit('.').next().is_some_and(is_number)
}

/// A directory; a relative one starts at the working directory.
pub(super) fn directory(text: &str) -> Result<PathBuf, Fault> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Fault::shown("be the path of a directory, such as data"));
    }
    Ok(PathBuf::from(text))
}

/// Addresses and CIDR ranges, between commas or spaces; none when there is nothing but those.
///
/// An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) becomes IPv4, and bits behind the prefix become zero.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, Fault> {
    text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty()).map(network).collect()
}

fn network(part: &str) -> Result<IpNet, Fault> {
    const MUST: &str = "list addresses or CIDR ranges such as 127.0.0.1, 10.0.0.0/8 or fd00::/8";
    let net = part.parse::<IpAddr>().map(IpNet::from).or_else(|_| part.parse::<IpNet>());
    match net.map(|net| unmapped(net.trunc())) {
        Ok(net) if net.prefix_len() == 0 => {
            Err(Fault::shown(format!("{MUST}, and {} would believe every visitor", quoted(part))))
        }
        Ok(net) => Ok(net),
        Err(_) => Err(Fault::shown(format!("{MUST}, and {} is neither", quoted(part)))),
    }
}

fn unmapped(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let v4 = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    v4.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(net, IpNet::V4)
}

/// A name of 1 to `max` characters on one line, without the white space around it.
pub(super) fn one_line(text: &str, max: usize) -> Result<String, Fault> {
    let text = text.trim();
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.is_empty() || text.chars().count() > max || text.contains(breaks) {
        return Err(Fault::shown(format!("be 1 to {max} characters on one line, without control characters")));
    }
    Ok(text.to_owned())
}

/// A text of at most `max` characters, kept as it is; may be empty.
pub(super) fn text(text: &str, max: usize) -> Result<String, Fault> {
    if text.chars().count() > max || text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        let must = format!("be at most {max} characters, without control characters other than line break and tab");
        return Err(Fault::shown(must));
    }
    Ok(text.to_owned())
}

/// What to log, in the language of `tracing`'s `Targets`: levels, and levels of modules. `Targets` would take a word
/// that is no level for the name of a module, so that `RUST_LOG=inof` would log nothing and say nothing, and a missing
/// level for `error`.
pub(super) fn log_filter(text: &str) -> Result<String, Fault> {
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let is_module = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-'))
    };
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_valid = |part: &&str| match part.split_once('=') {
        Some((module, level)) => is_module(module) && is_level(level),
        None => is_level(part),
    };
    if !parts.iter().all(is_valid) {
        let must = "be error, warn, info, debug, trace or off, or parts such as info,letterbox=debug";
        return Err(Fault::shown(must));
    }
    Ok(parts.join(","))
}

/// The form of the log.
pub(super) fn log_format(text: &str) -> Result<LogFormat, Fault> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Fault::shown("be text or json")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_within_its_range() {
        assert_eq!(number("0", &(0_u16..=65_535)).ok(), Some(0));
        assert_eq!(number("65535", &(0_u16..=65_535)).ok(), Some(65_535));
        assert_eq!(number("15", &(10_u32..=15)).ok(), Some(15));
        for wrong in ["", " 80", "80\n", "+80", "-1", "8e1", "0x50", "80a", "65536", "99999999999999999999", "٨"] {
            assert!(number(wrong, &(0_u16..=65_535)).is_err(), "{wrong:?}");
        }
        assert!(number("9", &(10_u32..=15)).is_err() && number("16", &(10_u32..=15)).is_err());
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for right in ["127.0.0.1", "0.0.0.0", "::", "::1", "localhost", "letters.example.com", "letter_box", "2host"] {
            assert_eq!(host(right).ok().as_deref(), Some(right));
        }
        assert_eq!(host("[::1]").ok().as_deref(), Some("::1"));
    }

    #[test]
    fn a_host_has_no_port_no_scheme_and_no_missing_part() {
        let long = "a".repeat(64);
        for wrong in
            ["", " ", "localhost:80", "127.0.0.1:80", "[::1]:80", "[::1", "[a]", "127.0.1", "300.1.1.1", "*", &long]
        {
            assert!(host(wrong).is_err(), "{wrong:?}");
        }
        for wrong in ["http://a", "a..b", ".a", "a b", "bücher.example", "/tmp/socket", "a\nb", "12345"] {
            assert!(host(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn proxies_stand_between_commas_or_spaces() {
        let list = networks("127.0.0.1, 10.0.0.0/8  fd00::/8,::1,").expect("a list");
        let shown: Vec<_> = list.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8", "::1/128"]);
        assert!(networks("").expect("none").is_empty());
        assert!(networks(" , ").expect("none").is_empty());
    }

    #[test]
    fn a_range_is_kept_as_the_network_that_it_means() {
        let shown = |text| networks(text).expect("a range")[0].to_string();
        assert_eq!(shown("10.1.2.3/8"), "10.0.0.0/8");
        assert_eq!(shown("::ffff:10.0.0.1"), "10.0.0.1/32");
        assert_eq!(shown("::ffff:10.0.0.0/104"), "10.0.0.0/8");
    }

    #[test]
    fn a_range_of_everybody_or_of_nobody_is_refused() {
        for wrong in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "10.0.0.0/33", "10.0.0", "proxy", "10.0.0.1;10.0.0.2"] {
            assert!(networks(wrong).is_err(), "{wrong}");
        }
        let error = networks("::1 proxy").expect_err("refused").of("TRUSTED_PROXIES", "::1 proxy").to_string();
        assert!(error.starts_with("TRUSTED_PROXIES is \"::1 proxy\"; it must list addresses"), "{error}");
        assert!(error.ends_with("and \"proxy\" is neither."), "{error}");
    }

    #[test]
    fn a_site_name_is_one_line_counted_in_characters() {
        assert_eq!(one_line(" Ada's letters ", 60).ok().as_deref(), Some("Ada's letters"));
        assert!(one_line(&"é".repeat(60), 60).is_ok());
        for wrong in ["", "  ", "a\nb", "a\tb", "a\u{1b}b", "a\u{2028}b", &"é".repeat(61)] {
            assert!(one_line(wrong, 60).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_introduction_may_be_empty_and_may_have_lines() {
        assert_eq!(text("", 500).ok().as_deref(), Some(""));
        assert_eq!(text("a\n\tb ", 500).ok().as_deref(), Some("a\n\tb "));
        assert!(text(&"é".repeat(500), 500).is_ok());
        assert!(text(&"é".repeat(501), 500).is_err());
        assert!(text("a\u{1b}[31m", 500).is_err());
    }

    #[test]
    fn a_log_filter_is_a_level_or_levels_of_parts() {
        for right in ["info", "off", "WARN", "info,letterbox=debug", "letterbox::store=trace,warn"] {
            assert_eq!(log_filter(right).ok().as_deref(), Some(right));
        }
        assert_eq!(log_filter(" warn , letterbox=info ").ok().as_deref(), Some("warn,letterbox=info"));
        let unknown = ["inof", "letterbox", "letterbox=loud", "info,verbose", "[request{id}]=info"];
        for wrong in ["", " ", ",", "=", "info,", "letterbox=", "=info", "a=b=c"].into_iter().chain(unknown) {
            assert!(log_filter(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_directory_has_a_path() {
        assert_eq!(directory("/var/lib/letter box").ok(), Some(PathBuf::from("/var/lib/letter box")));
        for wrong in ["", " ", "a\0b", "a\nb"] {
            assert!(directory(wrong).is_err(), "{wrong:?}");
        }
    }
}
