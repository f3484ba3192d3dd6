//! What the tests of several modules share.

use std::os::fd::AsFd;
use std::time::Duration;

use super::clock;
use super::wait::until_readable;

/// A span that only a hang exceeds.
pub const ENOUGH: Duration = Duration::from_secs(30);

/// Sleeps until one of them can be read, or until `limit` is over.
pub fn sleep_on(descriptors: &[impl AsFd], limit: Duration) -> bool {
    let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    let end = clock::since_boot() + limit;
    loop {
        let left = end.saturating_sub(clock::since_boot());
        let ready = until_readable(&descriptors, Some(left)).unwrap();
        if left.is_zero() || ready.contains(&true) {
            return ready.contains(&true);
        }
    }
}
