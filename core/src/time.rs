//! Time as a value, and the calendar.
//!
//! Delays are measured on the boot-time clock, because a router boots with a
//! wrong wall clock that jumps by months when NTP answers. The wall clock is
//! needed only for what must outlive a reboot. So a moment is a [`Boot`] or a
//! [`Wall`], which cannot be mixed up, and a span is a [`Duration`].

use alloc::format;
use alloc::string::String;
use core::cmp::Ordering;
use core::ops::{Add, Sub};
use core::time::Duration;

use crate::json::{Json, JsonWriter, Persist};

/// One minute.
pub const MINUTE: Duration = Duration::from_secs(60);
/// One hour.
pub const HOUR: Duration = Duration::from_secs(3600);
/// One day.
pub const DAY: Duration = Duration::from_secs(SECONDS_OF_DAY as u64);

/// The seconds of a day, for the calendar.
pub const SECONDS_OF_DAY: i64 = 86_400;

/// A moment on the boot-time clock (Linux's `CLOCK_BOOTTIME`, which counts suspend).
/// It may lie before this boot. Sums saturate, so that a damaged file can hold any
/// number: no router is up for 68 years, and half of the processors that this runs on
/// have registers of 32 bits.
///
/// In files it is whole seconds.
///
/// ```
/// use core::time::Duration;
/// use wansync_core::time::Boot;
///
/// let at = Boot::from_secs(90) + Duration::from_millis(1500);
/// assert_eq!(at.since(Boot::from_secs(90)), Duration::from_millis(1500));
/// assert_eq!(Boot::from_secs(90).since(at), Duration::ZERO);
/// assert_eq!(at.secs(), 91);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Boot {
    secs: i32,
    /// Less than a second, after `secs`.
    nanos: u32,
}

impl Boot {
    /// The moment of the boot.
    pub const START: Boot = Boot::from_secs(0);
    /// The last moment that there is: for what is never due.
    pub const NEVER: Boot = Boot {
        secs: i32::MAX,
        nanos: 0,
    };

    /// The moment so many whole seconds after the boot.
    pub const fn from_secs(secs: i64) -> Boot {
        let secs = if secs > i32::MAX as i64 {
            i32::MAX
        } else if secs < i32::MIN as i64 {
            i32::MIN
        } else {
            secs as i32
        };
        Boot { secs, nanos: 0 }
    }

    /// The moment so long after the boot.
    pub const fn after_boot(span: Duration) -> Boot {
        Boot {
            secs: saturating_secs(span),
            nanos: span.subsec_nanos(),
        }
    }

    /// Whole seconds since the boot, rounded down.
    pub const fn secs(self) -> i64 {
        self.secs as i64
    }

    /// The moment rounded down to a whole second.
    pub const fn whole_secs(self) -> Boot {
        Boot {
            secs: self.secs,
            nanos: 0,
        }
    }

    /// The span since `earlier`; zero, if that is later.
    pub fn since(self, earlier: Boot) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        let secs = self.secs.wrapping_sub(earlier.secs) as u32;
        let (borrow, nanos) = match self.nanos.checked_sub(earlier.nanos) {
            Some(nanos) => (0, nanos),
            None => (1, NANOS_PER_SECOND - (earlier.nanos - self.nanos)),
        };
        Duration::new(u64::from(secs - borrow), nanos)
    }
}

/// By one number: two that are compared in turn take more code wherever it is done.
impl Ord for Boot {
    fn cmp(&self, other: &Boot) -> Ordering {
        let place = |at: &Boot| i64::from(at.secs) << 32 | i64::from(at.nanos);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for Boot {
    fn partial_cmp(&self, other: &Boot) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A second, in nanoseconds.
const NANOS_PER_SECOND: u32 = 1_000_000_000;

impl Add<Duration> for Boot {
    type Output = Boot;

    #[inline(never)] // It is a few dozen instructions, in as many places.
    fn add(self, span: Duration) -> Boot {
        let nanos = self.nanos + span.subsec_nanos();
        let (carry, nanos) = if nanos < NANOS_PER_SECOND {
            (0, nanos)
        } else {
            (1, nanos - NANOS_PER_SECOND)
        };
        Boot {
            secs: self
                .secs
                .saturating_add(saturating_secs(span))
                .saturating_add(carry),
            nanos,
        }
    }
}

impl Sub<Duration> for Boot {
    type Output = Boot;

    fn sub(self, span: Duration) -> Boot {
        let (borrow, nanos) = match self.nanos.checked_sub(span.subsec_nanos()) {
            Some(nanos) => (0, nanos),
            None => (1, self.nanos + NANOS_PER_SECOND - span.subsec_nanos()),
        };
        Boot {
            secs: self
                .secs
                .saturating_sub(saturating_secs(span))
                .saturating_sub(borrow),
            nanos,
        }
    }
}

impl Persist for Boot {
    fn write_json(&self, out: &mut JsonWriter) {
        self.secs().write_json(out);
    }

    fn read(json: Json<'_>) -> Option<Boot> {
        i64::read(json).map(Boot::from_secs)
    }
}

/// A moment on the wall clock, in whole seconds since 1970-01-01 00:00:00 UTC: a
/// date. Sums saturate.
///
/// ```
/// use wansync_core::time::{DAY, Wall};
///
/// let first = Wall::from_secs(1_793_491_200);
/// assert_eq!(first.to_string(), "2026-11-01 00:00:00 UTC");
/// assert_eq!((first + DAY).since(first), DAY);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(i64);

impl Wall {
    /// The moment so many seconds after the beginning of 1970.
    pub const fn from_secs(secs: i64) -> Wall {
        Wall(secs)
    }

    /// Seconds since the beginning of 1970.
    pub const fn secs(self) -> i64 {
        self.0
    }

    /// The span since `earlier`; zero, if that is later.
    pub const fn since(self, earlier: Wall) -> Duration {
        whole_seconds(self.0.saturating_sub(earlier.0))
    }
}

impl Wall {
    /// True if the dates of one moment by two clocks are so far apart that one of them was
    /// put right since.
    pub(crate) fn is_corrected(self, other: Wall) -> bool {
        const MAX_CLOCK_ERROR: Duration = Duration::from_secs(5 * 60);
        self.since(other).max(other.since(self)) > MAX_CLOCK_ERROR
    }
}

impl Add<Duration> for Wall {
    type Output = Wall;

    fn add(self, span: Duration) -> Wall {
        Wall(self.0.saturating_add(seconds(span)))
    }
}

impl Sub<Duration> for Wall {
    type Output = Wall;

    fn sub(self, span: Duration) -> Wall {
        Wall(self.0.saturating_sub(seconds(span)))
    }
}

impl core::fmt::Display for Wall {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Civil::at(*self).fmt(f)
    }
}

impl Persist for Wall {
    fn write_json(&self, out: &mut JsonWriter) {
        self.0.write_json(out);
    }

    fn read(json: Json<'_>) -> Option<Wall> {
        i64::read(json).map(Wall)
    }
}

/// The whole seconds of a span, as far as a `Boot` counts.
const fn saturating_secs(span: Duration) -> i32 {
    let secs = span.as_secs();
    if secs > i32::MAX as u64 {
        i32::MAX
    } else {
        secs as i32
    }
}

/// The whole seconds of a span.
pub const fn seconds(span: Duration) -> i64 {
    let secs = span.as_secs();
    if secs > i64::MAX as u64 {
        i64::MAX
    } else {
        secs as i64
    }
}

/// A span of whole seconds; zero for fewer than none.
pub const fn whole_seconds(secs: i64) -> Duration {
    let secs = if secs < 0 { 0 } else { secs };
    Duration::from_secs(secs as u64)
}

/// The moment at which a decision is made, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since boot, in whole seconds: what is remembered of it is the same when it is
    /// read again.
    pub boot: Boot,
    /// The date, by the router's clock.
    pub wall: Wall,
}

impl Now {
    /// The moment that the two clocks show.
    pub const fn new(boot: Boot, wall: Wall) -> Now {
        Now {
            boot: boot.whole_secs(),
            wall,
        }
    }

    /// True if the wall clock can be right: it is not earlier than this
    /// program's build.
    pub fn clock_is_set(self) -> bool {
        self.wall >= BUILD_DATE
    }

    /// The date of an earlier moment; `None` while the clock is not set.
    pub fn date_of(self, at: Boot) -> Option<Wall> {
        self.clock_is_set().then(|| self.wall - self.boot.since(at))
    }
}

/// The date of this program's build: `SOURCE_DATE_EPOCH` where the build sets it
/// (OpenWrt's does), the date of the release otherwise.
pub const BUILD_DATE: Wall = Wall(match option_env!("SOURCE_DATE_EPOCH") {
    Some(text) => parse_decimal(text.as_bytes()),
    None => RELEASE_DATE,
});

/// 2026-11-01, the month of this release.
const RELEASE_DATE: i64 = days_from_civil(2026, 11, 1) * SECONDS_OF_DAY;

const fn parse_decimal(digits: &[u8]) -> i64 {
    let mut value = 0;
    let mut at = 0;
    while at < digits.len() && digits[at].is_ascii_digit() {
        value = value * 10 + (digits[at] - b'0') as i64;
        at += 1;
    }
    value
}

/// A date and a time of day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// The year, of the common era.
    pub year: i64,
    /// 1 to 12
    pub month: i64,
    /// 1 to 31
    pub day: i64,
    /// 0 to 23
    pub hour: i64,
    /// 0 to 59
    pub minute: i64,
    /// 0 to 59
    pub second: i64,
}

/// The names of the months, as in RFC 9110 dates and in syslog.
pub const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Days from 1970-01-01 to a date of the Gregorian calendar.
///
/// Years are counted from March here, so that the leap day is the last of its
/// year and the months before it have fixed lengths.
pub const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

impl Civil {
    /// The date and time of day at `wall`.
    pub fn at(wall: Wall) -> Civil {
        let days = wall.0.div_euclid(SECONDS_OF_DAY);
        let second = wall.0.rem_euclid(SECONDS_OF_DAY);
        // Counted from 1 March of the year 0, in eras of 400 years, as above:
        // no loop, so that no clock is too wrong for it.
        let (era, day_of_era) = (
            (days + 719_468).div_euclid(146_097),
            (days + 719_468).rem_euclid(146_097),
        );
        let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Civil {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// The moment of this date and time.
    pub fn wall(self) -> Wall {
        let days = days_from_civil(self.year, self.month, self.day);
        let of_day = self.hour * 3600 + self.minute * 60 + self.second;
        Wall(days * SECONDS_OF_DAY + of_day)
    }

    /// The moment of this date and time, if there is such a one. A leap second, 60, is the
    /// first second of the next minute.
    ///
    /// ```
    /// use wansync_core::time::{Civil, Wall};
    ///
    /// let noon = Civil { year: 2026, month: 2, day: 28, hour: 12, minute: 0, second: 0 };
    /// assert_eq!(noon.checked_wall(), Some(noon.wall()));
    /// assert_eq!(Civil { day: 29, ..noon }.checked_wall(), None);
    /// ```
    pub fn checked_wall(self) -> Option<Wall> {
        let is_time = (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..=60).contains(&self.second);
        let midnight = Civil {
            hour: 0,
            minute: 0,
            second: 0,
            ..self
        };
        // A day that its month does not have is one of the next month.
        let is_day = Civil::at(midnight.wall()) == midnight;
        (is_time && is_day).then(|| self.wall())
    }

    /// The date alone, `2026-11-01`: a text that stays the same for a day.
    pub fn date(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// The date and time as programs write it (RFC 3339), `2026-11-01T00:00:00Z`.
    pub fn rfc3339(self) -> String {
        format!(
            "{}T{:02}:{:02}:{:02}Z",
            self.date(),
            self.hour,
            self.minute,
            self.second
        )
    }

    /// The three-letter name of the month.
    pub fn month_name(self) -> &'static str {
        MONTHS[(self.month - 1).clamp(0, 11) as usize]
    }
}

impl core::fmt::Display for Civil {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "{} {:02}:{:02}:{:02} UTC",
            self.date(),
            self.hour,
            self.minute,
            self.second
        )
    }
}

/// A span in the two units that a person would say: `1 d 2 h`, `3 min 20 s`,
/// `45 s`. A part of a second is left out.
pub fn describe_span(span: Duration) -> String {
    let seconds = span.as_secs();
    for (unit, name, part, part_name) in [
        (SECONDS_OF_DAY as u64, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ] {
        if seconds >= unit {
            return match seconds % unit / part {
                0 => format!("{} {name}", seconds / unit),
                rest => format!("{} {name} {rest} {part_name}", seconds / unit),
            };
        }
    }
    format!("{seconds} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_agrees_with_known_days() {
        let table = [
            (0_i64, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_390_930_655, "2014-01-28 17:37:35 UTC"),
            (1_735_689_599, "2024-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
            (-62_135_596_800, "0001-01-01 00:00:00 UTC"),
        ];
        for (wall, text) in table {
            let wall = Wall::from_secs(wall);
            assert_eq!(wall.to_string(), text);
            assert_eq!(Civil::at(wall).wall(), wall);
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in -80_000..80_000 {
            let wall = Wall::from_secs(day * SECONDS_OF_DAY);
            let date = Civil::at(wall);
            assert_eq!(date.wall(), wall);
            assert!((1..=12).contains(&date.month) && (1..=31).contains(&date.day));
        }
    }

    #[test]
    fn dates_that_no_clock_shows_come_back_too() {
        for (year, month, day) in [(0, 3, 1), (1, 1, 1), (-1, 12, 31), (9999, 12, 31)] {
            let date = Civil::at(Wall::from_secs(
                days_from_civil(year, month, day) * SECONDS_OF_DAY,
            ));
            assert_eq!((date.year, date.month, date.day), (year, month, day));
        }
        for wall in [i64::MIN, i64::MAX] {
            assert!((1..=12).contains(&Civil::at(Wall::from_secs(wall)).month));
        }
    }

    #[test]
    fn spans_are_said_in_two_units() {
        let table = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (200, "3 min 20 s"),
            (3600, "1 h"),
            (3660, "1 h 1 min"),
            (86_400, "1 d"),
            (86_400 + 7200, "1 d 2 h"),
        ];
        for (seconds, text) in table {
            assert_eq!(describe_span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_clock_before_the_build_is_not_set() {
        let at = |wall| Now::new(Boot::from_secs(5), wall);
        assert!(!at(Wall::from_secs(1_000_000)).clock_is_set());
        assert!(at(BUILD_DATE).clock_is_set());
    }

    #[test]
    fn moments_that_no_clock_shows_saturate() {
        let last = Boot::NEVER + Duration::MAX;
        assert_eq!(last.secs(), i64::from(i32::MAX));
        assert_eq!(
            last.since(Boot::from_secs(i64::MIN)).as_secs(),
            u64::from(u32::MAX)
        );
        assert_eq!(
            (Boot::from_secs(i64::MIN) - Duration::MAX).secs(),
            i64::from(i32::MIN)
        );
        assert_eq!(Wall::from_secs(i64::MAX) + DAY, Wall::from_secs(i64::MAX));
    }

    #[test]
    fn parts_of_a_second_are_carried_and_borrowed() {
        let millis = Duration::from_millis;
        let at = Boot::from_secs(-1) - millis(1);
        assert_eq!((at.secs(), at + millis(1)), (-2, Boot::from_secs(-1)));
        for from in [-1500, -1, 0, 1, 999, 1000, 1001] {
            let from = match from < 0 {
                true => Boot::START - millis(-from as u64),
                false => Boot::START + millis(from as u64),
            };
            for span in [0, 1, 500, 999, 1000, 1001, 2500].map(millis) {
                let to = from + span;
                assert_eq!((to.since(from), to - span), (span, from));
                assert_eq!(from.since(to), Duration::ZERO);
            }
        }
    }
}
