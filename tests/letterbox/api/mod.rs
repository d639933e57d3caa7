//! The API: what programs may rely on, status by status.

mod actions;
mod conditions;
mod described;
mod exporting;
mod listing;
mod login;
mod malformed;
mod methods;
mod readme;
mod schemathesis;
mod tokens;
mod writing;

use letterbox::models::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, OWNER, PASSWORD, TestApp};

/// A program with a token.
struct Program {
    http: Browser,
    token: String,
}

impl Program {
    /// The owner's, logged in.
    fn of_owner(app: &TestApp) -> Self {
        app.add_user(OWNER, Role::Owner);
        Self::log_in(app, OWNER)
    }

    fn log_in(app: &TestApp, email: &str) -> Self {
        let answer = log_in(app, email, PASSWORD);
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self::with(app, answer.json()["access_token"].as_str().unwrap())
    }

    fn with(app: &TestApp, token: &str) -> Self {
        Self { http: app.visitor(), token: token.to_owned() }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let headers = [&[("authorization", authorization.as_str())], headers].concat();
        let answer = self.http.send(method, &format!("/api/v1{path}"), &headers, body);
        assert!(answer.set_cookies().is_empty(), "no cookie is ever set");
        answer
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    /// Sends JSON.
    fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send_with(method, path, &[], body)
    }

    fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.ask(method, path, &headers, body.to_string().as_bytes())
    }

    fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], b"")
    }

    /// Creates the letter of this subject and says its id.
    fn letter(&self, subject: &str) -> String {
        let answer = self.send("POST", "/messages", &letter(subject));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The letter as it is now.
    fn stored(&self, id: &str) -> Value {
        let answer = self.get(&format!("/messages/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
}

fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, "/auth/login", &json!({"email": email, "password": password}))
}

/// Posts JSON without a token.
fn post(app: &TestApp, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    app.visitor().send("POST", &format!("/api/v1{path}"), &headers, body.to_string().as_bytes())
}

fn letter(subject: &str) -> Value {
    json!({"name": "Ada", "email": "ada@example.com", "subject": subject, "body": "Dear Olive,\nit computes."})
}

/// The problem that an answer tells, after a look at its form.
fn problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    for member in ["type", "title", "detail", "request_id"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
    }
    problem
}

/// Where a problem says that the faults are.
fn places(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors
        .iter()
        .map(|error| {
            assert!(error["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{error}");
            error["pointer"].as_str().or(error["parameter"].as_str()).unwrap()
        })
        .collect()
}
