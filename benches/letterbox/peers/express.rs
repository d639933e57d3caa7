//! Express 5 with EJS and Mongoose, on Node in production mode, several processes behind one port.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::Server;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/letterbox/peers/express");
const LOCK: &str = "package-lock.json";

/// What Node runs, with what npm has put beside it.
pub struct Express(PathBuf);

impl Express {
    /// Has npm install what the lock names, once; else says what to do.
    pub fn install() -> Result<Self, String> {
        let there = |program: &str| {
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !there("node") || !there("npm") {
            return Err("needs Node.js 20 and npm (Debian: apt-get install nodejs npm)".to_owned());
        }
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
        let directory = target.join("bench-express");
        std::fs::create_dir_all(directory.join("views")).unwrap();
        for file in ["package.json", LOCK, "server.js", "views/contact.ejs"] {
            std::fs::copy(Path::new(SOURCE).join(file), directory.join(file)).unwrap();
        }
        let installed = directory.join("node_modules/.of-this-lock");
        let lock = std::fs::read(directory.join(LOCK)).unwrap();
        if std::fs::read(&installed).is_ok_and(|of| of == lock) {
            return Ok(Self(directory));
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).stdout(Stdio::null());
        if !npm.current_dir(&directory).status().is_ok_and(|status| status.success()) {
            return Err("npm could not install Express; is the registry in reach?".to_owned());
        }
        std::fs::write(installed, lock).unwrap();
        Ok(Self(directory))
    }

    pub fn contact(&self, processes: usize) -> Server {
        self.start(&["contact", &processes.to_string()])
    }

    pub fn letters(&self, processes: usize, database: &str) -> Server {
        self.start(&["letters", &processes.to_string(), database])
    }

    fn start(&self, arguments: &[&str]) -> Server {
        let log = File::create(self.0.join("log")).unwrap();
        let mut node = Command::new("node");
        node.current_dir(&self.0).env("NODE_ENV", "production").arg("server.js").args(arguments);
        Server::start(node.stderr(log))
    }
}
