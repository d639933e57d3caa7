//! Real processes on a real MongoDB: any number of them is one Letterbox, whatever becomes of the database.

mod faults;
mod processes;
mod silence;

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use tempfile::TempDir;

use crate::support::{Binary, Browser, OWNER, Output, PASSWORD, block_on, letterbox};

/// What a process logs when it has done its work in the background.
const DONE: &str = "the hourly work is done";

/// Letterboxes that share a MongoDB and a secret.
struct House {
    directory: TempDir,
    url: String,
    settings: Vec<(&'static str, String)>,
}

impl House {
    /// On the database at `url`, with these settings beside the usual ones.
    fn on(url: String, more: &[(&'static str, &str)]) -> Self {
        let mut settings = vec![
            ("DATABASE_URL", url.clone()),
            ("SECRET_KEY", "Zk3vN8qT1wXy7RbP5cLm9HsJ2dFg4KaE".to_owned()),
            ("CONTACT_PER_MINUTE", "0".to_owned()),
            ("RUST_LOG", "warn,letterbox=debug".to_owned()),
        ];
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { directory: tempfile::tempdir().unwrap(), url, settings }
    }

    fn command(&self) -> Command {
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        letterbox(self.directory.path(), &settings)
    }

    /// One more process, which logs into the file `name`.
    fn process(&self, name: &str) -> Binary {
        Binary::start_command(self.command().stderr(File::create(self.log(name)).unwrap()))
    }

    fn log(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Whether the process that logs into the file `name` has said these words.
    fn logged(&self, name: &str, words: &str) -> bool {
        std::fs::read_to_string(self.log(name)).unwrap().contains(words)
    }

    /// Runs `letterbox user` with these arguments, the password of the tests on its input.
    fn user(&self, arguments: &[&str], password: &str) {
        let output = Output::of(self.command().arg("user").args(arguments), password);
        assert_eq!(output.code, 0, "{}", output.stderr);
    }

    fn add_owner(&self) {
        self.user(&["add", OWNER, "--role", "owner", "--password-stdin"], PASSWORD);
    }

    /// What stands in a collection, as somebody else sees it.
    fn documents(&self, collection: &str, filter: Document) -> Vec<Document> {
        block_on(async {
            let client = Client::with_uri_str(&self.url).await.unwrap();
            let room = client.default_database().unwrap().collection::<Document>(collection);
            let mut found = room.find(filter).await.unwrap();
            let mut documents = Vec::new();
            while found.advance().await.unwrap() {
                documents.push(found.deserialize_current().unwrap());
            }
            documents
        })
    }

    /// How many letters there are with this subject.
    fn letters(&self, subject: &str) -> usize {
        self.documents("messages", doc! { "subject": subject }).len()
    }
}

/// The same person at another process.
fn moved(browser: &Browser, to: &Binary) -> Browser {
    let other = to.visitor();
    other.cookies.borrow_mut().extend(browser.cookies.borrow().clone());
    other
}
