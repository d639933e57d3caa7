use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::disk::{Disk, Loss};
use super::mount::{mount, unmount};
use super::senders::Senders;
use crate::support::{Binary, Browser};

const CUTS: u32 = 20;
const CLIENTS: usize = 8;

#[test]
#[ignore = "needs root and /dev/fuse"]
fn r47_twenty_power_cuts_lose_no_acknowledged_letter_and_double_none() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().join("disk");
    fs::create_dir(&at).unwrap();
    let data_dir = at.join("data");
    let settings = [("DATA_DIR", data_dir.to_str().unwrap()), ("CONTACT_PER_MINUTE", "0"), ("RUST_LOG", "error")];

    let disk = Arc::new(Mutex::new(Disk::new()));
    let senders = Senders::default();
    let mut first_style = None;
    for cut in 0..CUTS {
        let mounted = mount(&disk, &at);
        let server = Binary::start(directory.path(), &settings);
        let found = style(&server.visitor());
        assert!(found == *first_style.get_or_insert(found.clone()), "the style sheet is another one after a power cut");
        // Once in a while long enough for the log to be written home and begun anew.
        let letters = if cut % 5 == 4 { 400 } else { cut * 7 % 40 + 1 };
        senders.send_until(server, CLIENTS, letters, Binary::kill);
        unmount(mounted);
        let loss = if cut % 2 == 0 { Loss::Everything } else { Loss::Some };
        disk.lock().unwrap().cut_power(loss);
        senders.check(&copy(&disk, directory.path()));
    }
    let mounted = mount(&disk, &at);
    let server = Binary::start(directory.path(), &settings);
    senders.send_the_rest(&server);
    server.kill();
    unmount(mounted);
    senders.check(&copy(&disk, directory.path()));
}

/// The style sheet in each of its forms: it was laid out on the same disk.
fn style(visitor: &Browser) -> Vec<Vec<u8>> {
    let page = visitor.get("/contact").text();
    let path = page.split('"').find(|part| part.ends_with(".css")).unwrap();
    let form = |encoding| visitor.send("GET", path, &[("accept-encoding", encoding)], b"").body;
    ["identity", "br", "gzip", "zstd"].map(form).into()
}

/// What is left of the database, where it can be opened without touching the disk.
fn copy(disk: &Mutex<Disk>, directory: &Path) -> PathBuf {
    let disk = disk.lock().unwrap();
    let copy = directory.join("copy.db");
    for suffix in ["", "-wal", "-shm"] {
        let to = directory.join(format!("copy.db{suffix}"));
        let _ = fs::remove_file(&to);
        // The index of the log is made anew from the log, as after any crash.
        if suffix != "-shm"
            && let Some(content) = disk.read(&format!("data/letterbox.db{suffix}"))
        {
            fs::write(to, content).unwrap();
        }
    }
    copy
}
