//! Every write below some folders, as the kernel reports it: one that leaves
//! everything as it was is one as well.

use std::collections::BTreeMap;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

/// The watch over the folders.
pub struct Flash {
    inotify: OwnedFd,
    root: PathBuf,
    folders: BTreeMap<i32, PathBuf>,
}

impl Flash {
    /// Looks at these folders and all below them from now on.
    pub fn of(root: &Path, names: &[&str]) -> Flash {
        let flags = CreateFlags::NONBLOCK | CreateFlags::CLOEXEC;
        let mut flash = Flash {
            inotify: inotify::init(flags).expect("inotify"),
            root: root.to_path_buf(),
            folders: BTreeMap::new(),
        };
        for name in names {
            flash.watch(&root.join(name));
        }
        flash
    }

    fn watch(&mut self, folder: &Path) {
        let kinds = WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::DONT_FOLLOW;
        let number = inotify::add_watch(&self.inotify, folder, kinds).expect("a folder");
        self.folders.insert(number, folder.to_path_buf());
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            if entry.file_type().expect("a type").is_dir() {
                self.watch(&entry.path());
            }
        }
    }

    /// The events since the last call, a line each. Two of a kind in a row
    /// are one.
    pub fn writes(&mut self) -> Vec<String> {
        let mut buffer = [const { MaybeUninit::uninit() }; 1 << 14];
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut found: Vec<String> = Vec::new();
        while let Ok(event) = reader.next() {
            let folder = &self.folders[&event.wd()];
            let name = event
                .file_name()
                .map_or_else(String::new, |name| format!("/{}", name.to_string_lossy()));
            let place = folder.strip_prefix(&self.root).expect("it lies below");
            let line = format!("{} {}{name}", kind(event.events()), place.display());
            if found.last() != Some(&line) {
                found.push(line);
            }
        }
        found
    }
}

fn kind(flags: ReadFlags) -> &'static str {
    let kinds = [
        (ReadFlags::MODIFY, "written"),
        (ReadFlags::ATTRIB, "attributes"),
        (ReadFlags::CREATE, "made"),
        (ReadFlags::DELETE, "removed"),
        (ReadFlags::MOVED_FROM, "renamed from"),
        (ReadFlags::MOVED_TO, "renamed to"),
    ];
    let known = kinds.into_iter().find(|(flag, _)| flags.contains(*flag));
    known.map_or("lost", |(_, name)| name)
}
