//! The files of a package, as both formats see them.
//!
//! Everything belongs to root, and every folder on the way to a file is there with
//! a mode of its own: opkg drops a file whose folder is not in the archive, and it
//! gives the router's own folders the modes of the archive.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// The mode of a folder that is not described.
const FOLDER_MODE: u32 = 0o755;

/// The files, links and folders of a package, from its top folder `""` down.
///
/// Invariant: the folder of each entry is an entry, and a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Entry>);

/// One file, link or folder; root's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The low 12 bits of the mode; 0777 for a symlink.
    pub mode: u32,
    /// The kind of the entry.
    pub node: Node,
}

/// The kinds of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Folder,
    /// A regular file, with its content.
    File(Vec<u8>),
    /// A symlink, with the text it points to.
    Symlink(String),
}

impl Default for Tree {
    fn default() -> Tree {
        Tree(BTreeMap::from([(
            String::new(),
            Entry {
                mode: FOLDER_MODE,
                node: Node::Folder,
            },
        )]))
    }
}

impl Tree {
    /// Puts a file at `path` (no leading `/`), and folders of 0755 on the way.
    pub fn file(&mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) -> Result<()> {
        self.insert(path, mode, Node::File(content.into()))
    }

    /// Puts a symlink at `path`, and folders of 0755 on the way.
    pub fn symlink(&mut self, path: &str, target: &str) -> Result<()> {
        self.insert(path, 0o777, Node::Symlink(target.into()))
    }

    /// Makes a folder at `path`, and folders of 0755 on the way; one that is there
    /// gets the mode.
    pub fn folder(&mut self, path: &str, mode: u32) -> Result<()> {
        self.insert(path, mode, Node::Folder)
    }

    /// Puts an entry at `path`, and folders of 0755 on the way. A path that is taken
    /// is refused, unless both are folders.
    pub fn insert(&mut self, path: &str, mode: u32, node: Node) -> Result<()> {
        check_path(path)?;
        if mode > 0o7777 {
            return Err(Error::refused(path, format!("{mode:o} is not a mode")));
        }
        if let Some(there) = self.0.get(path)
            && (node != Node::Folder || there.node != Node::Folder)
        {
            return Err(Error::refused(path, "is in the package twice"));
        }
        self.make_way(path)?;
        self.0.insert(path.into(), Entry { mode, node });
        Ok(())
    }

    fn make_way(&mut self, path: &str) -> Result<()> {
        for (end, _) in path.match_indices('/') {
            let folder = &path[..end];
            let entry = self.0.entry(folder.into());
            if entry
                .or_insert(Entry {
                    mode: FOLDER_MODE,
                    node: Node::Folder,
                })
                .node
                != Node::Folder
            {
                return Err(Error::refused(path, format!("{folder} is not a folder")));
            }
        }
        Ok(())
    }

    /// The entry at `path`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.0.get(path)
    }

    /// True if the folder that `path` lies in is there.
    pub(crate) fn has_folder_of(&self, path: &str) -> bool {
        self.0
            .get(split(path).0)
            .is_some_and(|entry| entry.node == Node::Folder)
    }

    /// Every entry by its whole path, byte by byte: `a`, `a-b`, `a/x`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// Every entry below its folder: `a`, `a/x`, `a-b`.
    pub fn depth_first(&self) -> Vec<(&str, &Entry)> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_by(|(one, _), (other, _)| one.split('/').cmp(other.split('/')));
        entries
    }

    /// Absolute paths of files and symlinks, byte by byte.
    pub fn absolute_paths(&self) -> impl Iterator<Item = String> {
        self.iter()
            .filter(|(_, entry)| entry.node != Node::Folder)
            .map(|(path, _)| format!("/{path}"))
    }

    /// The content of the regular file at an absolute path.
    pub fn content(&self, absolute: &str) -> Option<&[u8]> {
        match &self.0.get(absolute.strip_prefix('/')?)?.node {
            Node::File(content) => Some(content),
            _ => None,
        }
    }

    /// Bytes of all regular files.
    pub fn file_bytes(&self) -> u64 {
        let sizes = self.0.values().map(|entry| match &entry.node {
            Node::File(content) => content.len() as u64,
            _ => 0,
        });
        sizes.sum()
    }

    /// Lays the tree out below `top`, which is made if it is missing. Files that are
    /// there are replaced; owners are those of the caller.
    pub fn unpack(&self, top: &Path) -> Result<()> {
        for (path, entry) in self.iter() {
            let to = if path.is_empty() {
                top.to_path_buf()
            } else {
                top.join(path)
            };
            place(&to, entry)
                .map_err(|why| Error::io(format!("writing {}", to.display()), &why))?;
        }
        Ok(())
    }
}

fn place(to: &Path, entry: &Entry) -> std::io::Result<()> {
    let chmod = || std::fs::set_permissions(to, PermissionsExt::from_mode(entry.mode));
    match &entry.node {
        Node::Folder => std::fs::create_dir_all(to).and_then(|()| chmod()),
        Node::File(content) => {
            remove(to)?;
            std::fs::write(to, content).and_then(|()| chmod())
        }
        Node::Symlink(target) => {
            remove(to)?;
            symlink(target, to)
        }
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// The folder of a path, and its name in it.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// apk breaks on each of these at installation, and counts the package as installed.
pub(crate) fn check_path(path: &str) -> Result<()> {
    let wrong = |why| Err(Error::refused(format!("path {path:?}"), why));
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return wrong("must be plain names between single slashes");
    }
    if path.chars().any(char::is_control) {
        return wrong("must not hold control characters");
    }
    Ok(())
}
