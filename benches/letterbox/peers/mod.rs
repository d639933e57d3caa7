//! What Letterbox is measured against. Those in Rust run in processes of their own: this program, called `peer NAME …`.

pub mod contact;
pub mod express;
pub mod guard;
pub mod list;
mod list_page;
pub mod mongo;
pub mod post;

use std::path::Path;

/// Runs the peer that the arguments name, until it is told to stop.
pub fn run(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["contact", page] => contact::serve(Path::new(page), None),
        ["contact", page, head] => contact::serve(Path::new(page), Some(Path::new(head))),
        ["post", database] => post::serve(Path::new(database)),
        ["list", database] => list::serve(Path::new(database)),
        ["guard", directory] => guard::serve(Path::new(directory)),
        other => panic!("no peer {other:?}"),
    }
}

/// Says where a server is, as Letterbox does.
fn say(port: u16) {
    println!("A peer is at http://127.0.0.1:{port}/");
}
