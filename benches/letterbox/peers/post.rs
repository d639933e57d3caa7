//! Bare actix-web that stores letters: one thread writes whatever waits in one transaction, and each sender is answered
//! after the commit. The schema is Letterbox's, but search index and delivery keys are kept up to date within the same
//! transaction, as everybody does it. No text is checked, no receipt read, nobody counted; an act that fails takes the
//! whole process with it.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Form};
use actix_web::{App, HttpResponse, HttpServer};
use letterbox::store::Purpose;
use letterbox::store::sqlite::SqliteStore;
use rusqlite::{Connection, OpenFlags, params};
use serde::Deserialize;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Letters that share one commit, as in Letterbox.
const BATCH: usize = 512;

#[derive(Deserialize)]
struct Letter {
    name: String,
    email: String,
    subject: String,
    message: String,
}

type Job = (Letter, oneshot::Sender<()>);

/// Stores what is sent to `/contact` in a new database.
pub fn serve(database: &Path) {
    let connection = create(database);
    let (queue, jobs) = channel();
    std::thread::spawn(move || work(&connection, &jobs));
    actix_web::rt::System::new().block_on(async move {
        let app = move || App::new().app_data(Data::new(queue.clone())).route("/contact", web::post().to(send));
        let server = HttpServer::new(app).tcp_nodelay(true).bind(("127.0.0.1", 0)).unwrap();
        super::say(server.addrs()[0].port());
        server.run().await.unwrap();
    });
}

async fn send(queue: Data<Sender<Job>>, letter: Form<Letter>) -> HttpResponse {
    let (reply, stored) = oneshot::channel();
    queue.send((letter.into_inner(), reply)).unwrap();
    stored.await.unwrap();
    HttpResponse::SeeOther().insert_header((LOCATION, "/contact/thanks")).finish()
}

/// Letterbox makes the tables; nothing of it is left in the way afterwards.
fn create(database: &Path) -> Connection {
    drop(SqliteStore::open(database, Purpose::Command).unwrap());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    // Letterbox counts letters in its code, and its table of delivery keys follows a moment later.
    connection
        .execute_batch(
            "CREATE TRIGGER counted_in AFTER INSERT ON messages BEGIN
                 UPDATE folder_counts SET total = total + 1, unread = unread + 1 WHERE folder = new.folder;
             END;
             CREATE UNIQUE INDEX messages_by_key ON messages (delivery_key)",
        )
        .unwrap();
    connection
}

fn work(connection: &Connection, jobs: &Receiver<Job>) {
    let mut last = 0;
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for (letter, _) in &batch {
            last = insert(connection, letter, last);
        }
        connection.execute_batch("COMMIT").unwrap();
        for (_, reply) in batch {
            let _ = reply.send(());
        }
    }
}

/// Inserts a letter after the last one, and returns its number.
fn insert(connection: &Connection, letter: &Letter, last: i64) -> i64 {
    let id = Uuid::now_v7();
    let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
    let received_at = i64::try_from(seconds * 1_000).unwrap() + i64::from(nanoseconds / 1_000_000);
    let number = ((id.as_u64_pair().0 >> 1).cast_signed()).max(last + 1);
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO messages (seq, id, delivery_key, received_at, name, email, email_key, subject, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8)",
        )
        .unwrap();
    insert
        .execute(params![
            number,
            id.as_bytes(),
            Uuid::new_v4().as_bytes(),
            received_at,
            letter.name,
            letter.email,
            letter.subject,
            letter.message,
        ])
        .unwrap();
    let index = "INSERT INTO messages_search (rowid, name, email, subject, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut index = connection.prepare_cached(index).unwrap();
    index.execute(params![number, letter.name, letter.email, letter.subject, letter.message]).unwrap();
    number
}
