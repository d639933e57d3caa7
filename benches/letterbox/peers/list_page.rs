//! The page of the inbox: Letterbox's own template, with what is in it when nothing is searched and nothing has just
//! happened.

use askama::Template;
use letterbox::models::{Folder, FolderCounts, MessageSummary, Segment, Timestamp};
use letterbox::page::{Frame, SignedIn, When};

use crate::client::EMAIL;

/// Letters that are shown.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "messages/list.html")]
pub struct ListPage<'a> {
    frame: Frame,
    title: &'static str,
    folders: Vec<FolderLink>,
    filters: Vec<Link>,
    search: String,
    search_in: Option<Folder>,
    ignored: Vec<String>,
    is_search: bool,
    is_filtered: bool,
    everywhere: Option<String>,
    folder: Folder,
    items: Vec<Row<'a>>,
    moves: Vec<Tool>,
    marks: Vec<Tool>,
    all_selected: bool,
    select_all: String,
    counts: FolderCounts,
    nothing_yet: bool,
    empties_after: Option<u64>,
    newer: Option<String>,
    older: Option<String>,
    start: String,
    here: String,
    here_query: String,
    contact_url: String,
    exports: Vec<Link>,
    since: String,
}

struct FolderLink {
    name: &'static str,
    href: String,
    unread: u64,
    current: bool,
}

struct Link {
    name: &'static str,
    href: String,
    current: bool,
}

struct Tool {
    action: &'static str,
    label: &'static str,
    key: &'static str,
}

struct Row<'a> {
    id: String,
    name: Vec<Segment<'a>>,
    plain_name: &'a str,
    email: &'a str,
    subject: Vec<Segment<'a>>,
    preview: Vec<Segment<'a>>,
    goes_on: bool,
    when: When,
    unread: bool,
    starred: bool,
    folder: Folder,
    folder_name: &'static str,
}

impl<'a> ListPage<'a> {
    /// `letters` are the newest of the inbox, one more than are shown if there are more.
    pub fn of(letters: &'a [MessageSummary], counts: [FolderCounts; 4], now: Timestamp) -> Self {
        let more = letters.len() > PAGE;
        let letters = &letters[..letters.len().min(PAGE)];
        let older = letters.last().filter(|_| more).map(|last| format!("/messages?before={}", last.id));
        let since = letters.first().map_or(String::new(), |first| first.id.to_string());
        let user = SignedIn { name: "Owner".to_owned(), email: EMAIL.to_owned(), is_owner: true };
        Self {
            frame: Frame { user: Some(user), ..Frame::public("Letterbox") },
            title: "Inbox",
            folders: folders(&counts),
            filters: filters(),
            search: String::new(),
            search_in: None,
            ignored: Vec::new(),
            is_search: false,
            is_filtered: false,
            everywhere: None,
            folder: Folder::Inbox,
            items: letters.iter().map(|letter| Row::of(letter, now)).collect(),
            moves: tools(&[("archive", "Archive", "e"), ("spam", "Spam", "!"), ("trash", "Trash", "#")]),
            marks: tools(&[
                ("read", "Mark read", "shift+i"),
                ("unread", "Mark unread", "shift+u"),
                ("star", "Star", "s"),
                ("unstar", "Remove star", ""),
            ]),
            all_selected: false,
            select_all: "/messages?select=all".to_owned(),
            counts: counts[0],
            nothing_yet: false,
            empties_after: Some(30),
            newer: None,
            older,
            start: "/messages".to_owned(),
            here: "/messages".to_owned(),
            here_query: String::new(),
            contact_url: "http://127.0.0.1/contact".to_owned(),
            exports: exports(),
            since,
        }
    }
}

fn folders(counts: &[FolderCounts; 4]) -> Vec<FolderLink> {
    let names = ["Inbox", "Archive", "Spam", "Trash"];
    let link = |(at, folder): (usize, Folder)| {
        let href = if at == 0 { "/messages".to_owned() } else { format!("/messages?folder={folder}") };
        FolderLink { name: names[at], href, unread: counts[at].unread, current: at == 0 }
    };
    Folder::ALL.into_iter().enumerate().map(link).collect()
}

fn filters() -> Vec<Link> {
    let links = [("All", "/messages"), ("Unread", "/messages?unread=1"), ("Starred", "/messages?starred=1")];
    links.map(|(name, href)| Link { name, href: href.to_owned(), current: name == "All" }).into()
}

fn exports() -> Vec<Link> {
    let formats = [("CSV", "csv"), ("JSON lines", "jsonl"), ("Mailbox", "mbox")];
    let link = |(name, format)| Link { name, href: format!("/messages/export?format={format}"), current: false };
    formats.map(link).into()
}

fn tools(tools: &[(&'static str, &'static str, &'static str)]) -> Vec<Tool> {
    tools.iter().map(|&(action, label, key)| Tool { action, label, key }).collect()
}

impl<'a> Row<'a> {
    fn of(letter: &'a MessageSummary, now: Timestamp) -> Self {
        let (opening, goes_on) = letter.opening();
        Self {
            id: letter.id.to_string(),
            name: whole(letter.name()),
            subject: whole(letter.subject()),
            preview: whole(opening),
            goes_on,
            plain_name: letter.name(),
            email: letter.email(),
            when: When::in_list(letter.received_at, now),
            unread: !letter.read,
            starred: letter.starred,
            folder: letter.folder,
            folder_name: "Inbox",
        }
    }
}

fn whole(text: &str) -> Vec<Segment<'_>> {
    if text.is_empty() { Vec::new() } else { vec![Segment { text, hit: false }] }
}
