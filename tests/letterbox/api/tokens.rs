//! Personal access tokens open the API, as far as they go.

use std::time::Duration;

use letterbox::auth::Client;
use letterbox::models::{Role, Scope, TokenLifetime, TokenName};
use serde_json::json;

use super::{Program, letter, problem};
use crate::support::{OWNER, TestApp};

fn token(app: &TestApp, scope: Scope) -> String {
    app.block_on(async {
        let (user, proof) = app.state.store.user_by_email(OWNER).await.unwrap().unwrap();
        let name = TokenName::parse("name", "Backup").unwrap();
        let lifetime = TokenLifetime::Days(30);
        app.state.auth.make_token(&user, &proof, name, scope, lifetime, &Client::default()).await.unwrap()
    })
}

#[test]
fn a_token_that_may_read_reads_and_changes_nothing() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let writer = Program::with(&app, &token(&app, Scope::ReadAndWrite));
    let reader = Program::with(&app, &token(&app, Scope::Read));
    let id = writer.letter("Engines");
    let path = format!("/messages/{id}");
    assert_eq!(reader.stored(&id)["subject"], "Engines");
    for path in ["/messages", "/folders", "/messages/export?format=jsonl"] {
        let answer = reader.get(path);
        assert_eq!((answer.status, answer.text().is_empty()), (200, false), "{path}");
        assert_eq!(reader.ask("HEAD", path, &[], b"").status, 200);
    }
    for (method, path) in [
        ("POST", "/messages"),
        ("PUT", path.as_str()),
        ("PATCH", path.as_str()),
        ("DELETE", path.as_str()),
        ("POST", "/messages/actions"),
        ("POST", "/messages/actions/01900000-0000-7000-8000-000000000000/undo"),
        ("POST", "/auth/logout"),
    ] {
        let answer = reader.send(method, path, &letter("x"));
        problem(&answer, 403);
        let challenge = "Bearer realm=\"letterbox\", error=\"insufficient_scope\", scope=\"write\"";
        assert_eq!(answer.header("www-authenticate"), challenge, "{method} {path}");
    }
    assert_eq!(reader.stored(&id)["subject"], "Engines");
    assert_eq!(writer.send("PATCH", &path, &json!({"read": true})).status, 200);
    assert_eq!(writer.delete(&path).status, 204);
    problem(&writer.ask("POST", "/auth/logout", &[], b""), 403);
}

#[test]
fn a_token_that_has_run_out_or_was_revoked_opens_nothing_at_once() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let programs = [(); 2].map(|()| Program::with(&app, &token(&app, Scope::ReadAndWrite)));
    assert!(programs.iter().all(|program| program.get("/folders").status == 200));
    app.block_on(async {
        let (user, _) = app.state.store.user_by_email(OWNER).await.unwrap().unwrap();
        let id = app.state.auth.tokens_of(&user).await.unwrap()[0].id.to_string();
        assert!(app.state.auth.revoke_token(&user, &id, &Client::default()).await.unwrap());
    });
    let mut statuses = programs.each_ref().map(|program| program.get("/folders").status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    app.clock.advance(Duration::from_hours(24 * 30));
    for program in &programs {
        let answer = program.get("/folders");
        problem(&answer, 401);
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"letterbox\", error=\"invalid_token\"");
    }
    let unknown = Program::with(&app, "lbx_AAAA");
    problem(&unknown.get("/folders"), 401);
}
