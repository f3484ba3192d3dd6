//! The VPNKI accounts of the daemon. Each is asked in a child process, as
//! [`super::sections`] says why.

use std::os::fd::BorrowedFd;

use super::child;
use crate::agent::account;
use crate::agent::paths::Paths;
use crate::sys::child::Child;
use crate::sys::clock;
use wansync_core::config::Config;
use wansync_core::time::Boot;
use wansync_core::tunnel::schedule::{AccountSchedule, MAX_QUERY_TIME};

/// The accounts that some tunnel belongs to.
pub(super) struct Accounts {
    all: Vec<ScheduledAccount>,
}

struct ScheduledAccount {
    name: String,
    schedule: AccountSchedule,
    query: Option<Child>,
}

impl Accounts {
    /// The accounts of these names.
    pub(super) fn new(names: Vec<String>) -> Accounts {
        let account = |name| ScheduledAccount {
            name,
            schedule: AccountSchedule::default(),
            query: None,
        };
        Accounts {
            all: names.into_iter().map(account).collect(),
        }
    }

    /// Makes each account due as soon as it may be asked.
    pub(super) fn expedite(&mut self) {
        for account in &mut self.all {
            account.schedule.expedite();
        }
    }

    /// The moment of the next step.
    pub(super) fn due(&self) -> Option<Boot> {
        self.all.iter().map(ScheduledAccount::due).min()
    }

    /// Starts the queries that are due, and those of the accounts `requested` at once.
    /// Gives the accounts that have answered, or cannot be asked now.
    pub(super) fn run_queries(
        &mut self,
        paths: &Paths,
        config: &Config,
        input: Option<BorrowedFd<'_>>,
        requested: &[String],
    ) -> Vec<String> {
        let mut answered = Vec::new();
        for account in &mut self.all {
            let is_requested = requested.contains(&account.name);
            if account.run_query(paths, config, input, is_requested) {
                answered.push(account.name.clone());
            }
        }
        answered
    }
}

impl ScheduledAccount {
    fn due(&self) -> Boot {
        match &self.query {
            Some(child) => Boot::after_boot(child.deadline()),
            None => self.schedule.due(),
        }
    }

    /// True if the account has answered, or cannot be asked now.
    fn run_query(
        &mut self,
        paths: &Paths,
        config: &Config,
        input: Option<BorrowedFd<'_>>,
        is_requested: bool,
    ) -> bool {
        let now = clock::boot();
        if let Some(child) = &mut self.query
            && child.poll_end().is_none()
        {
            return false;
        }
        let has_ended = self.query.take().is_some();
        if has_ended {
            let next_due = account::next_due(paths, config, &self.name);
            self.schedule.query_ended(next_due, now);
        }
        if is_requested || self.schedule.query_is_due(now) {
            // Whatever it is due for, it may still be too early.
            let state = account::state(paths, config, &self.name);
            self.schedule.hasten(state.as_ref(), now);
        }
        if self.schedule.query_is_due(now) {
            self.start_query(paths, input);
            return has_ended;
        }
        // What was found a moment ago, or is not to be had, will do for a request.
        has_ended || is_requested
    }

    fn start_query(&mut self, paths: &Paths, input: Option<BorrowedFd<'_>>) {
        match child::start(paths, &["--look", &self.name], input, MAX_QUERY_TIME) {
            Ok(child) => self.query = Some(child),
            Err(error) => {
                log::error!("cannot look at account '{}': {error}", self.name);
                self.schedule.query_failed(clock::boot());
            }
        }
    }
}
