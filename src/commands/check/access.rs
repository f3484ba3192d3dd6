//! What `wansync check` finds of rights and room: the folders of what is remembered, and
//! whether the daemon's user can read what it has to.

use super::findings::Findings;
use crate::agent::paths::Paths;
use crate::exit::Exit;
use crate::sys::lock::LOCKS;
use crate::sys::{files, netlink, os_error, trap, users};
use wansync_core::config::Config;
use wansync_core::config::permissions::{PathPart, User, obstacle};
use wansync_core::config::problem::{Problem, Severity};
use wansync_core::config::secret::KeySource;
use wansync_core::reason;
use wansync_core::reason::{Code, Reason};
use wansync_core::text::init;

/// Checks that both folders can be written, by writing there.
pub fn check_folders(paths: &Paths, findings: &mut Findings<'_>) {
    let folders: [(_, &[&str], _); 2] = [
        (&paths.state, &LOCKS[..], Code::CheckStateUnwritable),
        (
            &paths.record,
            &["record", "record.new"],
            Code::CheckRecordUnwritable,
        ),
    ];
    for (folder, files, consequence) in folders {
        let name = folder.display();
        let checked = trap::check_folder(folder)
            .and_then(|()| files::check_writable(folder))
            .and_then(|()| trap::check_files(folder, files));
        if let Err(error) = checked {
            let why = Reason::of(consequence)
                .with(name.to_string())
                .with(os_error::reason(&error));
            findings.bad(Exit::Later, why);
        }
        let parts = files::path_parts(folder);
        if parts.last().is_some_and(|part| part.mode & 0o022 != 0) {
            findings.warn(reason!(CheckFolderOpen, file = name.to_string()));
        }
    }
}

/// A test for the names of networks and devices of WireGuard.
pub fn wireguard_test(paths: &Paths) -> impl Fn(&str) -> bool + use<> {
    let networks = paths.network_file();
    move |name| networks.is_wireguard(name) || netlink::is_wireguard(name)
}

/// The daemon's user, where OpenWrt's service runs the daemon as one of its own.
pub struct DaemonReader<'a> {
    paths: &'a Paths,
    user: User,
    is_jailed: bool,
}

impl<'a> DaemonReader<'a> {
    /// `None` where the daemon is root's, or there is none.
    pub fn of(paths: &'a Paths, config: &Config) -> Option<DaemonReader<'a>> {
        let is_jailed = files::check_program("/sbin/ujail".as_ref()).is_ok();
        let is_own = init::has_own_user(config, &wireguard_test(paths), is_jailed);
        let user = is_own.then(users::daemon)??;
        Some(DaemonReader {
            paths,
            user,
            is_jailed,
        })
    }

    /// The problem with a section's key file that this user could not read.
    pub fn problem_of_key(&self, name: &str, source: &KeySource) -> Option<Problem> {
        let KeySource::File { path, line } = source else {
            return None;
        };
        let why = self.obstacle(path, true)?;
        let why = reason!(KeyOfDaemon, cause = why);
        Some(Problem::of_section(Severity::Error, *line, name, why))
    }

    /// The reason that this user could not read a file, in a sentence. Before the daemon
    /// starts, the folder of the record and keys become that user's if they are root's and
    /// no links; and of what is not below /etc a jail has the file alone.
    pub fn obstacle(&self, path: &str, is_key: bool) -> Option<Reason> {
        let mut parts = files::path_parts(path.as_ref());
        if self.is_jailed && !path.starts_with("/etc/") {
            parts.drain(..parts.len().saturating_sub(1));
        }
        let record = self.paths.record.display().to_string();
        let is_given = |part: &PathPart| part.path == record || is_key && part.path == path;
        for part in parts
            .iter_mut()
            .filter(|part| part.owner == 0 && is_given(part))
        {
            part.owner = self.user.id;
            part.group = self.user.group;
        }
        let why = obstacle(&parts, self.user)?;
        Some(reason!(DaemonMayNot, cause = why))
    }
}
