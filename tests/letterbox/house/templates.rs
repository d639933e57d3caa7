//! What a template must not hold (R26, R44): browsers are told to refuse it, and escaping rests on it.

use letterbox::assets;

use super::files::{File, files, nothing_of};

const FORBIDDEN: [(&str, &str); 7] = [
    ("|safe", "text would go out unescaped"),
    ("escape(", "the escaper is chosen by the file's name and by nothing else"),
    ("style=", "the policy refuses inline style"),
    ("<style", "the policy refuses inline style"),
    ("<script", "visitors' pages run no script, and the others only files"),
    ("javascript:", "the policy refuses it"),
    ("/static/", "files are named by assets::url, with their hash"),
];

fn template_faults(file: &File) -> Vec<String> {
    let mut sentences = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let place = format!("{}:{}", file.path, index + 1);
        let tight: String = line.to_ascii_lowercase().replace("| ", "|");
        // A file of our own, by its hashed name: visitors' pages have no block for it.
        let tight = tight.replace("{% block script %}<script src=\"{{ crate::assets::url(", "{{ crate::assets::url(");
        for (words, because) in FORBIDDEN {
            if tight.contains(words) {
                sentences.push(format!("{place} has `{words}`: {because}"));
            }
        }
        for attribute in attributes(line) {
            if attribute.name.starts_with("on") {
                sentences.push(format!("{place} has the handler `{}`: the policy refuses it", attribute.name));
            }
            if !attribute.quoted {
                sentences.push(format!("{place}: the value of `{}` stands without double quotes", attribute.name));
            }
        }
        for asset in line.split("assets::url(\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()) {
            if assets::url(asset) == letterbox::paths::STATIC {
                sentences.push(format!("{place} names the file {asset:?}, which static/ does not have"));
            }
        }
    }
    sentences
}

struct Attribute {
    name: String,
    quoted: bool,
}

/// Everything in front of an `=` outside of the template's own blocks.
fn attributes(line: &str) -> Vec<Attribute> {
    let html = without_blocks(line);
    let is_name = |c: char| c.is_ascii_alphabetic() || c == '-';
    html.match_indices('=')
        .filter_map(|(at, _)| {
            let before = &html[..at];
            let start = before.rfind(|c: char| !is_name(c)).map_or(0, |end| end + 1);
            let name = before[start..].to_owned();
            let inside_quotes = before.matches('"').count() % 2 == 1;
            (!name.is_empty() && !inside_quotes).then(|| Attribute { name, quoted: html[at + 1..].starts_with('"') })
        })
        .collect()
}

/// `{{ … }}`, `{% … %}` and `{# … #}` become nothing; their quotes are Rust's.
fn without_blocks(line: &str) -> String {
    let (mut html, mut rest) = (String::new(), line);
    while let Some(start) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        html.push_str(&rest[..start]);
        let ends = ["}}", "%}", "#}"].iter().filter_map(|close| rest[start..].find(close)).min();
        rest = ends.map_or("", |end| &rest[start + end + 2..]);
    }
    html + rest
}

#[test]
fn r26_r44_templates_hold_nothing_inline_nothing_unescaped_and_no_unknown_file() {
    nothing_of(files(&["templates"], &[".html"]).iter().flat_map(template_faults).collect());
}

#[test]
fn r44_every_template_is_html_so_that_everything_in_it_is_escaped() {
    let others = files(&["templates"], &[""]).into_iter().filter(|file| !file.path.ends_with(".html"));
    nothing_of(others.map(|file| format!("{} is not .html and would not be escaped", file.path)).collect());
    let source = files(&["src"], &[".rs"]);
    let own = source.iter().flat_map(|file| {
        let because = "templates lie in templates/, where they are escaped by their name";
        [file.lines_with("escape = ", because), file.lines_with("template(source", because)].concat()
    });
    nothing_of(own.collect());
}

#[test]
fn r26_styles_and_pictures_name_nothing_from_elsewhere() {
    let sentences = files(&["static"], &[".css", ".svg"]).into_iter().flat_map(|file| {
        ["@import", "url(http", "url(//", "javascript:", "<script", "onload="]
            .iter()
            .flat_map(|words| file.lines_with(words, "nothing from elsewhere, nothing that runs"))
            .collect::<Vec<_>>()
    });
    nothing_of(sentences.collect());
}

#[test]
fn every_static_file_is_carried_in_the_binary() {
    let missing = files(&["static"], &[""])
        .into_iter()
        .filter(|file| assets::url(file.path.trim_start_matches("static/")) == letterbox::paths::STATIC);
    nothing_of(missing.map(|file| format!("{} is not in the list of src/assets.rs", file.path)).collect());
}

#[test]
fn what_a_template_must_not_hold_is_seen() {
    for bad in [
        "<p>{{ text|safe }}</p>",
        "<p>{{ text | safe }}</p>",
        "<p STYLE=\"color: red\">",
        "<script src=\"x\">",
        "<a onclick=\"x()\">",
        "<a href={{ url }}>",
        "<a href='{{ url }}'>",
        "<img src=\"{{ crate::assets::url(\"nothing.svg\") }}\">",
        "<link href=\"/static/app.css\">",
    ] {
        assert_ne!(template_faults(&File::new("templates/x.html", bad)), Vec::<String>::new(), "{bad}");
    }
    let good = "<a href=\"{{ crate::assets::url(\"app.css\") }}?a=b\"{% if x == 1 %} rel=\"next\"{% endif %}>c = d</a>";
    assert_eq!(template_faults(&File::new("templates/x.html", good)), Vec::<String>::new());
}
