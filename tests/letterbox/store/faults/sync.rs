use super::super::{eventually, send};
use super::strace::Traced;

#[test]
#[ignore = "needs strace"]
fn r46_the_log_is_synced_between_reading_a_letter_and_thanking_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let calls = "trace=read,readv,recvfrom,write,writev,sendto,sendmsg,fsync,fdatasync";
    let traced = Traced::start(directory.path(), &["-e", calls]);
    assert_eq!(send(&traced.server, "Hello").status, 303);

    let trace = eventually("the thanks in the trace", || {
        let trace = traced.trace();
        let whole = trace.lines().skip_while(|line| !line.contains("\"POST /contact ")).collect::<Vec<_>>().join("\n");
        whole.split_once("\"HTTP/1.1 303 ").map(|(before, _)| before.to_owned())
    });
    assert!(syncs_of_the_log(&trace) > 0, "no finished sync of the log between the letter and the thanks:\n{trace}");
}

/// How many syncs of the log were begun and have succeeded.
fn syncs_of_the_log(trace: &str) -> usize {
    let mut begun = Vec::new();
    let mut finished = 0;
    for line in trace.lines() {
        let process = line.split_whitespace().next().unwrap_or_default();
        let of_the_log = line.contains("sync(") && line.contains("letterbox.db-wal>");
        if of_the_log && line.ends_with("<unfinished ...>") {
            begun.push(process);
        } else if of_the_log && line.trim_end().ends_with("= 0") {
            finished += 1;
        } else if line.contains("sync resumed>") && line.trim_end().ends_with("= 0") && begun.contains(&process) {
            begun.retain(|waiting| *waiting != process);
            finished += 1;
        }
    }
    finished
}

#[test]
fn a_sync_counts_only_if_it_was_of_the_log_and_succeeded() {
    assert_eq!(syncs_of_the_log("7 fdatasync(9</d/letterbox.db-wal>) = 0"), 1);
    let in_two = "7 fdatasync(9</d/letterbox.db-wal> <unfinished ...>\n8 read(1) = 0\n7 <... fdatasync resumed>) = 0";
    assert_eq!(syncs_of_the_log(in_two), 1);
    assert_eq!(syncs_of_the_log(in_two.rsplit_once('\n').unwrap().0), 0, "it has not returned");
    assert_eq!(syncs_of_the_log("7 fdatasync(9</d/letterbox.db-wal>) = -1 EIO (Input/output error)"), 0);
    assert_eq!(syncs_of_the_log("7 fdatasync(9</d/letterbox.db>) = 0"), 0);
}
