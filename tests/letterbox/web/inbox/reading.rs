use super::{deliver, fill, follow, link, subjects};
use crate::support::{Browser, TestApp};

fn post(browser: &Browser, path: &str, action: &str) {
    follow(browser, &browser.post(path, &[("action", action)]));
}

#[test]
fn folders_show_what_lies_in_them_and_how_much_is_unread() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 3);
    post(&owner, &format!("/messages/{}", ids[0]), "archive");
    post(&owner, &format!("/messages/{}", ids[1]), "spam");
    let page = owner.get("/messages").text();
    assert_eq!(subjects(&page), ["Letter 3"]);
    assert_eq!(page.matches("class=\"tally\">1<span class=\"sr\"> unread</span>").count(), 3, "{page}");
    assert_eq!(subjects(&owner.get("/messages?folder=archive").text()), ["Letter 1"]);
    assert_eq!(subjects(&owner.get("/messages?folder=spam").text()), ["Letter 2"]);
    assert!(owner.get("/messages?folder=trash").text().contains("The trash is empty"));
    assert_eq!(owner.get("/messages?folder=attic").status, 400);
}

#[test]
fn filters_show_only_unread_or_starred_letters() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 4);
    for id in &ids[..2] {
        owner.get(&format!("/messages/{id}"));
    }
    for id in &ids[1..3] {
        post(&owner, &format!("/messages/{id}"), "star");
    }
    let shown = |query: &str| subjects(&owner.get(&format!("/messages?{query}")).text());
    assert_eq!(shown("unread=1"), ["Letter 4", "Letter 3"]);
    assert_eq!(shown("starred=1"), ["Letter 3", "Letter 2"]);
    assert_eq!(shown("starred=1&unread=1"), ["Letter 3"]);
}

#[test]
fn a_letter_leads_to_its_neighbours_in_the_list_it_was_opened_from() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 5);
    for n in [0, 2, 4] {
        post(&owner, &format!("/messages/{}", ids[n]), "star");
    }
    let list = owner.get("/messages?starred=1").text();
    let letter = owner.get(&link(&list, "Letter 3</bdi>")).text();
    let (newer, older) = (link(&letter, "Newer<span"), link(&letter, "Older<span"));
    assert!(newer.contains(&ids[4].to_string()) && newer.contains("starred=1"), "{newer}");
    assert!(older.contains(&ids[0].to_string()), "{older}");
    let last = owner.get(&older).text();
    assert!(!last.contains(">Older<span"), "the last of the list: {last}");
    assert_eq!(link(&last, "Back to the inbox"), "/messages?starred=1");
    // Opening the last unread letter takes it out of the list, not its neighbours.
    let unread = owner.get(&format!("/messages/{}?unread=1", ids[2])).text();
    let again = owner.get(&format!("/messages/{}?unread=1", ids[2])).text();
    assert_eq!(link(&unread, "Newer<span"), link(&again, "Newer<span"));
}

#[test]
fn a_letter_shows_the_earlier_letters_of_its_sender() {
    let app = TestApp::start();
    let owner = app.owner();
    deliver(&app, "Ada", "ada@example.com", "The first", "x");
    deliver(&app, "Bob", "bob@example.com", "Of somebody else", "x");
    let second = deliver(&app, "Ada L", "ADA@example.com", "The second", "x");
    deliver(&app, "Ada", "ada@example.com", "The third", "x");
    let page = owner.get(&format!("/messages/{second}")).text();
    assert_eq!(subjects(&page), ["The first"]);
}

#[test]
fn pages_go_both_ways_and_a_bookmark_stays_good() {
    let app = TestApp::start();
    let owner = app.owner();
    fill(&app, 120);
    let first = owner.get("/messages").text();
    assert_eq!(subjects(&first).first().map(String::as_str), Some("Letter 120"));
    assert_eq!(subjects(&first).len(), 50);
    let bookmark = link(&first, ">Older letters");
    let second = owner.get(&bookmark).text();
    assert_eq!(subjects(&second).first().map(String::as_str), Some("Letter 70"));
    let third = owner.get(&link(&second, ">Older letters")).text();
    assert_eq!((subjects(&third).len(), third.contains(">Older letters")), (20, false));
    assert_eq!(subjects(&owner.get(&link(&third, ">Newer letters")).text()), subjects(&second));
    fill(&app, 3);
    assert_eq!(subjects(&owner.get(&bookmark).text()), subjects(&second), "letters that come move nothing");
}

#[test]
fn a_search_finds_marks_and_escapes() {
    let app = TestApp::start();
    let owner = app.owner();
    deliver(&app, "Zoë", "zoe@example.com", "About <b>roses</b> & thorns", "A Rose is a rose.");
    deliver(&app, "Bob", "bob@example.com", "Nothing", "x");
    let page = owner.get("/messages?q=ROSE*").text();
    assert_eq!(subjects(&page), ["About &#60;b&#62;[roses]&#60;/b&#62; &#38; thorns"]);
    assert!(page.contains("A <mark>Rose</mark> is a <mark>rose</mark>."), "{page}");
    let letter = owner.get(&link(&page, "About")).text();
    assert!(letter.contains("dir=\"auto\">A <mark>Rose</mark> is a <mark>rose</mark>.</div>"), "{letter}");
    let nothing = owner.get("/messages?q=%3Cscript%3E+before%3Asoon").text();
    assert!(nothing.contains("No letter is like that") && !nothing.contains("<script>"));
    assert!(owner.get(&link(&nothing, "Search all folders")).text().contains("No letter is like that"));
    assert!(!owner.get("/messages?q=nothing+in%3Aall").text().contains("Search all folders"));
    assert!(nothing.contains("left out: <code dir=\"auto\">before:soon</code>"), "{nothing}");
    for odd in ["%00", "%22", "*", "-", "%FF%FE", "(a+OR+b", "in%3A", "NEAR(a+b)", "%F0%9F%98%80"] {
        assert_eq!(owner.get(&format!("/messages?q={odd}")).status, 200, "{odd}");
    }
}

#[test]
fn the_newest_hits_come_first_unless_relevance_is_asked_for() {
    let app = TestApp::start();
    let owner = app.owner();
    deliver(&app, "A", "a@example.com", "Roses", "x");
    deliver(&app, "B", "b@example.com", "Other", "roses");
    deliver(&app, "C", "c@example.com", "Third", "roses, roses");
    let shown = |query: &str| subjects(&owner.get(&format!("/messages?{query}")).text());
    assert_eq!(shown("q=roses"), ["Third", "Other", "[Roses]"]);
    assert_eq!(shown("q=roses&order=relevance"), ["[Roses]", "Third", "Other"]);
}

#[test]
fn all_letters_of_a_page_can_be_selected_without_script() {
    let app = TestApp::start();
    let owner = app.owner();
    fill(&app, 3);
    let page = owner.get("/messages").text();
    assert!(!page.contains(" checked"));
    let page = owner.get(&link(&page, "Select all")).text();
    assert_eq!(page.matches(" checked").count(), 3);
}
