use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Messages as _, Purpose, Store as _, StoreError};

use super::super::contract::sample;
use super::super::{UNLIMITED, ask, form, receipt, send};
use crate::support::{Binary, OWNER, Output, PASSWORD, block_on, letterbox};

const MIB: u64 = 1 << 20;

/// A disk of 80 MiB; unmounted at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=80m", "tmpfs"]).arg(directory.path());
        assert!(mount.status().unwrap().success());
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn free(&self) -> u64 {
        let disk = rustix::fs::statvfs(self.path()).unwrap();
        disk.f_bavail * disk.f_frsize
    }

    /// Somebody else's file, which leaves `free` bytes or less.
    fn fill(&self, free: u64) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        let block = vec![7; 64 << 10];
        while self.free() > free {
            match file.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
#[ignore = "needs root"]
fn r51_a_full_disk_takes_no_letters_and_everything_else_goes_on() {
    let (disk, elsewhere) = (SmallDisk::mount(), tempfile::tempdir().unwrap());
    let data_dir = disk.path().join("data");
    let database = data_dir.join("letterbox.db");
    let log = elsewhere.path().join("log");
    let settings = [("DATA_DIR", data_dir.to_str().unwrap()), UNLIMITED];
    let mut add = letterbox(elsewhere.path(), &settings);
    add.args(["user", "add", OWNER, "--role", "owner", "--password-stdin"]);
    assert_eq!(Output::of(&mut add, PASSWORD).code, 0);
    let mut command = letterbox(elsewhere.path(), &settings);
    let server = Binary::start_command(command.stderr(File::create(&log).unwrap()));
    let log = || std::fs::read_to_string(&log).unwrap();

    let (visitor, owner) = (server.visitor(), server.visitor());
    let [stored, refused] = [receipt(&visitor), receipt(&visitor)];
    let stored = form(&stored, "Before", "Hello");
    let refused = form(&refused, "Later", "Text that took an hour to write");
    assert_eq!(visitor.post("/contact", &stored).status, 303);

    let filler = disk.fill(12 * MIB);
    let answer = visitor.post("/contact", &refused);
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("Text that took an hour to write"));
    assert!(!answer.header("retry-after").is_empty());
    assert!(log().contains("the disk is nearly full"), "{}", log());
    assert_eq!(visitor.post("/contact", &stored).status, 303, "it is there already, room or no room");
    assert_eq!(owner.post("/login", &[("email", OWNER), ("password", PASSWORD)]).status, 303);
    let list = owner.get("/messages").text();
    let letter = list.split('"').find(|part| part.starts_with("/messages/")).unwrap().to_owned();
    assert_eq!(owner.get(&letter).status, 200, "which also marks it read");
    let beside = SqliteStore::open(&database, Purpose::Command).unwrap();
    assert!(block_on(beside.delete_message(letter.trim_start_matches("/messages/").parse().unwrap())).unwrap());
    block_on(beside.close());

    disk.fill(0);
    assert_eq!(visitor.post("/contact", &refused).status, 503);
    for (browser, path) in [(&visitor, "/contact"), (&visitor, "/healthz"), (&owner, "/messages")] {
        assert_eq!(browser.get(path).status, 200, "{path}");
    }

    std::fs::remove_file(filler).unwrap();
    assert_eq!(visitor.post("/contact", &refused).status, 303, "it recovers by itself");
    assert_eq!(send(&server, "And another").status, 303);
    assert!(log().contains("there is room on the disk again"), "{}", log());
    server.kill();
    assert_eq!(ask::<u32>(&database, "SELECT count(*) FROM messages"), 2);
    assert_eq!(ask::<String>(&database, "PRAGMA integrity_check"), "ok");
}

#[test]
#[ignore = "needs root"]
fn r51_the_room_of_deleted_letters_takes_new_ones() {
    let disk = SmallDisk::mount();
    let store = SqliteStore::open(&disk.path().join("letterbox.db"), Purpose::Serve).unwrap();
    let long = sample::letter(&"語語 語語語 ".repeat(1_250));
    let deliver = |number| {
        let mut delivery = sample::delivery(number);
        delivery.letter = long.clone();
        block_on(store.add_message(delivery))
    };
    let mut letters = 0;
    let full = loop {
        match deliver(letters) {
            Ok(_) => letters += 1,
            Err(full) => break full,
        }
    };
    assert!(matches!(full, StoreError::Full(_)) && letters > 100, "{full} after {letters}");
    for number in 0..letters {
        assert!(block_on(store.delete_message(sample::id(number))).unwrap());
    }
    for number in letters..letters + 20 {
        deliver(number).unwrap();
    }
    block_on(store.close());
}
