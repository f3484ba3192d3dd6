//! The moment at which a confirmed address is sent again.
//!
//! Addresses that many routers were given at the same time, by a power cut or at night,
//! are not renewed at the same time: the first period after such an address is a random
//! part of `option refresh`, which the record keeps, and each later one is up to an eighth
//! shorter than that option says.

use core::time::Duration;

use crate::backoff;
use crate::state::Confirmed;
use crate::time::{Boot, Now, Wall};

/// The shortest part of a span that a period is, in 2^32ths.
const MIN_PHASE: u32 = u32::MAX / 8;

impl Confirmed {
    /// The acknowledgement of an address at `now`, after this one.
    pub fn acknowledged(
        address: core::net::IpAddr,
        before: Option<Confirmed>,
        now: Now,
        random: u32,
    ) -> Confirmed {
        let first = before.filter(|before| before.address == address);
        let phase = first.map_or(first_part(random), |first| first.phase);
        Confirmed {
            address,
            wall: first.map_or(now.wall, |first| first.wall),
            boot: now.boot,
            phase,
            period: match first {
                Some(_) => later_part(random),
                None => phase,
            },
            reckoned_by: None,
        }
    }

    /// The acknowledgement of an address by its date and phase alone, after a reboot.
    ///
    /// Renewals since were not recorded. It is assumed that each came when it was due, so
    /// that the next is due when it would have been, and not at every boot.
    pub fn recorded(
        address: core::net::IpAddr,
        (since, phase): (Wall, u32),
        refresh: Duration,
        now: Now,
    ) -> Confirmed {
        // With a clock that is not set the age is not known, until it is.
        let age = match now.clock_is_set() {
            true => now.wall.since(since),
            false => Duration::ZERO,
        };
        let first = period(refresh, phase);
        let (age, period) = match age.checked_sub(first) {
            None => (age, phase),
            Some(later) => (
                Duration::from_secs(later.as_secs() % refresh.as_secs().max(1)),
                0,
            ),
        };
        Confirmed {
            address,
            wall: since,
            boot: now.boot - age,
            phase,
            period,
            reckoned_by: Some(boot_date(now)),
        }
    }

    /// The acknowledgement, reckoned anew if the clock was put right since.
    #[must_use]
    pub fn follow_clock(self, refresh: Duration, now: Now) -> Confirmed {
        let is_wrong = |then: &Wall| boot_date(now).is_corrected(*then);
        match self.reckoned_by.filter(is_wrong) {
            Some(_) if now.clock_is_set() => {
                Confirmed::recorded(self.address, (self.wall, self.phase), refresh, now)
            }
            _ => self,
        }
    }

    /// The moment at which the address is sent again.
    pub fn refresh_at(&self, refresh: Duration) -> Boot {
        self.boot + period(refresh, self.period)
    }
}

/// The part of a span, in 2^32ths, that the first of many periods takes: from an eighth.
pub(crate) fn first_part(random: u32) -> u32 {
    MIN_PHASE + (random - random / 8)
}

/// The part of a span that a later period takes: from seven eighths.
pub(crate) fn later_part(random: u32) -> u32 {
    u32::MAX - (u32::MAX - random) / 8
}

/// A part of a span; 0, which a version left that drew none, is all of it.
pub(crate) fn period(span: Duration, part: u32) -> Duration {
    match part {
        0 => span,
        part => backoff::part(span, part),
    }
}

/// The date of this boot, by the clock of now.
fn boot_date(now: Now) -> Wall {
    now.wall - now.boot.since(Boot::START)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{BUILD_DATE, DAY, HOUR};

    const REFRESH: Duration = Duration::from_secs(3 * 86_400);

    fn address() -> core::net::IpAddr {
        [8, 8, 4, 4].into()
    }

    fn at(boot: i64, wall: Wall) -> Now {
        Now::new(Boot::from_secs(boot), wall)
    }

    fn hours(from: Boot, to: Boot) -> u64 {
        to.since(from).as_secs() / 3600
    }

    #[test]
    fn a_new_address_has_a_phase_and_later_periods_are_nearly_whole() {
        let now = at(1000, BUILD_DATE + DAY);
        for (random, first, later) in [(0, 9, 63), (1 << 31, 40, 67), (u32::MAX, 72, 72)] {
            let confirmed = Confirmed::acknowledged(address(), None, now, random);
            assert_eq!(hours(now.boot, confirmed.refresh_at(REFRESH)), first);
            let again = Confirmed::acknowledged(address(), Some(confirmed), now, random);
            assert_eq!(hours(now.boot, again.refresh_at(REFRESH)), later);
            assert_eq!(
                again.phase, confirmed.phase,
                "the record need not be written"
            );
            let other = Confirmed::acknowledged([8, 8, 8, 8].into(), Some(again), now, random);
            assert_eq!(other.phase, confirmed.phase);
            assert_eq!(hours(now.boot, other.refresh_at(REFRESH)), first);
        }
    }

    /// A million routers lose power together: what is due then is spread over the period.
    #[test]
    fn after_a_reboot_the_phase_is_what_it_was() {
        let since = BUILD_DATE + DAY;
        let half = 1 << 31;
        for (age, due) in [
            (0, 36),
            (10, 26),
            (35, 1),
            (36, 72),
            (100, 8),
            (180, 72),
            (190, 62),
        ] {
            let now = at(60, since + HOUR * age);
            let known = Confirmed::recorded(address(), (since, half), REFRESH, now);
            let left = known.refresh_at(REFRESH).since(now.boot);
            assert_eq!(left.as_secs().div_ceil(3600), due, "{age}");
        }
    }

    #[test]
    fn a_clock_that_is_set_later_tells_the_age() {
        let (since, phase) = (BUILD_DATE + DAY, 1 << 31);
        let real = |boot: i64| at(boot, since + 30 * HOUR + Duration::from_secs(boot as u64));
        for wrong in [Wall::from_secs(0), since, since + 20 * HOUR] {
            let early = at(20, wrong);
            let known = Confirmed::recorded(address(), (since, phase), REFRESH, early);
            assert_eq!(known.follow_clock(REFRESH, early), known);
            let right = known.follow_clock(REFRESH, real(60));
            assert_eq!(hours(Boot::from_secs(60), right.refresh_at(REFRESH)), 5);
            assert_eq!(right.follow_clock(REFRESH, real(600)), right);
            // One that is lost again tells nothing.
            assert_eq!(
                right.follow_clock(REFRESH, at(700, Wall::from_secs(0))),
                right
            );
        }
        // What was acknowledged in this boot does not depend on the clock.
        let sent = Confirmed::acknowledged(address(), None, at(20, since), phase);
        assert_eq!(sent.follow_clock(REFRESH, real(60)), sent);
    }
}
