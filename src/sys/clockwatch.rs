//! A watch over the wall clock, for when it is set: by NTP's first answer, or a person.
//!
//! The kernel reports it (`TFD_TIMER_CANCEL_ON_SET` of
//! timerfd_create(2)), so nothing has to wake up to look. A clock that is only
//! made to run faster or slower is not set.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use rustix::io::Errno;

use wansync_core::time::{DAY, Wall, whole_seconds};

use super::clock;

/// A timer that is not meant to run out: it is readable once the clock was set.
#[derive(Debug)]
pub struct ClockWatch(TimerFd);

impl ClockWatch {
    /// Watches the wall clock from now on.
    pub fn open() -> io::Result<ClockWatch> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let watch = ClockWatch(TimerFd::new(ClockId::CLOCK_REALTIME, flags)?);
        watch.arm()?;
        Ok(watch)
    }

    /// True if the clock was set since the last call; never waits, and watches on.
    pub fn take(&mut self) -> bool {
        let was_set = match rustix::io::read(&self.0, &mut [0; 8]) {
            Err(Errno::CANCELED) => true,
            Err(_) => return false,
            // It ran out, decades later.
            Ok(_) => false,
        };
        // Where this fails, the timer is spent and silent: no clock will be
        // noticed any more, but nothing spins either.
        let _ = self.arm();
        was_set
    }

    fn arm(&self) -> io::Result<()> {
        use TimerSetTimeFlags as Flags;
        let flags = Flags::TFD_TIMER_ABSTIME | Flags::TFD_TIMER_CANCEL_ON_SET;
        match self.0.set(expiration_at(long_after(clock::wall())), flags) {
            // It runs; the clock was set while it was being wound up.
            Ok(()) | Err(nix::errno::Errno::ECANCELED) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl AsFd for ClockWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A date long after `now`. As long as it can, it stays within 32 bits: musl's older
/// interface takes no more. A timer that lies in the past would run out at once, again
/// and again.
fn long_after(now: Wall) -> Wall {
    const LAST_OF_32_BITS: Wall = Wall::from_secs(i32::MAX as i64);
    match now + DAY < LAST_OF_32_BITS {
        true => LAST_OF_32_BITS,
        false => now + 3660 * DAY,
    }
}

fn expiration_at(date: Wall) -> Expiration {
    Expiration::OneShot(TimeSpec::from_duration(whole_seconds(date.secs())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sys::wait::{Readiness, until_ready};

    fn rings(watch: &ClockWatch, seconds: u64) -> bool {
        until_ready(watch, Readiness::Input, Duration::from_secs(seconds)).expect("polled")
    }

    #[test]
    fn the_timer_never_lies_in_the_past() {
        for wall in [
            -1,
            0,
            1_800_000_000,
            2_147_400_000,
            4_000_000_000,
            i64::MAX - 1,
        ] {
            let wall = Wall::from_secs(wall);
            assert!(long_after(wall) > wall, "{wall:?}");
        }
    }

    #[test]
    fn a_clock_that_nobody_sets_is_quiet() {
        let mut watch = ClockWatch::open().expect("a timer");
        assert!(!rings(&watch, 0));
        assert!(!watch.take());
    }

    #[test]
    fn a_timer_that_ran_out_is_wound_up_again() {
        let mut watch = ClockWatch::open().expect("a timer");
        let past = watch.0.set(
            expiration_at(Wall::from_secs(1)),
            TimerSetTimeFlags::TFD_TIMER_ABSTIME,
        );
        past.expect("set");
        assert!(rings(&watch, 30));
        assert!(!watch.take());
        assert!(!rings(&watch, 0));
    }
}
