use super::{UNLIMITED, ask, send};
use crate::support::Binary;

#[test]
fn after_a_clean_end_the_one_file_is_the_whole_store() {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[UNLIMITED]);
    assert_eq!(send(&server, "Hello").status, 303);
    server.terminate();
    let (status, _) = server.wait();
    assert!(status.success());
    let data = directory.path().join("data");
    for suffix in ["-wal", "-shm"] {
        assert!(!data.join(format!("letterbox.db{suffix}")).exists(), "{suffix} was written home");
    }
    // Whoever copies that file alone has everything.
    let copy = directory.path().join("copy.db");
    std::fs::copy(data.join("letterbox.db"), &copy).unwrap();
    assert_eq!(ask::<u32>(&copy, "SELECT count(*) FROM messages"), 1);
}

#[test]
fn r55_the_database_is_kept_with_a_write_ahead_log() {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[]);
    server.kill();
    let header = std::fs::read(directory.path().join("data/letterbox.db")).unwrap();
    assert_eq!(header[18..20], [2, 2], "the file format's mark of a write-ahead log");
}
