//! What only the adapter for MongoDB must withstand: a start beside others, a crowd, a silent server; and real processes,
//! of which any number is one Letterbox, whatever becomes of the database.

mod crowd;
mod faults;
mod processes;
mod schema;
mod silence;
mod values;

use std::fs::File;
use std::path::Path;
use std::process::Command;

use letterbox::store::mongo::MongoStore;
use letterbox::store::{Result, StoreError};
use mongodb::bson::{Document, doc};
use mongodb::{Client, Database};
use tempfile::TempDir;

use super::fresh::mongo_url;
use crate::support::{Binary, Browser, OWNER, Output, PASSWORD, block_on, letterbox};

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
            ("SECRET_KEY", "uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3".to_owned()),
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

    fn log(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.directory.path()).join(name)
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

async fn open(url: &str) -> Result<MongoStore> {
    MongoStore::open(&mongo_url(url)).await
}

/// The sentence with which a database is refused.
async fn refusal(url: &str) -> String {
    match open(url).await {
        Err(StoreError::Refused(sentence)) => sentence,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it opens"),
    }
}

/// The database as somebody else sees it.
async fn raw(url: &str) -> Database {
    mongodb::Client::with_uri_str(url).await.unwrap().default_database().unwrap()
}
