//! Complaints that hold until somebody acts, such as an unknown option.
//!
//! Cron starts a pass every few minutes, and nobody reads a log in which each
//! of them says the same. So what the last pass complained of is remembered
//! until the next boot, and told again only at level debug. A person at a
//! terminal is told each time.

use std::cell::RefCell;
use std::collections::BTreeSet;

use log::Level;

use crate::sys::log as logging;
use crate::sys::store::Store;

/// What was complained of before, and what is now.
pub struct Told {
    store: Option<Store>,
    before: BTreeSet<String>,
    now: RefCell<BTreeSet<String>>,
}

impl Told {
    /// What was told before, by what is stored.
    pub fn recall(store: Store) -> Told {
        match logging::is_watched() {
            true => Told::nothing(),
            false => Told {
                before: store.told(),
                store: Some(store),
                now: RefCell::default(),
            },
        }
    }

    /// Nothing was told before, and nothing will be remembered.
    pub fn nothing() -> Told {
        Told {
            store: None,
            before: BTreeSet::new(),
            now: RefCell::default(),
        }
    }

    /// Logs a complaint, if it is news.
    pub fn tell(&self, level: Level, text: String) {
        let mut now = self.now.borrow_mut();
        let is_known = self.before.contains(&text) || now.contains(&text);
        log::log!(if is_known { Level::Debug } else { level }, "{text}");
        now.insert(text);
    }

    /// Remembers what was told. What cannot be remembered is told again.
    pub fn keep(&self) {
        let now = self.now.borrow();
        if let Some(store) = &self.store
            && *now != self.before
        {
            let _ = store.remember_told(&now);
        }
    }
}
