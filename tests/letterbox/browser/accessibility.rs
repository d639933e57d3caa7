//! What axe-core finds: nothing.

use std::path::Path;

use serde_json::Value;

use super::screen::Screen;
use super::tour;

#[test]
#[ignore = "needs Chromium, chromedriver and axe-core"]
fn axe_finds_nothing_on_any_page_wide_or_narrow_by_day_or_by_night() {
    let axe = axe();
    let app = tour::difficult_site();
    let screen = Screen::chromium(&app.url(""));
    let mut found = Vec::new();
    tour::every_page(&app, &screen, |page| {
        screen.script(&axe);
        for (width, scheme) in [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")] {
            screen.resize(width, 900);
            screen.scheme(scheme);
            let violations = screen.script(RUN);
            found.extend(
                violations
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|violation| format!("{page}, {width} px, {scheme}: {}", describe(violation))),
            );
        }
        screen.resize(1280, 900);
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Everything axe knows, and the size of targets, which it leaves out unless told. Transitions are skipped: a colour
/// halfway between two schemes is nobody's.
const RUN: &str = "
    document.getAnimations().forEach(animation => animation.finish());
    return axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})
        .then(result => result.violations);";

fn describe(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().unwrap().iter();
    let nodes = nodes.map(|node| format!("\n    {}\n      {}", node["html"], node["failureSummary"]));
    format!("{} ({}){}", violation["id"], violation["help"], nodes.collect::<String>())
}

fn axe() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("this test needs axe-core: run `npm ci` in tests/ ({}: {error})", file.display())
    })
}
