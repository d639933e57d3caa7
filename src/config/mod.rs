//! The settings: from the environment or from `.env` in the working directory, where the real environment wins.
//!
//! Everything has a default. A wrong value stops the start with one sentence, and no secret is ever shown. Nothing
//! here opens the store, makes a directory or changes the environment.

mod engine;
mod env_file;
mod error;
mod lookalike;
mod mongo_url;
mod public_url;
mod secret;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

pub use engine::Engine;
pub use error::ConfigError;
pub use mongo_url::MongoUrl;
pub use public_url::PublicUrl;
pub use secret::{SECRET_MIN, Secret};

use error::Fault;

/// Every setting, in the order in which they are read and shown.
pub const NAMES: [&str; 18] = [
    "HOST",
    "PORT",
    "PUBLIC_URL",
    "DATA_DIR",
    "DATABASE_URL",
    "SECRET_KEY",
    "SECRET_KEY_PREVIOUS",
    "ACCESS_TOKEN_MINUTES",
    "REFRESH_TOKEN_DAYS",
    "BCRYPT_COST",
    "CONTACT_PER_MINUTE",
    "MAX_CONNECTIONS",
    "TRASH_DAYS",
    "TRUSTED_PROXIES",
    "SITE_NAME",
    "SITE_INTRO",
    "RUST_LOG",
    "LOG_FORMAT",
];

const SITE_INTRO: &str =
    "A question, an idea or just a kind word? Write it here, and an answer will come to you by email.";
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// The settings in force. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// `HOST`: the name or address to listen on, IPv6 without brackets. Default: `127.0.0.1`, this machine only.
    pub host: String,
    /// `PORT`: the port to listen on, 0 for any free one. Default: 8080.
    pub port: u16,
    /// `PUBLIC_URL`: what browsers type. Default: none, made from `HOST` and the port by [`Config::public_url`].
    pub public_url: Option<PublicUrl>,
    /// `DATA_DIR`: the directory for the embedded store and the secret key. Default: `data`.
    pub data_dir: PathBuf,
    /// `DATABASE_URL`: where the letters are kept. Default: `letterbox.db` in `DATA_DIR`.
    pub database_url: Engine,
    /// `SECRET_KEY`: what every key is derived from. Default: none, kept in `DATA_DIR/secret.key`.
    pub secret_key: Option<Secret>,
    /// `SECRET_KEY_PREVIOUS`: the key before, still good for verifying. Default: none.
    pub secret_key_previous: Option<Secret>,
    /// `ACCESS_TOKEN_MINUTES`: life of an access token, 1 to 1440 minutes. Longer than the 30 s in which a spent
    /// refresh token is forgiven, so that two renewals never fall into them. Default: 15 minutes.
    pub access_token: Duration,
    /// `REFRESH_TOKEN_DAYS`: how long a login lasts unused, 1 to 365 days. Default: 30 days.
    pub refresh_token: Duration,
    /// `BCRYPT_COST`: binary logarithm of the rounds behind a stored password, 10 to 15. Default: 12.
    pub bcrypt_cost: u32,
    /// `CONTACT_PER_MINUTE`: letters a minute from one address (IPv6: one /64), up to 100000; 0 = no limit.
    /// Default: 10.
    pub contact_per_minute: u32,
    /// `MAX_CONNECTIONS`: connections held at once, 16 to 100000. Default: 10000.
    pub max_connections: usize,
    /// `TRASH_DAYS`: after how long letters in the trash are deleted for good, up to 3650 days; `None` (0) = never.
    /// Default: 30 days.
    pub trash_after: Option<Duration>,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` and `Forwarded` are believed. Default: nobody's.
    pub trusted_proxies: Vec<IpNet>,
    /// `SITE_NAME`: the name on the pages, 1 to 60 characters on one line. Default: `Letterbox`.
    pub site_name: String,
    /// `SITE_INTRO`: the words above the contact form, at most 500 characters, may be empty. Default: an invitation
    /// to write.
    pub site_intro: String,
    /// `RUST_LOG`: what is logged, a valid `Targets`. Default: `info`.
    pub log_filter: String,
    /// `LOG_FORMAT`: `text` or `json`. Default: text.
    pub log_format: LogFormat,
    /// Names in `.env` that are no settings and look like one, each with the one that may be meant. They do nothing.
    pub lookalikes: Vec<(String, &'static str)>,
}

impl Config {
    /// Reads the environment of the process and `.env` in the working directory.
    ///
    /// # Errors
    /// The first line of `.env` that cannot be taken as it is written; otherwise the first setting, in the order of
    /// [`NAMES`], whose value is wrong or not UTF-8.
    pub fn load() -> Result<Self, ConfigError> {
        Self::load_from(Path::new(".env"), |name| std::env::var_os(name))
    }

    /// Reads the settings from `vars` alone, without the environment and without `.env`.
    ///
    /// # Errors
    /// The first setting, in the order of [`NAMES`], whose value is wrong.
    pub fn from_vars(vars: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::read(&Source { environment: |name: &str| vars(name).map(OsString::from), file: BTreeMap::new() })
    }

    fn load_from(file: &Path, environment: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        Self::read(&Source { environment, file: env_file::read(file)? })
    }

    fn read<F: Fn(&str) -> Option<OsString>>(source: &Source<F>) -> Result<Self, ConfigError> {
        let host = source.value("HOST", "127.0.0.1", values::host)?;
        let port = source.number("PORT", 8080, 0..=65_535)?;
        let public_url = source.optional("PUBLIC_URL", public_url::public_url)?;
        let data_dir = source.value("DATA_DIR", "data", values::directory)?;
        let store = source.optional("DATABASE_URL", engine::engine)?;
        let secret_key = source.optional("SECRET_KEY", secret::secret)?;
        if matches!(store, Some(Engine::MongoDb(_))) && secret_key.is_none() {
            let must = "hold the same 32 bytes or more in every process, because several may share one MongoDB";
            return Err(Fault::hidden("is not set", must).of("SECRET_KEY", ""));
        }
        let secret_key_previous = source.optional("SECRET_KEY_PREVIOUS", secret::secret)?;
        let access_token = source.number("ACCESS_TOKEN_MINUTES", 15, 1..=1440)?;
        let refresh_token = source.number("REFRESH_TOKEN_DAYS", 30, 1..=365)?;
        let bcrypt_cost = source.number("BCRYPT_COST", 12, 10..=15)?;
        let contact_per_minute = source.number("CONTACT_PER_MINUTE", 10, 0..=100_000)?;
        let max_connections = source.number("MAX_CONNECTIONS", 10_000, 16..=100_000)?;
        let trash_days = source.number("TRASH_DAYS", 30, 0..=3650)?;
        Ok(Self {
            host,
            port,
            public_url,
            database_url: store.unwrap_or_else(|| Engine::Sqlite(data_dir.join("letterbox.db"))),
            data_dir,
            secret_key,
            secret_key_previous,
            access_token: Duration::from_secs(MINUTE * access_token),
            refresh_token: Duration::from_secs(DAY * refresh_token),
            bcrypt_cost,
            contact_per_minute,
            max_connections,
            trash_after: (trash_days > 0).then(|| Duration::from_secs(DAY * trash_days)),
            trusted_proxies: source.value("TRUSTED_PROXIES", "", values::networks)?,
            site_name: source.value("SITE_NAME", "Letterbox", |text| values::one_line(text, 60))?,
            site_intro: source.value("SITE_INTRO", SITE_INTRO, |text| values::text(text, 500))?,
            log_filter: source.value("RUST_LOG", "info", values::log_filter)?,
            log_format: source.value("LOG_FORMAT", "text", values::log_format)?,
            lookalikes: lookalike::among(source.file.keys()),
        })
    }

    /// The variable `name`, found as settings are: in the environment, or else in `.env`.
    ///
    /// # Errors
    /// The first line of `.env` that cannot be taken as it is written.
    pub fn variable(name: &str) -> Result<Option<String>, ConfigError> {
        match std::env::var_os(name) {
            Some(value) => Ok(value.into_string().ok()),
            None => Ok(env_file::read(Path::new(".env"))?.remove(name)),
        }
    }

    /// Reads the address of a store, written as `DATABASE_URL` is, that was given as `name`.
    ///
    /// # Errors
    /// When it is no such address; without any credentials it may hold.
    pub fn store_address(name: &'static str, text: &str) -> Result<Engine, ConfigError> {
        engine::engine(text).map_err(|fault| fault.of(name, text))
    }

    /// What browsers type: `PUBLIC_URL`, or else `http://HOST:PORT` with the port that was bound. A host that means
    /// every address of the machine (`0.0.0.0`, `::`) becomes `localhost`.
    pub fn public_url(&self, bound_port: u16) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::local(&self.host, bound_port))
    }

    /// Every setting in force with its value as it would be written, in the order of [`NAMES`]. Secrets are not
    /// shown, only whether they are set.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let values: [String; NAMES.len()] = [
            self.host.clone(),
            self.port.to_string(),
            self.public_url_line(),
            self.data_dir.display().to_string(),
            self.database_url.to_string(),
            masked(self.secret_key.as_ref(), &format!("(kept in {})", self.secret_key_file().display())),
            masked(self.secret_key_previous.as_ref(), "(none)"),
            (self.access_token.as_secs() / MINUTE).to_string(),
            (self.refresh_token.as_secs() / DAY).to_string(),
            self.bcrypt_cost.to_string(),
            self.contact_per_minute.to_string(),
            self.max_connections.to_string(),
            self.trash_after.map_or(0, |after| after.as_secs() / DAY).to_string(),
            self.trusted_proxies.iter().map(IpNet::to_string).collect::<Vec<_>>().join(", "),
            self.site_name.clone(),
            self.site_intro.clone(),
            self.log_filter.clone(),
            if self.log_format == LogFormat::Json { "json" } else { "text" }.to_owned(),
        ];
        NAMES.into_iter().zip(values).collect()
    }

    /// Where the secret key is kept when `SECRET_KEY` is not set: `DATA_DIR/secret.key`.
    pub fn secret_key_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }

    fn public_url_line(&self) -> String {
        match (&self.public_url, self.port) {
            (None, 0) => "(made from HOST and the free port that is picked)".to_owned(),
            (_, port) => self.public_url(port).to_string(),
        }
    }
}

fn masked(secret: Option<&Secret>, otherwise: &str) -> String {
    secret.map_or(otherwise, |_| "(set, not shown)").to_owned()
}

/// Where the values come from: the environment, and behind it what the file sets.
struct Source<F> {
    environment: F,
    file: BTreeMap<String, String>,
}

impl<F: Fn(&str) -> Option<OsString>> Source<F> {
    fn raw(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(value) = (self.environment)(name) else {
            return Ok(self.file.get(name).cloned());
        };
        let not_text = |_| Fault::hidden("holds bytes that are not UTF-8", "be plain text").of(name, "");
        value.into_string().map(Some).map_err(not_text)
    }

    fn optional<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.raw(name)? else { return Ok(None) };
        parse(&text).map(Some).map_err(|fault| fault.of(name, &text))
    }

    fn value<T>(
        &self,
        name: &'static str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Result<T, ConfigError> {
        let text = self.raw(name)?.unwrap_or_else(|| default.to_owned());
        parse(&text).map_err(|fault| fault.of(name, &text))
    }

    fn number<T>(&self, name: &'static str, default: T, range: RangeInclusive<T>) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + Display,
    {
        Ok(self.optional(name, |text| values::number(text, &range))?.unwrap_or(default))
    }
}

#[cfg(test)]
mod tests;
