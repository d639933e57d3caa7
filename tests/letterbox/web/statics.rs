//! Static files: those in the binary and no others (R42), each for a year (R29).

use std::collections::BTreeSet;
use std::fs;

use super::{HTML, static_urls};
use crate::support::{TestApp, Wire};

#[test]
fn r29_each_file_is_kept_for_a_year_and_its_compressed_forms_are_told_apart() {
    let app = TestApp::start();
    for url in static_urls() {
        let plain = app.visitor().get(url);
        let hash = url.split('.').nth(1).unwrap();
        assert!(hash.len() == 12 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{url}");
        let mut etags = BTreeSet::new();
        for coding in ["", "br", "gzip", "zstd"] {
            let answer = app.visitor().send("GET", url, &[("accept-encoding", coding)], b"");
            assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{url}");
            assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(answer.header("content-type"), plain.header("content-type"), "{url} {coding}");
            assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "compressed ahead of time");
            assert!(
                answer.header("vary").to_ascii_lowercase().contains("accept-encoding"),
                "{url} {coding:?}: {answer:?}"
            );
            assert!(coding.is_empty() || answer.body.len() < plain.body.len() + 32, "{url} {coding}");
            let etag = answer.header("etag").to_owned();
            let headers = [("accept-encoding", coding), ("if-none-match", etag.as_str())];
            let again = app.visitor().send("GET", url, &headers, b"");
            assert_eq!(
                (again.status, again.body.len(), again.header("etag")),
                (304, 0, etag.as_str()),
                "{url} {coding}"
            );
            assert!(!etag.is_empty() && etags.insert(etag), "{url}: two forms with one ETag");
        }
    }
}

#[test]
fn r29_public_pages_are_compressed_and_each_form_decodes_to_the_page() {
    let app = TestApp::start();
    let page = |coding| app.visitor().send("GET", "/contact/thanks", &[HTML, ("accept-encoding", coding)], b"");
    let plain = page("identity").body;
    for coding in ["br", "gzip", "zstd"] {
        let answer = page(coding);
        assert_eq!(answer.header("content-encoding"), coding);
        assert!(answer.header("vary").to_ascii_lowercase().contains("accept-encoding"));
        assert!(answer.body.len() < plain.len());
        if coding == "zstd" {
            assert_eq!(zstd::decode_all(answer.body.as_slice()).unwrap(), plain);
        }
    }
}

#[test]
fn r42_nothing_but_the_files_of_the_binary_is_served() {
    let app = TestApp::start();
    let directory = app.data_dir().join("static");
    for planted in [".hidden", "notes.txt", "folder/page.html", "folder/.env", "index.html"] {
        let path = directory.join(planted);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "planted words").unwrap();
    }
    let css = static_urls()[0].trim_start_matches("/static/");
    let [br, upper] = [format!("{css}.br"), css.to_uppercase()];
    let paths = [
        "",
        "/",
        ".hidden",
        "notes.txt",
        "folder",
        "folder/",
        "folder/page.html",
        "folder/.env",
        "index.html",
        "nothing.css",
        "app.css",
        &br,
        &upper,
        "../letterbox.db",
        "../secret.key",
        "%2e%2e/secret.key",
        "..%2fsecret.key",
        "..%5csecret.key",
        "folder/../../secret.key",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "%00",
        "app.css%00",
        "%ff",
        "....//secret.key",
        "~",
    ];
    for path in paths {
        for method in ["GET", "HEAD"] {
            let request = format!(
                "{method} /static/{path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nconnection: close\r\n\r\n"
            );
            let answer = Wire::ask(app.port(), request);
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
            assert!(!answer.text().contains("planted words"), "{path}");
            assert!(method == "HEAD" || answer.text().contains("There is nothing here"), "{path}: {}", answer.text());
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}
