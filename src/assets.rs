//! Static files: carried in the binary, laid out on disk at the start, served by actix-files from there.
//!
//! A file's name carries a hash of its content, so it can be cached for a year, and each file lies beside its Brotli,
//! Zstandard and gzip forms, compressed once and not per request.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::paths;

struct Asset {
    name: &'static str,
    content: &'static [u8],
}

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        &[$(Asset { name: $name, content: include_bytes!(concat!("../static/", $name)) }),*]
    };
}

const ASSETS: &[Asset] = assets!["app.css", "desk.css", "favicon.svg", "inbox.js", "logo.svg"];

static URLS: LazyLock<Vec<String>> =
    LazyLock::new(|| ASSETS.iter().map(|asset| format!("{}/{}", paths::STATIC, hashed(asset))).collect());

/// The URL of a static file, for example `/static/app.1f2e3d4c5b6a.css` for `app.css`. Of a file that does not exist,
/// the URL that answers 404; `tests` see to it that no template names one.
pub fn url(name: &str) -> &'static str {
    ASSETS.iter().zip(URLS.iter()).find(|(asset, _)| asset.name == name).map_or(paths::STATIC, |(_, url)| url)
}

/// Whether `path` is the URL of one of our files. Whatever else lies in the directory is nobody's business.
pub fn is_ours(path: &str) -> bool {
    URLS.iter().any(|url| url == path)
}

/// Lays all static files out in `directory`, which is made if need be. Files that lie there already are kept.
///
/// # Errors
/// When the directory cannot be written.
pub fn lay_out(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for asset in ASSETS {
        let name = hashed(asset);
        place(directory, &name, || Ok(asset.content.to_vec()))?;
        place(directory, &format!("{name}.br"), || brotli_form(asset.content))?;
        place(directory, &format!("{name}.zst"), || zstd::bulk::compress(asset.content, 19))?;
        place(directory, &format!("{name}.gz"), || gzip_form(asset.content))?;
    }
    Ok(())
}

/// Whole or not at all: a file gets its name only when its content is complete and on the disk. It is looked at no
/// more, so one that a power cut left with half its content would be served for ever.
fn place(directory: &Path, name: &str, content: impl FnOnce() -> io::Result<Vec<u8>>) -> io::Result<()> {
    let target = directory.join(name);
    if target.is_file() {
        return Ok(());
    }
    let partial = directory.join(format!("{name}.{}", std::process::id()));
    let mut file = File::create(&partial)?;
    file.write_all(&content()?)?;
    file.sync_all()?;
    fs::rename(partial, target)
}

fn brotli_form(content: &[u8]) -> io::Result<Vec<u8>> {
    // None of ours is larger than its window, whose size decides how much memory the compressor takes.
    let window = content.len().next_power_of_two().ilog2() + 1;
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 4_096, 11, window.clamp(10, 22));
    writer.write_all(content)?;
    writer.flush()?;
    drop(writer);
    Ok(compressed)
}

fn gzip_form(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content)?;
    writer.finish()
}

/// `app.css` becomes `app.1f2e3d4c5b6a.css`.
fn hashed(asset: &Asset) -> String {
    let digest = Sha256::digest(asset.content);
    let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    match asset.name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{}.{hash}", asset.name),
    }
}
