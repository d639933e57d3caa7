//! E-mail addresses, by the rule every browser applies to `<input type="email">`.

use std::fmt;

use super::Fault;

/// Longest address in bytes (RFC 5321 §4.5.3.1.3, less the angle brackets).
const EMAIL_MAX: usize = 254;

/// An address as HTML's `type=email` accepts it, kept as it was typed, at most 254 bytes.
///
/// Source: HTML Living Standard, "valid email address". Internationalised domain names are accepted as people
/// write them and judged by their ASCII form (UTS 46), which is what a browser does before it sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address from a form; white space around it is not part of it.
    ///
    /// # Errors
    /// A [`Fault`] of `field` when it is no address.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Fault> {
        let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{c}']);
        if text.is_empty() {
            return Err(Fault::new(field, "Enter an email address, so that you can be answered."));
        }
        if text.len() > EMAIL_MAX {
            return Err(Fault::new(
                field,
                format!("The email address is longer than {EMAIL_MAX} bytes. Use a shorter one."),
            ));
        }
        let valid = text.split_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::new(field, "The email address is not complete. It looks like name@example.com."))
        }
    }

    /// From a store that keeps only what `parse` made.
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which two spellings of one login are the same: all lower case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
}

fn is_domain(text: &str) -> bool {
    if text.is_ascii() {
        return text.split('.').all(is_label);
    }
    idna::domain_to_ascii(text).is_ok_and(|ascii| ascii.split('.').all(is_label))
}

fn is_label(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        EmailAddress::parse("email", text).is_ok()
    }

    #[test]
    fn ordinary_addresses_are_accepted() {
        for text in ["ada@example.com", "a.b+c@sub.example.co.uk", "x@localhost", "o'hara@example.ie", ".a.@b"] {
            assert!(accepts(text), "{text}");
        }
    }

    #[test]
    fn internationalised_domains_are_accepted_and_kept_as_typed() {
        let address = EmailAddress::parse("email", " jürgen@example.com ");
        assert!(address.is_err(), "the local part is ASCII in HTML's rule");
        let address = EmailAddress::parse("email", " info@bücher.example ").map(|a| a.as_str().to_owned());
        assert_eq!(address.as_deref(), Ok("info@bücher.example"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in
            ["", "  ", "ada", "@example.com", "ada@", "a@b@c", "a b@c", "a@-b.c", "a@b-.c", "a@b..c", "a@b c", &long]
        {
            assert!(!accepts(text), "{text:?}");
        }
    }

    #[test]
    fn two_spellings_of_a_login_have_one_key() {
        assert_eq!(EmailAddress::from_trusted("Ada@Example.COM".into()).key(), "ada@example.com");
    }
}
