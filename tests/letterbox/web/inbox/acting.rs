use std::time::{Duration, Instant};

use letterbox::clock::{Clock as _, SystemClock};
use letterbox::models::{Action, Change, ChangeId, Folder, ListQuery, Message, MessageId, Selection, Target};
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Messages as _, Purpose, Store as _};

use super::{deliver, fill, folder_of, follow, undo};
use crate::support::{Binary, Browser, Output, TestApp, letterbox};

/// Presses a button of the list with these letters ticked.
fn press(browser: &Browser, action: &str, ids: &[MessageId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("{id}:inbox")).collect();
    let mut fields = vec![("action", action)];
    fields.extend(ids.iter().map(|id| ("ids", id.as_str())));
    follow(browser, &browser.post("/messages", &fields))
}

#[test]
fn many_letters_are_moved_at_once_and_undo_brings_each_back() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 4);
    let page = press(&owner, "archive", &ids[..3]);
    assert!(page.contains("3 letters archived."), "{page}");
    assert!(ids[..3].iter().all(|id| folder_of(&app, *id) == Some(Folder::Archive)));
    assert_eq!(folder_of(&app, ids[3]), Some(Folder::Inbox));

    let page = undo(&owner, &page);
    assert!(page.contains("Undone. 3 letters are as they were."), "{page}");
    assert!(ids.iter().all(|id| folder_of(&app, *id) == Some(Folder::Inbox)));
    assert!(!owner.get("/messages").text().contains("Undone"), "a notice is shown once");
}

#[test]
fn every_action_works_on_one_letter_and_can_be_undone() {
    let app = TestApp::start();
    let owner = app.owner();
    let id = fill(&app, 1)[0];
    // Without the version, which tells of every change, of one that was taken back too.
    let stored = || app.block_on(app.state.store.message(id)).unwrap().map(|letter| Message { version: 0, ..letter });
    let before = stored();
    let path = format!("/messages/{id}");
    for action in Action::ALL {
        // Each from where it changes something.
        for (first, needed) in
            [(Action::Inbox, Action::Archive), (Action::Unstar, Action::Star), (Action::Unread, Action::Read)]
        {
            if action == first {
                follow(&owner, &owner.post(&path, &[("action", needed.as_str())]));
            }
        }
        let at_first = stored();
        let page =
            follow(&owner, &owner.post(&path, &[("action", action.as_str()), ("back", "/messages?folder=archive")]));
        assert_ne!(stored(), at_first, "{action:?}");
        undo(&owner, &page);
        assert_eq!(stored(), at_first, "{action:?}");
        for back in [Action::Inbox, Action::Unstar, Action::Unread] {
            owner.post(&path, &[("action", back.as_str())]);
        }
        assert_eq!(stored(), before);
    }
}

#[test]
fn two_hundred_letters_at_once_can_be_undone_and_the_cookie_stays_small() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 200);
    let page = press(&owner, "trash", &ids);
    assert!(page.contains("200 letters moved to the trash."));
    assert!(owner.cookies.borrow()["session"].len() < 2_000, "browsers drop a cookie of 4,096 bytes");
    undo(&owner, &page);
    assert!(ids.iter().all(|id| folder_of(&app, *id) == Some(Folder::Inbox)));
    let fields: Vec<String> = (0..201).map(|_| ids[0].to_string()).collect();
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|id| ("ids", id.as_str())).collect();
    fields.push(("action", "trash"));
    fields[0].1 = "not-a-letter";
    assert_eq!(owner.post("/messages", &fields).status, 400);
}

#[test]
fn a_stale_page_overwrites_nothing_and_says_what_changed() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 2);
    let list = owner.get("/messages").text();
    assert!(list.contains(&format!("value=\"{}:inbox\"", ids[0])), "the form says where each letter was seen");
    let letter = owner.get(&format!("/messages/{}", ids[0])).text();
    assert!(letter.contains("name=\"seen\" value=\"inbox\""), "{letter}");

    // A colleague is quicker.
    let letters = vec![Target { id: ids[0], seen_in: None }];
    let now = app.state.clock.now();
    let change = Change { id: ChangeId::new(now), action: Action::Spam, letters, now };
    app.block_on(app.state.store.change_messages(change)).unwrap();

    let page = press(&owner, "archive", &ids);
    assert!(page.contains("Letter archived. 1 letter was moved to Spam meanwhile; you find it there"), "{page}");
    assert_eq!(folder_of(&app, ids[0]), Some(Folder::Spam));
    let answer = owner.post(&format!("/messages/{}", ids[0]), &[("action", "trash"), ("seen", "inbox")]);
    let page = follow(&owner, &answer);
    assert!(page.contains("moved to Spam meanwhile; you find it there"), "{page}");
    assert!(!page.contains("id=\"undo\""), "nothing was done, so there is nothing to undo");
    assert_eq!(folder_of(&app, ids[0]), Some(Folder::Spam));
}

#[test]
fn undo_leaves_alone_what_a_colleague_changed_since() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 2);
    let page = press(&owner, "archive", &ids);
    let colleague = app.log_in(crate::support::OWNER);
    follow(&colleague, &colleague.post("/messages", &[("action", "spam"), ("ids", &ids[0].to_string())]));
    let page = undo(&owner, &page);
    assert!(page.contains("Undone for 1 of 2 letters."), "{page}");
    assert_eq!((folder_of(&app, ids[0]), folder_of(&app, ids[1])), (Some(Folder::Spam), Some(Folder::Inbox)));
}

#[test]
fn letters_are_deleted_for_good_only_from_the_trash_and_only_when_confirmed() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 2);
    let delete = |id: MessageId, confirm: &[(&str, &str)]| {
        let id = id.to_string();
        owner.post("/messages", &[&[("action", "delete"), ("ids", id.as_str())], confirm].concat())
    };
    let page = follow(&owner, &delete(ids[0], &[("confirm", "yes")]));
    assert!(page.contains("only letters that lie in the trash"), "{page}");
    press(&owner, "trash", &ids[..1]);
    let asked = delete(ids[0], &[]);
    assert_eq!(asked.status, 200);
    assert!(asked.text().contains("cannot be undone"), "{}", asked.text());
    assert_eq!(folder_of(&app, ids[0]), Some(Folder::Trash));
    let single = owner.post(&format!("/messages/{}", ids[0]), &[("action", "delete")]);
    assert!(single.text().contains("cannot be undone"));
    let page = follow(&owner, &delete(ids[0], &[("confirm", "yes")]));
    assert!(page.contains("Letter deleted for good."), "{page}");
    assert_eq!(folder_of(&app, ids[0]), None);
    assert_eq!(owner.get(&format!("/messages/{}", ids[0])).status, 404);
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let app = TestApp::start();
    let owner = app.owner();
    let id = fill(&app, 1)[0];
    let path = format!("/messages/{id}");
    assert_eq!(owner.post(&path, &[("action", "burn")]).status, 400);
    assert_eq!(owner.post("/messages/0198c8d2-1111-7000-8000-000000000000", &[("action", "spam")]).status, 404);
    assert_eq!(owner.post("/messages", &[("action", "spam"), ("ids", "x")]).status, 400);
    assert_eq!(owner.post("/messages", &[("undo", "x")]).status, 400);
    assert!(press(&owner, "spam", &[]).contains("no letter is selected"));
    for elsewhere in ["//evil.example", "https://evil.example/messages", "/login", "/messages\\x"] {
        let answer = owner.post(&path, &[("action", "star"), ("back", elsewhere)]);
        assert_eq!(answer.header("location"), "/messages", "{elsewhere}");
    }
    assert_eq!(folder_of(&app, id), Some(Folder::Inbox));
    assert_eq!(app.visitor().post(&path, &[("action", "trash")]).status, 303, "to the login");
    assert_eq!(folder_of(&app, id), Some(Folder::Inbox));
}

#[test]
fn a_star_is_set_and_taken_with_one_button_of_its_letter() {
    let app = TestApp::start();
    let owner = app.owner();
    let id = deliver(&app, "Ada", "ada@example.com", "Hello", "Dear Olive");
    let starred = || app.block_on(app.state.store.message(id)).unwrap().unwrap().starred;
    for (field, expected) in [("star", true), ("unstar", false)] {
        assert!(owner.get("/messages").text().contains(&format!("name=\"{field}\" value=\"{id}\"")));
        follow(&owner, &owner.post("/messages", &[(field, &id.to_string())]));
        assert_eq!(starred(), expected);
    }
}

#[test]
fn the_trash_empties_itself_after_the_days_of_the_setting() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    assert_eq!(Output::of(letterbox(directory.path(), &[]).args(["seed", "2"]), "").code, 0);
    let open = || SqliteStore::open(&data.join("letterbox.db"), Purpose::Command).unwrap();
    let app = TestApp::start();
    let ids: Vec<MessageId> = app.block_on(async {
        let store = open();
        let all = Selection { folders: Folder::ALL.into(), ..Selection::of(Folder::Inbox) };
        let page = store.list_messages(ListQuery { which: all, cursor: None, limit: 2 }).await.unwrap();
        let ids: Vec<MessageId> = page.items.iter().map(|item| item.id).collect();
        let day = Duration::from_secs(24 * 60 * 60);
        for (id, days) in ids.iter().zip([8, 6]) {
            let (letters, now) =
                (vec![Target { id: *id, seen_in: None }], SystemClock::start().now().minus(day * days));
            for action in [Action::Inbox, Action::Trash] {
                let letters = letters.clone();
                store.change_messages(Change { id: ChangeId::new(now), action, letters, now }).await.unwrap();
            }
        }
        store.close().await;
        ids
    });
    let _server = Binary::start(directory.path(), &[("TRASH_DAYS", "7")]);
    let store = open();
    let until = Instant::now() + Duration::from_secs(60);
    while app.block_on(store.message(ids[0])).unwrap().is_some() {
        assert!(Instant::now() < until, "the letter of eight days ago is still there");
    }
    assert!(app.block_on(store.message(ids[1])).unwrap().is_some(), "the one of six days ago may stay");
}
