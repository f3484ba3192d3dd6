//! Who can reach a file, from the modes of the folders on the way to it.
//!
//! ```
//! use wansync_core::config::permissions::PathPart;
//!
//! let part = |path: &str, mode| PathPart { path: path.into(), mode, owner: 0, group: 0 };
//! let key = [part("/", 0o755), part("/etc", 0o755), part("/etc/key", 0o644)];
//! let warnings = wansync_core::config::permissions::exposures(&key);
//! assert_eq!(
//!     warnings[0].to_string(),
//!     "every user may read the key in /etc/key; chmod 600 /etc/key"
//! );
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::reason;
use crate::reason::{Code, Reason};

/// A folder on the way to a file, or the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPart {
    /// Its path.
    pub path: String,
    /// Its permissions, as in `st_mode`.
    pub mode: u32,
    /// The number of its owner.
    pub owner: u32,
    /// The number of its group.
    pub group: u32,
}

/// The user that a program runs as: the numbers of the user and of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The number of the user.
    pub id: u32,
    /// The number of its group.
    pub group: u32,
}

/// In a folder with this bit only a file's owner can put another in its place.
const STICKY: u32 = 0o1000;
const GROUP_OR_OTHERS_WRITE: u32 = 0o022;

/// The ways in which others than its owner can get at a key, or put another in its place,
/// each with what mends it. Of the parts the file is the last.
pub fn exposures(parts: &[PathPart]) -> Vec<Reason> {
    let Some((file, folders)) = parts.split_last() else {
        return Vec::new();
    };
    let path = &file.path;
    let is_open =
        |folder: &&PathPart| folder.mode & GROUP_OR_OTHERS_WRITE != 0 && folder.mode & STICKY == 0;
    let folder = folders
        .iter()
        .find(is_open)
        .map(|folder| reason!(KeyReplaceable, file = path, folder = &folder.path));
    let exposure = match file.mode {
        mode if mode & 0o004 != 0 => Some(Code::KeyReadableByAll),
        mode if mode & 0o040 != 0 => Some(Code::KeyReadableByGroup),
        mode if mode & GROUP_OR_OTHERS_WRITE != 0 => Some(Code::KeyWritable),
        _ => None,
    };
    let file = exposure.map(|code| Reason::of(code).with(path));
    file.into_iter().chain(folder).collect()
}

/// The first part that keeps a user from reading the file, in words that follow on the
/// user's name.
pub fn obstacle(parts: &[PathPart], user: User) -> Option<Reason> {
    let (file, folders) = parts.split_last()?;
    let closed = folders.iter().find(|folder| !folder.grants(user, 0o1));
    match closed {
        Some(folder) => Some(reason!(MayNotEnter, file = &folder.path)),
        None => (!file.grants(user, 0o4)).then(|| reason!(MayNotRead, file = &file.path)),
    }
}

impl PathPart {
    /// True if the mode allows this user what these bits of three say.
    fn grants(&self, user: User, bits: u32) -> bool {
        let shift = match () {
            () if self.owner == user.id => 6,
            () if self.group == user.group => 3,
            () => 0,
        };
        user.id == 0 || self.mode >> shift & bits == bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(path: &str, mode: u32, owner: u32, group: u32) -> PathPart {
        PathPart {
            path: path.into(),
            mode,
            owner,
            group,
        }
    }

    #[test]
    fn what_exposes_a_key() {
        let table: [(u32, u32, &[&str]); 12] = [
            (0o700, 0o600, &[]),
            (0o755, 0o400, &[]),
            (0o1777, 0o600, &[]),
            (0o755, 0o700, &[]),
            (
                0o755,
                0o604,
                &["every user may read the key in /d/k; chmod 600 /d/k"],
            ),
            (
                0o755,
                0o644,
                &["every user may read the key in /d/k; chmod 600 /d/k"],
            ),
            (
                0o755,
                0o640,
                &["others of its group may read the key in /d/k; chmod 600 /d/k"],
            ),
            (
                0o755,
                0o660,
                &["others of its group may read the key in /d/k; chmod 600 /d/k"],
            ),
            (
                0o755,
                0o602,
                &["others may change the key in /d/k; chmod 600 /d/k"],
            ),
            (
                0o755,
                0o620,
                &["others may change the key in /d/k; chmod 600 /d/k"],
            ),
            (
                0o777,
                0o600,
                &["others may put another key in the place of /d/k; chmod go-w /d"],
            ),
            (
                0o770,
                0o644,
                &[
                    "every user may read the key in /d/k; chmod 600 /d/k",
                    "others may put another key in the place of /d/k; chmod go-w /d",
                ],
            ),
        ];
        for (folder, file, expected) in table {
            let parts = [
                part("/", 0o40_755, 0, 0),
                part("/d", 0o40_000 | folder, 0, 0),
                part("/d/k", 0o100_000 | file, 0, 0),
            ];
            let found: Vec<String> = exposures(&parts).iter().map(Reason::to_string).collect();
            assert_eq!(found, expected, "{folder:o} {file:o}");
        }
        assert!(exposures(&[]).is_empty());
    }

    #[test]
    fn what_keeps_a_user_out() {
        let user = User {
            id: 455,
            group: 456,
        };
        let table = [
            ((0o755, 0, 0), (0o600, 455, 456), None),
            ((0o700, 455, 0), (0o400, 455, 0), None),
            ((0o750, 0, 456), (0o640, 0, 456), None),
            ((0o711, 0, 0), (0o604, 0, 0), None),
            ((0o750, 0, 0), (0o600, 455, 456), Some("may not enter /d")),
            ((0o700, 0, 456), (0o644, 0, 0), Some("may not enter /d")),
            // The owner's own bits count, whatever the others' are.
            ((0o077, 455, 0), (0o644, 0, 0), Some("may not enter /d")),
            ((0o755, 0, 0), (0o600, 0, 0), Some("may not read /d/k")),
            ((0o755, 0, 0), (0o200, 455, 0), Some("may not read /d/k")),
        ];
        for (folder, file, expected) in table {
            let parts = [
                part("/", 0o755, 0, 0),
                part("/d", folder.0, folder.1, folder.2),
                part("/d/k", file.0, file.1, file.2),
            ];
            let found = obstacle(&parts, user).map(|why| why.to_string());
            assert_eq!(found.as_deref(), expected, "{parts:?}");
            assert_eq!(obstacle(&parts, User { id: 0, group: 0 }), None);
        }
    }
}
