//! README leads nowhere but to what is there.

use std::path::Path;

use super::files::nothing_of;

#[test]
fn every_link_of_readme_to_a_file_leads_to_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let links: Vec<&str> = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.starts_with("http"))
        .collect();
    assert!(links.len() > 10, "{links:?}");
    let dead = links.into_iter().filter(|link| !root.join(link).exists());
    nothing_of(dead.map(|link| format!("README.md leads to {link}, which is not there")).collect());
}
