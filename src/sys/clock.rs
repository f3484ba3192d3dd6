//! The two clocks, and which boot this is.
#![expect(
    clippy::disallowed_methods,
    reason = "this is where the time is read; everything else is given it"
)]

use std::fs;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::core::time::Now;

/// The time on both clocks.
pub fn now() -> Now {
    let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    };
    Now {
        boot: since_boot().as_secs() as i64,
        wall,
    }
}

/// The time since boot, suspend included: for deadlines.
pub fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Names this boot. Times since boot mean nothing under another name.
pub fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Waits.
pub fn sleep(duration: Duration) {
    thread::sleep(duration);
}
