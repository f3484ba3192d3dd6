//! The two clocks, and which boot this is.
#![expect(
    clippy::disallowed_methods,
    reason = "this is where the time is read; everything else is given it"
)]

use std::thread;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::files::read_text;
use wansync_core::time::{Boot, Now, Wall};

/// The time on both clocks.
pub fn now() -> Now {
    Now::new(boot(), wall())
}

/// The wall clock; Linux has none before 1970. Not by the standard library,
/// whose times are of 32 bits with musl on MIPS and ARM: from 2038 on it
/// panics. Where `libc` was built so as well, the clock stands still then.
pub fn since_1970() -> Duration {
    match clock_gettime(ClockId::CLOCK_REALTIME) {
        Ok(time) => time.into(),
        Err(_) => Duration::from_secs(i32::MAX as u64),
    }
}

/// The time since boot, suspend included: for deadlines. Not by `rustix`, for
/// the reason that `wait` gives.
pub fn since_boot() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME)
        .expect("since Linux 2.6.39 every kernel has this clock")
        .into()
}

/// The boot-time clock, as a moment.
pub fn boot() -> Boot {
    Boot::after_boot(since_boot())
}

/// The wall clock, as a date.
pub fn wall() -> Wall {
    Wall::from_secs(since_1970().as_secs() as i64)
}

/// Names this boot. Times since boot mean nothing under another name.
pub fn boot_id() -> String {
    let id = read_text("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Waits.
pub fn sleep(duration: Duration) {
    thread::sleep(duration);
}
