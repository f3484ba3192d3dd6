//! A tunnel and its account over days, in made-up time: what the daemon does, without
//! its I/O.

use std::ops::Range;

use super::super::account::QueryAnswers;
use super::super::dice::Dice;
use super::super::recovery::{OnDown, RecoveryPolicy};
use super::super::schedule::{AccountSchedule, EchoStep};
use super::*;
use crate::address::Candidate;
use crate::config::TunnelLink;
use crate::failure::{Failure, Phase};
use crate::json::{JsonWriter, read_again};
use crate::service::vpnki::Resolution;
use crate::ubus::netifd::Network;

const MIDDLE: u32 = 20; // no jitter of restarts
/// All of what is random in a wait for VPNKI.
const WHOLE: u32 = u32::MAX;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// The beginning of each simulation.
const START: i64 = 1_000;

const fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn is_in(spans: &[Range<Boot>], at: Boot) -> bool {
    spans.iter().any(|span| span.contains(&at))
}

/// A tunnel at default settings, `on_down 'restart'`.
pub(in crate::tunnel) fn tunnel() -> Tunnel {
    Tunnel {
        vpnki: Some("account".to_owned()),
        name: "user356".to_owned(),
        address: None,
        link: TunnelLink::Network("vpnki0".to_owned()),
        service: None,
        wans: vec!["wan".to_owned()],
        ping: Some([172, 16, 0, 1].into()),
        ping_size: None,
        route: None,
        command: None,
        notify: None,
        policy: RecoveryPolicy {
            on_down: OnDown::Restart,
            has_command: false,
            restarts_service: false,
            fix_route: false,
            down_after: 3,
            restart_limit: 3,
            interval: secs(20),
        },
    }
}

/// A network that is up on the device of its name.
pub(in crate::tunnel) fn up(name: &str, address: [u8; 4]) -> Network {
    Network {
        name: name.to_owned(),
        up: true,
        pending: false,
        available: true,
        autostart: true,
        l3_device: Some(name.to_owned()),
        addresses: vec![Candidate::from(core::net::IpAddr::from(address))],
        ..Network::default()
    }
}

/// A router with one tunnel, which VPNKI lists as active whatever happens to it.
struct SimulatedRouter {
    now: Boot,
    tracker: TunnelTracker,
    account: Account,
    networks: [Network; 2],
    /// The times in which no echo is answered.
    outages: Vec<Range<Boot>>,
    /// Whether a restart ends an outage.
    restart_heals: bool,
    /// The echoes in a hundred that are lost by chance.
    loss: u32,
    dice: Dice,
    /// The moment at which the answer to the echo under way comes.
    answer_at: Option<Boot>,
    bytes: (u64, u64),
    rounds: u32,
    writes: u32,
    rechecks: Vec<Boot>,
    restarts: Vec<Boot>,
    changes: Vec<(&'static str, &'static str)>,
}

struct Account {
    schedule: AccountSchedule,
    state: AccountState,
    /// The beginning of the query under way, and its end.
    query: Option<(Boot, Boot)>,
    /// The times in which VPNKI does not answer.
    outages: Vec<Range<Boot>>,
    queries: Vec<Boot>,
    list_queries: u32,
}

impl SimulatedRouter {
    fn new() -> SimulatedRouter {
        let now = at(START);
        SimulatedRouter {
            now,
            tracker: TunnelTracker::new(tunnel(), TunnelState::default(), now),
            account: Account {
                schedule: AccountSchedule::default(),
                state: AccountState::default(),
                query: None,
                outages: Vec::new(),
                queries: Vec::new(),
                list_queries: 0,
            },
            networks: [up("wan", [8, 8, 4, 4]), up("vpnki0", [172, 16, 1, 2])],
            outages: Vec::new(),
            restart_heals: false,
            loss: 0,
            dice: Dice(356),
            answer_at: None,
            bytes: (0, 0),
            rounds: 0,
            writes: 0,
            rechecks: Vec::new(),
            restarts: Vec::new(),
            changes: Vec::new(),
        }
    }

    fn with_outages(outages: impl IntoIterator<Item = Range<i64>>) -> SimulatedRouter {
        SimulatedRouter {
            outages: outages
                .into_iter()
                .map(|span| at(span.start)..at(span.end))
                .collect(),
            ..SimulatedRouter::new()
        }
    }

    fn health(&self) -> Health {
        self.tracker.state.recovery.health
    }

    /// Sleeps until something is due, no longer than until `end`, and does that.
    fn step(&mut self, end: Boot) {
        let due = self
            .tracker
            .schedule
            .due()
            .min(self.account.due())
            .min(self.answer_at.unwrap_or(Boot::NEVER));
        self.now = self.now.max(due.min(end));
        if self.tracker.schedule.awaits_echo() {
            self.take_answer();
        }
        if self.tracker.schedule.round_is_due(self.now) {
            self.begin_round();
        }
        if self.account.work(self.now, false) {
            self.tracker.schedule.account_answered();
        }
    }

    fn until(&mut self, end: Boot) {
        while self.now < end {
            self.step(end);
        }
    }

    fn until_secs(&mut self, end: i64) {
        self.until(at(end));
    }

    /// An event after which everything is looked at.
    fn event(&mut self) {
        self.tracker.schedule.expedite();
        self.account.schedule.expedite();
    }

    fn begin_round(&mut self) {
        self.rounds += 1;
        let tracker = &mut self.tracker;
        assert!(!tracker.begin_round(self.now));
        let account = Some(&self.account.state);
        let context = NetworkContext {
            networks: Ok(&self.networks),
            watched: &[],
        };
        tracker.record_status(&context, |_| true, |_| true, account, self.now);
        match tracker.state.evidence.device_name() {
            Some(_) => self.send_echo(),
            None => {
                tracker.record_echo(None, self.now);
                self.end_round();
            }
        }
    }

    fn send_echo(&mut self) {
        self.bytes.1 += 84;
        let is_lost = is_in(&self.outages, self.now) || self.dice.below(100) < self.loss;
        self.answer_at = (!is_lost).then_some(self.now + Duration::from_millis(23));
        self.tracker.schedule.echo_sent(self.now);
    }

    fn take_answer(&mut self) {
        if self.answer_at.is_some_and(|at| at <= self.now) {
            self.answer_at = None;
            self.bytes.0 += 84;
            self.tracker.record_answer(secs(0), self.now);
            return self.end_round();
        }
        match self.tracker.schedule.echo_step(self.now) {
            EchoStep::Wait => {}
            EchoStep::SendAgain => self.send_echo(),
            EchoStep::GiveUp => {
                self.tracker.record_loss(self.now);
                self.end_round();
            }
        }
    }

    fn end_round(&mut self) {
        let (now, tracker) = (self.now, &mut self.tracker);
        tracker.record_counters(self.bytes.0, self.bytes.1, now);
        let judgement = tracker.judge(false, now, MIDDLE);
        self.changes.extend(judgement.notified_change);
        if judgement.write_is_due {
            let file = JsonWriter::of(&tracker.state);
            assert_eq!(read_again(&file).as_ref(), Some(&tracker.state));
            tracker.schedule.written(now);
            self.writes += 1;
        }
        match judgement.action {
            Action::Recheck => {
                self.rechecks.push(now);
                if self.account.work(now, true) {
                    tracker.schedule.account_answered();
                }
            }
            Action::Restart => {
                tracker.state.recovery.restarting = false;
                self.restarts.push(now);
                if self.restart_heals {
                    let mut outages = self.outages.iter_mut();
                    if let Some(outage) = outages.find(|span| span.contains(&now)) {
                        outage.end = outage.end.min(now + secs(10));
                    }
                }
            }
            Action::FixRoute | Action::Command => panic!("{:?}", judgement.action),
            Action::Wait => {}
        }
    }

    /// No hour has more restarts than are allowed.
    fn budget_holds(&self) {
        let limit = self.tracker.tunnel.policy.restart_limit as usize;
        let mut hours = self.restarts.windows(limit + 1);
        let is_kept = hours.all(|w| w[limit].since(w[0]) >= secs(3_600));
        assert!(is_kept, "{:?}", self.restarts);
    }
}

impl Account {
    fn due(&self) -> Boot {
        self.query.map_or(self.schedule.due(), |(_, end)| end)
    }

    /// Whether it has answered, or cannot be asked now.
    fn work(&mut self, now: Boot, is_requested: bool) -> bool {
        let has_ended = match self.query {
            Some((_, end)) if now < end => return false,
            Some((start, end)) => {
                self.end(start, end);
                true
            }
            None => false,
        };
        if is_requested || self.schedule.query_is_due(now) {
            self.schedule.hasten(Some(&self.state), now);
        }
        if self.schedule.query_is_due(now) {
            let state = core::mem::take(&mut self.state);
            self.state = state
                .for_config("f", &[TunnelId::from(&tunnel())])
                .query_begun(now, WHOLE);
            // An answer takes two seconds, silence as long as a call may take.
            let time = if is_in(&self.outages, now) { 30 } else { 2 };
            self.query = Some((now, now + secs(time)));
            self.queries.push(now);
            return has_ended;
        }
        has_ended || is_requested
    }

    fn end(&mut self, start: Boot, end: Boot) {
        self.query = None;
        let timeout = || Failure::Timeout {
            host: "vpnki.example".to_owned(),
            phase: Phase::Reply,
            limit: secs(30),
            attempts: Box::default(),
        };
        let is_silent = is_in(&self.outages, start);
        let needs_list = !is_silent
            && self
                .state
                .needs_tunnel_list(&[TunnelId::from(&tunnel())], start);
        self.list_queries += u32::from(needs_list);
        let answers = QueryAnswers {
            active: match is_silent {
                true => Err(timeout().into()),
                false => Ok(vec![true]),
            },
            tunnels: needs_list.then(|| Ok(vec![Resolution::default()])),
        };
        let state = core::mem::take(&mut self.state);
        let (name, host) = (tunnel(), "vpnki.example");
        let tunnels = [TunnelId::from(&name)];
        self.state = state.query_ended(&tunnels, answers, host, start, end, WHOLE);
        let file = JsonWriter::of(&self.state);
        assert_eq!(read_again(&file).as_ref(), Some(&self.state));
        let next_due = self.state.next_due(secs(120));
        self.schedule.query_ended(Some(next_due), end);
    }
}

#[test]
fn a_quiet_day() {
    let mut router = SimulatedRouter::new();
    router.until_secs(START + DAY);
    assert_eq!(router.health(), Health::Up);
    assert_eq!(router.changes, [("unknown", "up")]);
    // Every 20 s; written every 5 minutes; asked every 2, with the list every hour.
    assert!(
        (4_320..=4_321).contains(&router.rounds),
        "{}",
        router.rounds
    );
    assert!((287..=290).contains(&router.writes), "{}", router.writes);
    assert!((720..=721).contains(&router.account.queries.len()));
    assert!((24..=25).contains(&router.account.list_queries));
}

#[test]
fn a_dead_tunnel_is_seen_within_45_seconds() {
    for phase in 0..45 {
        let death = START + 200 + phase;
        let mut router = SimulatedRouter::with_outages(core::iter::once(death..death + DAY));
        router.until_secs(death);
        assert_eq!(router.health(), Health::Up);
        while router.health() == Health::Up {
            router.step(Boot::NEVER);
        }
        assert_eq!(router.health(), Health::Down);
        let took = router.now.since(at(death));
        assert!((secs(12)..=secs(45)).contains(&took), "{phase}: {took:?}");
    }
}

#[test]
fn no_false_alarm_in_1000_hours_at_one_percent_loss() {
    let mut router = SimulatedRouter::new();
    router.loss = 1;
    let mut suspect = 0;
    while router.now < at(1_000 * HOUR) {
        let rounds = router.rounds;
        router.step(Boot::NEVER);
        let recovery = &router.tracker.state.recovery;
        let is_suspect = router.rounds > 1 && recovery.last_verdict != Health::Up;
        suspect += u32::from(is_suspect && router.rounds > rounds);
    }
    assert_eq!(router.health(), Health::Up);
    assert_eq!((router.rechecks.len(), router.restarts.len()), (0, 0));
    assert!((5..=40).contains(&suspect), "{suspect} rounds");
}

#[test]
fn a_restart_helps() {
    let mut router = SimulatedRouter::with_outages(core::iter::once(START + 200..START + DAY));
    router.restart_heals = true;
    router.until_secs(START + HOUR);
    assert_eq!(router.restarts.len(), 1);
    let took = router.restarts[0].since(at(START + 200));
    assert!(took <= secs(50), "{took:?}");
    let changes = [("unknown", "up"), ("up", "down"), ("down", "up")];
    assert_eq!(router.changes, changes);
}

#[test]
fn a_day_of_a_flapping_tunnel() {
    // Three minutes dead, three minutes alive.
    let outages = (0..240).map(|n| START + n * 360 + 180..START + n * 360 + 360);
    let mut router = SimulatedRouter::with_outages(outages);
    router.until_secs(START + DAY);
    router.budget_holds();
    assert!(
        (24..=72).contains(&router.restarts.len()),
        "{:?}",
        router.restarts
    );
    // The program hears of each outage, and of each return.
    let changes = router.changes.iter();
    let ends = changes.filter(|(old, _)| *old == "up").count();
    let returns = router.changes.iter().filter(|(_, new)| *new == "up");
    assert_eq!((ends, returns.count()), (240, 240));
    // Every 5 s at the most.
    assert!(router.rounds < 17_280, "{}", router.rounds);
    router.until_secs(START + DAY + 60);
    assert_eq!(router.health(), Health::Up);
}

#[test]
fn an_outage_of_hours_in_which_vpnki_is_silent_too() {
    let mut router = SimulatedRouter::with_outages(core::iter::once(START + 205..START + 6 * HOUR));
    router.account.outages = router.outages.clone();
    router.until_secs(START + 6 * HOUR);
    router.budget_holds();
    assert!(
        (12..=18).contains(&router.restarts.len()),
        "{:?}",
        router.restarts
    );
    // Before each restart VPNKI was asked, and its answer waited for: 30 s, or none if
    // it was asked less than 15 s ago.
    for restart in &router.restarts {
        let recheck = router.rechecks.iter().rfind(|at| *at < restart);
        let recheck = recheck.expect("there is one before each");
        assert!(restart.since(*recheck) <= secs(37), "{restart:?}");
        let mut queries = router.account.queries.iter();
        let mut ends = queries.by_ref().map(|at| *at + secs(30));
        let is_waited_for = |end: Boot| end <= *restart && *recheck <= end + secs(15);
        assert!(ends.any(is_waited_for), "{restart:?}");
    }
    let gaps = router.account.queries.windows(2).map(|w| w[1].since(w[0]));
    assert!(gaps.min() >= Some(secs(15)));
    assert!(router.tracker.state.recovery.given_up);
    // Whatever the pauses have grown to, its return is seen with the next round, and
    // VPNKI is asked again within half an hour.
    router.until_secs(START + 6 * HOUR + 30);
    assert_eq!(router.health(), Health::Up);
    router.until_secs(START + 6 * HOUR + 1_830);
    assert_eq!(router.account.state.last_error(), None);
}

#[test]
fn a_week_of_renewals() {
    let mut router = SimulatedRouter::new();
    for day in 1..=7 {
        let begin = START + day * DAY;
        router.until_secs(begin);
        // The provider hangs up: for five seconds there is no address, and the tunnel
        // needs 20 s more.
        router.outages = vec![at(begin)..at(begin + 25)];
        let wan = router.networks[0].clone();
        router.networks[0] = Network {
            up: false,
            pending: true,
            l3_device: None,
            addresses: Vec::new(),
            ..wan
        };
        router.event();
        router.until_secs(begin + 5);
        router.networks[0] = up("wan", [8, 8, 4, 10 + day as u8]);
        router.event();
        let queries = router.account.queries.len();
        router.until_secs(begin + 20);
        assert!(
            router.account.queries.len() > queries,
            "VPNKI is asked at once"
        );
        router.until_secs(begin + 60);
        assert_eq!(router.health(), Health::Up, "day {day}");
    }
    assert_eq!((router.rechecks.len(), router.restarts.len()), (0, 0));
    let gaps = router.account.queries.windows(2).map(|w| w[1].since(w[0]));
    assert!(gaps.min() >= Some(secs(15)));
    assert!((5_040..=5_060).contains(&router.account.queries.len()));
}

#[test]
fn another_wan_settles_before_a_restart() {
    let mut router = SimulatedRouter::with_outages(core::iter::once(START + 100..START + DAY));
    router.until_secs(START + 100);
    router.networks[0] = up("wan", [8, 8, 4, 9]);
    router.event();
    while router.restarts.is_empty() {
        router.step(Boot::NEVER);
    }
    let since = router.tracker.state.evidence.wan_up_since();
    assert!(router.restarts[0].since(since.expect("up")) >= secs(30));
}

#[test]
fn a_half_done_restart_is_pending_until_netifd_catches_up() {
    let mut router = SimulatedRouter::new();
    let tracker = &mut router.tracker;
    tracker.state.recovery.restarting = true;
    assert!(tracker.begin_round(router.now), "it must be taken up");
    let off = Network {
        up: false,
        autostart: false,
        l3_device: None,
        ..router.networks[1].clone()
    };
    let networks = [router.networks[0].clone(), off];
    let context = NetworkContext {
        networks: Ok(&networks),
        watched: &[],
    };
    tracker.record_status(&context, |_| true, |_| true, None, router.now);
    let device = tracker.state.evidence.device.as_ref();
    let device = &device.expect("it is known").value;
    assert!(matches!(device, DeviceStatus::Pending { .. }), "{device:?}");
}

#[test]
fn a_large_echo_a_minute() {
    let tunnel = Tunnel {
        ping_size: Some(1372),
        ..tunnel()
    };
    let mut tracker = TunnelTracker::new(tunnel, TunnelState::default(), at(0));
    assert_eq!(tracker.large_echo(at(1)), Some(1372));
    tracker.record_large_echo(false, at(1));
    assert_eq!(tracker.large_echo(at(60)), None);
    assert_eq!(tracker.large_echo(at(61)), Some(1372));
    tracker.tunnel.ping_size = None;
    assert_eq!(tracker.large_echo(at(61)), None);
}
