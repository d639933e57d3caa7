//! `letterbox backup FILE`

use std::fs;

use super::{add_owner, refused, run};
use crate::support::{Binary, OWNER, PASSWORD};

#[test]
fn r56_a_backup_of_a_running_server_is_a_whole_letterbox() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    add_owner(directory.path());
    let server = Binary::start(directory.path(), &[]);
    let body = r#"{"name":"Ada","email":"a@b.c","message":"kept in two places"}"#;
    assert_eq!(server.visitor().post_json("/contact", body).status, 201);
    let copy = elsewhere.path().join("copy.db");
    let copied = run(directory.path(), &["backup", copy.to_str().unwrap()], &[], "");
    assert_eq!((copied.code, copied.stderr.as_str()), (0, ""), "{copied:?}");
    drop(server);

    let url = format!("sqlite:{}", copy.display());
    let restored = Binary::start(elsewhere.path(), &[("DATABASE_URL", &url)]);
    let owner = restored.visitor();
    assert_eq!(owner.post("/login", &[("email", OWNER), ("password", PASSWORD)]).status, 303);
    assert!(owner.get("/messages").text().contains("kept in two places"));
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_half_made() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let there = directory.path().join("there.db");
    fs::write(&there, "mine").unwrap();
    refused(&run(directory.path(), &["backup", "there.db"], &[], ""), 1, &["there.db"]);
    assert_eq!(fs::read(&there).unwrap(), b"mine");
    refused(&run(directory.path(), &["backup", "no/such/folder/copy.db"], &[], ""), 1, &["no/such/folder", "make it"]);
    let mut names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["data", "there.db"]);
}
