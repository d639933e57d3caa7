//! Bare actix-web that shows the inbox: the SQL of Letterbox's list on a connection of each worker's own, with no
//! thread between, and Letterbox's template. Nobody is asked who they are.

use std::path::Path;

use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use askama::Template as _;
use letterbox::clock::{Clock as _, SystemClock};
use letterbox::models::{Excerpt, Folder, FolderCounts, MessageId, MessageSummary, Standing, Timestamp};
use rusqlite::{Connection, Row, params};

use super::list_page::ListPage;
use crate::stores::open_to_read;

/// Letters on a page, and one to know whether there are more.
const LIMIT: usize = 51;

/// Shows the newest letters of the inbox at `/messages`.
pub fn serve(database: &Path) {
    let database = database.to_owned();
    actix_web::rt::System::new().block_on(async move {
        let app = move || {
            let connection = open_to_read(&database);
            App::new().app_data(Data::new(connection)).route("/messages", web::get().to(list))
        };
        let server = HttpServer::new(app).tcp_nodelay(true).bind(("127.0.0.1", 0)).unwrap();
        super::say(server.addrs()[0].port());
        server.run().await.unwrap();
    });
}

async fn list(connection: Data<Connection>) -> HttpResponse {
    let act = |sql: &str| connection.prepare_cached(sql).unwrap().execute([]).unwrap();
    act("BEGIN");
    let (letters, counts) = (letters(&connection), counts(&connection));
    act("COMMIT");
    let page = ListPage::of(&letters, counts, SystemClock::start().now());
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page.render().unwrap())
}

fn letters(connection: &Connection) -> Vec<MessageSummary> {
    let mut select = connection
        .prepare_cached(
            "SELECT m.seq, m.id, m.received_at, m.name, m.email, m.subject, substr(m.body, 1, 160), m.folder, m.read,
                    m.starred
             FROM messages m WHERE m.folder = ?1 AND m.seq BETWEEN ?2 AND ?3 ORDER BY m.seq DESC LIMIT ?4",
        )
        .unwrap();
    let found = select.query_map(params!["inbox", 0, i64::MAX, LIMIT as i64], summary).unwrap();
    found.collect::<rusqlite::Result<_>>().unwrap()
}

fn summary(row: &Row<'_>) -> rusqlite::Result<MessageSummary> {
    let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
    let standing = Standing { folder: Folder::parse(text(7)?).unwrap(), read: row.get(8)?, starred: row.get(9)? };
    let texts = [text(3)?, text(4)?, text(5)?];
    let preview = Excerpt { before: "", text: text(6)? };
    let (id, received_at) = (MessageId::from_bytes(row.get(1)?), Timestamp::from_millis(row.get(2)?));
    Ok(MessageSummary::new(id, received_at, standing, texts, preview))
}

fn counts(connection: &Connection) -> [FolderCounts; 4] {
    let mut select = connection.prepare_cached("SELECT total, unread FROM folder_counts WHERE folder = ?1").unwrap();
    Folder::ALL.map(|folder| {
        let counts = |row: &Row<'_>| Ok(FolderCounts { total: row.get(0)?, unread: row.get(1)? });
        select.query_row([folder.as_str()], counts).unwrap()
    })
}
