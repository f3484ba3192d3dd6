//! Local time, from the rule of a time zone.
//!
//! OpenWrt writes the zone into /etc/TZ as POSIX spells it (`MSK-3`), and has no
//! database. A rule is that of today: a moment in a year that had another rule
//! is shown by today's. Sources: POSIX.1-2017, Base Definitions 8.3; RFC 8536,
//! section 3.3.1, for times of a rule beyond one day, and 3.3 for the footer.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::time::{Civil, SECONDS_OF_DAY, Wall, days_from_civil};

/// The moments that have a year of four digits; others are taken as the nearest.
const YEARS: (i64, i64) = (
    days_from_civil(1, 1, 1) * SECONDS_OF_DAY,
    days_from_civil(10_000, 1, 1) * SECONDS_OF_DAY - 1,
);

/// A time zone.
///
/// ```
/// use wansync_core::text::zone::Zone;
/// use wansync_core::time::Wall;
/// let moscow = Zone::parse("MSK-3").unwrap();
/// let at = Wall::from_secs(1_795_166_200);
/// assert_eq!(moscow.show(at), "2026-11-20 12:16:40 MSK");
/// assert_eq!(moscow.local(at).hour, 12);
/// assert_eq!(Zone::utc().show(at), "2026-11-20 09:16:40 UTC");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    standard: Time,
    summer: Option<Summer>,
}

/// A name and a distance from UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Time {
    name: String,
    /// Seconds that local time is ahead of UTC.
    ahead: i64,
}

/// The other half of the year. In Ireland's rule it is the winter.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Summer {
    time: Time,
    start: Rule,
    end: Rule,
}

/// The moment at which one time gives way to the other, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    day: Day,
    /// Seconds from that day's midnight; they may be before it, or days after.
    time: i64,
}

/// A day of any year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// `Mm.w.d`: the week's `weekday` (0 is Sunday) of the month; week 5 is the last.
    Week { month: i64, week: i64, weekday: i64 },
    /// `Jn`, 1 to 365: 29 February is never counted.
    Julian(i64),
    /// `n`, 0 to 365: 29 February is counted.
    Ordinal(i64),
}

impl Zone {
    /// Coordinated Universal Time: where nothing is known of the zone.
    pub fn utc() -> Zone {
        Zone {
            standard: Time {
                name: "UTC".to_owned(),
                ahead: 0,
            },
            summer: None,
        }
    }

    /// A zone from a POSIX `TZ` string; `None` if it is not one, but the name of
    /// a file, for example. Space around it is passed over.
    pub fn parse(text: &str) -> Option<Zone> {
        let text = text.trim_ascii();
        // OpenWrt's default, and musl takes it so.
        if matches!(text, "UTC" | "GMT") {
            return Zone::parse(&format!("{text}0"));
        }
        let mut rest = Text(text.as_bytes());
        let standard = Time {
            name: rest.name()?,
            ahead: -rest.clock(24)?,
        };
        let summer = match rest.0.is_empty() {
            true => None,
            false => Some(rest.summer(standard.ahead)?),
        };
        rest.0.is_empty().then_some(Zone { standard, summer })
    }

    /// The zone of a TZif file (`/etc/localtime`) from version 2 on: its last
    /// line is a POSIX string.
    pub fn of_tzif(file: &[u8]) -> Option<Zone> {
        let version = *file.strip_prefix(b"TZif")?.first()?;
        let lines = file.strip_suffix(b"\n")?;
        let start = lines.iter().rposition(|b| *b == b'\n')? + 1;
        let last = core::str::from_utf8(&lines[start..]).ok()?;
        Zone::parse(last).filter(|_| version >= b'2')
    }

    /// The zone of the first rule that is one, else UTC. A rule is a POSIX string or
    /// a TZif file; an empty one is UTC.
    ///
    /// ```
    /// use wansync_core::text::zone::Zone;
    /// use wansync_core::time::Wall;
    /// let rules = ["Europe/Moscow", "MSK-3\n"];
    /// assert_eq!(Zone::first_of(rules).show(Wall::from_secs(0)), "1970-01-01 03:00:00 MSK");
    /// assert_eq!(Zone::first_of([""; 0]), Zone::utc());
    /// ```
    pub fn first_of(rules: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Zone {
        let zone = |rule: &[u8]| match rule {
            [] => Some(Zone::utc()),
            _ => Zone::of_tzif(rule).or_else(|| Zone::parse(core::str::from_utf8(rule).ok()?)),
        };
        let mut rules = rules.into_iter();
        rules
            .find_map(|rule| zone(rule.as_ref()))
            .unwrap_or_else(Zone::utc)
    }

    /// The local date and time of day at a moment. (Its own `Display` would call it
    /// UTC: use [`Zone::show`].)
    pub fn local(&self, at: Wall) -> Civil {
        let utc = at.secs().clamp(YEARS.0, YEARS.1);
        let local = (utc + self.time_at(at).ahead).clamp(YEARS.0, YEARS.1);
        Civil::at(Wall::from_secs(local))
    }

    /// `2026-11-20 12:30:00 MSK`
    pub fn show(&self, moment: Wall) -> String {
        let at = self.local(moment);
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02} {}",
            at.year,
            at.month,
            at.day,
            at.hour,
            at.minute,
            at.second,
            self.time_at(moment).name
        )
    }

    /// The time that the latest change before `at` changed to. Changes may lie up to a
    /// week outside their year, so those of the years around it are looked at.
    fn time_at(&self, at: Wall) -> &Time {
        let Some(summer) = &self.summer else {
            return &self.standard;
        };
        let utc = at.secs().clamp(YEARS.0, YEARS.1);
        let year = Civil::at(Wall::from_secs(utc)).year;
        let (mut latest, mut is_summer) = (i64::MIN, false);
        for year in year - 1..=year + 1 {
            for (change, to_summer) in [
                (summer.end.local(year) - summer.time.ahead, false),
                (summer.start.local(year) - self.standard.ahead, true),
            ] {
                // A summer that ends as the next begins lasts all year (RFC 8536, 3.3.1).
                if change <= utc && (change > latest || change == latest && to_summer) {
                    (latest, is_summer) = (change, to_summer);
                }
            }
        }
        match is_summer {
            true => &summer.time,
            false => &self.standard,
        }
    }
}

impl Rule {
    /// Seconds since 1970 by the local clock before the change.
    fn local(self, year: i64) -> i64 {
        self.day.of(year) * SECONDS_OF_DAY + self.time
    }
}

impl Day {
    /// Days since 1970.
    fn of(self, year: i64) -> i64 {
        let first = days_from_civil(year, 1, 1);
        match self {
            Day::Ordinal(n) => first + n,
            Day::Julian(n) => {
                let march = days_from_civil(year, 3, 1) - first;
                let is_leap = march == 60;
                first + n - 1 + i64::from(is_leap && n > 59)
            }
            Day::Week {
                month,
                week,
                weekday,
            } => {
                let first = days_from_civil(year, month, 1);
                let next = days_from_civil(year + month / 12, month % 12 + 1, 1);
                // 1970-01-01 was a Thursday, day 4.
                let day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
                if day < next { day } else { day - 7 }
            }
        }
    }
}

/// The rest of a TZ string.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.0.first() == Some(&wanted);
        self.0 = &self.0[usize::from(found)..];
        found
    }

    /// `MSK`, or `<+0330>`.
    fn name(&mut self) -> Option<String> {
        let quoted = self.take(b'<');
        let belongs = |b: &u8| {
            b.is_ascii_alphabetic() || quoted && (b.is_ascii_digit() || matches!(b, b'+' | b'-'))
        };
        let length = self.0.iter().take_while(|b| belongs(b)).count();
        let (name, rest) = self.0.split_at(length);
        self.0 = rest;
        let is_whole = length >= 3 && (!quoted || self.take(b'>'));
        is_whole.then(|| name.iter().map(|b| char::from(*b)).collect())
    }

    /// `DST[offset][,start[/time],end[/time]]`
    fn summer(&mut self, standard: i64) -> Option<Summer> {
        let name = self.name()?;
        let ahead = match self.0.first() {
            None | Some(b',') => standard + 3600,
            Some(_) => -self.clock(24)?,
        };
        // Without rules those of the USA count, as everywhere.
        if self.0.is_empty() {
            self.0 = b",M3.2.0,M11.1.0";
        }
        Some(Summer {
            time: Time { name, ahead },
            start: self.rule()?,
            end: self.rule()?,
        })
    }

    fn rule(&mut self) -> Option<Rule> {
        if !self.take(b',') {
            return None;
        }
        let day = if self.take(b'J') {
            Day::Julian(self.number(1, 365)?)
        } else if self.take(b'M') {
            Day::Week {
                month: self.number(1, 12)?,
                week: self.dotted(1, 5)?,
                weekday: self.dotted(0, 6)?,
            }
        } else {
            Day::Ordinal(self.number(0, 365)?)
        };
        let time = match self.take(b'/') {
            true => self.clock(167)?,
            false => 2 * 3600,
        };
        Some(Rule { day, time })
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    fn clock(&mut self, most_hours: i64) -> Option<i64> {
        let sign = if self.take(b'-') { -1 } else { 1 };
        if sign == 1 {
            self.take(b'+');
        }
        let mut seconds = self.number(0, most_hours)? * 3600;
        for unit in [60, 1] {
            if !self.take(b':') {
                break;
            }
            seconds += self.number(0, 59)? * unit;
        }
        Some(sign * seconds)
    }

    fn dotted(&mut self, least: i64, most: i64) -> Option<i64> {
        match self.take(b'.') {
            true => self.number(least, most),
            false => None,
        }
    }

    /// Up to three digits.
    fn number(&mut self, least: i64, most: i64) -> Option<i64> {
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=3).contains(&digits) {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        let value = number.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        (least..=most).contains(&value).then_some(value)
    }
}

#[cfg(test)]
mod tests;
