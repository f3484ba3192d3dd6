//! The VPNKI accounts of the daemon: when each is looked at, in a child process
//! as [`super::sections`] says why.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::arguments;
use crate::agent::account;
use crate::agent::paths::Paths;
use crate::sys::child::Child;
use crate::sys::clock;
use wansync_core::config::Config;

/// Two calls of 30 s each, and some time around them.
const LONGEST: Duration = Duration::from_secs(75);

/// The accounts that some tunnel belongs to.
pub struct Accounts {
    all: Vec<Account>,
}

struct Account {
    name: String,
    /// When it is looked at next, since boot.
    due: Duration,
    look: Option<Child>,
}

impl Accounts {
    /// Those of these names.
    pub fn new(names: Vec<String>) -> Accounts {
        let account = |name| Account {
            name,
            due: Duration::ZERO,
            look: None,
        };
        Accounts {
            all: names.into_iter().map(account).collect(),
        }
    }

    /// Has each looked at as soon as it may be.
    pub fn hurry(&mut self) {
        for account in &mut self.all {
            account.due = Duration::ZERO;
        }
    }

    /// When there is something to do, since boot.
    pub fn due(&self) -> Option<Duration> {
        let due = |account: &Account| account.look.as_ref().map_or(account.due, Child::deadline);
        self.all.iter().map(due).min()
    }

    /// Starts the looks that are due, or `wanted` at once. Gives the accounts
    /// that were looked at, or cannot be now.
    pub fn work(
        &mut self,
        paths: &Paths,
        config: &Config,
        input: Option<BorrowedFd<'_>>,
        wanted: &[String],
    ) -> Vec<String> {
        let now = clock::since_boot();
        let mut looked = Vec::new();
        for account in &mut self.all {
            if let Some(child) = &mut account.look {
                if child.poll_end().is_none() {
                    continue;
                }
                account.look = None;
                account.due = account.next(paths, config, now, false);
                looked.push(account.name.clone());
            }
            let is_wanted = wanted.contains(&account.name);
            if is_wanted || account.due <= now {
                // After a hurry it may still be too early.
                account.due = account.next(paths, config, now, true);
            }
            if account.due <= now {
                account.begin(paths, input);
            } else if is_wanted {
                // What was found a moment ago, or is not to be had, will do.
                looked.push(account.name.clone());
            }
        }
        looked
    }
}

impl Account {
    /// When it is to be looked at: `now` itself, and no later, if at once.
    fn next(&self, paths: &Paths, config: &Config, now: Duration, is_urgent: bool) -> Duration {
        let pause = match is_urgent {
            true => account::soonest(paths, config, &self.name),
            false => account::due(paths, config, &self.name),
        };
        // One that is never looked at is asked about once in a while.
        let pause = pause.unwrap_or(3600).max(0);
        now + Duration::from_secs(pause as u64)
    }

    fn begin(&mut self, paths: &Paths, input: Option<BorrowedFd<'_>>) {
        let words = arguments(&["--look", &self.name], input);
        match Child::start_self(&paths.arguments(&words, &[]), input, LONGEST) {
            Ok(child) => self.look = Some(child),
            Err(error) => {
                log::error!("cannot look at account '{}': {error}", self.name);
                self.due = clock::since_boot() + LONGEST;
            }
        }
    }
}
