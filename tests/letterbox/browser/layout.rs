//! Where things lie on the page.

use serde_json::Value;

use super::screen::Screen;
use super::tour;
use crate::support::TestApp;

/// 1280 by 1024 pixels at a zoom of 400 % leave this much (WCAG 2.2, 1.4.10).
const ZOOMED: (u32, u32) = (320, 256);

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn no_page_scrolls_sideways_at_320_px_or_at_400_percent() {
    nothing_is_found("scrolls sideways or is cut off", &[ZOOMED, (320, 640), (375, 800), (768, 1024)], SIDEWAYS);
}

/// What sticks out of the page, and what hides a part of itself. Fields with a long value scroll in themselves, as
/// they do everywhere; a preview is a beginning and no more.
const SIDEWAYS: &str = "
    const wide = document.scrollingElement.scrollWidth > innerWidth ? ['the page'] : [];
    for (const element of document.querySelectorAll('body *')) {
        if (element.matches('input, .sr, .sr *, svg *')) continue;
        const box = element.getBoundingClientRect();
        const out = box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
        const hides = getComputedStyle(element).overflowX != 'visible' && !element.matches('.preview');
        const cut = hides && element.scrollWidth > element.clientWidth + 1;
        if (out || cut) wide.push(element.outerHTML.slice(0, 160));
    }
    return wide;";

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn every_control_is_at_least_44_px_high() {
    nothing_is_found("is too low", &[(320, 640), (1280, 900)], LOW);
}

/// Links in the middle of a text are as high as the text; a label is a target for what stands in it.
const LOW: &str = "
    const low = [];
    for (const control of document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, select')) {
        const text = control.parentElement.textContent.trim();
        if (control.matches('a') && text != control.textContent.trim() && control.parentElement.matches('p')) continue;
        const target = control.closest('label') ?? control;
        const height = target.getBoundingClientRect().height;
        if (height < 43.99) low.push(height + ' px: ' + control.outerHTML.slice(0, 160));
    }
    return low;";

fn nothing_is_found(fault: &str, sizes: &[(u32, u32)], script: &str) {
    let app = tour::difficult_site();
    let screen = Screen::chromium(&app.url(""));
    let mut found = Vec::new();
    tour::every_page(&app, &screen, |page| {
        for (width, height) in sizes {
            screen.resize(*width, *height);
            let faults = screen.script(script);
            found.extend(faults.as_array().unwrap().iter().map(|what| format!("{page}, {width} px: {what}")));
        }
        screen.resize(1280, 900);
    });
    assert!(found.is_empty(), "{fault}:\n{}", found.join("\n"));
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn on_paper_a_letter_is_only_the_letter() {
    let app = TestApp::start();
    let letter = [("name", "Ada"), ("email", "ada@example.com"), ("subject", "Hello"), ("message", "Dear\n\nOlive.")];
    assert_eq!(app.visitor().post("/contact", &letter).status, 303);
    let screen = log_in(&app);
    screen.click(".letters a");
    screen.wait_for("the letter", |screen| screen.has("article"));
    let texts = "return [document.body.innerText.trim(), document.querySelector('article').innerText.trim()]";
    assert_ne!(screen.script(texts)[0], screen.script(texts)[1], "on the screen there is more");
    screen.medium("print");
    let printed = screen.script(texts);
    assert_eq!(printed[0], printed[1]);
    assert!(printed[0].as_str().unwrap().contains("Dear\n\nOlive."));
    let pictures = screen.script("return [...document.images].filter(image => image.getClientRects().length).length");
    assert_eq!(pictures, Value::from(0));
    let colours = "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]";
    assert_eq!(screen.script(colours), serde_json::json!(["rgb(0, 0, 0)", "rgb(255, 255, 255)"]));
}

fn log_in(app: &TestApp) -> Screen {
    app.add_user(crate::support::OWNER, letterbox::models::Role::Owner);
    let screen = Screen::chromium(&app.url(""));
    screen.open("/login");
    screen.send(&[("email", crate::support::OWNER), ("password", crate::support::PASSWORD)]);
    screen.wait_for_path("/messages");
    screen
}
