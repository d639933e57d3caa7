//! The main job, from the first start to the logout.

use crate::support::{Binary, OWNER, PASSWORD};

#[test]
fn a_letter_travels_from_the_contact_page_to_the_owners_inbox() {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[]);
    let owner = server.visitor();

    let setup = owner.get(&server.setup_link());
    assert_eq!(setup.status, 200);
    let token = setup.hidden("token");
    let account = [
        ("token", token.as_str()),
        ("name", "Olive Owner"),
        ("email", OWNER),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    let created = owner.post("/setup", &account);
    assert_eq!((created.status, created.header("location")), (303, "/messages"), "{}", created.text());
    assert!(owner.get("/messages").text().contains("/contact"), "an empty inbox says what to do");
    assert_eq!(owner.get(&server.setup_link()).status, 404, "the link works once");

    let visitor = server.visitor();
    let receipt = visitor.get("/contact").hidden("receipt");
    let letter = [
        ("receipt", receipt.as_str()),
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("subject", "Hello"),
        ("message", "Dear Olive,\r\n\r\nit works."),
    ];
    for _ in 0..2 {
        let sent = visitor.post("/contact", &letter);
        assert_eq!((sent.status, sent.header("location")), (303, "/contact/thanks"), "{}", sent.text());
    }
    assert_eq!(visitor.get("/contact/thanks").status, 200);
    assert!(visitor.cookies.borrow().is_empty(), "visitors get no cookie");

    let list = owner.get("/messages").text();
    assert_eq!(list.matches("class=\"unread\"").count(), 1, "sent twice, stored once: {list}");
    let path = list
        .split("href=\"")
        .find_map(|rest| rest.starts_with("/messages/").then(|| rest.split('"').next().unwrap()))
        .unwrap();
    let letter = owner.get(path).text();
    assert!(letter.contains("Dear Olive,\n\nit works."), "{letter}");
    assert!(!owner.get("/messages").text().contains("class=\"unread\""), "opening a letter marks it read");

    let out = owner.post("/logout", &[]);
    assert_eq!((out.status, out.header("location")), (303, "/login"));
    assert!(owner.cookies.borrow().keys().all(|name| name == "session" || name == "device"), "{:?}", owner.cookies);
    assert_eq!(owner.get(path).status, 303);
    assert_eq!(visitor.get(path).status, 303);
}
