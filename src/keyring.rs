//! The keys: one secret, from the settings or from `DATA_DIR/secret.key`, and what is derived from it for each use.
//!
//! No key signs or encrypts for two purposes, so what was made for one is worthless for the other. The secret itself
//! is used for nothing but deriving.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;

use crate::config::{Config, Secret};

/// Largest key file, in bytes; what is larger is not a key.
const FILE_MAX: u64 = 4096;
/// Longest key that can be derived, in bytes (RFC 5869 §2.3).
const DERIVED_MAX: usize = 255 * 32;

/// Why there are no keys, or no place for them: one sentence that says what to do and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyringError(String);

/// The key in force and, while keys are rotated, the one before it. `Debug` shows their public names only.
#[derive(Clone)]
pub struct Keyring {
    current: Key,
    previous: Option<Key>,
}

impl Keyring {
    /// The keys that the settings name. Without `SECRET_KEY` the key is read from `DATA_DIR/secret.key`, which is made
    /// when it is missing; [`prepare_data_dir`] comes first.
    ///
    /// # Errors
    /// When the file cannot be read or made, is no regular file, may be read by others than its owner, or does not
    /// hold a good secret.
    pub fn load(config: &Config) -> Result<Self, KeyringError> {
        let previous = config.secret_key_previous.as_ref();
        match &config.secret_key {
            Some(secret) => Ok(Self::new(secret, previous)),
            None => Ok(Self::new(&read_or_make(&config.secret_key_file())?, previous)),
        }
    }

    /// A keyring of these secrets. A previous secret that is the current one counts once.
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Self {
        let previous = previous.filter(|previous| previous.expose() != current.expose());
        Self { current: Key::new(current), previous: previous.map(Key::new) }
    }

    /// The key in force for the purpose `label`: what is made now is made with it. Up to 8160 bytes.
    pub fn current<const N: usize>(&self, label: &str) -> [u8; N] {
        self.current.derive(label)
    }

    /// The keys that are accepted for the purpose `label`, the one in force first.
    pub fn all<const N: usize>(&self, label: &str) -> Vec<[u8; N]> {
        self.keys().map(|key| key.derive(label)).collect()
    }

    /// The public name of the key in force: eight hexadecimal digits that tell nothing about it.
    pub fn kid(&self) -> &str {
        &self.current.kid
    }

    /// The public names of all keys, in the order of [`Keyring::all`].
    pub fn kids(&self) -> Vec<&str> {
        self.keys().map(|key| key.kid.as_str()).collect()
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("kids", &self.kids()).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Key {
    kid: String,
    hkdf: Hkdf<Sha256>,
}

impl Key {
    fn new(secret: &Secret) -> Self {
        let hkdf = Hkdf::new(None, secret.expose().as_bytes());
        let kid = u32::from_be_bytes(derive(&hkdf, "letterbox kid v1"));
        Self { kid: format!("{kid:08x}"), hkdf }
    }

    fn derive<const N: usize>(&self, label: &str) -> [u8; N] {
        derive(&self.hkdf, label)
    }
}

/// HKDF-SHA-256 (RFC 5869) without a salt; the label is the `info`.
fn derive<const N: usize>(hkdf: &Hkdf<Sha256>, label: &str) -> [u8; N] {
    const { assert!(N > 0 && N <= DERIVED_MAX, "HKDF-SHA-256 gives 1 to 8160 bytes") };
    let mut key = [0; N];
    // Its only error is a length that the line above does not let through the compiler.
    let filled = hkdf.expand(label.as_bytes(), &mut key);
    debug_assert!(filled.is_ok());
    key
}

/// Makes `DATA_DIR`, and the directories it stands in, with mode 0700 when it is missing, and proves that files can be
/// made in it. A directory that is there keeps its mode.
///
/// # Errors
/// When it is a file, cannot be made, or cannot be written.
pub fn prepare_data_dir(config: &Config) -> Result<(), KeyringError> {
    let path = &config.data_dir;
    if fs::metadata(path).is_ok_and(|found| !found.is_dir()) {
        return Err(KeyringError(format!("DATA_DIR is {path:?}; it must be a directory, and that is a file.")));
    }
    made_to_stay(path)
        .map_err(|e| KeyringError(format!("DATA_DIR is {path:?}; it must be a directory that can be made ({e}).")))?;
    let written = beside(&path.join("write.probe")).and_then(|probe| {
        private_file(&probe)?;
        fs::remove_file(probe)
    });
    written
        .map_err(|e| KeyringError(format!("DATA_DIR is {path:?}; it must be a directory that can be written ({e}).")))
}

/// Makes the directory and those it stands in, and syncs the names of all that are new: after a power cut a directory
/// whose name was not synced is gone, with everything that was synced in it.
fn made_to_stay(path: &Path) -> io::Result<()> {
    let missing = |made: &&Path| !made.as_os_str().is_empty() && !made.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(missing).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    missing.into_iter().try_for_each(|made| {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()
    })
}

fn read_or_make(path: &Path) -> Result<Secret, KeyringError> {
    let failed = |e: io::Error| {
        KeyringError(format!("The key file {path:?} cannot be read or made ({e}); mend that or set SECRET_KEY."))
    };
    if let Some(secret) = read(path)? {
        return Ok(secret);
    }
    make(path).map_err(failed)?;
    read(path)?.ok_or_else(|| failed(ErrorKind::NotFound.into()))
}

/// The secret in the file, or `None` when there is no file.
fn read(path: &Path) -> Result<Option<Secret>, KeyringError> {
    let refused = |what: String| KeyringError(format!("The key file {path:?} {what}."));
    let unreadable = |e: io::Error| refused(format!("cannot be read ({e}); give it to the user that runs Letterbox"));
    // Before opening: to open a pipe is to wait for whoever writes into it.
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(found) if !found.is_file() => return Err(refused("must be a regular file; move away what is there".into())),
        Ok(_) => {}
    }
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(refused(format!("may be used by others than its owner (mode {mode:04o}); run chmod 600 on it")));
    }
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    parse(&bytes).map(Some).map_err(|what| {
        refused(format!(
            "{what}; put back the one you had, or remove it to have a new one made and everybody log in anew"
        ))
    })
}

fn parse(bytes: &[u8]) -> Result<Secret, String> {
    if bytes.len() as u64 > FILE_MAX {
        return Err(format!("is longer than {FILE_MAX} bytes"));
    }
    str::from_utf8(bytes).map_err(|_| "is not text".to_owned()).and_then(Secret::parse)
}

/// Puts a new key at `path` unless one is there, whole or not at all: it is written under another name, and a hard
/// link gives it its own. Of several processes that do so at once one wins, and the others leave its key alone.
fn make(path: &Path) -> io::Result<()> {
    let draft = beside(path)?;
    let linked = write_key(&draft).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => removed?,
    }
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn write_key(path: &Path) -> io::Result<()> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(no_random)?;
    let mut file = private_file(path)?;
    file.write_all(format!("{}\n", STANDARD.encode(bytes)).as_bytes())?;
    file.sync_all()
}

/// A new file that nobody but its owner may read, from its first moment.
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A hidden name beside `path` that nobody else uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(path.with_file_name(format!(".{name}.{:016x}", getrandom::u64().map_err(no_random)?)))
}

fn no_random(error: getrandom::Error) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests;
