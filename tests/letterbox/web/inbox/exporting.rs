use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{deliver, fill, follow};
use crate::support::{Output, TestApp, letterbox};

/// Names, subjects and bodies that are hard to carry.
const HARD: [(&str, &str, &str); 8] = [
    ("Ada", "Plain", "Dear Olive,\n\nit works."),
    ("=HYPERLINK(1)", "+49 30 1234", "-1\n=1+1"),
    ("\"Quoted\", Ada", "comma, \"quote\"; semi", "a,\"b\"\n\n\n"),
    ("Зоя 😀", "Grüße aus Zürich, und zwar so lange Grüße, dass sie auf keine Zeile passen 日本語", "日本語の手紙\n"),
    ("From Ada", "From here =?utf-8?B?eA==?=", "From me\n>From you\n>>From all\nFrom"),
    ("@sum", "\ttab", "\tindented \n trailing  \n.\n..\n"),
    ("x", "  spaces  around  ", "no end of line = \n\n"),
    ("a\\b", "%00 \\n", "{\"json\": [1, 2]}\u{2028}line\u{feff}"),
];

fn fill_hard(app: &TestApp) -> Vec<Value> {
    let mut expected = Vec::new();
    for (number, (name, subject, body)) in HARD.into_iter().enumerate() {
        let email = if number == 3 { "zoja@bücher.example" } else { "ada@example.com" };
        deliver(app, name, email, subject, body);
        expected.push(json!([name, email, subject, body]));
    }
    // A long one, with every line length around where lines are broken.
    let body = (60..90).map(|n| "x".repeat(n) + "é From =\n").collect::<String>();
    deliver(app, "Long", "ada@example.com", "Long", &body);
    expected.push(json!(["Long", "ada@example.com", "Long", body]));
    expected.reverse();
    expected
}

/// What python3 makes of `input`, as the JSON that `script` prints.
fn python(script: &str, input: &[u8]) -> Value {
    let mut child = Command::new("python3")
        .args(["-X", "utf8", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn json_lines_give_every_letter_back_byte_for_byte() {
    let app = TestApp::start();
    let owner = app.owner();
    let expected = fill_hard(&app);
    let answer = owner.get("/messages/export?format=jsonl");
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"letters-2026-11-21.jsonl\""));
    let text = answer.text();
    let letters: Vec<Value> =
        text.split('\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect();
    let fields = |letter: &Value| json!([letter["name"], letter["email"], letter["subject"], letter["body"]]);
    assert_eq!(letters.iter().map(fields).collect::<Vec<_>>(), expected);
    assert_eq!((&letters[0]["folder"], &letters[0]["read"]), (&json!("inbox"), &json!(false)));
}

#[test]
#[ignore = "needs python3"]
fn a_table_is_read_back_by_pythons_csv_with_no_formula_in_it() {
    let app = TestApp::start();
    let owner = app.owner();
    let mut expected = fill_hard(&app);
    for letter in &mut expected {
        for cell in letter.as_array_mut().unwrap() {
            if cell.as_str().unwrap().starts_with(['=', '+', '-', '@', '\t', '\r']) {
                *cell = json!(format!("'{}", cell.as_str().unwrap()));
            }
        }
    }
    let answer = owner.get("/messages/export?format=csv");
    let script = "import csv,sys,json,io
rows=list(csv.DictReader(io.TextIOWrapper(sys.stdin.buffer,'utf-8',newline=''),strict=True))
assert all(len(r)==9 for r in rows)
print(json.dumps([[r['name'],r['email'],r['subject'],r['body']] for r in rows]))";
    assert_eq!(python(script, &answer.body), Value::Array(expected));
    assert!(answer.body.starts_with(b"id,received_at,name,email,subject,body,folder,read,starred\r\n"));
}

#[test]
#[ignore = "needs python3"]
fn a_mailbox_is_read_back_by_pythons_mailbox_byte_for_byte() {
    let app = TestApp::start();
    let owner = app.owner();
    let expected = fill_hard(&app);
    let script = "import mailbox,sys,json,tempfile,email,email.policy
f=tempfile.NamedTemporaryFile(); f.write(sys.stdin.buffer.read()); f.flush()
box=mailbox.mbox(f.name,factory=lambda g: email.message_from_binary_file(g,policy=email.policy.default))
out=[]
for m in box:
    a=m['from'].addresses[0]
    out.append([a.display_name, str(m['x-letterbox-address'] or a.addr_spec), str(m['subject']), m.get_payload(decode=True).decode('utf-8')])
print(json.dumps(out))";
    let answer = owner.get("/messages/export?format=mbox");
    assert_eq!(python(script, &answer.body), Value::Array(expected), "{}", answer.text());
    assert!(answer.body.starts_with(b"From ada@example.com Sat Nov 21 "));
}

#[test]
fn an_export_follows_the_filters_of_the_list_and_goes_on_over_many_pages() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 120);
    follow(&owner, &owner.post(&format!("/messages/{}", ids[7]), &[("action", "star")]));
    let lines = |query: &str| owner.get(&format!("/messages/export?format=jsonl{query}")).text().lines().count();
    assert_eq!(lines(""), 120);
    assert_eq!(lines("&starred=1"), 1);
    assert_eq!(lines("&q=%22Letter+11%22"), 1);
    assert_eq!(lines("&folder=trash"), 0);
    assert_eq!(owner.get("/messages/export?format=doc").status, 400);
    assert_eq!(owner.send("HEAD", "/messages/export", &[], b"").body, b"");
    assert_eq!(app.visitor().get("/messages/export").status, 303);
}

#[test]
fn the_command_writes_every_letter_or_those_of_a_folder() {
    let directory = tempfile::tempdir().unwrap();
    let seeded = Output::of(letterbox(directory.path(), &[]).args(["seed", "250"]), "");
    assert_eq!(seeded.code, 0, "{}", seeded.stderr);
    let export = |args: &[&str]| Output::of(letterbox(directory.path(), &[]).arg("export").args(args), "");
    let all = export(&["--format", "jsonl"]);
    assert_eq!((all.code, all.stdout.lines().count()), (0, 250), "{}", all.stderr);
    let inbox = export(&["--format", "jsonl", "--folder", "inbox"]);
    assert!((1..250).contains(&inbox.stdout.lines().count()));
    assert!(export(&[]).stdout.starts_with("id,received_at,"));
    let wrong = export(&["--format", "doc"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("csv, jsonl or mbox"), "{}", wrong.stderr);
}
