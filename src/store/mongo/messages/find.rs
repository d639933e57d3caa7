//! Which letters are meant, as filters: by folder and mark along an index, by words along the search index.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::letter::{self, Named, Shown, Stored, any_of, letters, name};
use crate::models::{Cursor, Folder, ListQuery, Message, MessageId, MessagePage, MessageSummary, Search, Term};
use crate::store::mongo::{Fault, Rooms};
use crate::store::{Result, StoreError};

/// A search that takes longer is given up.
const SEARCH_WITHIN: Duration = Duration::from_millis(2_500);
/// Letters that are looked at in one go where the index alone does not decide; each time more of them.
const FIRST_LOOK: i64 = 200;
const LARGEST_LOOK: i64 = 3_200;
/// Of them so many come over the network, and lie in memory, at a time.
const AT_A_TIME: u32 = 100;

/// One page, and whether there is more on either side of it.
pub(super) async fn page(rooms: &Rooms, query: &ListQuery) -> Result<MessagePage, Fault> {
    let wanted = ListQuery { limit: query.limit.saturating_add(1), ..query.clone() };
    let mut items = summaries(rooms, &wanted).await?;
    let more = items.len() > query.limit as usize;
    items.truncate(query.limit as usize);
    if query.looks_up() {
        items.reverse();
    }
    let newer = items.first().map(|item| Cursor::After(item.id));
    let older = items.last().map(|item| Cursor::Before(item.id));
    let has_newer = if query.looks_up() { more } else { beyond(rooms, query, newer).await? };
    let has_older = if query.looks_up() { beyond(rooms, query, older).await? } else { more };
    Ok(MessagePage { items, has_newer, has_older })
}

/// The letters that are meant, whole and newest first.
pub(super) async fn messages(rooms: &Rooms, query: &ListQuery) -> Result<Vec<Message>, Fault> {
    let mut found = walk_whole(rooms, query).await?;
    if query.looks_up() {
        found.reverse();
    }
    Ok(found.into_iter().map(Stored::message).collect::<Result<_>>()?)
}

async fn beyond(rooms: &Rooms, query: &ListQuery, cursor: Option<Cursor>) -> Result<bool, Fault> {
    let Some(cursor) = cursor else { return Ok(false) };
    let next = ListQuery { cursor: Some(cursor), limit: 1, ..query.clone() };
    Ok(match by_index(&next) {
        Some(filter) => !walk::<Named>(rooms, filter, &next, doc! { "_id": 1 }, SEARCH_WITHIN).await?.is_empty(),
        None => !walk_whole(rooms, &next).await?.is_empty(),
    })
}

/// In the order of the walk.
async fn summaries(rooms: &Rooms, query: &ListQuery) -> Result<Vec<MessageSummary>, Fault> {
    let search = &query.which.search;
    if search.has_terms() {
        let found = walk_whole(rooms, query).await?.into_iter();
        return Ok(found.map(|stored| Ok(MessageSummary::of(&stored.message()?, search))).collect::<Result<_>>()?);
    }
    let found = walk::<Shown>(rooms, filter(query), query, letter::shown(), SEARCH_WITHIN).await?;
    Ok(found.into_iter().map(Shown::summary).collect::<Result<_>>()?)
}

/// In the order of the walk: downwards, or upwards from [`Cursor::After`].
async fn walk_whole(rooms: &Rooms, query: &ListQuery) -> Result<Vec<Stored>, Fault> {
    match by_index(query) {
        Some(filter) => walk(rooms, filter, query, letter::whole(), SEARCH_WITHIN).await,
        None => look_at_each(rooms, query).await,
    }
}

async fn walk<T>(
    rooms: &Rooms,
    filter: Document,
    query: &ListQuery,
    fields: Document,
    within: Duration,
) -> Result<Vec<T>, Fault>
where
    T: DeserializeOwned + Send + Sync,
{
    if query.limit == 0 {
        return Ok(Vec::new());
    }
    let room = letters::<T>(rooms);
    let find = room.find(filter).projection(fields).sort(doc! { "_id": if query.looks_up() { 1 } else { -1 } });
    Ok(find.limit(query.limit.into()).max_time(within).await?.try_collect().await?)
}

/// Where the index finds candidates and the letter itself decides: candidates in the order of the list, until there
/// are enough or the time is over. Each is judged as it comes, and kept only if it is meant.
async fn look_at_each(rooms: &Rooms, query: &ListQuery) -> Result<Vec<Stored>, Fault> {
    let end = Instant::now() + SEARCH_WITHIN;
    let (mut found, mut next, mut look) = (Vec::new(), query.clone(), FIRST_LOOK);
    let order = doc! { "_id": if query.looks_up() { 1 } else { -1 } };
    while found.len() < query.limit as usize {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(StoreError::Unavailable("the search takes too long".into()).into());
        }
        let filter = filter(&next).into_iter().chain(candidates(&query.which.search)).collect();
        let room = letters::<Stored>(rooms);
        let find = room.find(filter).projection(letter::whole()).sort(order.clone());
        let mut candidates = find.limit(look).batch_size(AT_A_TIME).max_time(left).await?;
        let (mut seen, mut last) = (0, None);
        while found.len() < query.limit as usize
            && let Some(stored) = candidates.try_next().await?
        {
            seen += 1;
            last = Some(MessageId::from_bytes(stored.id.bytes()));
            if query.which.search.finds(&stored.letter()) {
                found.push(stored);
            }
        }
        let Some(last) = last.filter(|_| seen == look) else { break };
        next.cursor = Some(if query.looks_up() { Cursor::After(last) } else { Cursor::Before(last) });
        look = (look * 2).min(LARGEST_LOOK);
    }
    Ok(found)
}

/// All that is asked but the words.
fn filter(query: &ListQuery) -> Document {
    let which = &query.which;
    let mut filter = doc! { "folder": any_of(&which.folders) };
    if which.unread {
        filter.insert("read", false);
    }
    if which.starred {
        filter.insert("starred", true);
    }
    let ids = ids(query);
    if !ids.is_empty() {
        filter.insert("_id", ids);
    }
    filter
}

/// The range of names.
fn ids(query: &ListQuery) -> Document {
    let (since, until) = query.which.search.ids();
    let (above, below) = match query.cursor {
        Some(Cursor::After(id)) => (Some(id), None),
        Some(Cursor::Before(id)) => (None, Some(id)),
        None => (None, None),
    };
    let mut range = Document::new();
    let mut bound = |order: &str, id: Option<MessageId>| {
        if let Some(id) = id {
            range.insert(order, name(id));
        }
    };
    bound("$gte", since);
    bound("$gt", above);
    bound("$lt", until.into_iter().chain(below).min());
    range
}

/// The whole question as a filter, where the search index alone decides.
fn by_index(query: &ListQuery) -> Option<Document> {
    let search = &query.which.search;
    let decides = search.wanted.iter().chain(&search.unwanted).all(|term| term.lookup().decides);
    decides.then(|| filter(query).into_iter().chain(candidates(search)).collect())
}

/// What the search index says of every letter that can be meant.
fn candidates(search: &Search) -> Document {
    let mut all: Vec<Document> = search.wanted.iter().flat_map(entries).collect();
    let unwanted = search.unwanted.iter().filter(|term| term.lookup().decides);
    all.extend(unwanted.flat_map(entries).map(|entry| doc! { "$nor": [entry] }));
    all.dedup();
    if all.is_empty() {
        Document::new()
    } else {
        doc! { "$and": all }
    }
}

/// What the search index says of every letter with this term.
fn entries(term: &Term) -> Vec<Document> {
    let lookup = term.lookup();
    let mut entries: Vec<_> = lookup.words.into_iter().map(|word| doc! { "words": word }).collect();
    // Behind every word that begins so, and before all that do not.
    let range = |begin: String| doc! { "$elemMatch": { "$lt": format!("{begin}\u{10ffff}"), "$gte": begin } };
    entries.extend(lookup.beginning.map(|begin| doc! { "words": range(begin) }));
    entries
}

/// The letters before this one from the same address.
pub(super) async fn earlier_from_sender(
    rooms: &Rooms,
    id: MessageId,
    limit: u32,
) -> Result<Vec<MessageSummary>, Fault> {
    #[derive(serde::Deserialize)]
    struct Sender {
        email_key: String,
    }
    let this = doc! { "_id": name(id), "folder": letter::is_there() };
    let room = letters::<Sender>(rooms);
    let sender = room.find_one(this).projection(doc! { "email_key": 1 }).await?;
    let Some(Sender { email_key }) = sender.filter(|_| limit > 0) else { return Ok(Vec::new()) };
    let folders = [Folder::Inbox, Folder::Archive, Folder::Spam];
    let filter = doc! { "email_key": email_key, "_id": { "$lt": name(id) }, "folder": any_of(&folders) };
    let room = letters::<Shown>(rooms);
    let find = room.find(filter).projection(letter::shown()).sort(doc! { "_id": -1 });
    let found: Vec<Shown> = find.limit(limit.into()).await?.try_collect().await?;
    Ok(found.into_iter().map(Shown::summary).collect::<Result<_>>()?)
}

/// The letter of this name.
pub(super) async fn message(rooms: &Rooms, id: MessageId) -> Result<Option<Message>, Fault> {
    let filter = doc! { "_id": name(id), "folder": letter::is_there() };
    let room = letters::<Stored>(rooms);
    let found = room.find_one(filter).projection(letter::whole()).await?;
    Ok(found.map(Stored::message).transpose()?)
}
