//! What is remembered of a section, for its configuration of today.

use crate::sys::digest::sha256;
use crate::sys::files;
use wansync_core::config::secret::Secret;
use wansync_core::config::{Main, Skydns, Vpnki};
use wansync_core::record::{RecordEntry, recall};
use wansync_core::state::SectionState;
use wansync_core::time::Now;
use wansync_core::tunnel::account::AccountState;

/// The way to the services that all sections share.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    ca_file: &'a str,
    /// Stands for the CA file as it is now.
    ca_file_stamp: u64,
}

impl<'a> Access<'a> {
    /// The way that the configuration names, as it is now.
    pub fn new(main: &'a Main) -> Access<'a> {
        Access {
            ca_file: &main.ca_file,
            ca_file_stamp: files::stamp(main.ca_file.as_ref()),
        }
    }

    /// The state of an account that is asked in this way now.
    pub fn of_account(&self, state: AccountState, account: &Vpnki) -> AccountState {
        let fingerprint = account.access_fingerprint(self.ca_file, sha256);
        state.for_access(&fingerprint, self.ca_file_stamp)
    }

    /// Stands for the way of this section.
    pub fn fingerprint(&self, section: &Skydns) -> String {
        section.access_fingerprint(self.ca_file, sha256)
    }
}

/// The state of a section for its configuration of today. `stored` is that of the file of
/// this boot, and `entry` that of the record, if they are there.
pub fn remembered_state(
    stored: Option<SectionState>,
    entry: Option<&RecordEntry>,
    section: &Skydns,
    key: Option<&Secret>,
    access: Access<'_>,
    now: Now,
) -> SectionState {
    recall(stored, entry, section.policy.refresh, now)
        .for_config(&section.fingerprint(key, sha256))
        .for_access(&access.fingerprint(section), access.ca_file_stamp)
        .clamp_future_times(now)
}
