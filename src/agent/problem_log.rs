//! What is wrong with the configuration, told once.
//!
//! A pass comes every few minutes, and the log of a router holds a few hundred
//! lines: what the last pass told already is not told again. Whoever is at a
//! terminal is told everything.

use log::Level;

use crate::sys::log as logging;

/// How many complaints one pass logs.
const MOST: usize = 50;

/// The complaints of one pass.
pub struct Complaints {
    /// Sorted, like `now`.
    before: Vec<u32>,
    now: Vec<u32>,
    logged: usize,
    all: bool,
}

impl Complaints {
    /// Begins with what the last pass complained of.
    pub fn after(mut last: Vec<u32>) -> Complaints {
        last.sort_unstable();
        last.dedup();
        Complaints {
            before: last,
            now: Vec::new(),
            logged: 0,
            all: logging::is_read_by_a_person(),
        }
    }

    /// Logs a complaint, if it is news.
    pub fn tell(&mut self, target: &str, level: Level, text: &str) {
        let number = number(text);
        let Err(place) = self.now.binary_search(&number) else {
            return;
        };
        self.now.insert(place, number);
        if !self.all && self.before.binary_search(&number).is_ok() {
            return;
        }
        self.logged += 1;
        if self.logged <= MOST {
            log::log!(target: target, level, "{text}");
        }
        if self.logged == MOST {
            log::warn!("there is more like this; 'wansync check' lists it all");
        }
    }

    /// What to remember of them for the next pass, if it is not what is remembered.
    pub fn news(self) -> Option<Vec<u32>> {
        (self.now != self.before).then_some(self.now)
    }
}

/// Stands for a text: FNV-1a. Two that share a number cost one log line.
fn number(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_not_told_again() {
        let tell = |last: &[u32], texts: &[&str]| {
            let mut complaints = Complaints::after(last.to_vec());
            complaints.all = false;
            for text in texts {
                complaints.tell("test", Level::Warn, text);
            }
            (complaints.logged, complaints.news().unwrap_or_default())
        };
        let (logged, first) = tell(&[], &["one", "two", "one"]);
        assert_eq!((logged, first.len()), (2, 2));
        let (logged, second) = tell(&first, &["two", "three"]);
        assert_eq!((logged, second.len()), (1, 2));
        // One that was away for a pass is news.
        assert_eq!(tell(&second, &["one"]).0, 1);
    }
}
