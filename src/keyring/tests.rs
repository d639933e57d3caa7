//! Keys are private, made once, and told apart by their purpose.

use std::os::unix::fs::symlink;
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use super::*;

const KEY: &str = "Yx1mC4oM8tq0Jm3bWk2p7QeVb9aNs5Lh";
const OLD: &str = "another key of more than thirty-two bytes";

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn config(data_dir: &Path, vars: &[(&str, &str)]) -> Config {
    let set = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let data_dir = data_dir.to_str().expect("UTF-8").to_owned();
    Config::from_vars(|name| if name == "DATA_DIR" { Some(data_dir.clone()) } else { set(name) }).expect("valid")
}

fn write(path: &Path, content: &[u8], mode: u32) {
    fs::write(path, content).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

fn refusal(content: &[u8], mode: u32) -> String {
    let directory = directory();
    let config = config(directory.path(), &[]);
    write(&config.secret_key_file(), content, mode);
    let error = Keyring::load(&config).expect_err("refused").to_string();
    assert_eq!(fs::read(config.secret_key_file()).expect("still there"), content, "a refused file is left alone");
    error
}

#[test]
fn hkdf_is_that_of_rfc_5869() {
    let hkdf = Hkdf::new(None, &[0x0b; 22]);
    let hex: String = derive::<42>(&hkdf, "").iter().map(|b| format!("{b:02x}")).collect();
    let appendix_a_3 = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    assert_eq!(hex, appendix_a_3);
}

#[test]
fn each_purpose_has_its_own_key() {
    let keyring = Keyring::new(&Secret::parse(KEY).expect("good"), None);
    let labels = ["access token v1", "receipt v1", "session cookie v1", "setup v1"];
    let keys: Vec<[u8; 64]> = labels.iter().map(|label| keyring.current(&format!("letterbox {label}"))).collect();
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key) && key != &[0; 64]);
        assert_eq!(key, &keyring.current(&format!("letterbox {}", labels[index])), "the same every time");
    }
}

#[test]
fn the_previous_key_is_accepted_but_not_in_force() {
    let directory = directory();
    let before = Keyring::load(&config(directory.path(), &[("SECRET_KEY", OLD)])).expect("keys");
    let rotated = config(directory.path(), &[("SECRET_KEY", KEY), ("SECRET_KEY_PREVIOUS", OLD)]);
    let after = Keyring::load(&rotated).expect("keys");
    assert_eq!(after.all::<32>("x"), [after.current("x"), before.current("x")]);
    assert_eq!(after.kids(), [after.kid(), before.kid()]);
    assert_ne!(after.kid(), before.kid());
    assert_eq!(fs::read_dir(directory.path()).expect("there").count(), 0, "no key file beside SECRET_KEY");
}

#[test]
fn the_same_key_twice_is_one_key() {
    let secret = Secret::parse(KEY).expect("good");
    assert_eq!(Keyring::new(&secret, Some(&secret)).all::<32>("x").len(), 1);
}

#[test]
fn a_kid_is_eight_hexadecimal_digits_and_all_that_debug_shows() {
    let keyring = Keyring::new(&Secret::parse(KEY).expect("good"), None);
    assert!(keyring.kid().len() == 8 && keyring.kid().bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(format!("{keyring:?}"), format!("Keyring {{ kids: [{:?}], .. }}", keyring.kid()));
}

#[test]
fn the_first_start_makes_a_key_and_the_second_finds_it() {
    let directory = directory();
    let first = config(directory.path(), &[]);
    let made = Keyring::load(&first).expect("keys");
    assert_eq!(Keyring::load(&first).expect("keys").kid(), made.kid());
    assert_eq!(mode(&first.secret_key_file()), 0o600);
    let text = fs::read_to_string(first.secret_key_file()).expect("text");
    assert_eq!(STANDARD.decode(text.strip_suffix('\n').expect("a line")).expect("base64").len(), 32);
    assert_eq!(fs::read_dir(directory.path()).expect("there").count(), 1, "no draft is left");
    let moved = config(directory.path(), &[("SECRET_KEY", &text)]);
    assert_eq!(Keyring::load(&moved).expect("keys").kid(), made.kid(), "the file's text may become SECRET_KEY");
}

#[test]
fn two_directories_have_two_keys() {
    let [one, two] = [directory(), directory()];
    let kid = |directory: &TempDir| Keyring::load(&config(directory.path(), &[])).expect("keys").kid().to_owned();
    assert_ne!(kid(&one), kid(&two));
}

#[test]
fn of_many_that_make_the_key_at_once_all_have_the_same() {
    for _ in 0..20 {
        let directory = directory();
        let config = config(directory.path(), &[]);
        let start = Barrier::new(8);
        let load = || {
            start.wait();
            Keyring::load(&config).expect("keys").kid().to_owned()
        };
        let kids: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(kids.iter().all(|kid| kid == &kids[0]), "{kids:?}");
        assert_eq!(fs::read_dir(directory.path()).expect("there").count(), 1);
    }
}

#[test]
fn a_key_file_that_others_may_use_is_refused() {
    for mode in [0o640, 0o604, 0o620, 0o601, 0o644] {
        let error = refusal(KEY.as_bytes(), mode);
        assert!(error.contains(&format!("(mode 0{mode:o}); run chmod 600")), "{error}");
        assert!(!error.contains(KEY));
    }
}

#[test]
fn a_key_file_without_a_good_key_is_refused() {
    for (content, what) in [
        (&b""[..], "is empty"),
        (b" \n", "is empty"),
        (b"hunter2\n", "is too short: 7 bytes"),
        (&[b'a'; 64], "is a short text repeated"),
        (&[0xff; 64], "is not text"),
        (&[b'a'; 5000], "is longer than 4096 bytes"),
    ] {
        let error = refusal(content, 0o600);
        assert!(error.contains(what) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_key_file_may_be_read_only() {
    let directory = directory();
    let config = config(directory.path(), &[]);
    write(&config.secret_key_file(), KEY.as_bytes(), 0o400);
    let expected = Keyring::new(&Secret::parse(KEY).expect("good"), None);
    assert_eq!(Keyring::load(&config).expect("keys").kid(), expected.kid());
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let directory = directory();
    let config = config(directory.path(), &[]);
    fs::create_dir(config.secret_key_file()).expect("a directory");
    let error = Keyring::load(&config).expect_err("refused").to_string();
    assert!(error.contains("must be a regular file"), "{error}");
    fs::remove_dir(config.secret_key_file()).expect("removed");
    symlink("/dev/zero", config.secret_key_file()).expect("a link");
    let error = Keyring::load(&config).expect_err("refused").to_string();
    assert!(error.contains("must be a regular file"), "{error}");
}

#[test]
fn a_link_to_nowhere_is_not_followed_to_make_a_key() {
    let directory = directory();
    let config = config(directory.path(), &[]);
    symlink("elsewhere", config.secret_key_file()).expect("a link");
    let error = Keyring::load(&config).expect_err("refused").to_string();
    assert!(error.contains("cannot be read or made"), "{error}");
    assert_eq!(fs::read_dir(directory.path()).expect("there").count(), 1, "only the link");
}

#[test]
fn without_a_data_directory_there_is_a_sentence() {
    let directory = directory();
    let error = Keyring::load(&config(&directory.path().join("missing"), &[])).expect_err("refused").to_string();
    assert!(error.contains("cannot be read or made") && error.ends_with("set SECRET_KEY."), "{error}");
}

#[test]
fn the_data_directory_is_made_for_its_owner_alone_with_its_parents() {
    let directory = directory();
    let path = directory.path().join("a/b");
    prepare_data_dir(&config(&path, &[])).expect("made");
    assert_eq!((mode(&path), mode(&directory.path().join("a"))), (0o700, 0o700));
    prepare_data_dir(&config(&path, &[])).expect("there");
    assert_eq!(fs::read_dir(&path).expect("there").count(), 0, "nothing is left in it");
}

#[test]
fn a_data_directory_that_is_there_keeps_its_mode() {
    let directory = directory();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o750)).expect("a mode");
    prepare_data_dir(&config(directory.path(), &[])).expect("there");
    assert_eq!(mode(directory.path()), 0o750);
}

#[test]
fn a_file_is_no_data_directory_and_has_none_in_it() {
    let directory = directory();
    let file = directory.path().join("file");
    write(&file, b"", 0o600);
    let error = prepare_data_dir(&config(&file, &[])).expect_err("refused").to_string();
    assert!(error.starts_with("DATA_DIR is \"") && error.contains("that is a file"), "{error}");
    let error = prepare_data_dir(&config(&file.join("data"), &[])).expect_err("refused").to_string();
    assert!(error.contains("can be made"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_in_which_no_file_can_be_made_is_refused() {
    let error = prepare_data_dir(&config(Path::new("/proc"), &[])).expect_err("refused").to_string();
    assert!(error.contains("can be written"), "{error}");
}
