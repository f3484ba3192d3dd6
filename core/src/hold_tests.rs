use std::collections::BTreeMap;

use super::*;
use crate::json::{Json, Persist, read_again};
use crate::time::{BUILD_DATE, whole_seconds};
use wansync_test_support::random::Random;

const A: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(8, 8, 4, 4));
const B: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(8, 8, 8, 8));
const C: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(9, 9, 9, 9));

/// A moment in a boot that began with the build.
fn at(secs: i64) -> Now {
    Now::new(Boot::from_secs(secs), BUILD_DATE + whole_seconds(secs))
}

fn hour(hours: i64) -> Now {
    at(hours * 3600)
}

/// Refusals of these addresses at these hours.
fn refused(refusals: &[(IpAddr, i64)]) -> Refusals {
    let mut all = Refusals::default();
    for (address, hours) in refusals {
        all = all.with(*address, hour(*hours));
    }
    all
}

/// The hours until the hold of an address ends.
fn left(refusals: &Refusals, address: IpAddr, now: i64, forced: bool) -> Option<u64> {
    let hold = refusals.hold(Some(address), hour(now), forced);
    hold.map(|hold| hold.left.as_secs() / 3600)
}

#[test]
fn pauses_grow_and_the_day_is_limited() {
    let table: [(&[i64], i64, Option<u64>); 8] = [
        (&[], 0, None),
        (&[0], 0, Some(1)),
        (&[0], 2, None),
        (&[0, 2], 2, Some(6)),
        (&[0, 2], 10, None),
        (&[0, 2, 10], 10, Some(14)),
        (&[0, 2, 10], 24, None),
        (&[2, 10, 24], 24, Some(2)),
    ];
    for (hours, now, expected) in table {
        let refusals: Vec<(IpAddr, i64)> = hours.iter().map(|hour| (A, *hour)).collect();
        let refusals = refused(&refusals);
        let found = left(&refusals, A, now, false);
        // A pause may be a quarter longer.
        let is_near = |expected: u64| found >= Some(expected) && found <= Some(expected * 5 / 4);
        let is_as_expected = expected.map_or(found.is_none(), is_near);
        assert!(is_as_expected, "{hours:?} at {now}: {found:?}");
        assert_eq!(left(&refusals, B, now, false), None, "{hours:?} at {now}");
    }
}

#[test]
fn force_skips_pauses_only() {
    assert_eq!(left(&refused(&[(A, 0)]), A, 0, true), None);
    let three = refused(&[(A, 0), (A, 1), (A, 2)]);
    assert_eq!(left(&three, A, 3, true), Some(21));
    let rule = |forced| three.hold(Some(A), hour(3), forced).map(|hold| hold.rule);
    assert_eq!(rule(true), Some(HoldRule::AddressLimit));
    assert_eq!(rule(false), Some(HoldRule::AddressLimit));
}

#[test]
fn six_refusals_hold_every_address() {
    let six = refused(&[(A, 0), (B, 1), (A, 2), (B, 3), (A, 9), (B, 10)]);
    for forced in [false, true] {
        let hold = six.hold(Some(C), hour(10), forced).expect("held");
        assert_eq!(
            (hold.rule, hold.left),
            (HoldRule::Limit, whole_seconds(14 * 3600))
        );
        assert_eq!(six.hold(Some(C), hour(24), forced), None);
    }
}

/// A refusal of 0.1.0 is of every address.
#[test]
fn a_refusal_of_no_known_address_holds_every_address() {
    let refusals = Refusals::of_fields(vec![hour(0).wall], Vec::new());
    for address in [A, B] {
        assert_eq!(left(&refusals, address, 0, false), Some(1));
    }
    let three = Refusals::of_fields(vec![hour(0).wall, hour(1).wall, hour(2).wall], Vec::new());
    assert_eq!(left(&three, B, 3, true), Some(21));
}

#[test]
fn an_acknowledgement_ends_the_pause_of_its_address_and_no_limit() {
    let refusals = refused(&[(A, 0), (A, 1)]).settled(A);
    assert_eq!(left(&refusals, A, 2, false), None);
    let refusals = refusals.with(A, hour(2));
    assert_eq!(left(&refusals, A, 2, true), Some(22), "three in a day");
    assert_eq!(left(&refused(&[(A, 0)]).settled(B), A, 0, false), Some(1));
}

#[test]
fn within_a_boot_the_clock_may_jump() {
    let refusals = refused(&[(A, 1)]);
    for wall in [0, i64::MIN, i64::MAX, BUILD_DATE.secs() + 3650 * 86_400] {
        let now = |hours: i64| Now::new(Boot::from_secs(hours * 3600), Wall::from_secs(wall));
        assert!(refusals.hold(Some(A), now(1), false).is_some(), "{wall}");
        assert!(refusals.hold(Some(A), now(3), false).is_none(), "{wall}");
    }
}

#[test]
fn a_clock_that_was_years_ahead_holds_a_day_at_most() {
    let ahead = Now::new(Boot::from_secs(0), BUILD_DATE + 400 * DAY);
    let mut refusals = Refusals::default().with(A, ahead).dated();
    assert_eq!(left(&refusals, A, 0, false), Some(1));
    refusals.follow_clock(hour(0));
    assert_eq!(
        (refusals.0[0].at, refusals.0[0].boot),
        (hour(0).wall, Some(Boot::START))
    );
}

#[test]
fn dates_that_are_no_dates() {
    let (first, last) = (Wall::from_secs(i64::MIN), Wall::from_secs(i64::MAX));
    let refusals = |dates: Vec<Wall>| Refusals::of_fields(dates, Vec::new());
    assert_eq!(left(&refusals(vec![first, last]), A, 0, false), Some(1));
    assert_eq!(left(&refusals(vec![first; 3]), A, 0, false), None);
}

/// The fields of a file.
struct File(Refusals);

impl Persist for File {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        self.0.write_fields(out);
        out.close();
    }

    fn read(json: Json<'_>) -> Option<File> {
        let dates = json.read_required("refusals")?;
        let known = json.read_required("refused").unwrap_or_default();
        Some(File(Refusals::of_fields(dates, known)))
    }
}

/// The refusals as a file has them, and what is read of that.
fn written(refusals: &Refusals) -> (String, Refusals) {
    let text = JsonWriter::of(&File(refusals.clone()));
    let read = read_again::<File>(&text).expect("what was written");
    (text, read.0)
}

#[test]
fn the_file_has_the_dates_as_0_1_0_wrote_them() {
    let refusals = refused(&[(A, 0), (B, 1)]).settled(B);
    let (text, read) = written(&refusals);
    assert_eq!(read, refusals);
    let (first, second) = (hour(0).wall.secs(), hour(1).wall.secs());
    assert!(
        text.starts_with(&format!("{{\"refusals\":[{first},{second}],")),
        "{text}"
    );
    // A version that wrote the one without the other.
    let other = text.replacen(&first.to_string(), "1", 1);
    assert_eq!(
        read_again::<File>(&other).expect("read").0.0[1].address,
        None
    );
}

/// The rule of 0.1.0 and of the version before this, for its list of dates.
struct OldVersion;

impl OldVersion {
    fn recent(dates: &[Wall], now: Wall) -> Vec<Wall> {
        let dates = dates.iter().map(|at| (*at).min(now));
        let mut recent: Vec<Wall> = dates.filter(|at| now.since(*at) < DAY).collect();
        recent.drain(..recent.len().saturating_sub(3));
        recent
    }

    fn is_held(dates: &[Wall], now: Wall, forced: bool) -> bool {
        let recent = OldVersion::recent(dates, now);
        let end = match recent.len() {
            0 => return false,
            3.. => recent[recent.len() - 3] + DAY,
            _ if forced => return false,
            n => recent[n - 1] + HOLD_PAUSES[n - 1],
        };
        end > now
    }
}

/// A router that knocks whenever it may, for a service that refuses, with an address that
/// changes at random.
struct Knocking {
    random: Random,
    /// Real time since the build, in seconds.
    time: i64,
    booted: i64,
    /// The error of the router's clock.
    clock: i64,
    refusals: Refusals,
    is_old: bool,
    /// The refused sends, in real time.
    sent: Vec<(IpAddr, i64)>,
}

impl Knocking {
    fn now(&self) -> Now {
        let wall = BUILD_DATE.secs() + self.time + self.clock;
        Now::new(
            Boot::from_secs(self.time - self.booted),
            Wall::from_secs(wall),
        )
    }

    /// Dates alone are left by the old version, and all but the moments by a reboot.
    fn step(&mut self, jumps: bool) {
        self.time += *self.random.one_of(&[1, 60, 1800, 3600, 3 * 3600]);
        match self.random.below(40) {
            // By then NTP has answered.
            0 if self.clock == 0 && !jumps => {
                self.refusals = self.refusals.dated();
                self.booted = self.time;
                // Without a battery it begins in the past.
                self.clock = -*self.random.one_of(&[0, 3600, 40 * 86_400]);
            }
            1..4 => self.clock = 0,
            4 if jumps => self.clock = *self.random.one_of(&[-86_400, 86_400, 365 * 86_400]),
            5 => self.is_old = !self.is_old && !jumps,
            6 => self.refusals = self.refusals.clone().settled(A),
            _ => {}
        }
        let mut refusals = self.refusals.clone();
        refusals.follow_clock(self.now());
        let (_, read) = written(&refusals);
        assert_eq!(read, refusals);
        self.refusals = read;
        let (address, forced) = (
            *self.random.one_of(&[A, A, A, B, C]),
            self.random.below(2) == 0,
        );
        self.knock(address, forced);
    }

    fn knock(&mut self, address: IpAddr, forced: bool) {
        let now = self.now();
        // No TLS before the clock is set.
        if !now.clock_is_set() || (self.is_old && self.clock != 0) {
            return;
        }
        let dates: Vec<Wall> = self.refusals.0.iter().map(|refusal| refusal.at).collect();
        match self.is_old {
            true if OldVersion::is_held(&dates, now.wall, forced) => return,
            true => {
                let mut recent = OldVersion::recent(&dates, now.wall);
                recent.push(now.wall);
                self.refusals = Refusals::of_fields(recent, Vec::new());
            }
            false if self.refusals.hold(Some(address), now, forced).is_some() => return,
            false => self.refusals = self.refusals.clone().with(address, now),
        }
        self.sent.push((address, self.time));
    }
}

fn assert_limits(sent: &[(IpAddr, i64)], seed: u64) {
    let is_within = |moments: &[i64], limit: usize| {
        let mut windows = moments.windows(limit + 1);
        windows.any(|window| window[limit] - window[0] < 86_400)
    };
    let mut by_address: BTreeMap<IpAddr, Vec<i64>> = BTreeMap::new();
    for (address, moment) in sent {
        by_address.entry(*address).or_default().push(*moment);
    }
    let all: Vec<i64> = sent.iter().map(|(_, moment)| *moment).collect();
    assert!(!is_within(&all, MAX_REFUSALS), "seed {seed}: {sent:?}");
    for moments in by_address.values() {
        let is_over = is_within(moments, MAX_ADDRESS_REFUSALS);
        assert!(!is_over, "seed {seed}: {sent:?}");
    }
}

/// Random histories of reboots with a clock in the past, of upgrades and returns, of
/// forced sends and of acknowledgements; within a boot of this version, of a clock that
/// jumps to anywhere: 0.1.0 believes whatever its clock says.
#[test]
fn never_more_than_three_of_an_address_and_six_in_any_day() {
    for seed in 0..160 {
        let jumps = seed % 2 == 0;
        let mut router = Knocking {
            random: Random::new(seed),
            time: 0,
            booted: 0,
            clock: 0,
            refusals: Refusals::default(),
            is_old: false,
            sent: Vec::new(),
        };
        for _ in 0..400 {
            router.step(jumps);
        }
        assert_limits(&router.sent, seed);
        assert!(router.sent.len() > 20, "seed {seed}: {}", router.sent.len());
    }
}

/// Routers that were refused together are no longer together when they try again.
#[test]
fn a_pause_is_that_of_an_address_and_a_date_and_up_to_a_quarter_longer() {
    let pauses: Vec<Duration> = (0..1000)
        .map(|n| {
            let address = IpAddr::from([8, 8, (n >> 8) as u8, n as u8]);
            let refusals = Refusals::default().with(address, hour(0));
            let hold = refusals.hold(Some(address), hour(0), false).expect("held");
            assert_eq!(
                refusals.dated().hold(Some(address), hour(0), false),
                Some(hold)
            );
            hold.left
        })
        .collect();
    assert!(
        pauses
            .iter()
            .all(|pause| (HOUR..=HOUR * 5 / 4).contains(pause))
    );
    for quarter in 0..4_u32 {
        let begin = HOUR + HOUR * quarter / 16;
        let of_quarter = pauses
            .iter()
            .filter(|p| (begin..begin + HOUR / 16).contains(*p));
        assert!((180..=320).contains(&of_quarter.count()), "{quarter}");
    }
}
