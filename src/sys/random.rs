//! Random numbers for jitter. They keep routers apart; they guard no secret.

use std::time::Duration;

use super::clock;

/// A number that differs from router to router and from call to call.
///
/// The kernel's generator is asked without waiting for it: early at boot it
/// may have nothing to give yet, and then the clock has to do.
pub fn number() -> u32 {
    let mut bytes = [0; 4];
    let flags = rustix::rand::GetRandomFlags::NONBLOCK;
    match rustix::rand::getrandom(&mut bytes, flags) {
        Ok(4) => u32::from_ne_bytes(bytes),
        _ => mixed(clock::since_boot()),
    }
}

fn mixed(time: Duration) -> u32 {
    time.subsec_nanos().wrapping_mul(2_654_435_761) >> 7
}
