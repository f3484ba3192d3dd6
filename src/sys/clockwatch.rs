//! Notices that somebody set the wall clock: NTP's first answer, or a person.
//!
//! It is the kernel that tells (`TFD_TIMER_CANCEL_ON_SET` of
//! timerfd_create(2)), so nothing has to wake up to look. A clock that is only
//! made to run faster or slower is not set.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::clock;

/// A timer that is not meant to run out: it is readable once the clock was set.
#[derive(Debug)]
pub struct ClockWatch(OwnedFd);

impl ClockWatch {
    /// Watches the wall clock from now on.
    pub fn open() -> io::Result<ClockWatch> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let watch = ClockWatch(timerfd_create(TimerfdClockId::Realtime, flags)?);
        watch.arm()?;
        Ok(watch)
    }

    /// Whether the clock was set since the last time; never waits, and watches on.
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
        let end = Itimerspec {
            it_interval: seconds(0),
            it_value: seconds(far_from(clock::now().wall)),
        };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        match timerfd_settime(&self.0, flags, &end) {
            // It runs; the clock was set while it was being wound up.
            Ok(_) | Err(Errno::CANCELED) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl AsFd for ClockWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A moment long after `wall`, both in seconds since 1970. As long as it can,
/// it stays within 32 bits: musl's older interface takes no more. A timer that
/// lies in the past would run out at once, again and again.
fn far_from(wall: i64) -> i64 {
    const LAST_OF_32_BITS: i64 = i32::MAX as i64;
    const TEN_YEARS: i64 = 10 * 366 * 86_400;
    match wall < LAST_OF_32_BITS - 86_400 {
        true => LAST_OF_32_BITS,
        false => wall.saturating_add(TEN_YEARS),
    }
}

fn seconds(seconds: i64) -> Timespec {
    Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;

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
            assert!(far_from(wall) > wall, "{wall}");
        }
    }

    #[test]
    fn a_clock_that_nobody_sets_is_quiet() {
        let mut watch = ClockWatch::open().expect("a timer");
        let ready = poll(&mut [PollFd::new(&watch, PollFlags::IN)], Some(&seconds(0)));
        assert_eq!(ready, Ok(0));
        assert!(!watch.take());
    }

    #[test]
    fn a_timer_that_ran_out_is_wound_up_again() {
        let mut watch = ClockWatch::open().expect("a timer");
        let past = Itimerspec {
            it_interval: seconds(0),
            it_value: seconds(1),
        };
        timerfd_settime(&watch, TimerfdTimerFlags::ABSTIME, &past).expect("set");
        let mut fds = [PollFd::new(&watch, PollFlags::IN)];
        assert_eq!(poll(&mut fds, Some(&seconds(30))), Ok(1));
        assert!(!watch.take());
        let ready = poll(&mut [PollFd::new(&watch, PollFlags::IN)], Some(&seconds(0)));
        assert_eq!(ready, Ok(0));
    }
}
