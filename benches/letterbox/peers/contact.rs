//! Bare actix-web: one handler, no middleware, that answers bytes it has always had.

use std::path::Path;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

/// What HTTP's own layer writes.
const OF_THE_LAYER: [&str; 2] = ["date", "content-length"];

/// Answers `/contact` with the bytes of a file, under the header lines of another.
pub fn serve(page: &Path, head: Option<&Path>) {
    let page = Bytes::from(std::fs::read(page).unwrap());
    let head = head.map_or(Vec::new(), |head| headers(&std::fs::read_to_string(head).unwrap()));
    actix_web::rt::System::new().block_on(async move {
        let app = move || {
            let (page, head) = (page.clone(), head.clone());
            let answer = move || {
                let mut response = HttpResponse::Ok();
                for header in &head {
                    response.append_header(header.clone());
                }
                let response = response.body(page.clone());
                async { response }
            };
            App::new().route("/contact", web::get().to(answer))
        };
        let server = HttpServer::new(app).tcp_nodelay(true).bind(("127.0.0.1", 0)).unwrap();
        super::say(server.addrs()[0].port());
        server.run().await.unwrap();
    });
}

fn headers(lines: &str) -> Vec<(HeaderName, HeaderValue)> {
    let pairs = lines.lines().filter_map(|line| line.split_once(": "));
    let constant = pairs.filter(|(name, _)| !OF_THE_LAYER.contains(name));
    constant.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}
