//! `GET /contact`, the page that everybody sees.

use super::Outcome;
use crate::client::Client;
use crate::load::{self, Ask, Load, need_wrk};
use crate::measure::Plan;
use crate::process::{Server, directory};
use crate::table::{Goal, Line};

pub fn plain(plan: &Plan) -> Outcome {
    against_bare(plan, "identity", "GET /contact")
}

pub fn brotli(plan: &Plan) -> Outcome {
    against_bare(plan, "br", "GET /contact, Brotli")
}

/// The peer answers the very bytes of the answer, its head with the page, compressed once and for all if it is.
fn against_bare(plan: &Plan, encoding: &str, what: &str) -> Outcome {
    need_wrk()?;
    let house = Server::letterbox(&[]);
    let accept = format!("Accept-Encoding: {encoding}");
    let page = Client::connect(house.port).get("/contact", &format!("{accept}\r\n"));
    assert_eq!(page.status, 200);
    let directory = directory();
    let [head, body] = ["head", "body"].map(|name| directory.path().join(name));
    std::fs::write(&head, page.head()).unwrap();
    std::fs::write(&body, &page.body).unwrap();
    let bare = Server::peer(&["contact", &body.to_string_lossy(), &head.to_string_lossy()]);
    let sides = [&house, &bare].map(|server| Ask::get(server, "/contact").with(&accept));
    let [house, bare] = load::in_turn(&plan.closely(), sides.each_ref().map(|side| side as &dyn Load));
    let against = format!("bare actix-web, the same head and {} bytes from a constant", page.body.len());
    Ok(vec![Line::rates(what, &against, &house, &bare, Goal::AtLeast(0.90))])
}
