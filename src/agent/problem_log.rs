//! Problems of the configuration, each logged once.
//!
//! A pass comes every few minutes, and the log of a router holds a few hundred
//! lines: a problem that the last pass logged is not logged again. A person at a
//! terminal sees all of them.

use log::Level;

use crate::sys::log as logging;
use wansync_core::text::fingerprint;

/// The problems that one pass logs at the most.
const MAX_LOGGED: usize = 50;

/// The problems of one pass.
pub struct ProblemLog {
    /// Sorted, like `now`.
    before: Vec<u32>,
    now: Vec<u32>,
    logged: usize,
    all: bool,
}

impl ProblemLog {
    /// The log of a pass, after one that logged these.
    pub fn new(mut last: Vec<u32>) -> ProblemLog {
        last.sort_unstable();
        last.dedup();
        ProblemLog {
            before: last,
            now: Vec::new(),
            logged: 0,
            all: logging::is_read_at_a_terminal(),
        }
    }

    /// Logs a problem, if it is news.
    pub fn log_once(&mut self, target: &str, level: Level, text: &str) {
        let number = fingerprint(text);
        let Err(place) = self.now.binary_search(&number) else {
            return;
        };
        self.now.insert(place, number);
        if !self.all && self.before.binary_search(&number).is_ok() {
            return;
        }
        self.logged += 1;
        if self.logged <= MAX_LOGGED {
            log::log!(target: target, level, "{text}");
        }
        if self.logged == MAX_LOGGED {
            log::warn!("there is more like this; 'wansync check' lists it all");
        }
    }

    /// The numbers to remember for the next pass, if they are not what is remembered.
    pub fn changed_numbers(self) -> Option<Vec<u32>> {
        (self.now != self.before).then_some(self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_logged_is_not_logged_again() {
        let logged = |last: &[u32], texts: &[&str]| {
            let mut problems = ProblemLog::new(last.to_vec());
            problems.all = false;
            for text in texts {
                problems.log_once("test", Level::Warn, text);
            }
            (
                problems.logged,
                problems.changed_numbers().unwrap_or_default(),
            )
        };
        let (count, first) = logged(&[], &["one", "two", "one"]);
        assert_eq!((count, first.len()), (2, 2));
        let (count, second) = logged(&first, &["two", "three"]);
        assert_eq!((count, second.len()), (1, 2));
        // One that was away for a pass is news.
        assert_eq!(logged(&second, &["one"]).0, 1);
    }
}
