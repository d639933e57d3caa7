//! The browsers and the programs that steer them.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser that is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Chromium,
    /// Chromium with scripts switched off by its owner.
    ChromiumWithoutScripts,
    Firefox,
    WebKit,
}

/// A running WebDriver server and what it needs; ends with everything it started.
pub struct Driver {
    process: Child,
    pub url: String,
    pub capabilities: Value,
    directory: TempDir,
}

impl Driver {
    pub fn start(kind: Kind) -> Self {
        let port = free_port();
        let directory = tempfile::tempdir().unwrap();
        let program = program(kind);
        let mut command = match kind {
            // WebKitGTK has no headless mode of its own.
            Kind::WebKit => {
                let mut xvfb = Command::new(installed(&["xvfb-run"], "xvfb"));
                xvfb.args(["-a", "-s", "-screen 0 1280x1024x24"]).arg(program);
                xvfb.env("WEBKIT_DISABLE_COMPOSITING_MODE", "1").env("LIBGL_ALWAYS_SOFTWARE", "1");
                xvfb
            }
            _ => Command::new(program),
        };
        let log = File::create(directory.path().join("driver.log")).unwrap();
        let process = command
            .arg(format!("--port={port}"))
            .env("HOME", directory.path())
            .env("TMPDIR", directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{kind:?} cannot be driven: {error}"));
        let capabilities = capabilities(kind, &directory);
        let driver = Self { process, url: format!("http://127.0.0.1:{port}/"), capabilities, directory };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "{kind:?} does not start: {}", driver.log());
            std::thread::park_timeout(Duration::from_millis(20));
        }
        driver
    }

    /// What the driver has said, for when something went wrong.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("driver.log")).unwrap_or_default()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(group) = self.process.id().try_into().ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::TERM);
        }
        let _ = self.process.wait();
    }
}

fn program(kind: Kind) -> PathBuf {
    match kind {
        Kind::Chromium | Kind::ChromiumWithoutScripts => installed(&["chromedriver"], "chromium-driver"),
        Kind::WebKit => installed(&["WebKitWebDriver"], "webkit2gtk-driver"),
        Kind::Firefox => match std::env::var_os("LETTERBOX_TEST_GECKODRIVER") {
            Some(path) => path.into(),
            None => installed(&["geckodriver"], "geckodriver (cargo install geckodriver, or let .ci/run do it)"),
        },
    }
}

fn installed(names: &[&str], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|directory| names.iter().map(move |name| directory.join(name)))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("this test needs {}: please install {package}", names.join(" or ")))
}

fn capabilities(kind: Kind, directory: &TempDir) -> Value {
    match kind {
        Kind::Chromium => chromium(directory, &json!({})),
        Kind::ChromiumWithoutScripts => {
            chromium(directory, &json!({"profile.managed_default_content_settings.javascript": 2}))
        }
        Kind::Firefox => json!({
            "browserName": "firefox",
            "moz:firefoxOptions": {
                "binary": installed(&["firefox-esr", "firefox"], "firefox-esr"),
                "args": ["-headless"],
            },
        }),
        Kind::WebKit => json!({"browserName": "MiniBrowser"}),
    }
}

fn chromium(directory: &TempDir, preferences: &Value) -> Value {
    let profile = format!("--user-data-dir={}", directory.path().join("profile").display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--lang=en-GB",
        "--window-size=1280,900",
        &profile,
    ];
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": {
            "binary": installed(&["chromium", "chromium-browser", "google-chrome"], "chromium"),
            "args": arguments,
            "prefs": preferences,
        },
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    })
}

/// None of those that the system gives to whoever asks for any: a connection of another test might take such a port
/// before the driver does.
fn free_port() -> u16 {
    const PORTS: std::ops::Range<u32> = 15_000..30_000;
    static TRIES: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(61);
    for _ in PORTS {
        let offset = first.wrapping_add(TRIES.fetch_add(1, Ordering::Relaxed)) % PORTS.len() as u32;
        let port = u16::try_from(PORTS.start + offset).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free for a driver");
}
