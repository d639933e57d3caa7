//! A MongoDB of one's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use tempfile::TempDir;

use crate::process::directory;

/// One server, on the disk of all other stores. It ends when this is dropped.
pub struct Mongod {
    port: u16,
    /// What a URL says of its replica set.
    options: &'static str,
    child: Child,
    _directory: TempDir,
}

impl Mongod {
    /// Starts what `LETTERBOX_TEST_MONGOD` names as a replica set, with its own defaults; else says what to do.
    pub fn start() -> Result<Self, String> {
        let mongod = Self::spawn(&["--replSet", "bench"], "?replicaSet=bench")?;
        let port = mongod.port;
        let member = doc! { "_id": 0, "host": format!("127.0.0.1:{port}") };
        let set = doc! { "_id": "bench", "members": [member] };
        run(&format!("mongodb://127.0.0.1:{port}/admin?directConnection=true"), doc! { "replSetInitiate": set });
        // Answered as soon as it leads.
        run(&mongod.url("begun"), doc! { "insert": "begun", "documents": [{ "_id": 1 }] });
        Ok(mongod)
    }

    /// The same without a replica set and its log of all that is written.
    pub fn start_alone() -> Result<Self, String> {
        let mongod = Self::spawn(&[], "")?;
        run(&mongod.url("begun"), doc! { "ping": 1 });
        Ok(mongod)
    }

    fn spawn(arguments: &[&str], options: &'static str) -> Result<Self, String> {
        let program = std::env::var("LETTERBOX_TEST_MONGOD");
        let program = program.map_err(|_| "needs LETTERBOX_TEST_MONGOD to name a mongod".to_owned())?;
        let directory = directory();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(&program);
        command.args(["--bind_ip", "127.0.0.1", "--nounixsocket", "--port", &port.to_string()]).args(arguments);
        let command = command.arg("--dbpath").arg(directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().map_err(|error| format!("{program} does not start: {error}"))?;
        Ok(Self { port, options, child, _directory: directory })
    }

    pub fn url(&self, database: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{database}{}", self.port, self.options)
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(url: &str, command: Document) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = ClientOptions::parse(url).await.unwrap();
        options.server_selection_timeout = Some(Duration::from_secs(60));
        let client = Client::with_options(options).unwrap();
        client.default_database().unwrap().run_command(command).await.unwrap();
    });
}
