use super::super::Memory;
use super::super::evidence::{Device, Evidence, Ping, Route, Seen, Service, Traffic, Wan};
use super::super::verdict::{Names, verdict};
use super::*;
use crate::json::{JsonWriter, read_again};

const MIDDLE: u32 = 20; // no jitter

/// As `on_down 'restart'` makes it with nothing else set.
fn policy() -> Policy {
    Policy {
        on_down: OnDown::Restart,
        has_command: false,
        fix_route: false,
        down_after: 3,
        restart_limit: 3,
        interval: 20,
    }
}

fn found(state: State, cause: Cause) -> Verdict {
    Verdict {
        state,
        cause,
        reason: "so it is".into(),
    }
}

fn up() -> Verdict {
    found(State::Up, Cause::Alive)
}

fn down() -> Verdict {
    found(State::Down, Cause::Dead)
}

fn no_route() -> Verdict {
    found(State::Down, Cause::NoRoute)
}

fn unclear() -> Verdict {
    found(State::Unknown, Cause::Unclear)
}

/// The WAN has been up for ever.
const CALM: Surroundings = Surroundings {
    wan_up_since: Some(0),
    address_is_pending: false,
};

/// A tunnel with its ladder, in made-up time.
struct Run {
    policy: Policy,
    recovery: Recovery,
    surroundings: Surroundings,
    now: i64,
    done: Vec<(i64, Action)>,
}

impl Run {
    /// It was up at 1,000 s and is looked at next when it is due.
    fn new(policy: Policy) -> Run {
        let mut run = Run {
            policy,
            recovery: Recovery::default(),
            surroundings: CALM,
            now: 1_000,
            done: Vec::new(),
        };
        run.look(&up());
        run
    }

    /// One look, and the wait for the next one. The memory goes through a file.
    fn look(&mut self, verdict: &Verdict) -> Action {
        let (mut after, action) = step(
            &self.policy,
            &self.recovery,
            verdict,
            &self.surroundings,
            self.now,
            MIDDLE,
        );
        assert_eq!(after.restarting, action == Action::Restart);
        after.restarting = false;
        let file = JsonWriter::of(&after);
        self.recovery = read_again(&file).expect("written just now");
        if action != Action::Wait {
            self.done.push((self.now, action));
        }
        self.now += match action {
            Action::LookAgain => 1,
            _ => next_due(&self.policy, &self.recovery, self.now),
        };
        action
    }

    fn looks(&mut self, times: usize, verdict: &Verdict) {
        for _ in 0..times {
            self.look(verdict);
        }
    }

    fn until(&mut self, end: i64, verdict: &Verdict) {
        while self.now < end {
            self.look(verdict);
        }
    }

    /// When this was done, in seconds since `start`.
    fn times(&self, action: Action, start: i64) -> Vec<i64> {
        let done = self.done.iter().filter(|(_, what)| *what == action);
        done.map(|(at, _)| at - start).collect()
    }

    fn says(&self, words: &str) {
        let reason = &self.recovery.reason;
        assert!(reason.contains(words), "'{words}' in '{reason}'");
    }
}

#[test]
fn up_is_told_at_once_down_after_three() {
    let mut run = Run::new(policy());
    assert_eq!(run.recovery.state, State::Up);
    assert_eq!(run.recovery.since, 1_000);
    run.look(&down());
    run.says("so it is; seen down 1 of 3 times");
    run.look(&down());
    assert_eq!((run.recovery.state, run.done.len()), (State::Up, 0));
    run.look(&down());
    assert_eq!(run.recovery.state, State::Down);
    assert_eq!(run.recovery.since, 1_030);
    run.look(&up());
    assert_eq!(run.recovery.state, State::Up);
    assert_eq!(run.recovery.reason, "so it is");
}

#[test]
fn a_look_that_tells_nothing_starts_the_row_again() {
    let mut run = Run::new(policy());
    for _ in 0..20 {
        run.looks(2, &down());
        run.look(&unclear());
    }
    assert_eq!(run.recovery.state, State::Up);
    assert_eq!(run.done, []);
    run.looks(3, &unclear());
    assert_eq!(run.recovery.state, State::Unknown);
    assert_eq!(run.recovery.reason, "so it is");
}

#[test]
fn a_restart_that_helps() {
    let mut run = Run::new(policy());
    run.looks(3, &down());
    run.says("; looking again before anything is done");
    assert_eq!(run.look(&down()), Action::Restart);
    run.says("; restarting its network, 1 of 3 in an hour");
    run.looks(5, &found(State::Unknown, Cause::Pending));
    assert_eq!(run.recovery.state, State::Down, "while netifd is at it");
    run.until(3_000, &up());
    assert_eq!(run.recovery.streak, 0);
    assert_eq!(run.recovery.attempts.len(), 1, "the hour is not forgotten");
    assert_eq!(run.times(Action::Restart, 1_000), [31]);
}

#[test]
fn a_fresh_look_can_call_it_off() {
    let mut run = Run::new(policy());
    run.looks(3, &down());
    assert_eq!(run.done, [(1_030, Action::LookAgain)]);
    run.look(&up());
    run.until(2_000, &up());
    assert_eq!(run.done.len(), 1);
}

#[test]
fn a_fresh_look_is_not_asked_for_every_few_seconds() {
    let mut run = Run::new(policy());
    while run.now < 4_600 {
        run.looks(3, &down());
        run.look(&unclear());
    }
    assert_eq!(run.times(Action::Restart, 0), [0; 0]);
    let looks = run.times(Action::LookAgain, 0);
    assert!(looks.windows(2).all(|w| w[1] - w[0] >= 30), "{looks:?}");
}

#[test]
fn restarts_that_do_not_help() {
    let mut run = Run::new(policy());
    run.until(4_000, &down());
    assert_eq!(run.times(Action::Restart, 1_000), [31, 92, 213]);
    assert_eq!(run.times(Action::LookAgain, 1_000).len(), 3);
    run.says("; 3 restarts within an hour did not help; the next try is in 10 min");
    assert!(run.recovery.given_up);
    assert_eq!(next_due(&run.policy, &run.recovery, 4_000), 20);
    run.until(8_000, &down());
    let all = run.times(Action::Restart, 1_000);
    assert!((5..=6).contains(&all.len()), "{all:?}");
    assert!(all.windows(4).all(|w| w[3] - w[0] >= 3600), "{all:?}");
}

#[test]
fn pauses_grow_to_half_an_hour() {
    let mut run = Run::new(Policy {
        restart_limit: 100,
        ..policy()
    });
    run.until(12_000, &down());
    let all = run.times(Action::Restart, 1_000);
    let pauses: Vec<i64> = all.windows(2).map(|w| (w[1] - w[0]) / 60).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
    for random in 0..100 {
        let (after, action) = step(&run.policy, &looked(), &down(), &CALM, 5_000, random);
        assert_eq!(action, Action::Restart);
        assert!((5_048..=5_072).contains(&after.not_before));
    }
}

/// Down for certain, by a fresh look.
fn looked() -> Recovery {
    Recovery {
        state: State::Down,
        seen: State::Down,
        row: 4,
        looked: true,
        ..Recovery::default()
    }
}

#[test]
fn after_the_restarts_the_command_once_an_hour() {
    let mut run = Run::new(Policy {
        has_command: true,
        ..policy()
    });
    run.until(4_500, &down());
    assert_eq!(run.times(Action::Restart, 1_000).len(), 3);
    assert_eq!(run.times(Action::Command, 1_000), [454]);
    run.until(4_000 + 2 * 3600, &down());
    let all = run.times(Action::Command, 0);
    assert!(all.windows(2).all(|w| w[1] - w[0] >= 3600), "{all:?}");
    assert_eq!(all.len(), 3, "{all:?}");
}

#[test]
fn a_command_instead_of_restarts() {
    let mut run = Run::new(Policy {
        on_down: OnDown::Command,
        has_command: true,
        ..policy()
    });
    run.until(4_000, &down());
    assert_eq!(run.times(Action::Restart, 0), [0; 0]);
    assert_eq!(run.times(Action::Command, 1_000), [31, 92, 213]);
    run.says("; 3 commands within an hour did not help; the next try is in ");
}

#[test]
fn nothing_is_done_where_nothing_is_asked_for() {
    let table = [
        (OnDown::Nothing, 3, "; on_down is none, so nothing is done"),
        (
            OnDown::Command,
            3,
            "; there is no command, so nothing is done",
        ),
        (
            OnDown::Restart,
            0,
            "; restart_limit is 0, so nothing is done",
        ),
    ];
    for (on_down, restart_limit, words) in table {
        let mut run = Run::new(Policy {
            on_down,
            restart_limit,
            has_command: on_down == OnDown::Restart,
            ..policy()
        });
        run.until(5_000, &down());
        assert_eq!(run.done, []);
        assert_eq!(run.recovery.state, State::Down);
        assert_eq!(next_due(&run.policy, &run.recovery, run.now), 20);
        run.says(words);
    }
}

#[test]
fn nothing_while_the_wan_is_down() {
    let mut run = Run::new(policy());
    run.looks(2, &down());
    run.surroundings.wan_up_since = None;
    run.until(5_000, &found(State::Unknown, Cause::NoWan));
    assert_eq!(run.recovery.state, State::Unknown);
    run.looks(5, &down());
    assert_eq!(run.done, []);
    run.says("; waiting for the WAN");
}

#[test]
fn the_wan_and_its_address_settle_first() {
    let mut run = Run::new(policy());
    run.surroundings = Surroundings {
        wan_up_since: Some(1_000),
        address_is_pending: true,
    };
    run.policy.down_after = 1;
    run.look(&down());
    run.says("; waiting 10 s for the WAN to settle");
    run.until(1_030, &down());
    run.look(&down());
    run.says("; waiting until the new WAN address is confirmed");
    run.until(1_119, &down());
    assert_eq!(run.done, []);
    run.until(1_140, &down());
    assert_eq!(run.done.len(), 2, "after two minutes it waits no longer");
}

#[test]
fn a_missing_route_is_restored_first() {
    let mut run = Run::new(Policy {
        fix_route: true,
        ..policy()
    });
    run.looks(4, &no_route());
    assert_eq!(
        run.done,
        [(1_030, Action::LookAgain), (1_031, Action::FixRoute)]
    );
    run.says("; restoring the route");
    run.until(1_300, &no_route());
    assert_eq!(run.times(Action::FixRoute, 0).len(), 3);
    let restarts = run.times(Action::Restart, 0);
    assert!(!restarts.is_empty(), "then it is the tunnel");
    assert!(restarts[0] > run.times(Action::FixRoute, 0)[2]);
}

#[test]
fn a_route_is_restored_only_if_asked() {
    let mut run = Run::new(policy());
    run.looks(4, &no_route());
    assert_eq!(run.times(Action::FixRoute, 0), [0; 0]);
    let mut run = Run::new(Policy {
        fix_route: true,
        on_down: OnDown::Nothing,
        ..policy()
    });
    run.until(4_000, &no_route());
    assert_eq!(run.times(Action::FixRoute, 0).len(), 3);
    assert_eq!(run.done.len(), 6, "and each after a fresh look");
}

#[test]
fn a_tunnel_that_falls_again_soon_waits_longer() {
    let mut run = Run::new(policy());
    run.looks(4, &down());
    run.until(1_100, &up());
    run.until(1_200, &down());
    assert_eq!(run.recovery.streak, 2);
    run.until(2_000, &up());
    assert_eq!((run.recovery.streak, run.recovery.not_before), (0, 0));
}

#[test]
fn when_to_look_next() {
    let mut run = Run::new(policy());
    let due = |run: &Run| next_due(&run.policy, &run.recovery, run.now);
    assert_eq!(due(&run), 20);
    run.look(&down());
    assert_eq!(due(&run), 5, "suspicious");
    run.looks(3, &down());
    run.look(&up());
    assert_eq!(due(&run), 5, "freshly restarted");
    run.until(1_200, &up());
    assert_eq!(due(&run), 20);
    run.looks(4, &unclear());
    assert_eq!(due(&run), 20);
    run.policy.interval = 2;
    run.look(&down());
    assert_eq!(due(&run), 2);
}

#[test]
fn what_is_news() {
    let mut run = Run::new(policy());
    let mut told = Vec::new();
    let mut look = |run: &mut Run, verdict: &Verdict, end: i64| {
        while run.now < end {
            let before = run.recovery.clone();
            run.look(verdict);
            told.extend(news(&before, &run.recovery));
        }
    };
    look(&mut run, &up(), 1_100);
    look(&mut run, &down(), 9_000);
    look(&mut run, &up(), 9_500);
    look(&mut run, &down(), 9_560);
    look(&mut run, &unclear(), 9_700);
    look(&mut run, &up(), 9_800);
    assert_eq!(
        told,
        [
            ("up", "down"),
            ("down", "given-up"),
            ("given-up", "up"),
            ("up", "down"),
            ("down", "unknown"),
            ("unknown", "up"),
        ]
    );
}

#[test]
fn a_file_from_the_future_holds_an_hour_at_most() {
    let memory = Memory {
        recovery: Recovery {
            attempts: vec![i64::MAX; 9],
            fixes: vec![i64::MAX],
            resort: Some(i64::MAX),
            looked_at: Some(i64::MAX),
            since: i64::MAX,
            not_before: i64::MAX,
            ..Recovery::default()
        },
        ..Memory::default()
    };
    let mut run = Run::new(policy());
    run.recovery = memory.dated(1_000).recovery;
    run.now = 1_000;
    run.until(4_600, &down());
    assert_eq!(run.times(Action::Restart, 0), [0; 0]);
    run.until(4_700, &down());
    assert!(!run.times(Action::Restart, 0).is_empty());
}

#[test]
fn numbers_that_are_no_times_do_no_harm() {
    for at in [i64::MIN, i64::MAX] {
        let recovery = Recovery {
            since: at,
            attempts: vec![at; 3],
            fixes: vec![at],
            resort: Some(at),
            looked_at: Some(at),
            not_before: at,
            row: u32::MAX,
            streak: u32::MAX,
            ..looked()
        };
        for wan_up_since in [Some(at), None] {
            for now in [i64::MIN, 0, i64::MAX] {
                let around = Surroundings {
                    wan_up_since,
                    address_is_pending: true,
                };
                step(&policy(), &recovery, &down(), &around, now, u32::MAX);
                next_due(&policy(), &recovery, now);
            }
        }
    }
}

#[test]
fn another_configuration_keeps_the_budget() {
    let mut run = Run::new(policy());
    run.until(2_000, &down());
    let memory = Memory {
        wan_address: None,
        fingerprint: "old".into(),
        evidence: Evidence {
            service: seen(Service::Active, 1_990),
            ..Evidence::default()
        },
        recovery: run.recovery.clone(),
    };
    assert_eq!(memory.clone().under("old"), memory);
    let new = memory.under("new");
    assert_eq!(new.evidence, Evidence::default());
    assert_eq!(new.recovery.state, State::Unknown);
    assert_eq!(new.recovery.attempts.len(), 3);
    run.recovery = new.recovery;
    run.until(4_000, &down());
    assert_eq!(run.times(Action::Restart, 0).len(), 3);
}

// Simulations: the evidence of a look as a pass finds it.

const NAMES: Names<'_> = Names {
    service: "user356",
    network: "vpnki0",
    wan: "wan",
    ping: Some("172.16.0.1"),
    route: Some("172.16.0.0/16"),
};

fn seen<T>(value: T, at: i64) -> Option<Seen<T>> {
    Some(Seen { value, at })
}

/// xorshift32 of G. Marsaglia, 2003.
struct Dice(u32);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % bound
    }
}

/// A tunnel at default settings that VPNKI lists as active whatever happens,
/// and that is pinged as the daemon does it: two echoes of a second each.
struct Simulation {
    now: i64,
    evidence: Evidence,
    recovery: Recovery,
    bytes: (u64, u64),
}

impl Simulation {
    fn new() -> Simulation {
        let traffic = Traffic::counted(None, 0, 0, 1_000);
        let mut simulation = Simulation {
            now: 1_000,
            evidence: Evidence {
                traffic: seen(traffic, 1_000),
                ..Evidence::default()
            },
            recovery: Recovery::default(),
            bytes: (0, 0),
        };
        simulation.look(|_| true);
        simulation
    }

    /// `answered` tells whether an echo that is sent at a time is answered.
    fn look(&mut self, mut answered: impl FnMut(i64) -> bool) -> Action {
        let alive = (0..2).any(|_| {
            let alive = answered(self.now);
            self.bytes.0 += if alive { 84 } else { 0 };
            self.bytes.1 += 84;
            self.now += i64::from(!alive);
            alive
        });
        let (now, evidence) = (self.now, &mut self.evidence);
        let ping = match alive {
            true => Ping::Answered(23),
            false => Ping::lost(evidence.ping.as_ref(), now),
        };
        let before = evidence.traffic.as_ref().map(|seen| &seen.value);
        let traffic = Traffic::counted(before, self.bytes.0, self.bytes.1, now);
        evidence.wan = seen(Wan::Up(0), now);
        evidence.device = seen(Device::Up("l2tp-vpnki0".into()), now);
        evidence.service = seen(Service::Active, now);
        evidence.route = seen(Route::Through, now);
        evidence.ping = seen(ping, now);
        evidence.traffic = seen(traffic, now);
        let verdict = verdict(&NAMES, evidence, now);
        let (after, action) = step(&policy(), &self.recovery, &verdict, &CALM, now, MIDDLE);
        self.recovery = after;
        action
    }

    fn rest(&mut self) {
        self.now += next_due(&policy(), &self.recovery, self.now);
    }
}

#[test]
fn a_dead_tunnel_is_seen_within_45_seconds() {
    for phase in 0..45 {
        for users in [false, true] {
            let mut run = Simulation::new();
            let death = run.now + 200 + phase;
            while run.recovery.state == State::Up {
                // Users of the tunnel get answers for as long as it lives.
                run.bytes.0 += u64::from(users && run.now < death);
                run.rest();
                run.look(|at| at < death);
                assert!(run.now < death + 100, "phase {phase}");
            }
            assert_eq!(run.recovery.state, State::Down);
            let took = run.now - death;
            assert!((12..=45).contains(&took), "phase {phase}: {took} s");
        }
    }
}

#[test]
fn no_false_alarm_in_1000_hours_at_one_percent_loss() {
    let (mut run, mut dice) = (Simulation::new(), Dice(356));
    let mut suspicious = 0;
    while run.now < 1_000 * HOUR {
        run.rest();
        let action = run.look(|_| dice.below(100) != 0);
        assert_eq!((run.recovery.state, action), (State::Up, Action::Wait));
        suspicious += u32::from(run.recovery.seen != State::Up);
    }
    assert!((5..=40).contains(&suspicious), "{suspicious} looks");
}

#[test]
fn whatever_is_found_the_budget_holds() {
    let mut dice = Dice(20_26);
    let mut actions = 0;
    for _ in 0..60 {
        actions += random_run(&mut dice);
    }
    assert!(actions > 500, "{actions}: too few to prove anything");
}

/// One tunnel under a random policy, with evidence that lasts for a random
/// time. How many actions there were.
fn random_run(dice: &mut Dice) -> usize {
    let policy = Policy {
        on_down: [OnDown::Nothing, OnDown::Restart, OnDown::Command][dice.below(3) as usize],
        has_command: dice.below(2) == 0,
        fix_route: dice.below(2) == 0,
        down_after: 1 + dice.below(4),
        restart_limit: dice.below(5),
        interval: 20,
    };
    let (mut recovery, mut now, mut row) = (Recovery::default(), 10_000, 0);
    let mut evidence = Evidence::default();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let mut actions = 0;
    for _ in 0..1_500 {
        if dice.below(8) == 0 {
            evidence = random_evidence(dice, now);
        }
        refresh(&mut evidence, now);
        let verdict = verdict(&NAMES, &evidence, now);
        row = if verdict.state == State::Down {
            row + 1
        } else {
            0
        };
        let wan_up_since = match &evidence.wan {
            Some(Seen {
                value: Wan::Up(at), ..
            }) => Some(*at),
            _ => None,
        };
        let around = Surroundings {
            wan_up_since,
            address_is_pending: dice.below(4) == 0,
        };
        let random = dice.below(1_000);
        let (after, action) = step(&policy, &recovery, &verdict, &around, now, random);
        if action != Action::Wait {
            actions += 1;
            assert_eq!(verdict.state, State::Down);
            assert!(row >= policy.down_after);
            assert!(wan_up_since.is_some_and(|at| now - at >= 30));
            assert!(policy.on_down != OnDown::Nothing || policy.fix_route);
            assert!(action == Action::LookAgain || recovery.looked);
        }
        match action {
            Action::FixRoute => times[2].push(now),
            Action::Command if policy.on_down == OnDown::Restart => times[1].push(now),
            Action::Restart | Action::Command => times[0].push(now),
            Action::Wait | Action::LookAgain => {}
        }
        let file = JsonWriter::of(&after);
        recovery = read_again(&file).expect("written just now");
        recovery = recovery.dated(now);
        let longest = if dice.below(20) == 0 { 600 } else { 12 };
        now += 1 + i64::from(dice.below(longest));
    }
    for (times, limit) in times.iter().zip([policy.restart_limit as usize, 1, FIXES]) {
        let hours = times.windows(limit + 1).map(|w| w[limit] - w[0]);
        assert!(
            hours.min().is_none_or(|span| span >= HOUR),
            "{policy:?}: {times:?}"
        );
    }
    assert!(policy.on_down == OnDown::Restart || times[1].is_empty());
    actions
}

fn random_evidence(dice: &mut Dice, now: i64) -> Evidence {
    let why = || "some cause".to_owned();
    let wan = match dice.below(8) {
        0 => Wan::Down(why()),
        1 => Wan::Silent(why()),
        2 => Wan::Up(now),
        _ => Wan::Up(0),
    };
    let device = match dice.below(12) {
        0 => Device::Missing,
        1 => Device::Off,
        2 => Device::Down(why()),
        3 => Device::Gone(why()),
        4 => Device::Silent(why()),
        5 => Device::Pending {
            since: now,
            why: why(),
        },
        _ => Device::Up(why()),
    };
    let service = match dice.below(8) {
        0 => Service::Unlisted,
        1 | 2 => Service::Inactive,
        3 | 4 => Service::Silent(why()),
        _ => Service::Active,
    };
    let route = match dice.below(4) {
        0 => Route::Missing,
        1 => Route::Elsewhere(why()),
        _ => Route::Through,
    };
    let ping = match dice.below(5) {
        0 => Ping::Silent(why()),
        1 | 2 => Ping::Answered(5),
        _ => Ping::lost(None, now),
    };
    Evidence {
        wan: seen(wan, now),
        service: seen(service, now),
        device: seen(device, now),
        route: seen(route, now),
        ping: seen(ping, now),
        traffic: seen(Traffic::counted(None, 0, 0, now), now),
    }
}

/// The same findings, made now.
fn refresh(evidence: &mut Evidence, now: i64) {
    for at in [
        evidence.wan.as_mut().map(|seen| &mut seen.at),
        evidence.device.as_mut().map(|seen| &mut seen.at),
        evidence.route.as_mut().map(|seen| &mut seen.at),
        evidence.ping.as_mut().map(|seen| &mut seen.at),
    ]
    .into_iter()
    .flatten()
    {
        *at = now;
    }
}
