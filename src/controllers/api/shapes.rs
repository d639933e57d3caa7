//! What is sent, as JSON. The rules of a letter are those of the models.

use utoipa::openapi::schema::{Object, ObjectBuilder};

use super::answered::MessageJson;
use super::openapi::rules;
use super::sent::Shape;
use crate::body::json::Members;
use crate::models::{Action, Draft, Edit, Folder, Letter, MessageId};

/// Letters that one action may name.
pub(super) const IDS_MAX: usize = 200;

/// Who logs in.
pub struct Login {
    pub(super) email: String,
    pub(super) password: String,
}

impl Shape for Login {
    type Good = Self;

    const NAME: &'static str = "Login";

    fn schema() -> Object {
        ObjectBuilder::new()
            .property("email", rules::string("The address of the login.", "you@example.com"))
            .property("password", rules::string("The password.", "correct horse battery staple"))
            .required("email")
            .required("password")
            .build()
    }

    fn read(members: &mut Members) -> Option<Self> {
        let [email, password] = ["email", "password"].map(|member| needed(members, member));
        Some(Self { email: email?, password: password? })
    }
}

/// What a session goes on with.
pub struct Refresh {
    pub(super) refresh_token: String,
}

impl Shape for Refresh {
    type Good = Self;

    const NAME: &'static str = "Refresh";

    fn schema() -> Object {
        ObjectBuilder::new()
            .property("refresh_token", rules::string("The last one that was given.", "v1.c2Vzc2lvbg.7.bWFj"))
            .required("refresh_token")
            .build()
    }

    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { refresh_token: needed(members, "refresh_token")? })
    }
}

/// A letter to be put into the inbox.
pub struct NewLetter {
    name: String,
    email: String,
    subject: String,
    body: String,
}

impl NewLetter {
    fn take(members: &mut Members) -> Self {
        let [name, email] = ["name", "email"].map(|member| needed(members, member).unwrap_or_default());
        let subject = members.text("subject").unwrap_or_default();
        let body = needed(members, "body").unwrap_or_default();
        Self { name, email, subject, body }
    }

    /// The letter, if it keeps every rule. What is wrong with a member that is faulty already is not told twice.
    fn judge(self, members: &mut Members) -> Option<Letter> {
        let Self { name, email, subject, body } = self;
        match Letter::parse(&Draft { name, email, subject, message: body }) {
            Ok(letter) => Some(letter),
            Err(faults) => {
                for fault in faults {
                    let member = if fault.field == "message" { "body" } else { fault.field };
                    if !members.is_faulty(member) {
                        members.fault(member, fault.message);
                    }
                }
                None
            }
        }
    }
}

impl Shape for NewLetter {
    type Good = Letter;

    const NAME: &'static str = "NewLetter";

    fn schema() -> Object {
        ObjectBuilder::new()
            .property("name", rules::name())
            .property("email", rules::email_sent())
            .property("subject", rules::subject())
            .property("body", rules::body())
            .required("name")
            .required("email")
            .required("body")
            .build()
    }

    fn read(members: &mut Members) -> Option<Letter> {
        Self::take(members).judge(members)
    }
}

/// A letter that takes the place of another: all that can be changed, and, if at all, what cannot as it is.
pub struct WholeLetter {
    letter: Letter,
    folder: Folder,
    read: bool,
    starred: bool,
    id: Option<String>,
    form: Option<String>,
    received_at: Option<String>,
}

impl Shape for WholeLetter {
    type Good = Self;

    const NAME: &'static str = "WholeLetter";

    fn schema() -> Object {
        ObjectBuilder::new()
            .property("name", rules::name())
            .property("email", rules::email_sent())
            .property("subject", rules::subject())
            .property("body", rules::body())
            .property("folder", rules::folder())
            .property("read", rules::read())
            .property("starred", rules::starred())
            .required("name")
            .required("email")
            .required("body")
            .required("folder")
            .required("read")
            .required("starred")
            // As they are, or not at all.
            .property("id", rules::fixed(rules::id()))
            .property("form", rules::fixed(rules::form()))
            .property("received_at", rules::fixed(rules::received_at()))
            .build()
    }

    fn read(members: &mut Members) -> Option<Self> {
        let letter = NewLetter::take(members).judge(members);
        let folder = folder(members);
        let [read, starred] = ["read", "starred"].map(|member| members.flag(member));
        for (member, is_missing) in
            [("folder", folder.is_none()), ("read", read.is_none()), ("starred", starred.is_none())]
        {
            if is_missing {
                members.missing(member);
            }
        }
        let [id, form, received_at] = ["id", "form", "received_at"].map(|member| members.text(member));
        Some(Self { letter: letter?, folder: folder?, read: read?, starred: starred?, id, form, received_at })
    }
}

impl WholeLetter {
    /// The members that say something else than what cannot be changed.
    pub(super) fn contradictions(&self, message: &MessageJson) -> Vec<&'static str> {
        [
            ("id", self.id.as_ref(), &*message.id),
            ("form", self.form.as_ref(), message.form),
            ("received_at", self.received_at.as_ref(), &*message.received_at),
        ]
        .into_iter()
        .filter(|(_, sent, is)| sent.is_some_and(|sent| sent != is))
        .map(|(member, _, _)| member)
        .collect()
    }

    pub(super) fn edit(self) -> Edit {
        let Self { letter, folder, read, starred, .. } = self;
        Edit { letter: Some(letter), folder: Some(folder), read: Some(read), starred: Some(starred) }
    }
}

/// What shall be different about a letter; what is not there stays.
pub struct LetterPatch;

impl Shape for LetterPatch {
    type Good = Edit;

    const NAME: &'static str = "LetterPatch";

    fn schema() -> Object {
        ObjectBuilder::new()
            .property("folder", rules::folder())
            .property("read", rules::read())
            .property("starred", rules::starred())
            .build()
    }

    const KINDS: &'static [&'static str] = &["application/json", "application/merge-patch+json"];
    const KINDS_SAID: &'static str = "application/json or application/merge-patch+json";

    fn read(members: &mut Members) -> Option<Edit> {
        let folder = folder(members);
        Some(Edit { letter: None, folder, read: members.flag("read"), starred: members.flag("starred") })
    }
}

/// One thing to do with many letters.
pub struct Act {
    pub(super) action: Action,
    pub(super) ids: Vec<MessageId>,
}

impl Shape for Act {
    type Good = Self;

    const NAME: &'static str = "Act";

    fn schema() -> Object {
        ObjectBuilder::new()
            .property("action", rules::action())
            .property("ids", rules::ids())
            .required("action")
            .required("ids")
            .build()
    }

    fn read(members: &mut Members) -> Option<Self> {
        let action = needed(members, "action").and_then(|name| {
            let action = Action::parse(&name);
            if action.is_none() {
                members.fault(
                    "action",
                    format!("There is no such action. Send one of {}.", Action::ALL.map(Action::as_str).join(", ")),
                );
            }
            action
        });
        let ids = ids(members);
        Some(Self { action: action?, ids: ids? })
    }
}

fn ids(members: &mut Members) -> Option<Vec<MessageId>> {
    let Some(texts) = members.texts("ids") else {
        members.missing("ids");
        return None;
    };
    if texts.is_empty() || texts.len() > IDS_MAX {
        members.fault("ids", format!("These are {} letters. Name 1 to {IDS_MAX}.", texts.len()));
        return None;
    }
    let mut ids = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(id) if ids.contains(&id) => members.fault(&format!("ids/{index}"), "This letter is named twice."),
            Ok(id) => ids.push(id),
            Err(_) if members.is_faulty(&format!("ids/{index}")) => {}
            Err(_) => members.fault(&format!("ids/{index}"), "This is no id of a letter. Send one as a list gave it."),
        }
    }
    Some(ids)
}

fn needed(members: &mut Members, name: &str) -> Option<String> {
    let text = members.text(name);
    if text.is_none() {
        members.missing(name);
    }
    text
}

fn folder(members: &mut Members) -> Option<Folder> {
    let name = members.text("folder")?;
    let folder = Folder::parse(&name);
    if folder.is_none() {
        members.fault("folder", NO_FOLDER);
    }
    folder
}

/// What is said of a folder that is not there.
pub(super) const NO_FOLDER: &str = "There is no such folder. Send inbox, archive, spam or trash.";
