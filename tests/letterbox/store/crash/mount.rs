use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::disk::{Directory, Disk, File, Node};

/// How long the kernel may believe what it was told; nobody else changes anything.
const TTL: Duration = Duration::from_secs(600);
/// Blocks of 4 KiB that look free: a GiB.
const FREE: u64 = 1 << 18;

/// Mounts the disk. What the kernel has cached of it goes with the mount.
pub fn mount(disk: &Arc<Mutex<Disk>>, at: &Path) -> BackgroundSession {
    fuser::spawn_mount(Mounted(Arc::clone(disk)), at, &Config::default()).unwrap()
}

/// Takes the disk away again.
pub fn unmount(mounted: BackgroundSession) {
    match mounted.umount_and_join() {
        // What whoever reads requests is told when the end meets one that was just being handed over (Linux,
        // fs/fuse/dev.c): by then every write has long been answered.
        Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
        outcome => outcome.unwrap(),
    }
}

struct Mounted(Arc<Mutex<Disk>>);

impl Mounted {
    fn with<T>(&self, act: impl FnOnce(&mut Disk) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    fn attributes(&self, number: u64) -> Option<FileAttr> {
        self.with(|disk| disk.node(number).map(|node| attributes(number, node)))
    }

    fn reply_entry(&self, number: Option<u64>, reply: ReplyEntry) {
        match number.and_then(|number| self.attributes(number)) {
            Some(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }
}

fn attributes(number: u64, node: &Node) -> FileAttr {
    let (kind, perm, size) = match node {
        Node::File(file) => (FileType::RegularFile, file.mode, file.content.len() as u64),
        Node::Directory(directory) => (FileType::Directory, directory.mode, 0),
    };
    FileAttr {
        ino: INodeNo(number),
        size,
        blocks: size.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

fn done(outcome: Option<()>, reply: ReplyEmpty) {
    match outcome {
        Some(()) => reply.ok(),
        None => reply.error(Errno::ENOENT),
    }
}

fn permissions(mode: u32, umask: u32) -> u16 {
    u16::try_from(mode & !umask & 0o7777).unwrap()
}

impl Filesystem for Mounted {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.reply_entry(self.with(|disk| disk.find(parent.0, name)), reply);
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(number.0) {
            Some(attributes) => reply.attr(&TTL, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn setattr(
        &self,
        request: &Request,
        number: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        self.with(|disk| {
            if let Some(file) = disk.file(number.0) {
                file.mode = mode.map_or(file.mode, |mode| permissions(mode, 0));
                if let Some(size) = size {
                    file.resize(usize::try_from(size).unwrap());
                }
            }
        });
        self.getattr(request, number, None, reply);
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let made = Node::Directory(Directory::new(permissions(mode, umask)));
        self.reply_entry(self.with(|disk| disk.add(parent.0, name, made)), reply);
    }

    fn create(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, _: i32, reply: ReplyCreate) {
        let made = Node::File(File::new(permissions(mode, umask)));
        let number = self.with(|disk| disk.add(parent.0, name, made));
        match number.and_then(|number| self.attributes(number)) {
            Some(attributes) => {
                reply.created(&TTL, &attributes, Generation(0), FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
            }
            None => reply.error(Errno::ENOENT),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.with(|disk| match disk.file(number.0) {
            Some(file) => {
                let from = usize::try_from(offset).unwrap().min(file.content.len());
                reply.data(&file.content[from..file.content.len().min(from + size as usize)]);
            }
            None => reply.error(Errno::ENOENT),
        });
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        self.with(|disk| match disk.file(number.0) {
            Some(file) => {
                file.write(usize::try_from(offset).unwrap(), data);
                reply.written(u32::try_from(data.len()).unwrap());
            }
            None => reply.error(Errno::ENOENT),
        });
    }

    fn fsync(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.with(|disk| disk.file(number.0).map(File::sync)), reply);
    }

    fn fsyncdir(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.with(|disk| disk.directory(number.0).map(Directory::sync)), reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        // Whoever has it open goes on using it, and a power cut may bring it back: only the name goes.
        done(self.with(|disk| disk.directory(parent.0)?.names.remove(name).map(drop)), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let renamed = self.with(|disk| {
            let number = disk.directory(parent.0)?.names.remove(name)?;
            disk.directory(new_parent.0)?.names.insert(new_name.to_owned(), number);
            Some(())
        });
        done(renamed, reply);
    }

    fn link(&self, _: &Request, number: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let taken = self.with(|disk| {
            disk.find(parent.0, name).is_some()
                || disk.directory(parent.0).map(|directory| directory.names.insert(name.to_owned(), number.0)).is_none()
        });
        if taken { reply.error(Errno::EEXIST) } else { self.reply_entry(Some(number.0), reply) }
    }

    fn readdir(&self, _: &Request, number: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        self.with(|disk| {
            let names = disk.directory(number.0).map(|directory| directory.names.clone()).unwrap_or_default();
            for (place, (name, number)) in (1..).zip(&names).skip(usize::try_from(offset).unwrap()) {
                let kind = match disk.node(*number) {
                    Some(Node::Directory(_)) => FileType::Directory,
                    _ => FileType::RegularFile,
                };
                if reply.add(INodeNo(*number), place, kind, name) {
                    break;
                }
            }
        });
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(FREE, FREE, FREE, FREE, FREE, 4096, 255, 4096);
    }
}
