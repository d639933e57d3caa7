//! `GET /messages`: a list of letters.

use std::time::Duration;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::tools::{Tool, marks, moves};
use super::view::{PAGE, View, name};
use crate::error::Error;
use crate::middleware::CurrentUser;
use crate::models::{
    Cursor, Folder, FolderCounts, Format, ListQuery, MessageId, MessagePage, MessageSummary, RELEVANT_AMONG, Search,
    Segment, Timestamp,
};
use crate::page::{self, Frame, When};
use crate::state::State;
use crate::{flash, paths};

#[derive(Template)]
#[template(path = "messages/list.html")]
struct ListPage<'a> {
    frame: Frame,
    title: &'static str,
    folders: Vec<FolderLink>,
    filters: Vec<FilterLink>,
    search: &'a str,
    /// The folder a search is bound to, where it should not look everywhere.
    search_in: Option<Folder>,
    ignored: &'a [String],
    is_search: bool,
    is_filtered: bool,
    /// The same words in every folder, where a search has left some out.
    everywhere: Option<String>,
    folder: Folder,
    items: Vec<Row<'a>>,
    moves: Vec<Tool>,
    marks: Vec<Tool>,
    all_selected: bool,
    select_all: String,
    counts: FolderCounts,
    /// Whether no letter has ever come, as far as anybody can tell.
    nothing_yet: bool,
    empties_after: Option<u64>,
    newer: Option<String>,
    older: Option<String>,
    start: String,
    here: String,
    /// Behind the address of a letter: how it knows the way back.
    here_query: String,
    contact_url: String,
    exports: Vec<FilterLink>,
    /// The newest letter when the page was made; what comes later is new to whoever looks at it.
    since: String,
}

struct FolderLink {
    name: &'static str,
    href: String,
    unread: u64,
    current: bool,
}

struct FilterLink {
    name: &'static str,
    href: String,
    current: bool,
}

struct Row<'a> {
    id: String,
    name: Vec<Segment<'a>>,
    plain_name: &'a str,
    email: &'a str,
    subject: Vec<Segment<'a>>,
    preview: Vec<Segment<'a>>,
    /// Whether the letter goes on behind the preview.
    goes_on: bool,
    when: When,
    unread: bool,
    starred: bool,
    folder: Folder,
    folder_name: &'static str,
}

/// `GET /messages`: letters, newest first or, for a search, the most relevant ones.
pub async fn list(
    request: HttpRequest,
    user: CurrentUser,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let view = View::of(request.query_string())?;
    let (letters, counts) = letters(&state, &view).await?;
    let frame = Frame::private(&state.config.site_name, user.user()).with_notice(flash::take_notice(&session));
    Ok(page::html(StatusCode::OK, &ListPage::of(&state, &view, &letters, counts, frame)))
}

async fn letters(state: &State, view: &View) -> Result<(MessagePage, [FolderCounts; 4]), Error> {
    if !(view.by_relevance && view.query.search.has_terms()) {
        return Ok(state.store.list_and_count(view.page(PAGE)).await?);
    }
    let newest = ListQuery { cursor: None, ..view.page(RELEVANT_AMONG) };
    let search = &newest.which.search.clone();
    let mut hits = state.store.read_messages(newest).await?;
    // Stable: among letters of one weight the newest stays first.
    hits.sort_by_cached_key(|message| std::cmp::Reverse(search.weight(&message.letter)));
    hits.truncate(PAGE as usize);
    let items = hits.iter().map(|message| MessageSummary::of(message, search)).collect();
    Ok((MessagePage { items, has_newer: false, has_older: false }, state.store.count_folders().await?))
}

impl<'a> ListPage<'a> {
    fn of(state: &State, view: &'a View, letters: &'a MessagePage, counts: [FolderCounts; 4], frame: Frame) -> Self {
        let folder = view.folder.unwrap_or(Folder::Inbox);
        let counts_of = |wanted: Folder| {
            let found = Folder::ALL.into_iter().zip(counts).find(|(folder, _)| *folder == wanted);
            found.map(|(_, counts)| counts).unwrap_or_default()
        };
        let link = |to: Folder| FolderLink {
            name: name(to),
            href: View { folder: Some(to), ..View::default() }.href(),
            unread: counts_of(to).unread,
            current: !view.is_search() && to == folder,
        };
        let newer = letters.items.first().filter(|_| letters.has_newer).map(|first| Cursor::After(first.id));
        let older = letters.items.last().filter(|_| letters.has_older).map(|last| Cursor::Before(last.id));
        let now = state.clock.now();
        let search = &view.query.search;
        let here = view.from(view.cursor);
        Self {
            frame,
            title: view.title(),
            folders: Folder::ALL.into_iter().map(link).collect(),
            filters: filters(view),
            search: &view.search,
            search_in: view.folder.filter(|folder| matches!(folder, Folder::Spam | Folder::Trash)),
            ignored: &view.query.ignored,
            is_search: view.is_search(),
            is_filtered: view.unread || view.starred,
            everywhere: view.everywhere().map(|view| view.href()),
            folder,
            moves: moves(view.one_folder()),
            marks: marks(),
            all_selected: view.all_selected,
            select_all: View { all_selected: !view.all_selected, ..view.clone() }.href(),
            counts: counts_of(folder),
            nothing_yet: counts.iter().all(|counts| counts.total == 0),
            empties_after: state.config.trash_after.map(days),
            newer: newer.map(|cursor| view.from(Some(cursor)).href()),
            older: older.map(|cursor| view.from(Some(cursor)).href()),
            start: view.from(None).href(),
            here: here.href(),
            here_query: here.to_query(),
            exports: exports(view),
            since: since(view, letters, now),
            items: letters.items.iter().map(|letter| Row::of(letter, search, now)).collect(),
            contact_url: state.public_url.join(paths::CONTACT),
        }
    }
}

fn days(duration: Duration) -> u64 {
    duration.as_secs() / (24 * 60 * 60)
}

fn exports(view: &View) -> Vec<FilterLink> {
    let names = [(Format::Csv, "CSV"), (Format::Jsonl, "JSON lines"), (Format::Mbox, "Mailbox")];
    names.map(|(format, name)| FilterLink { name, href: view.export(format), current: false }).into()
}

fn since(view: &View, letters: &MessagePage, now: Timestamp) -> String {
    let is_top = view.to_query().is_empty();
    let newest = letters.items.first().filter(|_| is_top).map(|letter| letter.id);
    newest.unwrap_or_else(|| MessageId::earliest(now)).to_string()
}

fn filters(view: &View) -> Vec<FilterLink> {
    let link = |name, unread, starred, current| {
        let href = View { unread, starred, ..view.from(None) }.href();
        FilterLink { name, href, current }
    };
    vec![
        link("All", false, false, !view.unread && !view.starred),
        link("Unread", !view.unread, view.starred, view.unread),
        link("Starred", view.unread, !view.starred, view.starred),
    ]
    .into_iter()
    .chain(view.query.search.has_terms().then(|| FilterLink {
        name: "Most relevant first",
        href: View { by_relevance: !view.by_relevance, ..view.from(None) }.href(),
        current: view.by_relevance,
    }))
    .collect()
}

impl<'a> Row<'a> {
    fn of(letter: &'a MessageSummary, search: &Search, now: Timestamp) -> Self {
        let (opening, goes_on) = letter.opening();
        Self {
            id: letter.id.to_string(),
            name: search.segments(letter.name(), true),
            subject: search.segments(letter.subject(), false),
            preview: search.segments(opening, false),
            goes_on,
            plain_name: letter.name(),
            email: letter.email(),
            when: When::in_list(letter.received_at, now),
            unread: !letter.read,
            starred: letter.starred,
            folder: letter.folder,
            folder_name: name(letter.folder),
        }
    }
}
