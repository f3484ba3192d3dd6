//! Folders and files in an `.apk`'s metadata, and the blocks of their content.

use super::adb::{NULL, Object, Reader, Value, Writer};
use super::has_content;
use crate::error::{Error, Result};
use crate::tree::{Entry, Node, Tree, split};
use crate::{hex, sha256};

const OWNER: &str = "root";
/// In front of a symlink's target: its type, as in a mode.
const SYMLINK: [u8; 2] = [0x00, 0xa0];

/// A name, with what lies there.
type Named<'a> = (&'a str, &'a Entry);

/// Each folder with its files, all sorted byte by byte.
fn folders(tree: &Tree) -> Vec<(&str, &Entry, Vec<Named<'_>>)> {
    let folders = tree.iter().filter(|(_, entry)| entry.node == Node::Folder);
    let mut folders: Vec<_> = folders
        .map(|(path, entry)| (path, entry, Vec::new()))
        .collect();
    for (path, entry) in tree.iter().filter(|(_, entry)| entry.node != Node::Folder) {
        let (folder, name) = split(path);
        let at = folders.binary_search_by(|(path, ..)| (*path).cmp(folder));
        folders[at.expect("a tree has the folder of each entry")]
            .2
            .push((name, entry));
    }
    folders
}

/// The content of each file that has any, with the numbers of its folder and of
/// itself in it, from 1.
pub(super) fn contents(tree: &Tree) -> Vec<(u32, u32, &[u8])> {
    let mut contents = Vec::new();
    for (folder, (_, _, files)) in (1..).zip(folders(tree)) {
        for (file, (_, entry)) in (1..).zip(files) {
            if let Node::File(content) = &entry.node
                && has_content(&entry.node)
            {
                contents.push((folder, file, content.as_slice()));
            }
        }
    }
    contents
}

/// The items of the array of folders.
pub(super) fn write(to: &mut Writer, tree: &Tree, mtime: u64) -> Vec<Value> {
    let mut listed = Vec::new();
    for (path, entry, files) in folders(tree) {
        let files: Vec<Value> = files
            .iter()
            .map(|(name, entry)| write_file(to, name, entry, mtime))
            .collect();
        let name = to.blob(path.as_bytes());
        let acl = write_acl(to, entry.mode);
        let files = to.object(&files);
        listed.push(to.object(&[name, acl, files]));
    }
    listed
}

fn write_file(to: &mut Writer, name: &str, entry: &Entry, mtime: u64) -> Value {
    let name = to.blob(name.as_bytes());
    let (hash, target, size) = match &entry.node {
        Node::File(content) => (to.blob(&sha256(content)), NULL, content.len()),
        Node::Symlink(target) => {
            let link = [&SYMLINK, target.as_bytes()].concat();
            (NULL, to.blob(&link), target.len())
        }
        Node::Folder => unreachable!("folders list files and links only"),
    };
    let mtime = to.int(mtime);
    let size = to.int(size as u64);
    let acl = write_acl(to, entry.mode);
    to.object(&[name, acl, size, mtime, hash, target])
}

fn write_acl(to: &mut Writer, mode: u32) -> Value {
    let mode = to.int(u64::from(mode));
    let owner = to.blob(OWNER.as_bytes());
    to.object(&[mode, owner, owner])
}

/// The metadata of the files.
pub(super) struct Found {
    /// Everything but files that have content.
    pub(super) tree: Tree,
    pub(super) mtime: u64,
    /// Files that have content, in the order of their blocks.
    pub(super) contents: Vec<Expected>,
}

/// A file whose content a block must hold.
pub(super) struct Expected {
    pub(super) path: String,
    pub(super) mode: u32,
    folder: u32,
    file: u32,
    size: u64,
    hash: [u8; 32],
}

impl Expected {
    /// The content in a block, if it is this file's.
    pub(super) fn content(self, block: &[u8]) -> Result<Vec<u8>> {
        let damaged = |why: &str| Err(Error::damaged(&self.path, why));
        let Some((numbers, content)) = block.split_first_chunk::<8>() else {
            return damaged("its content is cut off");
        };
        if *numbers != [self.folder.to_le_bytes(), self.file.to_le_bytes()].concat()[..] {
            return damaged("the content of another file in its place");
        }
        if content.len() as u64 != self.size {
            return damaged("its content is of another size");
        }
        if sha256(content) != self.hash {
            return damaged(&format!(
                "its content does not have the hash {}",
                hex(&self.hash)
            ));
        }
        Ok(content.to_vec())
    }
}

pub(super) fn read(from: Reader<'_>, value: Value) -> Result<Found> {
    let mut found = Found {
        tree: Tree::default(),
        mtime: 0,
        contents: Vec::new(),
    };
    let mut mtimes = Vec::new();
    for (number, folder) in (1..).zip(from.object(value)?.items()) {
        let folder = from.object(folder)?;
        let path = from.text(folder.slot(1))?;
        if path.is_empty() != (number == 1) {
            return Err(Error::damaged(
                "metadata",
                "the top folder must come first, and once",
            ));
        }
        let mode = read_acl(from, folder.slot(2)).map_err(|why| why.within(&path))?;
        if !path.is_empty() {
            if found.tree.get(&path).is_some() {
                return Err(Error::damaged(
                    &path,
                    "is listed twice, or after what lies in it",
                ));
            }
            found.tree.folder(&path, mode)?;
        } else if mode != 0o755 {
            return Err(Error::unsupported(
                "/",
                format!("mode {mode:o} of the top folder"),
            ));
        }
        for (file, value) in (1..).zip(from.object(folder.slot(3))?.items()) {
            let mtime = read_file(from, &mut found, (&path, number, file), from.object(value)?)?;
            mtimes.push(mtime);
        }
    }
    found.mtime = mtimes.first().copied().unwrap_or(0);
    if mtimes.iter().any(|mtime| *mtime != found.mtime) {
        return Err(Error::unsupported(
            "metadata",
            "files of different times: not made reproducibly",
        ));
    }
    Ok(found)
}

/// Reads one file or link, and gives its time.
fn read_file(
    from: Reader<'_>,
    found: &mut Found,
    (folder, folder_number, file): (&str, u32, u32),
    object: Object<'_>,
) -> Result<u64> {
    let name = from.text(object.slot(1))?;
    let path = if folder.is_empty() {
        name.clone()
    } else {
        format!("{folder}/{name}")
    };
    if name.contains('/') {
        return Err(Error::damaged(&path, "a slash in the name of a file"));
    }
    let mode = read_acl(from, object.slot(2)).map_err(|why| why.within(&path))?;
    let size = from.int(object.slot(3))?.unwrap_or(0);
    let hash = from.blob(object.slot(5))?;
    let target = from.blob(object.slot(6))?;
    if target.is_empty() {
        let hash = hash
            .try_into()
            .map_err(|_| Error::damaged(&path, "no SHA-256 of its content"))?;
        let expected = Expected {
            path,
            mode,
            folder: folder_number,
            file,
            size,
            hash,
        };
        if size == 0 {
            let path = expected.path.clone();
            let nothing = [folder_number.to_le_bytes(), file.to_le_bytes()].concat();
            found.tree.file(&path, mode, expected.content(&nothing)?)?;
        } else {
            found.contents.push(expected);
        }
    } else {
        let link = target.strip_prefix(&SYMLINK).map(std::str::from_utf8);
        let Some(Ok(link)) = link else {
            return Err(Error::unsupported(&path, "neither a file nor a symlink"));
        };
        if size != link.len() as u64 || mode != 0o777 || !hash.is_empty() {
            return Err(Error::damaged(&path, "a symlink of the wrong size or mode"));
        }
        found.tree.symlink(&path, link)?;
    }
    Ok(from.int(object.slot(4))?.unwrap_or(0))
}

fn read_acl(from: Reader<'_>, value: Value) -> Result<u32> {
    let acl = from.object(value)?;
    let owners = [from.text(acl.slot(2))?, from.text(acl.slot(3))?];
    if owners != [OWNER, OWNER] {
        return Err(Error::unsupported(
            "",
            format!("the owner {}:{}", owners[0], owners[1]),
        ));
    }
    if acl.slot(4) != NULL {
        return Err(Error::unsupported("", "extended attributes"));
    }
    match from.int(acl.slot(1))? {
        Some(mode @ 0..=0o7777) => Ok(mode as u32),
        _ => Err(Error::damaged("", "no mode")),
    }
}
