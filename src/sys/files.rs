//! Small files: read whole up to a limit, replaced whole or not at all.
#![expect(clippy::disallowed_methods, reason = "files are opened here")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// In words that follow on the file's name.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    read_optional(path, limit)?.ok_or_else(|| describe_read_error(&io::ErrorKind::NotFound.into()))
}

/// Reads a file as [`read`] does; `None` if there is no such file.
pub fn read_optional(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String> {
    let what = match fs::metadata(path) {
        Ok(what) => what,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(describe_read_error(&error)),
    };
    // A directory reads as an error, a pipe might never end.
    if what.is_dir() {
        return Err("is a directory".to_owned());
    }
    if !what.is_file() {
        return Err("is not a regular file".to_owned());
    }
    // Room for one byte more than there should be: it tells a file that grew.
    let expected = usize::try_from(what.len()).unwrap_or(limit).min(limit) + 1;
    let mut bytes = Vec::with_capacity(expected);
    File::open(path)
        .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| describe_read_error(&e))?;
    match bytes.len() > limit {
        true => Err(format!("is larger than {limit} bytes")),
        false => Ok(Some(bytes)),
    }
}

/// True if others than the owner and the group may read a file.
pub fn is_readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|what| what.mode() & 0o004 != 0)
}

/// Checks that there is a program of this name, and that it is executable.
///
/// # Errors
/// In words that follow on its name.
pub fn check_program(path: &Path) -> Result<(), String> {
    let what = fs::metadata(path).map_err(|error| describe_read_error(&error))?;
    match what.mode() & 0o111 {
        _ if what.is_dir() => Err("is a directory".to_owned()),
        0 => Err("is not executable; chmod +x it".to_owned()),
        _ => Ok(()),
    }
}

/// A file without a name, for its owner alone, to be read from. It was `path`
/// for a moment; a crash may leave it there, and the next one takes it away.
pub fn unnamed(path: &Path, contents: &[u8]) -> io::Result<File> {
    write(path, contents, false, create_with_owner_of_folder)?;
    let file = File::open(path);
    remove(path);
    file
}

/// Replaces a file so that a crash or a power cut at any moment leaves the old
/// contents or the new, whole. The file is for its owner alone. `durable` says
/// whether it must survive a power cut; on tmpfs nothing does.
pub fn replace(path: &Path, contents: &[u8], durable: bool) -> io::Result<()> {
    let draft = path.with_extension("new");
    let written = write(&draft, contents, durable, create_with_owner_of_folder);
    publish_draft(&draft, path, written, durable)
}

/// Replaces a file that a person named, so that it survives a power cut: what
/// is no file (`/dev/stdout`) stays what it is, and so does every file beside it.
pub fn save_beside(path: &Path, contents: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|what| !what.is_file()) {
        return Err(io::Error::other("is not a regular file"));
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = Path::new(&draft);
    if fs::symlink_metadata(draft).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    publish_draft(draft, path, write(draft, contents, true, create), true)
}

/// Gives a draft its name, if it could be written.
fn publish_draft(
    draft: &Path,
    path: &Path,
    written: io::Result<()>,
    durable: bool,
) -> io::Result<()> {
    let replaced = written.and_then(|()| fs::rename(draft, path));
    if replaced.is_err() {
        // On a full disk, half a draft would take what little room there is.
        remove(draft);
    } else if durable {
        // The new name must reach the flash too. A file system that cannot
        // sync a folder has no better to offer.
        let _ = File::open(parent_of(path)).and_then(|folder| folder.sync_all());
    }
    replaced
}

/// Writes a file that is ours alone: not one that was left there, with its
/// permissions, or the one that a link points to.
fn write(
    path: &Path,
    contents: &[u8],
    durable: bool,
    create: fn(&Path) -> io::Result<File>,
) -> io::Result<()> {
    let mut file = create(path).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => fs::remove_file(path).and_then(|()| create(path)),
        _ => Err(error),
    })?;
    file.write_all(contents)?;
    match durable {
        true => file.sync_all(),
        false => Ok(()),
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
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

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("/"),
    }
}

/// Opens a file to write to, or makes an empty one.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    let open = || OpenOptions::new().write(true).open(path);
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

/// Does something in a folder, which is made if it is not there.
pub fn with_folder<T>(folder: &Path, what: impl Fn() -> io::Result<T>) -> io::Result<T> {
    what().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => make_folder(folder).and_then(|()| what()),
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

/// Removes a file; says whether there was one.
pub fn remove(path: &Path) -> bool {
    fs::remove_file(path).is_ok()
}

fn describe_read_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
