//! The commands: one file each. Every failure is one sentence on standard error.

mod backup;
mod check;
pub mod copy;
mod export;
pub mod seed;
mod serve;
mod user;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::config::{Config, Engine};
use crate::keyring::prepare_data_dir;
use crate::store::{self, Purpose, Store};

/// A contact page for your website, and a private inbox for you.
#[derive(Parser)]
#[command(name = "letterbox", version, about, long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the web server (this is what `letterbox` alone does)
    Serve,
    /// Add, list and remove the people who may log in, and set their passwords
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Show the settings in force, open the store and look it over
    Check {
        /// Build the search index anew from the letters
        #[arg(long)]
        rebuild_index: bool,
    },
    /// Write a consistent copy of the store to FILE, while the server runs
    Backup {
        /// Where the copy goes; it must not exist yet
        file: PathBuf,
    },
    /// Copy everything from one store to another, and verify that both hold the same
    Copy {
        /// Where it is: sqlite:PATH, mongodb://HOST/NAME, or env:NAME for an environment variable that holds such
        from: String,
        /// Where it goes, written in the same way; nothing may serve it meanwhile
        to: String,
        /// Make TO exactly what FROM is, even if it holds other data; what only TO holds is deleted
        #[arg(long)]
        overwrite: bool,
    },
    /// Write letters to standard output
    Export {
        /// csv, jsonl or mbox
        #[arg(long, default_value = "csv")]
        format: String,
        /// inbox, archive, spam or trash; all of them when left out
        #[arg(long)]
        folder: Option<String>,
    },
    /// Add letters for tests and measurements
    #[command(hide = true)]
    Seed {
        /// How many
        count: u64,
    },
}

/// Why a command failed: a sentence that says what was wrong and what to do.
type Failure = String;

/// Runs the command that `arguments` name. The exit code is 0, 1 for failure, or 2 for wrong use.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return wrong_use(&error),
    };
    let outcome = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(),
        Command::User { command } => user::run(command),
        Command::Check { rebuild_index } => check::run(rebuild_index),
        Command::Backup { file } => backup::run(&file),
        Command::Copy { from, to, overwrite } => match (copy::wanted("FROM", &from), copy::wanted("TO", &to)) {
            (Ok(from), Ok(to)) => copy::run(&from, &to, overwrite),
            (Err(sentence), _) | (_, Err(sentence)) => {
                tell(&sentence);
                return ExitCode::from(2);
            }
        },
        Command::Export { format, folder } => match export::wanted(&format, folder.as_deref()) {
            Ok((format, folders)) => export::run(format, folders),
            Err(sentence) => {
                tell(&sentence);
                return ExitCode::from(2);
            }
        },
        Command::Seed { count } => seed::run(count),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            tell(&sentence);
            ExitCode::FAILURE
        }
    }
}

fn wrong_use(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        let asked = error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        let _ = error.print();
        return if asked { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let text = error.to_string();
    let what: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let what = what.join(" ");
    tell(&format!("{}; `letterbox --help` shows what there is.", what.trim_start_matches("error: ")));
    ExitCode::from(2)
}

fn tell(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "letterbox: {sentence}");
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn load_config() -> Result<Config, Failure> {
    let config = Config::load().map_err(|error| error.to_string())?;
    for (name, meant) in &config.lookalikes {
        tell(&format!("{name} in .env is no setting and does nothing; perhaps {meant} is meant."));
    }
    Ok(config)
}

/// The store, for one command beside a server that may be running.
async fn open_or_make_store(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    prepare_data_dir(config).map_err(|error| error.to_string())?;
    store::open(config, Purpose::Command).await.map_err(|error| error.to_string())
}

/// The store, if there is one: a command run in the wrong directory must not make an empty one and call it a success.
async fn open_store(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    if store::exists(&config.database_url).await.map_err(|error| error.to_string())? {
        return open_or_make_store(config).await;
    }
    let (place, name) = match &config.database_url {
        Engine::Sqlite(path) => (path.display().to_string(), "DATA_DIR"),
        Engine::MongoDb(url) => (url.to_string(), "DATABASE_URL"),
    };
    Err(format!(
        "There is no store at {place} yet; `letterbox` makes it on its first start. If it lies elsewhere, set {name}."
    ))
}

/// Runs `work` on a runtime of its own.
fn wait_for<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    actix_web::rt::System::new().block_on(work)
}
