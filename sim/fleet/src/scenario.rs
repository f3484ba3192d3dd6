//! What befalls the fleet, and what is to be reached.

use std::thread;
use std::time::Duration;

use crate::router::{Change, Clock, Mode, Router};
use crate::service::{Behaviour, Service};
use crate::tally::{Figures, Tally};
use crate::tunnels::Account;
use crate::world::World;
use crate::{DAY, HOUR, MINUTE, Millis, SECOND};

/// The time within which routers without power boot when it is back, and NTP sets a
/// clock after that.
const BOOT_TIME: Millis = 2 * MINUTE;
/// The time from a boot to the WAN's address.
const WAN_TIME: Millis = 30 * SECOND;
/// The part of its boot time that each router of a provider's image waits at most.
const SPREAD: Duration = Duration::from_secs(30 * 60);
/// The moment of the event, when the fleet has been at rest.
const EVENT: Millis = 4 * DAY;

/// A scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name, as in the table.
    pub name: &'static str,
    event: Event,
    /// What may not be exceeded.
    pub goals: Goals,
}

/// The goals of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Goals {
    /// The fullest minute against the mean; none where it is only said.
    pub peak_minute: Option<f64>,
    /// The minutes until all are right; none where nothing is wrong.
    pub right_all_min: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// The power fails for so long, everywhere.
    PowerCut {
        is_new_address: bool,
        spread: Duration,
        clock: Clock,
    },
    /// The power cut's echo: the renewals from then on, for as long as `refresh`.
    Echo { is_new_address: bool, clock: Clock },
    /// The service is out, while a twentieth gets another address.
    Outage(Millis, Behaviour),
    /// Half of all get another address within five minutes.
    Reconnect { rate: Option<f64> },
    /// A twentieth gets another address every seven seconds, for an hour.
    Flapping,
    /// Nothing happens for a week.
    Rest,
    /// VPNKI's accounts, after a power cut.
    Tunnels { are_active: bool },
}

const fn goals(peak_minute: f64, right_all_min: f64) -> Goals {
    Goals {
        peak_minute: Some(peak_minute),
        right_all_min: Some(right_all_min),
    }
}

/// A first wave, or a load that is above a limit, is what it is.
const fn only(right_all_min: f64) -> Goals {
    Goals {
        peak_minute: None,
        right_all_min: Some(right_all_min),
    }
}

const fn even(peak_minute: f64) -> Goals {
    Goals {
        peak_minute: Some(peak_minute),
        right_all_min: None,
    }
}

const fn outage(name: &'static str, hours: u64, behaviour: Behaviour, goals: Goals) -> Scenario {
    Scenario {
        name,
        event: Event::Outage(hours * HOUR, behaviour),
        goals,
    }
}

const fn cut(name: &'static str, is_new_address: bool, spread: Duration, goals: Goals) -> Scenario {
    Scenario {
        name,
        event: Event::PowerCut {
            is_new_address,
            spread,
            clock: Clock::Right,
        },
        goals,
    }
}

const fn echo(name: &'static str, is_new_address: bool, clock: Clock) -> Scenario {
    Scenario {
        name,
        event: Event::Echo {
            is_new_address,
            clock,
        },
        goals: even(2.0),
    }
}

/// As openwrt/relay has it: 10 to 20 min.
const KEY_REFUSED: Behaviour =
    Behaviour::KeyRefused(Duration::from_secs(600), Duration::from_secs(1200));
const BUSY: Behaviour = Behaviour::TooMany(Duration::from_secs(600));

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    cut(
        "power cut, same addresses",
        false,
        Duration::ZERO,
        only(60.0),
    ),
    cut(
        "power cut, new addresses, spread",
        true,
        SPREAD,
        goals(2.0, 60.0),
    ),
    cut(
        "power cut, new addresses, no spread",
        true,
        Duration::ZERO,
        only(60.0),
    ),
    Scenario {
        name: "power cut, clock unset, spread",
        event: Event::PowerCut {
            is_new_address: true,
            spread: SPREAD,
            clock: Clock::Unset,
        },
        goals: goals(2.0, 60.0),
    },
    echo("renewals after new addresses", true, Clock::Right),
    echo("renewals after a clock that was unset", false, Clock::Unset),
    echo(
        "renewals after a clock that was behind",
        false,
        Clock::Behind(Duration::from_secs(9 * 3600)),
    ),
    outage("503 for 2 h", 2, Behaviour::Unavailable, goals(2.0, 60.0)),
    outage("503 for 9 h", 9, Behaviour::Unavailable, goals(2.0, 60.0)),
    outage("no answer for 2 h", 2, Behaviour::Silent, goals(2.0, 60.0)),
    outage("no answer for 9 h", 9, Behaviour::Silent, goals(2.0, 60.0)),
    outage(
        "answers lost for 2 h",
        2,
        Behaviour::Slow,
        goals(2.0, 130.0),
    ),
    outage(
        "answers lost for 9 h",
        9,
        Behaviour::Slow,
        goals(2.0, 130.0),
    ),
    outage("429 for 2 h, one Retry-After", 2, BUSY, goals(2.2, 60.0)),
    outage(
        "429 for 2 h, one date",
        2,
        Behaviour::TooManyUntil(EVENT + 2 * HOUR),
        goals(2.2, 60.0),
    ),
    outage(
        "relay's key refused for 8 h",
        8,
        KEY_REFUSED,
        goals(2.0, 240.0),
    ),
    Scenario {
        name: "half at 04:00, relay of 1,000/s a million",
        event: Event::Reconnect { rate: Some(1000.0) },
        goals: goals(3.5, 60.0),
    },
    Scenario {
        name: "half at 04:00, no limit",
        event: Event::Reconnect { rate: None },
        goals: only(60.0),
    },
    Scenario {
        name: "one in 20 flaps for an hour",
        event: Event::Flapping,
        goals: only(130.0),
    },
    Scenario {
        name: "a week of rest",
        event: Event::Rest,
        goals: even(2.0),
    },
    Scenario {
        name: "VPNKI, tunnels up",
        event: Event::Tunnels { are_active: true },
        goals: even(2.0),
    },
    Scenario {
        name: "VPNKI, tunnels down",
        event: Event::Tunnels { are_active: false },
        goals: even(2.0),
    },
];

/// The span of a scenario: from when on and until when requests and sends count, and when
/// it ends.
struct Span {
    counted: (Millis, Option<Millis>),
    end: Millis,
}

impl Event {
    fn span(self) -> Span {
        let span = |from, until, end| Span {
            counted: (from, until),
            end,
        };
        match self {
            Event::PowerCut { .. } => span(EVENT, None, EVENT + 4 * HOUR),
            Event::Echo { .. } => {
                // From the shortest first period on, until all had one.
                let until = EVENT + 3 * DAY;
                span(EVENT + 10 * HOUR, Some(until), until)
            }
            Event::Outage(length, _) => span(EVENT + length, None, EVENT + length + 6 * HOUR),
            Event::Reconnect { .. } => span(EVENT, None, EVENT + 4 * HOUR),
            Event::Flapping => span(EVENT + HOUR, None, EVENT + 6 * HOUR),
            Event::Rest => span(EVENT, Some(EVENT + 7 * DAY), EVENT + 7 * DAY),
            // The first queries come at the boot.
            Event::Tunnels { .. } => span(3 * MINUTE, Some(2 * HOUR), 2 * HOUR),
        }
    }

    fn service(self, share: f64) -> Service {
        let phases = match self {
            Event::Outage(length, behaviour) => vec![(EVENT, EVENT + length, behaviour)],
            _ => Vec::new(),
        };
        let rate = match self {
            Event::Reconnect { rate } => rate.map(|rate| rate * share),
            _ => None,
        };
        Service::new(&phases, rate)
    }

    /// The changes that befall a router, the last one first. It has been at rest since
    /// some moment of the first day.
    fn changes(self, place: usize, rng: &mut fastrand::Rng) -> Vec<(Millis, Change)> {
        let old = place as u32 * 4;
        let joined = rng.u64(..DAY);
        let mut changes = vec![
            (joined, Change::Boot(Clock::Right)),
            (joined + WAN_TIME, Change::Address(old)),
        ];
        match self {
            Event::PowerCut {
                is_new_address,
                clock,
                ..
            }
            | Event::Echo {
                is_new_address,
                clock,
            } => {
                let booted = EVENT + rng.u64(20 * SECOND..BOOT_TIME);
                let number = old + u32::from(is_new_address);
                changes.extend([
                    (EVENT - HOUR, Change::Off),
                    (booted, Change::Boot(clock)),
                    (
                        booted + rng.u64(10 * SECOND..WAN_TIME),
                        Change::Address(number),
                    ),
                    (booted + WAN_TIME + rng.u64(..MINUTE), Change::ClockSet),
                ]);
            }
            Event::Outage(length, _) if place.is_multiple_of(20) => {
                changes.push((EVENT + rng.u64(..length), Change::Address(old + 1)));
            }
            Event::Reconnect { .. } if place.is_multiple_of(2) => {
                let at = EVENT + rng.u64(..5 * MINUTE);
                changes.push((at, Change::Down));
                changes.push((
                    at + rng.u64(2 * SECOND..20 * SECOND),
                    Change::Address(old + 1),
                ));
            }
            Event::Flapping if place.is_multiple_of(20) => {
                let begin = EVENT + rng.u64(..7 * SECOND);
                changes.extend((0..HOUR / (7 * SECOND)).map(|n| {
                    let number = old + 1 + (n % 3) as u32;
                    (begin + n * 7 * SECOND, Change::Address(number))
                }));
            }
            _ => {}
        }
        changes.reverse();
        changes
    }
}

impl Scenario {
    /// Runs the scenario with so many routers, on two threads: each has its half of the
    /// routers, in both modes, and of a relay's rate.
    pub fn run(&self, routers: usize, seed: u64) -> Figures {
        const THREADS: usize = 2;
        let parts: Vec<Tally> = thread::scope(|scope| {
            let started: Vec<_> = (0..THREADS)
                .map(|part| {
                    let seed = seed.wrapping_mul(1009).wrapping_add(part as u64);
                    scope.spawn(move || self.run_part(part, THREADS, routers, seed))
                })
                .collect();
            let ended = started.into_iter().map(|thread| thread.join());
            ended
                .map(|tally| tally.expect("a part that does not panic"))
                .collect()
        });
        let (from, until) = self.event.span().counted;
        let whole = parts.into_iter().fold(Tally::default(), Tally::with);
        whole.figures(self.name, from, until)
    }

    fn run_part(&self, part: usize, parts: usize, routers: usize, seed: u64) -> Tally {
        let mut rng = fastrand::Rng::with_seed(seed);
        let Span { counted, end } = self.event.span();
        let places = (part..routers).step_by(parts);
        if let Event::Tunnels { are_active } = self.event {
            let mut tally = Tally::default();
            for _ in places {
                let account = Account::new(rng.u64(20 * SECOND..BOOT_TIME), are_active);
                let requests = account.run(end, &mut tally, &mut rng);
                tally.sends.push(requests);
            }
            return tally;
        }
        let spread = match self.event {
            Event::PowerCut { spread, .. } => spread,
            Event::Echo { .. } => SPREAD,
            _ => Duration::ZERO,
        };
        let fleet = places
            .map(|place| {
                let mode = match place / parts % 2 {
                    0 => Mode::Daemon,
                    _ => Mode::Hook,
                };
                let mut router = Router::new(mode, rng.u32(..), spread);
                router.changes = self.event.changes(place, &mut rng);
                router
            })
            .collect();
        // A relay's rate is for a million.
        let share = routers as f64 / 1e6 / parts as f64;
        World::new(fleet, self.event.service(share), seed).run(counted.0, end)
    }
}

impl Scenario {
    /// The goals that these figures miss, in words.
    pub fn missed(&self, figures: &Figures) -> Vec<String> {
        let mut missed = Vec::new();
        let mut miss = |is_missed, words: String| {
            if is_missed {
                missed.push(words);
            }
        };
        miss(figures.lost > 0, format!("{} lost", figures.lost));
        if let Some(most) = self.goals.peak_minute {
            let peak = figures.peak_minute;
            miss(
                peak > most,
                format!("peak to mean {peak:.2}, at most {most}"),
            );
        }
        if let Some(most) = self.goals.right_all_min {
            let all = figures.right_all_min;
            miss(
                all > most,
                format!("all right after {all:.0} min, at most {most}"),
            );
        }
        missed
    }
}
