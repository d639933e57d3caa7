//! `letterbox user add | list | password | remove`

use std::io::{IsTerminal as _, Read as _};
use std::sync::Arc;

use clap::{Subcommand, ValueEnum};

use super::{Failure, load_config, open_or_make_store, open_store, say, wait_for};
use crate::app;
use crate::auth::{Auth, Client, NewAccount};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::keyring::Keyring;
use crate::models::{EmailAddress, Fault, NewPassword, PASSWORD_MAX, PersonName, Role};
use crate::store::Store;

/// How the audit log names whoever sits at the machine.
const BY: &str = "command line";

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Add somebody who may log in
    Add {
        /// The address they log in with
        email: String,
        /// How the pages call them; the part before the @ if left out
        #[arg(long)]
        name: Option<String>,
        /// What they may do
        #[arg(long, value_enum, default_value_t = RoleArgument::Member)]
        role: RoleArgument,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// List everybody who may log in
    List,
    /// Set somebody's password and end all their sessions
    Password {
        /// The address they log in with
        email: String,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// Remove somebody and end all their sessions
    Remove {
        /// The address they log in with
        email: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleArgument {
    /// Letters, users and settings
    Owner,
    /// Letters
    Member,
}

pub(super) fn run(command: UserCommand) -> Result<(), Failure> {
    let config = load_config()?;
    match command {
        UserCommand::Add { email, name, role, password_stdin } => add(&config, &email, name, role, password_stdin),
        UserCommand::List => list(&config),
        UserCommand::Password { email, password_stdin } => set_password(&config, &email, password_stdin),
        UserCommand::Remove { email } => remove(&config, &email),
    }
}

fn add(
    config: &Config,
    email: &str,
    name: Option<String>,
    role: RoleArgument,
    password_stdin: bool,
) -> Result<(), Failure> {
    let address = parse_email(email)?;
    let name = name.unwrap_or_else(|| address.as_str().split('@').next().unwrap_or_default().to_owned());
    let password = read_password(password_stdin)?;
    let name = PersonName::parse("name", &name).map_err(|fault| sentence(&[fault]))?;
    let account = NewAccount { name, email: address.clone(), password };
    let role = match role {
        RoleArgument::Owner => Role::Owner,
        RoleArgument::Member => Role::Member,
    };
    wait_for(async {
        // The first user may come before the first start.
        let store = open_or_make_store(config).await?;
        with_auth_over(store, config, async |auth, _| {
            auth.add_user(account, role, BY, &Client::default()).await.map_err(because)
        })
        .await
    })?;
    say(&format!("{address} may log in now, as {role}."));
    Ok(())
}

fn list(config: &Config) -> Result<(), Failure> {
    let users = wait_for(with_auth(config, async |_, store| store.list_users().await.map_err(because)))?;
    for user in users {
        let since = user.created_at.rfc3339();
        say(&format!(
            "{:32} {:8} {}  {}",
            user.email.as_str(),
            user.role.as_str(),
            &since[..10.min(since.len())],
            user.name.as_str()
        ));
    }
    Ok(())
}

fn set_password(config: &Config, email: &str, password_stdin: bool) -> Result<(), Failure> {
    let address = parse_email(email)?;
    let password = read_password(password_stdin)?;
    wait_for(with_auth(config, async |auth, _| {
        auth.set_password(&address, &password, BY, &Client::default()).await.map_err(because)
    }))?;
    say(&format!("{address} has a new password; all their sessions and access tokens have ended."));
    Ok(())
}

fn remove(config: &Config, email: &str) -> Result<(), Failure> {
    let address = parse_email(email)?;
    wait_for(with_auth(config, async |auth, _| {
        auth.remove_user(&address, BY, &Client::default()).await.map_err(because)
    }))?;
    say(&format!("{address} is removed; all their sessions and access tokens have ended."));
    Ok(())
}

async fn with_auth<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Auth, &dyn Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_auth_over(open_store(config).await?, config, work).await
}

async fn with_auth_over<T>(
    store: Arc<dyn Store>,
    config: &Config,
    work: impl AsyncFnOnce(&Auth, &dyn Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let keyring = Keyring::load(config).map_err(because)?;
    let auth = app::auth(config, &keyring, Arc::clone(&store), Arc::new(SystemClock::start()))?;
    let outcome = work(&auth, &*store).await;
    store.close().await;
    outcome
}

fn parse_email(email: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse("email", email).map_err(|fault| sentence(&[fault]))
}

/// From the terminal, twice and never echoed; or everything on standard input but its last line end. Where standard
/// input is no terminal nobody is asked, even if the process has one: a script would hang at a question it cannot see.
fn read_password(from_stdin: bool) -> Result<NewPassword, Failure> {
    let typed = if from_stdin { from_standard_input()? } else { from_terminal()? };
    NewPassword::parse("password", &typed).map_err(|fault| sentence(&[fault]))
}

fn from_standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    let limit = u64::try_from(PASSWORD_MAX).unwrap_or(u64::MAX).saturating_add(3);
    std::io::stdin().take(limit).read_to_string(&mut text).map_err(|error| {
        format!("The password cannot be read from standard input ({error}); send it as UTF-8 text.")
    })?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(line.to_owned())
}

fn from_terminal() -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err("There is no terminal to ask for the password on; use --password-stdin.".to_owned());
    }
    let ask = |prompt| {
        rpassword::prompt_password(prompt).map_err(|error| {
            format!("The password cannot be asked for here ({error}); use a terminal, or --password-stdin.")
        })
    };
    let (once, again) = (ask("Password: ")?, ask("The same password again: ")?);
    if once == again { Ok(once) } else { Err("The two passwords are not the same; nothing was changed.".to_owned()) }
}

fn sentence(faults: &[Fault]) -> Failure {
    faults.first().map(|fault| fault.message.clone()).unwrap_or_default()
}

fn because(error: impl std::fmt::Display) -> Failure {
    format!("Nothing was changed: {error}.")
}
