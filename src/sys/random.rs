//! Random numbers for jitter, which keep routers apart and guard no secret; and
//! whether the kernel has such as can guard one, for TLS.

use std::time::Duration;

use rustix::io::{Errno, retry_on_intr};
use rustix::rand::{GetRandomFlags, getrandom};

use super::clock;

/// A number that differs from router to router and from call to call.
///
/// The kernel's generator is asked without waiting for it: early at boot it
/// may have nothing to give yet, and then the clock has to do.
pub fn number() -> u32 {
    let mut bytes = [0; 4];
    match getrandom(&mut bytes, GetRandomFlags::NONBLOCK) {
        Ok(4) => u32::from_ne_bytes(bytes),
        _ => mix_clock(clock::since_boot()),
    }
}

/// True unless the kernel's generator has yet to be seeded. A kernel that cannot say, one
/// before 3.17, has no numbers for TLS, whose error tells so.
pub fn is_ready() -> bool {
    getrandom(&mut [0; 1], GetRandomFlags::NONBLOCK) != Err(Errno::AGAIN)
}

/// Waits until it has been seeded, without a bound.
///
/// From Linux 5.4 on this takes a second or so: a call that waits makes the kernel
/// gather what it needs from the jitter of its own timing, which asking without
/// waiting, as in [`is_ready`], never does. Before, a quiet router may need minutes.
pub fn wait_until_ready() {
    // It was there when it was asked without waiting, so it does not fail.
    let _ = retry_on_intr(|| getrandom(&mut [0; 1], GetRandomFlags::empty()));
}

fn mix_clock(time: Duration) -> u32 {
    // The upper bits are mixed best, and count most.
    time.subsec_nanos().wrapping_mul(2_654_435_761)
}
