//! Traps that another user of the router can set: in a folder that is not root's alone, a
//! name may stand for a pipe that is waited for without end, or for a file of root's.
//!
//! Root, this user and the daemon's user are trusted; so is the owner of one of our
//! folders, if only root can have given it away.
#![expect(clippy::disallowed_methods, reason = "files are looked at here")]

use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::{identity, users};
use wansync_core::reason::{Code, Reason};

/// The kind of the errors about traps.
pub(super) const IS_TRAP: io::ErrorKind = io::ErrorKind::InvalidInput;

/// True if a socket of ours is there.
///
/// # Errors
/// Something else is there, or it is another user's.
pub fn find_socket(path: &Path) -> io::Result<bool> {
    let found = check_folder(parent_of(path)).and_then(|()| {
        let what = fs::symlink_metadata(path)?;
        check_own(path, &what, (FileTypeExt::is_socket, Code::FileNoSocket))
    });
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        found => found.map(|()| true),
    }
}

/// Checks that something in one of our folders is what we, or root, or the owner of the
/// folder made. With a second name it could be any file of root's, which its daemon's
/// user may not touch.
pub(super) fn check_own(
    path: &Path,
    what: &Metadata,
    (is_kind, otherwise): (fn(&FileType) -> bool, Code),
) -> io::Result<()> {
    let kind = what.file_type();
    let fault = if kind.is_symlink() {
        Code::FileLink
    } else if !is_kind(&kind) {
        otherwise
    } else if what.nlink() > 1 {
        Code::FileHardLink
    } else if !is_roots_or_ours(what)
        && !is_of_same_owner(what, parent_of(path))
        && !is_daemons(what)
    {
        Code::FileOfOther
    } else {
        return Ok(());
    };
    Err(trap(path, fault))
}

/// Checks that nothing else stands in the place of these files of ours, which need not be
/// there. What this user may not see is not its matter.
pub fn check_files(folder: &Path, names: &[&str]) -> io::Result<()> {
    for name in names {
        let path = folder.join(name);
        if let Ok(what) = fs::symlink_metadata(&path) {
            check_own(&path, &what, (FileType::is_file, Code::FileOtherKind))?;
        }
    }
    Ok(())
}

pub(super) fn trap(path: &Path, fault: Code) -> io::Error {
    let file = path.display().to_string();
    io::Error::new(IS_TRAP, Reason::of(fault).with(file))
}

/// Checks that one of our folders is not another user's trap: a link, or a folder which
/// that user could make, since root need not have given it away.
/// One that is not there is none.
pub fn check_folder(folder: &Path) -> io::Result<()> {
    let mut what = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        what => what?,
    };
    let mut fault = None;
    if what.is_symlink() {
        // Where root itself made the link, that is root's choice.
        if !is_roots_or_ours(&what) {
            fault = Some(Code::FolderLink);
        }
        what = fs::metadata(folder)?;
    }
    let is_given_away = || {
        let above = fs::metadata(parent_of(folder));
        above.is_ok_and(|above| is_roots_or_ours(&above) && above.mode() & 0o022 == 0)
    };
    if !what.is_dir() {
        fault = Some(Code::FolderNoFolder);
    } else if !is_roots_or_ours(&what) && !is_given_away() && !is_daemons(&what) {
        fault = Some(Code::FolderOfOther);
    }
    fault.map_or(Ok(()), |fault| Err(trap(folder, fault)))
}

fn is_roots_or_ours(what: &Metadata) -> bool {
    what.uid() == 0 || what.uid() == identity::own_user()
}

fn is_daemons(what: &Metadata) -> bool {
    users::daemon().is_some_and(|daemon| daemon.id == what.uid())
}

fn is_of_same_owner(what: &Metadata, folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|folder| folder.uid() == what.uid())
}

pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("/"),
    }
}
