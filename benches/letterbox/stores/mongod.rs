//! A MongoDB of one's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use tempfile::TempDir;

use crate::process::directory;

/// A replica set of one server, on the disk of all other stores. It ends when this is dropped.
pub struct Mongod {
    port: u16,
    child: Child,
    _directory: TempDir,
}

impl Mongod {
    /// Starts what `LETTERBOX_TEST_MONGOD` names, with its own defaults; else says what to do.
    pub fn start() -> Result<Self, String> {
        let program = std::env::var("LETTERBOX_TEST_MONGOD");
        let program = program.map_err(|_| "needs LETTERBOX_TEST_MONGOD to name a mongod".to_owned())?;
        let directory = directory();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(&program);
        command.args(["--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", "bench", "--port", &port.to_string()]);
        let command = command.arg("--dbpath").arg(directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().map_err(|error| format!("{program} does not start: {error}"))?;
        let mongod = Self { port, child, _directory: directory };
        let member = doc! { "_id": 0, "host": format!("127.0.0.1:{port}") };
        let set = doc! { "_id": "bench", "members": [member] };
        run(&format!("mongodb://127.0.0.1:{port}/admin?directConnection=true"), doc! { "replSetInitiate": set });
        // Answered as soon as it leads.
        run(&mongod.url("begun"), doc! { "insert": "begun", "documents": [{ "_id": 1 }] });
        Ok(mongod)
    }

    pub fn url(&self, database: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{database}?replicaSet=bench", self.port)
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
