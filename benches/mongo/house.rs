//! A MongoDB, and Letterboxes on it as processes of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use mongodb::bson::doc;
use mongodb::options::ClientOptions;
use tempfile::TempDir;

use crate::client::Client;

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// A server of its own with an empty database. It ends when this is dropped.
pub struct Database {
    port: u16,
    child: Child,
    _directory: TempDir,
}

impl Database {
    pub fn start(mongod: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(mongod);
        command.args(["--bind_ip", "127.0.0.1", "--nounixsocket", "--port", &port.to_string(), "--dbpath"]);
        let child = command.arg(directory.path()).stdout(Stdio::null()).spawn().unwrap();
        let database = Self { port, child, _directory: directory };
        block_on(async {
            let mut options = ClientOptions::parse(database.url()).await.unwrap();
            options.server_selection_timeout = Some(std::time::Duration::from_secs(60));
            let client = mongodb::Client::with_options(options).unwrap();
            client.database("letters").run_command(doc! { "ping": 1 }).await.unwrap();
        });
        add_owner(&database);
        database
    }

    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/letters?directConnection=true", self.port)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process that serves.
pub struct House {
    pub port: u16,
    child: Child,
    _directory: TempDir,
}

impl House {
    pub fn open(database: &Database) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut child = letterbox(database, directory.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        let address = greeting.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        let port = address.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        Self { port, child, _directory: directory }
    }

    /// The cookies of a login, as a browser sends them back. They are good for every process on the database.
    pub fn log_in(&self) -> String {
        let form = "email=owner%40example.com&password=correct+horse+battery+staple";
        let (status, cookies) = Client::connect(self.port).post("/login", "", form);
        assert_eq!(status, 303);
        cookies.join("; ")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Letters that look like letters.
pub fn seed(database: &Database, letters: u32) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = letterbox(database, directory.path());
    assert!(command.args(["seed", &letters.to_string()]).stdout(Stdio::null()).status().unwrap().success());
}

fn add_owner(database: &Database) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = letterbox(database, directory.path());
    command.args(["user", "add", EMAIL, "--role", "owner", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn letterbox(database: &Database, directory: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterbox"));
    command.current_dir(directory).env_clear().env("DATABASE_URL", database.url());
    command.env("SECRET_KEY", "uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3").env("RUST_LOG", "error");
    command.env("PORT", "0").env("CONTACT_PER_MINUTE", "0").env("BCRYPT_COST", "10");
    command
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
