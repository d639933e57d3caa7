use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// What a power cut writes or not, in one piece.
const SECTOR: usize = 512;
pub const ROOT: u64 = 1;

/// A disk in memory that knows what has reached it. What was written is visible at once, and safe only after a sync of
/// the file; a name in a directory is safe only after a sync of the directory.
pub struct Disk {
    nodes: BTreeMap<u64, Node>,
    next: u64,
    /// Coins to toss, the same ones every time.
    coins: u64,
}

pub enum Node {
    File(File),
    Directory(Directory),
}

#[derive(Default)]
pub struct File {
    pub mode: u16,
    pub content: Vec<u8>,
    safe: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Default)]
pub struct Directory {
    pub mode: u16,
    pub names: BTreeMap<OsString, u64>,
    safe: BTreeMap<OsString, u64>,
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

/// How much of what was not synced is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All of it.
    Everything,
    /// Sectors and names here and there: the kernel had begun to write, in an order of its own.
    Some,
}

impl Disk {
    pub fn new() -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::Directory(Directory::new(0o755)))]),
            next: ROOT + 1,
            coins: 0x9e37_79b9_7f4a_7c15,
        }
    }

    pub fn node(&self, number: u64) -> Option<&Node> {
        self.nodes.get(&number)
    }

    pub fn file(&mut self, number: u64) -> Option<&mut File> {
        match self.nodes.get_mut(&number) {
            Some(Node::File(file)) => Some(file),
            _ => None,
        }
    }

    pub fn directory(&mut self, number: u64) -> Option<&mut Directory> {
        match self.nodes.get_mut(&number) {
            Some(Node::Directory(directory)) => Some(directory),
            _ => None,
        }
    }

    /// What `name` in `parent` stands for.
    pub fn find(&self, parent: u64, name: &OsStr) -> Option<u64> {
        match self.nodes.get(&parent) {
            Some(Node::Directory(directory)) => directory.names.get(name).copied(),
            _ => None,
        }
    }

    /// Puts something new under a name.
    pub fn add(&mut self, parent: u64, name: &OsStr, node: Node) -> Option<u64> {
        let number = self.next;
        self.directory(parent)?.names.insert(name.to_owned(), number);
        self.next += 1;
        self.nodes.insert(number, node);
        Some(number)
    }

    /// The content of a file, by its path from the root.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        let number = path.split('/').try_fold(ROOT, |parent, name| self.find(parent, OsStr::new(name)))?;
        match self.nodes.get(&number) {
            Some(Node::File(file)) => Some(&file.content),
            _ => None,
        }
    }

    /// What is not safe is lost.
    pub fn cut_power(&mut self, loss: Loss) {
        let mut coins = self.coins;
        for node in self.nodes.values_mut() {
            match node {
                Node::File(file) => file.cut_power(loss, &mut coins),
                Node::Directory(directory) if loss == Loss::Some && toss(&mut coins) => directory.sync(),
                Node::Directory(directory) => directory.names.clone_from(&directory.safe),
            }
        }
        self.coins = coins;
    }
}

impl File {
    pub fn new(mode: u16) -> Self {
        Self { mode, ..Self::default() }
    }

    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        write(&mut self.content, at, bytes);
        self.unsynced.push(Change::Write { at, bytes: bytes.to_owned() });
    }

    pub fn resize(&mut self, length: usize) {
        self.content.resize(length, 0);
        self.unsynced.push(Change::Resize(length));
    }

    pub fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            match change {
                Change::Write { at, bytes } => write(&mut self.safe, at, &bytes),
                Change::Resize(length) => self.safe.resize(length, 0),
            }
        }
    }

    fn cut_power(&mut self, loss: Loss, coins: &mut u64) {
        for change in self.unsynced.drain(..) {
            match change {
                _ if loss == Loss::Everything => {}
                Change::Resize(length) if toss(coins) => self.safe.resize(length, 0),
                Change::Resize(_) => {}
                Change::Write { at, bytes } => {
                    for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                        if toss(coins) {
                            write(&mut self.safe, at + number * SECTOR, sector);
                        }
                    }
                }
            }
        }
        self.content.clone_from(&self.safe);
    }
}

impl Directory {
    pub fn new(mode: u16) -> Self {
        Self { mode, ..Self::default() }
    }

    pub fn sync(&mut self) {
        self.safe.clone_from(&self.names);
    }
}

fn write(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Xorshift: good enough for coins.
fn toss(coins: &mut u64) -> bool {
    *coins ^= *coins << 13;
    *coins ^= *coins >> 7;
    *coins ^= *coins << 17;
    *coins >> 63 == 1
}
