//! The moment of a WireGuard handshake. Pure.
//!
//! The kernel stamps a handshake with the wall clock of that moment. Once that clock
//! was set, the stamp is still by the old one, and says nothing of its own. So the
//! moment is worked out when a stamp is read for the first time, and kept for as long
//! as the stamp is the same; and where the clock was set since the reading before, it
//! is not known by which of the two clocks a new stamp is.

use super::evidence::HandshakeStatus;
use crate::persist;
use crate::reason;
use crate::reason::Reason;
use crate::time::{Boot, Now, Wall};

/// The wall clock was set if it went so many seconds ahead of, or behind, the boot-time
/// clock since the last reading. One that is only made to run faster or slower gains
/// less than a second in half an hour.
const MIN_CLOCK_STEP: u64 = 4;

/// The latest stamp, as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandshakeStamp {
    /// The stamp; none if there was no handshake.
    stamp: Option<Wall>,
    /// Its moment, if that is known.
    at: Option<Boot>,
    /// The wall clock at the moment of the boot, by the last reading.
    booted: i64,
}

persist!(HandshakeStamp { stamp, at, booted });

impl HandshakeStamp {
    /// True if it was read later than `now`, so that it is of another boot.
    pub(super) fn is_future(&self, now: Boot) -> bool {
        self.at.is_some_and(|at| at > now)
    }
}

/// The status of the latest handshake, from its stamp as it was read `now`; the stamp is
/// `None` if there was no handshake. `before` is what the reading before left, and takes
/// what this one leaves.
pub fn handshake_status(
    read: Result<Option<Wall>, Reason>,
    before: &mut Option<HandshakeStamp>,
    now: Now,
) -> HandshakeStatus {
    let stamp = match read {
        Ok(stamp) => stamp,
        Err(why) => return HandshakeStatus::Unavailable(why),
    };
    let booted = now.wall.secs().saturating_sub(now.boot.secs());
    let at = match before {
        Some(before) if before.stamp == stamp => before.at,
        Some(before) if before.booted.abs_diff(booted) >= MIN_CLOCK_STEP => None,
        _ => stamp.and_then(|stamp| moment(stamp, now)),
    };
    *before = Some(HandshakeStamp { stamp, at, booted });
    match (stamp, at) {
        (None, _) => HandshakeStatus::Never,
        (_, Some(at)) => HandshakeStatus::At(at),
        (Some(_), None) => HandshakeStatus::Unavailable(reason!(HandshakeClockSet)),
    }
}

/// The moment of a stamp by today's clock; none, if that is yet to come, or was before
/// the boot.
fn moment(stamp: Wall, now: Now) -> Option<Boot> {
    let is_past = stamp <= now.wall && now.wall.since(stamp) <= now.boot.since(Boot::START);
    is_past.then(|| now.boot - now.wall.since(stamp))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Json, JsonWriter, Persist};

    use Expected::{At, Never, Unknown};

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Expected {
        At(i64),
        Never,
        Unknown,
    }

    /// A reading: the boot-time clock, the wall clock, the stamp.
    type Reading = (i64, i64, i64);

    fn run(story: &[(Reading, Expected)]) {
        let mut kept = None;
        for (step, ((boot, wall, stamp), expected)) in story.iter().enumerate() {
            let stamp = (*stamp != 0).then_some(Wall::from_secs(*stamp));
            let now = Now::new(Boot::from_secs(*boot), Wall::from_secs(*wall));
            let status = handshake_status(Ok(stamp), &mut kept, now);
            let found = match status {
                HandshakeStatus::At(at) => At(at.secs()),
                HandshakeStatus::Never => Never,
                HandshakeStatus::Unavailable(why) => {
                    assert_eq!(why, "the clock was set since the last handshake");
                    Unknown
                }
            };
            assert_eq!(found, *expected, "step {step} of {story:?}");
            // As another process reads it.
            let text = JsonWriter::of(&kept);
            let json = Json::parse(text.as_bytes()).expect("JSON");
            assert_eq!(Persist::read(json), Some(kept.clone()), "{text}");
        }
    }

    /// The router booted at this moment of the wall clock.
    const BOOTED: i64 = 1_793_491_200;
    const MONTH: i64 = 30 * 86_400;

    #[test]
    fn a_clock_that_runs() {
        let wall = |boot| BOOTED + boot;
        run(&[
            ((60, wall(60), 0), Never),
            ((80, wall(80), wall(71)), At(71)),
            ((100, wall(100), wall(71)), At(71)),
            ((200, wall(200), wall(191)), At(191)),
            // The device is made anew.
            ((300, wall(300), 0), Never),
            ((320, wall(320), wall(320)), At(320)),
        ]);
        // The first reading is long after.
        run(&[((9000, wall(9000), wall(100)), At(100))]);
        // NTP makes it run faster: a second in half an hour, for ever.
        run(&[
            ((1000, wall(1000), wall(990)), At(990)),
            ((2800, wall(2801), wall(990)), At(990)),
            ((4600, wall(4602), wall(990)), At(990)),
            ((6400, wall(6403), wall(6400)), At(6397)),
            ((8200, wall(8204), wall(8200)), At(8196)),
        ]);
    }

    #[test]
    fn a_clock_that_is_set() {
        let wall = |boot| BOOTED + boot;
        for step in [MONTH, 60, 4, -4, -60, -MONTH] {
            let set = |boot| wall(boot) + step;
            // The stamp of before keeps its moment, and the next is by the new clock.
            run(&[
                ((100, wall(100), wall(90)), At(90)),
                ((120, set(120), wall(90)), At(90)),
                ((140, set(140), wall(90)), At(90)),
                ((220, set(220), set(211)), At(211)),
            ]);
            // Made between two readings, before or after the clock was set: not known,
            // until there is another.
            for stamp in [wall(110), set(111)] {
                run(&[
                    ((100, wall(100), wall(90)), At(90)),
                    ((120, set(120), stamp), Unknown),
                    ((140, set(140), stamp), Unknown),
                    ((240, set(240), set(231)), At(231)),
                ]);
            }
            // The first handshake of all.
            run(&[
                ((100, wall(100), 0), Never),
                ((120, set(120), wall(110)), Unknown),
                ((140, set(140), set(131)), At(131)),
            ]);
            // A device made anew.
            run(&[
                ((100, wall(100), wall(90)), At(90)),
                ((120, set(120), 0), Never),
                ((140, set(140), set(131)), At(131)),
            ]);
        }
    }

    #[test]
    fn a_first_reading_after_the_clock_was_set() {
        // Forward by months, as NTP does on a router without a battery: the stamp would
        // be of before the boot.
        run(&[
            ((100, BOOTED + MONTH, BOOTED), Unknown),
            ((120, BOOTED + MONTH + 20, BOOTED), Unknown),
            ((140, BOOTED + MONTH + 40, BOOTED + MONTH + 31), At(131)),
        ]);
        // Back: the stamp is yet to come, also when that moment is over.
        run(&[
            ((100, BOOTED + 100, BOOTED + 130), Unknown),
            ((140, BOOTED + 140, BOOTED + 130), Unknown),
            ((160, BOOTED + 160, BOOTED + 155), At(155)),
        ]);
    }

    #[test]
    fn a_reading_that_fails_forgets_nothing() {
        let mut kept = None;
        let mut read = |read, boot, wall| {
            let now = Now::new(Boot::from_secs(boot), Wall::from_secs(wall));
            handshake_status(read, &mut kept, now)
        };
        let stamp = Ok(Some(Wall::from_secs(BOOTED + 90)));
        let at = HandshakeStatus::At(Boot::from_secs(90));
        assert_eq!(read(stamp.clone(), 100, BOOTED + 100), at);
        let why = || Reason::words("that needs CAP_NET_ADMIN");
        let failed = HandshakeStatus::Unavailable(why());
        assert_eq!(read(Err(why()), 120, BOOTED + MONTH), failed);
        assert_eq!(read(stamp, 140, BOOTED + MONTH + 20), at);
    }
}
