//! Bare actix-web: one handler, no middleware, that answers bytes it has always had.

use std::path::Path;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

/// Answers `/contact` with the bytes of the file, which are encoded so.
pub fn serve(page: &Path, encoding: &str) {
    let page = Bytes::from(std::fs::read(page).unwrap());
    let encoding = encoding.to_owned();
    actix_web::rt::System::new().block_on(async move {
        let app = move || {
            let (page, encoding) = (page.clone(), encoding.clone());
            let answer = move || {
                let mut response = HttpResponse::Ok();
                response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
                if encoding != "identity" {
                    response.insert_header((CONTENT_ENCODING, encoding.as_str()));
                }
                let response = response.body(page.clone());
                async { response }
            };
            App::new().route("/contact", web::get().to(answer))
        };
        let server = HttpServer::new(app).bind(("127.0.0.1", 0)).unwrap();
        super::say(server.addrs()[0].port());
        server.run().await.unwrap();
    });
}
