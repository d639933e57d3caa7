//! Who may import whom, and which crate is named where.

use super::files::{File, files, nothing_of};

/// A row may import only rows above it; modules on one row do not import each other. A module may always import its
/// own parts.
const ROWS: [&[&str]; 12] = [
    // Know nobody. `flash` knows actix-session, `connection` a timer, `client_address` a header; none knows the house.
    &["paths", "config", "models", "flash", "connection", "client_address"],
    // What can be said with the words above. `page` names URLs and models (the frame shows the user), so it does not
    // stand beside them as the first plan had it; `keyring` reads the settings.
    &["page", "assets", "wants", "keyring", "clock", "store"],
    // Both go by the house's clock; the login counts with the first.
    &["throttle", "log"],
    &["auth"],
    &["state", "error", "cookies"],
    // Who sends a request, by the settings in the state.
    &["client"],
    // `body` answers in the house's errors; controllers read with it. `export` reads letters through the state.
    &["middleware", "body", "export"],
    &["controllers"],
    &["routes"],
    // The listener knows only `connection`: it serves any application.
    &["app", "server"],
    &["commands"],
    &["main"],
];

/// What a row may take of a module above it when that is not everything: (who, from whom, what alone).
const ONLY: [(&str, &str, &[&str]); 1] = [("controllers", "middleware", &["CurrentUser", "Caller"])];

/// Crates, by the beginning of their names; the places that may not or alone may name them; and why.
const STRANGERS: [(&[&str], Place, &str); 3] = [
    (
        &["actix", "askama"],
        Place::NotIn(&["src/models", "src/auth", "src/store", "src/config", "src/clock.rs"]),
        "rules, logins and stores know no web",
    ),
    (&["rusqlite"], Place::OnlyIn("src/store/sqlite"), "one engine's driver stays behind the port"),
    (&["mongodb", "bson"], Place::OnlyIn("src/store/mongo"), "one engine's driver stays behind the port"),
];

enum Place {
    NotIn(&'static [&'static str]),
    OnlyIn(&'static str),
}

impl Place {
    fn allows(&self, path: &str) -> bool {
        match self {
            Place::NotIn(places) => !places.iter().any(|place| path.starts_with(place)),
            Place::OnlyIn(place) => path.starts_with(place),
        }
    }
}

/// One `crate::module::item` in a file.
struct Import {
    line: usize,
    module: String,
    item: String,
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// `src/store/sqlite/mod.rs` belongs to `store`.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The parts of `{a, b::{c, d}}`, or the one thing that stands there.
fn parts(text: &str) -> Vec<&str> {
    let Some(inside) = text.strip_prefix('{') else { return vec![text] };
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                parts.push(inside[start..at].trim());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn imports(file: &File) -> Vec<Import> {
    let root = if file.path == "src/main.rs" { "letterbox::" } else { "crate::" };
    let code = file.code().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        let line = code[..at].matches('\n').count() + 1;
        for path in parts(&code[at + root.len()..]) {
            let module = name(path).to_owned();
            let rest = path[module.len()..].strip_prefix("::").unwrap_or_default();
            for item in parts(rest) {
                found.push(Import { line, module: module.clone(), item: name(item).to_owned() });
            }
        }
    }
    found
}

fn trespasses(file: &File) -> Vec<String> {
    let here = module_of(&file.path);
    let Some(own) = row(here) else {
        return vec![format!("{}: the module {here} has no row in the table of this test; give it one", file.path)];
    };
    let judge = |import: Import| {
        let Import { line, module, item } = import;
        let place = format!("{}:{line}", file.path);
        if module == here {
            return None;
        }
        let Some(theirs) = row(&module) else { return Some(format!("{place} imports {module}, which has no row")) };
        if theirs >= own {
            return Some(format!("{place} imports {module} (row {theirs}) into {here} (row {own}): not a row above"));
        }
        let narrow = ONLY.iter().find(|(who, from, _)| (*who, *from) == (here, module.as_str()));
        let only = narrow.filter(|(_, _, only)| !only.contains(&item.as_str()))?.2.join(" and ");
        Some(format!("{place} imports {item} of {module}: {here} may take {only} alone"))
    };
    imports(file).into_iter().filter_map(judge).collect()
}

fn strangers(file: &File) -> Vec<String> {
    let mut sentences = Vec::new();
    for (crates, place, because) in &STRANGERS {
        if place.allows(&file.path) {
            continue;
        }
        for (line, code) in file.code() {
            let words = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            // The crate's name at the head of a path, or alone behind `use`.
            let named = words.clone().any(|word| crates.iter().any(|krate| is_path_of(word, krate)))
                || code.trim().strip_prefix("use ").is_some_and(|used| crates.contains(&used.trim_end_matches(';')));
            if named {
                sentences.push(format!("{}:{line} names {}: {because}", file.path, crates.join(" or ")));
            }
        }
    }
    sentences
}

fn is_path_of(word: &str, krate: &str) -> bool {
    word.split_once("::").is_some_and(|(head, _)| head == krate || head.starts_with(&format!("{krate}_")))
}

fn source() -> Vec<File> {
    let mut files = files(&["src"], &[".rs"]);
    files.retain(|file| file.path != "src/lib.rs");
    files
}

#[test]
fn every_module_imports_only_from_the_rows_above_it() {
    nothing_of(source().iter().flat_map(trespasses).collect());
}

#[test]
fn controllers_do_not_know_each_other() {
    let sentences = source().into_iter().filter(|file| file.path.starts_with("src/controllers/")).flat_map(|file| {
        let own = file.path.split('/').nth(2).unwrap().trim_end_matches(".rs").to_owned();
        let others = imports(&file).into_iter().filter(|import| import.module == "controllers" && import.item != own);
        others
            .map(|other| format!("{}:{} imports the controller {}", file.path, other.line, other.item))
            .collect::<Vec<_>>()
    });
    nothing_of(sentences.collect());
}

#[test]
fn web_and_drivers_are_named_only_where_they_belong() {
    nothing_of(source().iter().flat_map(strangers).collect());
}

#[test]
fn r31_no_middleware_holds_a_request_across_the_call() {
    let because = "a request that is held while the inner layers run makes actix-web panic (match info is shared)";
    let clones = ["request().clone()", "request.clone()", "req.clone()"];
    let held = source()
        .into_iter()
        .filter(|file| file.path.starts_with("src/middleware/"))
        .flat_map(|file| clones.iter().flat_map(|clone| file.lines_with(clone, because)).collect::<Vec<_>>());
    nothing_of(held.collect());
}

#[test]
fn a_breach_is_seen_with_its_file_and_line() {
    let check = |path: &str, text: &str| trespasses(&File::new(path, text));
    assert_eq!(check("src/models/x.rs", "use crate::paths;").len(), 1, "one row does not import itself");
    let upwards = check("src/store/port.rs", "//! Doc.\nuse crate::{\n    models::{A, B},\n    auth::C,\n};\n");
    assert_eq!(upwards, ["src/store/port.rs:2 imports auth (row 3) into store (row 1): not a row above"]);
    assert_eq!(check("src/auth/x.rs", "fn f() { crate::cookies::give() }").len(), 1);
    assert_eq!(check("src/nowhere.rs", "").len(), 1);
    assert_eq!(check("src/store/sqlite/x.rs", "use crate::store::Result;").len(), 0);
    assert_eq!(check("src/controllers/x.rs", "use crate::middleware::CurrentUser;").len(), 0);
    assert_eq!(check("src/controllers/x.rs", "use crate::middleware::{CurrentUser, session};").len(), 1);
    let named = |path: &str, text: &str| strangers(&File::new(path, text)).len();
    assert_eq!(named("src/models/x.rs", "use actix_web::web;\nuse askama::Template;"), 2);
    assert_eq!(named("src/page.rs", "use askama::Template;\nfn f(e: rusqlite::Error) {}\nuse mongodb;"), 2);
    assert_eq!(named("src/store/sqlite/x.rs", "use rusqlite::Error;\nlet scheme = \"mongodb\";"), 0);
}
