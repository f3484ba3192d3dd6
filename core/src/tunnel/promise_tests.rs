//! The watchdog's promises, over random sequences of evidence in made-up time: a tunnel
//! that carries traffic is never touched, and a dead one is acted upon in time.

use super::account::AccountState;
use super::dice::Dice;
use super::evidence::{EchoStatus, Finding, HandshakeStatus, ServiceStatus};
use super::networks::NetworkContext;
use super::recovery::Action;
use super::tracker::TunnelTracker;
use super::tracker::tests::{tunnel, up};
use super::witness::Witness;
use super::*;
use crate::json::{JsonWriter, read_again};
use crate::ubus::netifd::Network;

const MIDDLE: u32 = 20; // no jitter

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The signs of a tunnel at one moment, if it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Signs {
    /// The address answers; none: no echo can be sent.
    answers: Option<bool>,
    /// A byte comes each so many seconds; 0 for none.
    receives_every: u64,
    /// Bytes go out each second.
    sends: u64,
    /// VPNKI's word.
    listed: Option<bool>,
    /// WireGuard peers shake hands, where there are any.
    shakes: Option<bool>,
    /// netifd has the network up.
    is_up: bool,
    wan_is_up: bool,
}

const ALIVE: Signs = Signs {
    answers: None,
    receives_every: 0,
    sends: 0,
    listed: None,
    shakes: None,
    is_up: true,
    wan_is_up: true,
};

/// A tracker fed with signs, which knows what it was told.
struct Watch {
    tracker: TunnelTracker,
    now: Boot,
    began: Boot,
    bytes: (u64, u64),
    handshake: Boot,
    /// The witnesses that have spoken for the tunnel.
    honest: Vec<Witness>,
    /// The moment of the last round in which bytes were counted.
    received_at: Boot,
    /// The moment since which each witness has spoken against the tunnel.
    against_since: [Option<Boot>; 4],
    restarts: Vec<Boot>,
}

impl Watch {
    fn new(state: TunnelState, now: i64) -> Watch {
        let now = Boot::from_secs(now);
        Watch {
            tracker: TunnelTracker::new(tunnel(), state, now),
            now,
            began: now,
            bytes: (0, 0),
            handshake: Boot::from_secs(-10_000),
            honest: Vec::new(),
            received_at: Boot::from_secs(-10_000),
            against_since: [None; 4],
            restarts: Vec::new(),
        }
    }

    /// A round over what has happened since the last one.
    fn round(&mut self, signs: &Signs) -> Action {
        let now = self.now;
        let (received, seconds) = self.pass_time(signs);
        let tracker = &mut self.tracker;
        if tracker.begin_round(now) {
            tracker.state.recovery.restarting = false;
        }
        let networks = [
            network("wan", signs.wan_is_up),
            network("vpnki0", signs.is_up),
        ];
        let context = NetworkContext {
            networks: Ok(&networks),
            watched: &[],
        };
        tracker.record_status(&context, |_| true, |_| true, None::<&AccountState>, now);
        let service = signs.listed.map(|is_active| match is_active {
            true => ServiceStatus::Active,
            false => ServiceStatus::Inactive,
        });
        tracker.state.evidence.service = service.map(|value| Finding { value, at: now });
        let shakes = signs.shakes.map(|_| HandshakeStatus::At(self.handshake));
        tracker.state.evidence.handshake = shakes.map(|value| Finding { value, at: now });
        match signs.answers.filter(|_| signs.is_up) {
            Some(true) => tracker.record_answer(Duration::ZERO, now),
            Some(false) => tracker.record_loss(now),
            None => tracker.record_echo(Some(EchoStatus::Unavailable("no".into())), now),
        }
        if signs.is_up {
            tracker.record_counters(self.bytes.0, self.bytes.1, now);
        }
        self.note_honest(signs, received, seconds);
        let judgement = self.tracker.judge(false, now, MIDDLE);
        let file = JsonWriter::of(&self.tracker.state);
        let read = read_again(&file).expect("written just now");
        self.tracker.state = read;
        if judgement.action == Action::Restart {
            self.tracker.state.recovery.restarting = false;
            self.restarts.push(now);
            self.is_justified(signs);
        }
        judgement.action
    }

    /// Lets the time pass since the last round; whether bytes came in it.
    fn pass_time(&mut self, signs: &Signs) -> (bool, u64) {
        let seconds = self.now.since(self.began).as_secs();
        self.began = self.now;
        let came = match signs.receives_every {
            0 => 0,
            every => {
                let ticks = |at: Boot| at.secs().unsigned_abs() / every;
                let last = self.now - secs(seconds);
                100 * (ticks(self.now) - ticks(last))
            }
        };
        // An answer is received as well, and an echo is sent.
        let answer = 84 * u64::from(signs.answers == Some(true) && signs.is_up);
        if signs.is_up {
            self.bytes.0 += came + answer;
            self.bytes.1 += signs.sends * seconds + 84;
        }
        if signs.shakes == Some(true) {
            self.handshake = self.now;
        }
        (came + answer > 0, seconds)
    }

    fn note_honest(&mut self, signs: &Signs, received: bool, seconds: u64) {
        let spoke = [
            (Witness::Ping, signs.answers == Some(true) && signs.is_up),
            (Witness::Traffic, received && seconds > 0 && signs.is_up),
            (Witness::Service, signs.listed == Some(true)),
            (Witness::Handshake, signs.shakes == Some(true)),
        ];
        let new = spoke.into_iter().filter(|(_, is_so)| *is_so);
        self.honest.extend(new.map(|(witness, _)| witness));
        if received && signs.is_up {
            self.received_at = self.now;
        }
        // Once said, it is said until the witness speaks for the tunnel again.
        let against = [
            (signs.answers == Some(false) && signs.is_up).then_some(false),
            // Once sent, it stays unanswered until something comes.
            (!received && signs.is_up).then_some(false),
            (signs.listed == Some(false)).then_some(false),
            (signs.shakes == Some(false)).then_some(true),
        ];
        for (since, against) in self.against_since.iter_mut().zip(against) {
            *since = match against {
                None => None,
                Some(true) => Some(self.now),
                Some(false) => since.or(Some(self.now)),
            };
        }
    }

    /// What speaks against the tunnel is a fact, or a witness that once spoke for it, and
    /// no bytes came since it does.
    fn is_justified(&self, signs: &Signs) {
        assert!(signs.wan_is_up);
        assert!(self.received_at < self.now, "{signs:?}");
        let counts = |(witness, since): (Witness, &Option<Boot>)| {
            let is_refuted = |since: Boot| {
                self.received_at > since && self.now.since(self.received_at) <= secs(600)
            };
            self.honest.contains(&witness) && since.is_some_and(|since| !is_refuted(since))
        };
        let mut all = Witness::ALL.into_iter().zip(&self.against_since);
        let reason = &self.tracker.state.recovery.reason;
        assert!(
            !signs.is_up || all.any(counts),
            "{signs:?} {reason} {:?} {:?}",
            self.received_at,
            self.against_since
        );
    }

    fn budget_holds(&self) {
        let mut hours = self.restarts.windows(4);
        let is_kept = hours.all(|w| w[3].since(w[0]) >= HOUR);
        assert!(is_kept, "{:?}", self.restarts);
    }

    /// Rounds as they are due, until `done` or the end of the time.
    fn until(&mut self, signs: &Signs, end: Boot, done: impl Fn(&Watch) -> bool) {
        while self.now < end && !done(self) {
            self.round(signs);
            self.now = self.tracker.schedule.due().max(self.now + secs(1)).min(end);
        }
    }
}

fn network(name: &str, is_up: bool) -> Network {
    let network = up(name, [8, 8, 4, 4]);
    match is_up {
        true => network,
        false => Network {
            up: false,
            l3_device: None,
            addresses: Vec::new(),
            ..network
        },
    }
}

fn random_signs(dice: &mut Dice) -> Signs {
    let maybe = |dice: &mut Dice| [None, Some(false), Some(true)][dice.below(3) as usize];
    Signs {
        answers: maybe(dice),
        receives_every: [0, 0, 1, 7, 30, 50, 100, 400][dice.below(8) as usize],
        sends: [0, 100, 5_000][dice.below(3) as usize],
        listed: maybe(dice),
        shakes: maybe(dice),
        is_up: dice.below(8) > 0,
        wan_is_up: dice.below(8) > 0,
    }
}

#[test]
fn whatever_happens_what_carries_traffic_is_not_touched() {
    let mut dice = Dice(2_026);
    let mut restarts = 0;
    for _ in 0..400 {
        let mut watch = Watch::new(TunnelState::default(), 1_000);
        for _ in 0..40 {
            let signs = random_signs(&mut dice);
            let is_daemon = dice.below(4) > 0;
            for _ in 0..dice.below(40) {
                watch.round(&signs);
                // The daemon comes when it is due, cron every five minutes.
                watch.now = match is_daemon {
                    true => watch.tracker.schedule.due().max(watch.now + secs(1)),
                    false => watch.now + secs(300),
                };
            }
        }
        watch.budget_holds();
        restarts += watch.restarts.len();
    }
    assert!(restarts > 500, "{restarts}: too few to prove anything");
}

/// For each witness alone: the tunnel lives, and dies; the longest time to the restart.
#[test]
fn one_honest_witness_is_enough() {
    let table = [
        // Seen within 45 s, and looked at once more.
        (Witness::Ping, 60),
        // A minute of bytes that nobody answers, and three rounds.
        (Witness::Traffic, 60 + 60),
        (Witness::Service, 60),
        // Three minutes since the last handshake, and three rounds.
        (Witness::Handshake, 180 + 20 + 60),
    ];
    for (witness, promised) in table {
        for phase in 0..40 {
            let (alive, dead) = life_and_death(witness);
            let mut watch = Watch::new(TunnelState::default(), 1_000 + phase);
            watch.until(&alive, Boot::from_secs(1_400), |_| false);
            assert_eq!(watch.tracker.state.recovery.health, Health::Up);
            let died = watch.now;
            watch.until(&dead, died + HOUR, |watch| !watch.restarts.is_empty());
            let took = watch.restarts.first().map(|at| at.since(died));
            assert!(
                took.is_some_and(|took| took <= secs(promised)),
                "{witness:?}: {took:?}"
            );
        }
    }
}

/// The signs of a tunnel of which one witness alone tells.
fn life_and_death(witness: Witness) -> (Signs, Signs) {
    let with = |is_alive: bool| {
        let sign = Some(is_alive);
        match witness {
            Witness::Ping => Signs {
                answers: sign,
                ..ALIVE
            },
            Witness::Service => Signs {
                listed: sign,
                ..ALIVE
            },
            Witness::Handshake => Signs {
                shakes: sign,
                sends: 10,
                ..ALIVE
            },
            Witness::Traffic => Signs {
                receives_every: u64::from(is_alive),
                sends: 1_000,
                ..ALIVE
            },
        }
    };
    let alive = match witness {
        // A peer that shakes hands is one that sends.
        Witness::Handshake => Signs {
            receives_every: 1,
            ..with(true)
        },
        _ => with(true),
    };
    (alive, with(false))
}

#[test]
fn a_power_cut_silences_no_witness() {
    for witness in Witness::ALL {
        let (alive, dead) = life_and_death(witness);
        let mut watch = Watch::new(TunnelState::default(), 1_000);
        let mut recorded = None;
        while recorded.is_none() {
            assert!(watch.now < Boot::from_secs(1_300), "{witness:?}");
            watch.until(&alive, watch.now + secs(1), |_| false);
            let state = &watch.tracker.state;
            // The agent writes when it is told to.
            let is_written = state
                .record_due
                .is_some_and(|due| due > watch.now + secs(600));
            recorded = is_written.then(|| state.record_entry());
        }
        let entry = recorded.expect("it is there");
        assert!(entry.witnesses.contains(&witness), "{entry:?}");

        let state = TunnelState::default().with_record(Some(&entry));
        let mut watch = Watch::new(state, 50);
        watch.honest.push(witness);
        watch.until(&dead, Boot::from_secs(50) + HOUR, |watch| {
            !watch.restarts.is_empty()
        });
        assert_eq!(watch.restarts.len(), 1, "{witness:?}");

        // Another configuration knows nothing of it.
        let other = TunnelState::default()
            .for_config("other")
            .with_record(Some(&entry));
        let mut watch = Watch::new(other, 50);
        watch.until(&dead, Boot::from_secs(50) + HOUR, |_| false);
        assert_eq!(watch.restarts, [], "{witness:?}");
    }
}

#[test]
fn a_filtered_echo_and_slow_traffic() {
    // The far end answers at first, and filters echoes later; a sensor sends every 50 s.
    let open = Signs {
        answers: Some(true),
        receives_every: 50,
        ..ALIVE
    };
    let filtered = Signs {
        answers: Some(false),
        ..open
    };
    let mut watch = Watch::new(TunnelState::default(), 1_000);
    watch.until(&filtered, Boot::from_secs(10_000), |_| false);
    assert_eq!(watch.restarts, [], "it never answered");
    watch.until(&open, Boot::from_secs(10_100), |_| false);
    watch.until(
        &Signs {
            receives_every: 4,
            ..filtered
        },
        Boot::from_secs(90_000),
        |_| false,
    );
    assert_eq!(watch.restarts, [], "bytes come");
    let reason = &watch.tracker.state.recovery.reason;
    assert!(reason.contains("is 'option ping' right?"), "{reason}");
}

#[test]
fn a_vpnki_that_is_wrong_and_slow_traffic() {
    // A sensor sends every 100 s; VPNKI lists the tunnel no longer, and says so each time.
    let listed = Signs {
        listed: Some(true),
        receives_every: 100,
        ..ALIVE
    };
    let mut watch = Watch::new(TunnelState::default(), 1_000);
    watch.until(&listed, Boot::from_secs(2_000), |_| false);
    // Until the first bytes after its word, it is believed.
    watch.until(
        &Signs {
            receives_every: 10,
            listed: Some(false),
            ..listed
        },
        Boot::from_secs(2_100),
        |_| false,
    );
    let wrong = Signs {
        listed: Some(false),
        ..listed
    };
    watch.until(&wrong, Boot::from_secs(90_000), |_| false);
    assert_eq!(watch.restarts, []);
    // It dies all the same.
    let dead = Signs {
        receives_every: 0,
        ..wrong
    };
    watch.until(&dead, Boot::from_secs(91_000), |_| false);
    assert!(!watch.restarts.is_empty());
}

#[test]
fn a_stream_that_nobody_answers() {
    for listed in [Some(true), None] {
        let stream = Signs {
            sends: 50_000,
            listed,
            ..ALIVE
        };
        let mut watch = Watch::new(TunnelState::default(), 1_000);
        watch.until(&stream, Boot::from_secs(90_000), |_| false);
        assert_eq!(watch.restarts, []);
    }
    // Even where something was received before.
    let stream = Signs {
        sends: 50_000,
        listed: Some(true),
        ..ALIVE
    };
    let mut watch = Watch::new(TunnelState::default(), 1_000);
    watch.until(
        &Signs {
            receives_every: 5,
            ..stream
        },
        Boot::from_secs(2_000),
        |_| false,
    );
    watch.until(&stream, Boot::from_secs(90_000), |_| false);
    assert_eq!(watch.restarts, []);
}

#[test]
fn the_record_is_written_once_for_each_witness() {
    let mut watch = Watch::new(TunnelState::default(), 1_000);
    let signs = Signs {
        answers: Some(true),
        listed: Some(true),
        ..ALIVE
    };
    let mut due = Vec::new();
    while watch.now < Boot::from_secs(90_000) {
        let before = watch.tracker.state.record_due;
        watch.round(&signs);
        let state = &mut watch.tracker.state;
        if before.is_some_and(|at| at <= watch.now) {
            due.push(watch.now.secs());
            let entry = state.record_entry();
            assert_eq!(
                entry.witnesses,
                [Witness::Ping, Witness::Traffic, Witness::Service]
            );
            *state = core::mem::take(state).with_record(Some(&entry));
        }
        watch.now = watch.tracker.schedule.due();
    }
    assert_eq!(due, [1_060]);
}
