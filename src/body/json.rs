//! JSON, read strictly: UTF-8 without a byte order mark, no member twice in one object (RFC 7493), no deep nesting, and
//! every fault with its place.

use std::collections::HashSet;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::{Detail, Error};

/// How deep objects and lists may lie in one another.
pub const DEPTH: usize = 16;
/// Faults of one body that are told; an answer must not be many times what was sent.
pub const FAULTS_TOLD: usize = 20;
/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A JSON value. Numbers are not told apart: nothing here takes one.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// Any number.
    Number,
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, in the order of its members.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole body.
    ///
    /// # Errors
    /// [`Error::Malformed`] with line and column.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let malformed = |advice: String| Err(Error::Malformed(advice));
        if body.starts_with(BOM) {
            return malformed("The body begins with a byte order mark. Send the JSON without it.".to_owned());
        }
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => return malformed(not_utf8(body, error.valid_up_to())),
        };
        if text.trim().is_empty() {
            return malformed("The body is empty. Send a JSON object.".to_owned());
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Depth(0).deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
        read.or_else(|error| malformed(format!("The body is not JSON as it is taken here: {error}. Mend it there.")))
    }

    fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Flag(_) => "a boolean",
            Json::Number => "a number",
            Json::Text(_) => "a string",
            Json::List(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

fn not_utf8(body: &[u8], at: usize) -> String {
    let before = String::from_utf8_lossy(&body[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("The body is not UTF-8 at line {line} column {column}. Send it in UTF-8.")
}

/// Reads one value that lies so deep.
#[derive(Clone, Copy)]
struct Depth(usize);

impl Depth {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.0 < DEPTH { Ok(Self(self.0 + 1)) } else { Err(E::custom(format!("nested deeper than {DEPTH}"))) }
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let (depth, mut items) = (self.inner()?, Vec::new());
        while let Some(item) = list.next_element_seed(depth)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let (depth, mut names, mut members) = (self.inner()?, HashSet::new(), Vec::new());
        while let Some(name) = object.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the member {name:?} stands twice in one object")));
            }
            members.push((name, object.next_value_seed(depth)?));
        }
        Ok(Json::Object(members))
    }
}

/// The members of an object, taken one after the other; what is wrong is gathered on the way.
pub struct Members {
    members: Vec<(String, Json)>,
    faults: Vec<Detail>,
}

impl Members {
    /// Of a body that must be an object.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is something else.
    pub fn of(json: Json) -> Result<Self, Error> {
        match json {
            Json::Object(members) => Ok(Self { members, faults: Vec::new() }),
            other => {
                let fault = format!("This is {}. Send an object.", other.kind());
                Err(Error::Invalid(vec![Detail::in_body("", fault)]))
            }
        }
    }

    /// Whether there is such a member.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, _)| known == name)
    }

    /// A string; `None` when the member is not there, or is something else.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Json::Text(text) => Some(text),
            other => self.wrong_kind(name, &other, "a string"),
        }
    }

    /// A boolean; `None` when the member is not there, or is something else.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Json::Flag(flag) => Some(flag),
            other => self.wrong_kind(name, &other, "true or false"),
        }
    }

    /// A list of strings; `None` when the member is not there, or is something else.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let items = match self.take(name)? {
            Json::List(items) => items,
            other => return self.wrong_kind(name, &other, "an array of strings"),
        };
        let mut texts = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Json::Text(text) => texts.push(text),
                other => {
                    texts.push(self.wrong_kind(&format!("{name}/{index}"), &other, "a string").unwrap_or_default())
                }
            }
        }
        Some(texts)
    }

    /// Notes that a member must be there and is not.
    pub fn missing(&mut self, name: &str) {
        if !self.is_faulty(name) {
            self.fault(name, "This member is missing. Send it.");
        }
    }

    /// Notes a fault of the member at `path`, for example `ids/3`.
    pub fn fault(&mut self, path: &str, detail: impl Into<String>) {
        if self.faults.len() < FAULTS_TOLD {
            self.faults.push(Detail::in_body(&format!("/{path}"), detail));
        }
    }

    /// Whether something is known to be wrong with this member already.
    pub fn is_faulty(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.is_of(&format!("/{name}")))
    }

    /// That was all: a member that nobody has taken is one that nobody knows.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what was wrong, up to [`FAULTS_TOLD`] faults.
    pub fn finish(mut self) -> Result<(), Error> {
        for (name, _) in std::mem::take(&mut self.members).into_iter().take(FAULTS_TOLD) {
            self.fault(&escape(&name), "No member of this name is known here. Leave it out.");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Error::Invalid(self.faults)) }
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.remove(at).1)
    }

    fn wrong_kind<T>(&mut self, path: &str, found: &Json, wanted: &str) -> Option<T> {
        self.fault(path, format!("This is {}. Send {wanted}.", found.kind()));
        None
    }
}

/// A member's name within a pointer that stands in a URL's fragment (RFC 6901 §3 and §6).
fn escape(name: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(&name.replace('~', "~0").replace('/', "~1"), PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(body: &[u8]) -> String {
        match Json::parse(body) {
            Err(Error::Malformed(advice)) => advice,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (body, words) in [
            (&b""[..], "is empty"),
            (b" \n", "is empty"),
            (b"\xef\xbb\xbf{}", "byte order mark"),
            (b"{\n  \"a\": \xff}", "not UTF-8 at line 2 column 8"),
            (b"{\"a\": 1,}", "line 1 column 9"),
            (b"{\"a\": 1} x", "trailing characters at line 1 column 10"),
            (b"{\"a\": 1, \"\\u0061\": 2}", "the member \"a\" stands twice in one object at line 1 column"),
            (b"{\"a\": [{\"b\": 1, \"b\": 1}]}", "the member \"b\" stands twice"),
            (b"{\"a\": \"\\ud800\"}", "line 1 column"),
            (b"{\"a\": NaN}", "line 1 column 7"),
            (b"{'a': 1}", "line 1 column 2"),
            (b"{\"a\": 1e999}", "number out of range"),
        ] {
            let advice = advice(body);
            assert!(advice.contains(words), "{advice}");
        }
    }

    #[test]
    fn nesting_has_an_end_long_before_the_stack_has() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(Json::parse(nested(DEPTH).as_bytes()).is_ok());
        for depth in [DEPTH + 1, 5_000] {
            assert!(advice(nested(depth).as_bytes()).contains("nested deeper than 16"));
        }
    }

    #[test]
    fn every_fault_of_an_object_is_gathered_with_a_pointer() {
        let json = Json::parse(br#"{"text": 1, "flag": null, "list": ["a", 2, {}], "odd/~ \u00e4": 1}"#).unwrap();
        let mut members = Members::of(json).unwrap();
        assert_eq!((members.text("text"), members.flag("flag"), members.texts("none")), (None, None, None));
        assert_eq!(members.texts("list"), Some(vec!["a".to_owned(), String::new(), String::new()]));
        members.missing("none");
        members.missing("text");
        let Err(Error::Invalid(faults)) = members.finish() else { panic!("there are faults") };
        let expected = [
            Detail::in_body("/text", "This is a number. Send a string."),
            Detail::in_body("/flag", "This is null. Send true or false."),
            Detail::in_body("/list/1", "This is a number. Send a string."),
            Detail::in_body("/list/2", "This is an object. Send a string."),
            Detail::in_body("/none", "This member is missing. Send it."),
            Detail::in_body("/odd~1~0%20%C3%A4", "No member of this name is known here. Leave it out."),
        ];
        assert_eq!(faults, expected);
        assert!(Members::of(Json::List(Vec::new())).is_err());
    }

    #[test]
    fn of_very_many_faults_the_first_are_told() {
        let body = format!(r#"{{"ids": [{}1], "odd": 1}}"#, "1, ".repeat(10_000));
        let mut members = Members::of(Json::parse(body.as_bytes()).unwrap()).unwrap();
        members.texts("ids");
        let Err(Error::Invalid(faults)) = members.finish() else { panic!("there are faults") };
        assert_eq!(faults.len(), FAULTS_TOLD);
        assert_eq!(faults[19], Detail::in_body("/ids/19", "This is a number. Send a string."));
    }
}
