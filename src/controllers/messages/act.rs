//! `POST /messages` and `POST /messages/{id}`: doing something with letters, taking it back, deleting for good.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::tools::DELETE;
use super::view::name;
use crate::body::{self, Form};
use crate::error::Error;
use crate::flash::Undo;
use crate::middleware::CurrentUser;
use crate::models::{Action, Change, ChangeId, Changed, Folder, MessageId, Target};
use crate::page::{self, Frame};
use crate::state::State;
use crate::{flash, paths};

/// Most letters one form may name: four pages of them.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "messages/delete.html")]
struct DeletePage {
    frame: Frame,
    ids: Vec<MessageId>,
    back: String,
}

/// `POST /messages`: an action on the letters of `ids`; or `undo`, which takes a change back.
pub async fn act_on_many(
    request: HttpRequest,
    user: CurrentUser,
    session: Session,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let mut form = body::small_form(&request, payload).await?;
    let back = back(&mut form, paths::MESSAGES);
    let undo = form.take("undo");
    if !undo.is_empty() {
        return take_back(&state, &session, &undo, &form.take("count"), &back).await;
    }
    // A star is a button of its own letter, within the form of all.
    let (action, mut letters) = match (form.take("star"), form.take("unstar")) {
        (star, _) if !star.is_empty() => (Action::Star.as_str().to_owned(), vec![star]),
        (_, unstar) if !unstar.is_empty() => (Action::Unstar.as_str().to_owned(), vec![unstar]),
        _ => (form.take("action"), form.take_all("ids")),
    };
    letters.dedup();
    let letters: Vec<Target> = letters.iter().map(|text| target(text)).collect::<Result<_, _>>()?;
    act(&state, &user, &session, Wish { action, letters, back, confirmed: !form.take("confirm").is_empty() }).await
}

/// `POST /messages/{id}`: an action on one letter, which lay in the folder `seen` when somebody saw it.
pub async fn act_on_one(
    request: HttpRequest,
    user: CurrentUser,
    id: Path<String>,
    session: Session,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let id: MessageId = id.parse().map_err(|_| Error::NotFound)?;
    let mut form = body::small_form(&request, payload).await?;
    if state.store.message(id).await?.is_none() {
        return Err(Error::NotFound);
    }
    let letters = vec![Target { id, seen_in: Folder::parse(&form.take("seen")) }];
    let back = back(&mut form, paths::MESSAGES);
    let action = form.take("action");
    act(&state, &user, &session, Wish { action, letters, back, confirmed: !form.take("confirm").is_empty() }).await
}

/// What somebody wants done.
struct Wish {
    action: String,
    letters: Vec<Target>,
    back: String,
    confirmed: bool,
}

async fn act(state: &State, user: &CurrentUser, session: &Session, wish: Wish) -> Result<HttpResponse, Error> {
    if wish.letters.len() > MOST {
        return Err(Error::BadRequest("Choose at most 200 letters at once."));
    }
    if wish.letters.is_empty() {
        flash::put(session, "Nothing was done, because no letter is selected. Tick the letters first.");
        return Ok(page::see_other(&wish.back));
    }
    if wish.action == DELETE {
        return delete(state, user, session, wish).await;
    }
    let action = Action::parse(&wish.action)
        .ok_or(Error::BadRequest("There is no such action. Go back and choose one of the buttons."))?;
    let now = state.clock.now();
    let id = ChangeId::new(now);
    let changed = state.store.change_messages(Change { id, action, letters: wish.letters, now }).await?;
    let sentence = outcome(action, &changed);
    match changed.changed {
        0 => flash::put(session, &sentence),
        count => {
            let undo = Undo { change: id.to_string(), count, back: wish.back.clone() };
            flash::put_undoable(session, &sentence, &undo);
        }
    }
    Ok(page::see_other(&wish.back))
}

async fn delete(state: &State, user: &CurrentUser, session: &Session, wish: Wish) -> Result<HttpResponse, Error> {
    let ids: Vec<MessageId> = wish.letters.iter().map(|target| target.id).collect();
    if !wish.confirmed {
        let frame = Frame::private(&state.config.site_name, user.user());
        return Ok(page::html(StatusCode::OK, &DeletePage { frame, ids, back: wish.back }));
    }
    let (all, deleted) = (ids.len() as u64, state.store.delete_trashed(ids).await?);
    let mut sentence = match deleted {
        0 => String::new(),
        deleted => format!("{} for good.", done(deleted, "deleted")),
    };
    if deleted < all {
        let rest = if deleted == 0 { "Nothing was deleted" } else { " The others were not" };
        sentence.push_str(&format!("{rest}: only letters that lie in the trash can be deleted for good."));
    }
    flash::put(session, &sentence);
    Ok(page::see_other(&wish.back))
}

async fn take_back(
    state: &State,
    session: &Session,
    undo: &str,
    count: &str,
    back: &str,
) -> Result<HttpResponse, Error> {
    let id: ChangeId = undo.parse().map_err(|_| Error::BadRequest("This cannot be undone. Open the inbox anew."))?;
    let (wanted, restored) = (count.parse().unwrap_or(0), state.store.undo_change(id, state.clock.now()).await?);
    flash::put(
        session,
        &match restored {
            0 => {
                "There was nothing to undo: it was undone already, or the letters were changed again since.".to_owned()
            }
            _ if restored < wanted => format!(
                "Undone for {restored} of {wanted} letters. The others were changed again since and stay as they are."
            ),
            1 => "Undone. The letter is as it was.".to_owned(),
            many => format!("Undone. {many} letters are as they were."),
        },
    );
    Ok(page::see_other(back))
}

/// What happened, in words.
fn outcome(action: Action, changed: &Changed) -> String {
    let mut sentences = Vec::new();
    if changed.changed > 0 {
        sentences.push(format!("{}.", done(changed.changed, participle(action))));
    }
    for folder in Folder::ALL {
        let there = changed.moved.iter().filter(|moved| **moved == folder).count() as u64;
        if there > 0 {
            let (who, it) =
                if there == 1 { ("1 letter was", "it") } else { (&*format!("{there} letters were"), "them") };
            sentences.push(format!("{who} moved to {} meanwhile; you find {it} there.", name(folder)));
        }
    }
    match changed.gone {
        0 => {}
        1 => sentences.push("1 letter is not there any more.".to_owned()),
        gone => sentences.push(format!("{gone} letters are not there any more.")),
    }
    if sentences.is_empty() {
        sentences.push("Nothing changed: that was done already.".to_owned());
    }
    sentences.join(" ")
}

fn done(count: u64, what: &str) -> String {
    if count == 1 { format!("Letter {what}") } else { format!("{count} letters {what}") }
}

fn participle(action: Action) -> &'static str {
    match action {
        Action::Archive => "archived",
        Action::Inbox => "moved to the inbox",
        Action::Spam => "moved to spam",
        Action::Trash => "moved to the trash",
        Action::Star => "starred",
        Action::Unstar => "no longer starred",
        Action::Read => "marked as read",
        Action::Unread => "marked as unread",
    }
}

/// `ID` or `ID:FOLDER`, the folder being the one it was seen in.
fn target(text: &str) -> Result<Target, Error> {
    let (id, seen) = text.split_once(':').unwrap_or((text, ""));
    let id = id.parse().map_err(|_| Error::BadRequest("A letter in this form has no name. Open the inbox anew."))?;
    Ok(Target { id, seen_in: Folder::parse(seen) })
}

/// Where the form wants to go on, if that is in the inbox.
fn back(form: &mut Form, otherwise: &str) -> String {
    let back = form.take("back");
    let known = page::local_next(&back).filter(|path| path.starts_with(paths::MESSAGES));
    known.unwrap_or(otherwise).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_in_words() {
        let told = |changed, moved: &[Folder], gone| {
            outcome(Action::Archive, &Changed { changed, unchanged: 0, gone, moved: moved.to_vec() })
        };
        assert_eq!(told(1, &[], 0), "Letter archived.");
        assert_eq!(told(3, &[], 1), "3 letters archived. 1 letter is not there any more.");
        assert_eq!(told(0, &[Folder::Spam], 0), "1 letter was moved to Spam meanwhile; you find it there.");
        assert_eq!(told(0, &[], 0), "Nothing changed: that was done already.");
    }
}
