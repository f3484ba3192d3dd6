//! Waits for what another thread or process does.

use std::thread;
use std::time::{Duration, Instant};

/// The bound of every wait: only a hang is longer, however busy the machine is.
pub const HANG: Duration = Duration::from_secs(120);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until this is so.
#[track_caller]
pub fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    assert!(comes_true(is_so), "waited in vain: {what}");
}

/// Waits until this is so; false if that would be a hang.
pub fn comes_true(mut is_so: impl FnMut() -> bool) -> bool {
    wait_for(|| is_so().then_some(())).is_some()
}

/// Waits until there is something; `None` if that would be a hang.
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        let found = look();
        if found.is_some() || begin.elapsed() > HANG {
            return found;
        }
        thread::sleep(PAUSE);
    }
}
