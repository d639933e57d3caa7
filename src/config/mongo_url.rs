//! Where a MongoDB is, and how to say so without its password.

use std::fmt;

use super::error::Fault;

const ENCODED: &str =
    "have every special character of its user and password percent-encoded: / as %2F, ? as %3F, @ as %40";
const MUST: &str = "look like mongodb://USER:PASSWORD@HOST:PORT/NAME or mongodb+srv://USER:PASSWORD@HOST/NAME";
/// Longest name of a database, in bytes (MongoDB manual, "Naming Restrictions").
const NAME_MAX: usize = 63;

/// The address of a MongoDB, in the standard form (MongoDB "Connection String" specification). `Display` and `Debug`
/// leave out who logs in and all options.
#[derive(Clone, PartialEq, Eq)]
pub struct MongoUrl {
    text: String,
    scheme: &'static str,
    hosts: String,
    database: String,
}

impl MongoUrl {
    /// All of it, with the password.
    pub fn secret(&self) -> &str {
        &self.text
    }

    /// The database that holds the letters.
    pub fn database(&self) -> &str {
        &self.database
    }
}

impl fmt::Display for MongoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.scheme, self.hosts, self.database)
    }
}

impl fmt::Debug for MongoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads a URL with the scheme `mongodb` or `mongodb+srv`. Its options are the driver's to judge.
pub(super) fn mongo_url(text: &str) -> Result<MongoUrl, Fault> {
    let refused = |what: &str| Fault::hidden(what, MUST);
    let (scheme, rest) = text.split_once("://").ok_or_else(|| refused("is not such a URL"))?;
    let scheme = if scheme.eq_ignore_ascii_case("mongodb") { "mongodb" } else { "mongodb+srv" };
    if is_split_within_a_password(rest) {
        return Err(Fault::hidden("has a /, ? or @ where none can stand", ENCODED));
    }
    let (place, options) = rest.split_once('?').map_or((rest, None), |(place, options)| (place, Some(options)));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    if hosts.is_empty() || hosts.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(refused("names no server"));
    }
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "/\\.\"$*<>:|?%".contains(c);
    if database.is_empty() {
        return Err(refused("names no database"));
    }
    if database.len() > NAME_MAX || database.contains(forbidden) || ["admin", "local", "config"].contains(&database) {
        return Err(refused("names a database that cannot be used"));
    }
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    Ok(MongoUrl {
        text: format!("{scheme}://{authority}/{database}{options}"),
        scheme,
        hosts: hosts.to_owned(),
        database: database.to_owned(),
    })
}

/// Whether what stands before the first slash is likely a part of a password and no server: it would be shown.
fn is_split_within_a_password(rest: &str) -> bool {
    let (authority, behind) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let has_port_in_words = |host: &str| {
        let host = host.rsplit_once(']').map_or(host, |(_, behind)| behind);
        host.split_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err())
    };
    behind.contains('@') || (!authority.contains('@') && authority.split(',').any(has_port_in_words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> String {
        mongo_url(text).map_err(|fault| fault.of("DATABASE_URL", text)).expect_err("refused").to_string()
    }

    #[test]
    fn a_url_is_shown_without_who_logs_in() {
        for (text, shown) in [
            ("mongodb://ada:hunter2@db.example:27018/letters?replicaSet=r", "mongodb://db.example:27018/letters"),
            ("MongoDB://a,b:2,[::1]:3/letters", "mongodb://a,b:2,[::1]:3/letters"),
            ("mongodb+srv://ada:hunter2@cluster.example/letters", "mongodb+srv://cluster.example/letters"),
        ] {
            let url = mongo_url(text).expect("a URL");
            assert_eq!((url.to_string(), format!("{url:?}")), (shown.to_owned(), shown.to_owned()));
            assert_eq!(url.database(), "letters");
        }
        let url = mongo_url("MongoDB://ada:hunter2@db/letters?w=1").expect("a URL");
        assert_eq!(url.secret(), "mongodb://ada:hunter2@db/letters?w=1");
    }

    #[test]
    fn what_names_no_server_or_no_database_is_refused_and_not_shown() {
        for (text, why) in [
            ("mongodb:hunter2", "is not such a URL"),
            ("mongodb:///letters", "names no server"),
            ("mongodb://ada:hunter2@/letters", "names no server"),
            ("mongodb://ada:hunter2@db", "names no database"),
            ("mongodb://ada:hunter2@db/?w=1", "names no database"),
            ("mongodb://ada:hunter2@db/a.b", "cannot be used"),
            ("mongodb://ada:hunter2@db/admin", "cannot be used"),
            ("mongodb://ada:hunter2/ret@db/letters", "percent-encoded"),
            ("mongodb://ada:2/hunter2@db/letters", "percent-encoded"),
            ("mongodb://ada:hunter2?ret@db/letters", "percent-encoded"),
            ("mongodb://ada:hunter2/ret", "percent-encoded"),
            ("mongodb://ada:p@hunter2/ret@db/letters", "percent-encoded"),
            ("mongodb://ada:hunter2", "percent-encoded"),
        ] {
            let sentence = sentence(text);
            assert!(sentence.contains(why) && !sentence.contains("hunter2"), "{sentence}");
        }
    }
}
