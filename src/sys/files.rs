//! Small files: read whole up to a limit, replaced whole or not at all.
//!
//! Two kinds of places are told apart. What a person named may be a link, which is that
//! person's choice. Our own folders may belong to the daemon's user, and root works in
//! them, too: there a link, a pipe or a file of a third user is a trap, and refused. For
//! neither is ever waited.
#![expect(clippy::disallowed_methods, reason = "files are opened here")]

use std::fs::{self, File, FileType, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{
    DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown,
};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, OFlags, PROC_SUPER_MAGIC, fstatfs, linkat};

use wansync_core::config::permissions::PathPart;
use wansync_core::reason;
use wansync_core::reason::{Code, Reason};

use super::os_error;
use super::trap::{IS_TRAP, check_folder, check_own, parent_of, trap};

/// The longest copy of a configuration that the daemon replies with.
const MAX_COPY_REPLY: usize = 60 * 1024;

/// The longest chain of links that is followed.
const MAX_LINKS: usize = 8;

/// Reads a file that a person named, of at most `limit` bytes.
///
/// # Errors
/// In words that follow on the file's name.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Reason> {
    let file = open_to_read(path).map_err(|error| read_error(&error))?;
    read_whole(file, limit)
}

/// Reads a file as [`read`] does; `None` if there is no such file.
pub fn read_optional(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Reason> {
    match open_to_read(path) {
        Ok(file) => read_whole(file, limit).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(read_error(&error)),
    }
}

/// Reads a file as the kernel makes it up.
pub fn read_from_kernel(path: &Path, limit: usize) -> Result<Vec<u8>, Reason> {
    let file = File::open(path).map_err(|error| read_error(&error))?;
    read_whole(file, limit)
}

/// The paths of what is in a folder; none, if it cannot be read.
pub fn paths_in(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    if let Ok(entries) = fs::read_dir(folder) {
        for entry in entries.flatten() {
            paths.push(entry.path());
        }
    }
    paths
}

/// Reads a file of one of our folders; `None` if there is no such file.
///
/// # Errors
/// A sentence that names the file, or the folder.
pub fn read_own(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Reason> {
    let name = |why: Reason| {
        let file = path.display().to_string();
        reason!(FileUnusable, file = file, cause = why)
    };
    let opened = check_folder(parent_of(path)).and_then(|()| {
        let mut options = OpenOptions::new();
        open_own(path, options.read(true))
    });
    match opened {
        Ok(file) => read_whole(file, limit).map(Some).map_err(name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == IS_TRAP => Err(os_error::reason(&error)),
        Err(error) => Err(name(read_error(&error))),
    }
}

/// Opens a file that a person named, to be read.
///
/// # Errors
/// Of the kind [`io::ErrorKind::InvalidInput`], in words that follow on the file's name,
/// if it is not a regular file, or the kernel makes it up, so that it might have no end.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    // Looked at before, too, since opening some devices does something.
    check_regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    let file = without_waiting(options.read(true), OFlags::empty()).open(path)?;
    check_regular(&file.metadata()?)?;
    match fstatfs(&file)?.f_type == PROC_SUPER_MAGIC {
        true => Err(unusable(Code::FileOfKernel)),
        false => Ok(file),
    }
}

/// True if a file that a person named begins with this text, and ends with a line.
pub fn holds_lines(path: &Path, start: &str) -> bool {
    let ends_with_line = |file: &File| {
        let last = file.metadata()?.len().saturating_sub(1);
        let mut byte = [0];
        file.read_exact_at(&mut byte, last)?;
        Ok::<bool, io::Error>(byte == *b"\n")
    };
    open_to_read(path)
        .is_ok_and(|file| begins_with(&file, start) && ends_with_line(&file).unwrap_or(false))
}

/// True if an open file begins with this text.
pub fn begins_with(file: &File, text: &str) -> bool {
    let mut found = vec![0; text.len()];
    file.read_exact_at(&mut found, 0).is_ok() && found == text.as_bytes()
}

/// A directory reads as an error, a pipe might never end.
fn check_regular(what: &Metadata) -> io::Result<()> {
    match what.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(unusable(Code::FileIsDirectory)),
        _ => Err(unusable(Code::FileIsIrregular)),
    }
}

fn unusable(why: Code) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, Reason::of(why))
}

/// Without waiting for another end of a pipe, or for a device.
fn without_waiting(options: &mut OpenOptions, more: OFlags) -> &mut OpenOptions {
    options.custom_flags((OFlags::NONBLOCK | more).bits() as i32)
}

fn read_whole(mut file: File, limit: usize) -> Result<Vec<u8>, Reason> {
    let length = file.metadata().map_or(0, |what| what.len());
    // Room for one byte more than there should be: it tells a file that grew.
    let expected = usize::try_from(length).unwrap_or(limit).min(limit) + 1;
    let bytes = read_up_to(&mut file, limit, expected).map_err(|error| read_error(&error))?;
    match bytes.len() > limit {
        true => Err(reason!(FileLarge, bytes = limit)),
        false => Ok(bytes),
    }
}

/// Reads to the end; of what is longer than `limit`, a little more than that. There is
/// room for `expected` bytes at once.
pub fn read_up_to(source: &mut dyn Read, limit: usize, expected: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected);
    let mut piece = [0; 4096];
    while bytes.len() <= limit {
        match source.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// The whole of a file of the kernel's, or of the system's.
pub fn read_all(path: &str) -> io::Result<Vec<u8>> {
    read_up_to(&mut File::open(path)?, usize::MAX, 0)
}

/// The text of such a file; none if it cannot be read, or is no text.
pub fn read_text(path: &str) -> Option<String> {
    String::from_utf8(read_all(path).ok()?).ok()
}

/// Opens a file of one of our folders. What is there is looked at before, since opening
/// some devices does something, and after, since it may be another by then.
fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let kind: (fn(&FileType) -> bool, _) = (FileType::is_file, Code::FileOtherKind);
    check_own(path, &fs::symlink_metadata(path)?, kind)?;
    let file = without_waiting(options, OFlags::NOFOLLOW).open(path)?;
    check_own(path, &file.metadata()?, kind)?;
    Ok(file)
}

/// The folders on the way to a file, and the file as the last; where it is a link, those
/// on the way to what it leads to as well.
pub fn path_parts(path: &Path) -> Vec<PathPart> {
    let mut parts = Vec::new();
    let mut place = path.to_owned();
    for _ in 0..MAX_LINKS {
        let folders: Vec<&Path> = place.ancestors().skip(1).collect();
        parts.extend(folders.into_iter().rev().filter_map(path_part));
        match fs::read_link(&place) {
            Ok(target) => place = parent_of(&place).join(target),
            Err(_) => break,
        }
    }
    parts.extend(path_part(&place));
    parts
}

fn path_part(path: &Path) -> Option<PathPart> {
    let what = fs::metadata(path).ok()?;
    Some(PathPart {
        path: path.display().to_string(),
        mode: what.mode(),
        owner: what.uid(),
        group: what.gid(),
    })
}

/// Checks that there is a regular file of this name, which a person gave.
///
/// # Errors
/// In words that follow on its name.
pub fn check_file(path: &Path) -> Result<(), Reason> {
    let what = fs::metadata(path).and_then(|what| check_regular(&what));
    what.map_err(|error| read_error(&error))
}

/// Checks that there is a program of this name, and that it is executable.
///
/// # Errors
/// In words that follow on its name.
pub fn check_program(path: &Path) -> Result<(), Reason> {
    let what = fs::metadata(path).map_err(|error| read_error(&error))?;
    match what.mode() & 0o111 {
        _ if what.is_dir() => Err(reason!(FileIsDirectory)),
        0 => Err(reason!(FileNotExecutable)),
        _ => Ok(()),
    }
}

/// A file without a name, for its owner alone, to be read from. It was `path`
/// for a moment; a crash may leave it there, and the next one takes it away.
pub fn unnamed(path: &Path, contents: &[u8]) -> io::Result<File> {
    let file = write(path, contents, false, create_with_owner_of_folder);
    remove(path);
    file
}

/// The text of a file that [`unnamed`] made, wherever others read in it; none, if it is
/// too long for a reply of the daemon.
pub fn text_of_copy(file: &File) -> Option<String> {
    let length = usize::try_from(file.metadata().ok()?.len()).ok()?;
    let mut bytes = vec![0; length.min(MAX_COPY_REPLY + 1)];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let text = String::from_utf8(bytes).ok();
    text.filter(|text| text.len() <= MAX_COPY_REPLY)
}

/// Replaces a file so that a crash or a power cut at any moment leaves the old
/// contents or the new, whole. The file is for its owner alone. `durable` says
/// whether it must survive a power cut; on tmpfs nothing does.
pub fn replace(path: &Path, contents: &[u8], durable: bool) -> io::Result<()> {
    let draft = path.with_extension("new");
    let written = write(&draft, contents, durable, create_with_owner_of_folder);
    publish_draft(&draft, path, written, durable).map(drop)
}

/// Replaces a file as [`replace`] does, where nothing must survive a power cut. It is
/// locked until what is returned is dropped, or the process ends: see [`is_locked`].
pub fn replace_and_lock(path: &Path, contents: &[u8]) -> io::Result<File> {
    let draft = path.with_extension("new");
    let written = write(&draft, contents, false, create_with_owner_of_folder);
    // Before it has its name, so that it is never there without the lock. Another
    // user who was faster is not waited for.
    let written = written.inspect(|file| drop(file.try_lock()));
    publish_draft(&draft, path, written, false)
}

/// Appends to a file of one of our folders that has this length: all of it, or nothing.
pub fn append(path: &Path, contents: &[u8], length: u64) -> io::Result<()> {
    let file = open_own(path, OpenOptions::new().write(true))?;
    file.write_all_at(contents, length)
        .inspect_err(|_| drop(file.set_len(length)))
}

/// Replaces a file that every user may read, as [`replace`] does; its draft's name is its
/// own with `.new` behind it.
pub fn replace_public(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    let written = write(draft, contents, false, create);
    let public = |file: File| {
        file.set_permissions(Permissions::from_mode(0o644))?;
        Ok(file)
    };
    publish_draft(draft, path, written.and_then(public), false).map(drop)
}

/// True if a process holds the lock of a file that [`replace_and_lock`] wrote.
pub fn is_locked(path: &Path) -> bool {
    let file = open_own(path, OpenOptions::new().read(true));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Checks that a folder, or the one that it would be made in, can be written to.
///
/// # Errors
/// That of the kernel. That this user may not is none: another may.
pub fn check_writable(folder: &Path) -> io::Result<()> {
    let mut folders = folder.ancestors();
    let Some(there) = folders.find(|folder| folder.exists()) else {
        return Ok(());
    };
    if !there.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let probe = there.join(format!("wansync.{}.new", std::process::id()));
    // A full file system may still have room for a name.
    let written = write(&probe, &[0; 4096], false, create);
    remove(&probe);
    written.map(drop).or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Ok(()),
        _ => Err(error),
    })
}

/// Stands for the content of a file without reading it, for as long as this boot lasts;
/// never 0.
pub fn stamp(path: &Path) -> u64 {
    fs::metadata(path).map_or(1, |what| {
        let changed = (what.ctime() as u64).wrapping_mul(1_000_000_000);
        let changed = changed.wrapping_add(what.ctime_nsec() as u64);
        changed.wrapping_add(what.ino()).max(2)
    })
}

/// The room that a draft takes before anything is in it, in bytes: a full file system may
/// still have room for a name.
const DRAFT_ROOM: usize = 8192;

/// A new content of a file that a person named, for its owner alone, which stands beside it
/// until it is complete. What is not published leaves nothing behind, and the file as it
/// was; if the process is killed, too, where the file system has files without a name.
/// What is no file (`/dev/stdout`) stays what it is, and so does every file beside it.
pub struct Draft {
    path: PathBuf,
    draft: PathBuf,
    file: File,
    is_named: bool,
}

impl Draft {
    /// Makes the draft of a file, with some room for what will be in it.
    ///
    /// # Errors
    /// In words that follow on "cannot write FILE".
    pub fn create(path: &Path) -> io::Result<Draft> {
        check_replaceable(path)?;
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}.new", std::process::id()));
        let draft = PathBuf::from(draft);
        let (file, is_named) = match create_unnamed(parent_of(path)) {
            Ok(file) => (file, false),
            Err(_) => (create(&draft)?, true),
        };
        let mut new = Draft {
            path: path.to_owned(),
            draft,
            file,
            is_named,
        };
        new.file.write_all(&vec![0; DRAFT_ROOM])?;
        Ok(new)
    }

    /// The file that it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fills the draft, and puts it in the place of the file.
    pub fn publish(mut self, contents: &[u8]) -> io::Result<()> {
        if !self.is_named && name_file(&self.file, &self.draft).is_err() {
            self.file = create(&self.draft)?;
        }
        self.is_named = true;
        self.file.write_all_at(contents, 0)?;
        self.file.set_len(contents.len() as u64)?;
        self.file.sync_all()?;
        fs::rename(&self.draft, &self.path)?;
        sync_folder(&self.path);
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_named {
            remove(&self.draft);
        }
    }
}

/// A file in this folder that has no name yet, and is gone with the process.
fn create_unnamed(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let unnamed = OFlags::TMPFILE.bits() as i32;
    options
        .write(true)
        .mode(0o600)
        .custom_flags(unnamed)
        .open(folder)
}

/// Gives a file that has no name one that is free.
fn name_file(file: &File, path: &Path) -> io::Result<()> {
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

/// Says whether there is something of this name.
///
/// # Errors
/// It is nothing that a file may be put in the place of.
pub fn check_replaceable(path: &Path) -> io::Result<bool> {
    if fs::metadata(path).is_ok_and(|what| !what.is_file()) {
        return Err(io::Error::other("is not a regular file"));
    }
    Ok(fs::symlink_metadata(path).is_ok())
}

/// Gives a draft its name, if it could be written, and returns the file.
fn publish_draft(
    draft: &Path,
    path: &Path,
    written: io::Result<File>,
    durable: bool,
) -> io::Result<File> {
    let replaced = written.and_then(|file| fs::rename(draft, path).map(|()| file));
    if replaced.is_err() {
        // On a full disk, half a draft would take what little room there is.
        remove(draft);
    } else if durable {
        sync_folder(path);
    }
    replaced
}

/// Has a new name reach the flash, too. A file system that cannot sync a folder has no
/// better to offer.
fn sync_folder(path: &Path) {
    let _ = File::open(parent_of(path)).and_then(|folder| folder.sync_all());
}

/// Writes a file that is ours alone: not one that was left there, with its
/// permissions, or the one that a link points to.
fn write(
    path: &Path,
    contents: &[u8],
    durable: bool,
    create: fn(&Path) -> io::Result<File>,
) -> io::Result<File> {
    let mut file = create(path).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists if !remove(path) => Err(trap(path, Code::FileInTheWay)),
        io::ErrorKind::AlreadyExists => create(path),
        _ => Err(error),
    })?;
    file.write_all(contents)?;
    if durable {
        file.sync_all()?;
    }
    Ok(file)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    options.open(path)
}

/// Creates a file that belongs to the owner of its folder. The daemon of a
/// router runs as a user of its own, beside what root runs by hand and from
/// hotplug: it must be able to read what they leave. Only a file that was made
/// just now is given away, never what another process put in its place.
fn create_with_owner_of_folder(path: &Path) -> io::Result<File> {
    let file = create(path)?;
    if let (Ok(folder), Ok(own)) = (fs::metadata(parent_of(path)), file.metadata())
        && (folder.uid(), folder.gid()) != (own.uid(), own.gid())
    {
        // Only root can.
        let _ = fchown(&file, Some(folder.uid()), Some(folder.gid()));
    }
    Ok(file)
}

/// Opens a file of one of our folders to write to, or makes an empty one.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    let open = || open_own(path, OpenOptions::new().write(true));
    open().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            create_with_owner_of_folder(path).or_else(|error| match error.kind() {
                // Another process was faster.
                io::ErrorKind::AlreadyExists => open(),
                _ => Err(error),
            })
        }
        _ => Err(error),
    })
}

/// Does something in one of our folders, which is made if it is not there.
pub fn with_folder<T>(folder: &Path, what: &dyn Fn() -> io::Result<T>) -> io::Result<T> {
    let checked = || check_folder(folder).and_then(|()| what());
    checked().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => make_folder(folder).and_then(|()| checked()),
        _ => Err(error),
    })
}

/// Makes a folder and its parents, for the owner alone.
fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Makes an empty file, if there is none.
pub fn touch(path: &Path) -> io::Result<()> {
    open_or_create(path).map(drop)
}

/// True if this user may not even see if there is something of this name.
pub fn is_out_of_sight(path: &Path) -> bool {
    let looked = fs::symlink_metadata(path);
    looked.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// True if there is a regular file of this name.
pub fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|what| what.is_file())
}

/// True if there is a folder of this name.
pub fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|what| what.is_dir())
}

/// Removes a file; says whether there was one.
pub fn remove(path: &Path) -> bool {
    fs::remove_file(path).is_ok()
}

/// Why a file cannot be read, in words that follow on its name.
pub fn read_error(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::NotFound => reason!(FileMissing),
        io::ErrorKind::PermissionDenied => reason!(FileClosed),
        io::ErrorKind::InvalidInput => os_error::reason(error),
        _ => reason!(FileUnreadable, error = error.to_string()),
    }
}
