use super::super::TunnelState;
use super::super::dice::Dice;
use super::super::evidence::{
    DeviceStatus, EchoStatus, Evidence, Finding, RouteStatus, ServiceStatus, Traffic, WanStatus,
};
use super::super::verdict::{TunnelNames, verdict};
use super::super::witness::{Testimony, Witness};
use super::*;
use crate::json::{JsonWriter, read_again};

const MIDDLE: u32 = 20; // no jitter

const fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// As `on_down 'restart'` makes it with nothing else set.
fn policy() -> RecoveryPolicy {
    RecoveryPolicy {
        on_down: OnDown::Restart,
        has_command: false,
        restarts_service: false,
        fix_route: false,
        down_after: 3,
        restart_limit: 3,
        interval: secs(20),
    }
}

fn found(health: Health, cause: Cause) -> Verdict {
    Verdict {
        health,
        cause,
        carries_traffic: false,
        reason: "so it is".into(),
    }
}

fn up() -> Verdict {
    found(Health::Up, Cause::Alive)
}

fn down() -> Verdict {
    found(Health::Down, Cause::Dead)
}

fn no_route() -> Verdict {
    found(Health::Down, Cause::NoRoute)
}

fn unclear() -> Verdict {
    found(Health::Unknown, Cause::Unclear)
}

/// The WAN has been up for ever.
const CALM: WanContext = WanContext {
    up_since: Some(Boot::START),
    address_is_pending: false,
};

/// A tunnel with its ladder, in made-up time.
struct Run {
    policy: RecoveryPolicy,
    recovery: Recovery,
    wan: WanContext,
    now: Boot,
    done: Vec<(Boot, Action)>,
}

impl Run {
    /// It was up at 1,000 s; the next round is when it is due.
    fn new(policy: RecoveryPolicy) -> Run {
        let mut run = Run {
            policy,
            recovery: Recovery::default(),
            wan: CALM,
            now: at(1_000),
            done: Vec::new(),
        };
        run.round(&up());
        run
    }

    /// One round, and the wait for the next one. The state goes through a file.
    fn round(&mut self, verdict: &Verdict) -> Action {
        let (mut after, action) = step(
            &self.policy,
            &self.recovery,
            verdict,
            &self.wan,
            self.now,
            MIDDLE,
        );
        let takes_network = action == Action::Restart && !self.policy.restarts_service;
        assert_eq!(after.restarting, takes_network);
        after.restarting = false;
        let file = JsonWriter::of(&after);
        self.recovery = read_again(&file).expect("written just now");
        if action != Action::Wait {
            self.done.push((self.now, action));
        }
        self.now = self.now
            + match action {
                Action::Recheck => secs(1),
                _ => round_interval(&self.policy, &self.recovery, self.now),
            };
        action
    }

    fn rounds(&mut self, times: usize, verdict: &Verdict) {
        for _ in 0..times {
            self.round(verdict);
        }
    }

    fn until(&mut self, end: i64, verdict: &Verdict) {
        while self.now < at(end) {
            self.round(verdict);
        }
    }

    /// The moments at which this was done, in seconds since `start`.
    fn times(&self, action: Action, start: i64) -> Vec<u64> {
        let done = self.done.iter().filter(|(_, what)| *what == action);
        done.map(|(when, _)| when.since(at(start)).as_secs())
            .collect()
    }

    fn says(&self, words: &str) {
        let reason = &self.recovery.reason;
        assert!(reason.contains(words), "'{words}' in '{reason}'");
    }
}

#[test]
fn up_is_seen_at_once_down_after_three() {
    let mut run = Run::new(policy());
    assert_eq!(run.recovery.health, Health::Up);
    assert_eq!(run.recovery.since, at(1_000));
    run.round(&down());
    run.says("so it is; seen down 1 of 3 times");
    run.round(&down());
    assert_eq!((run.recovery.health, run.done.len()), (Health::Up, 0));
    run.round(&down());
    assert_eq!(run.recovery.health, Health::Down);
    assert_eq!(run.recovery.since, at(1_030));
    run.round(&up());
    assert_eq!(run.recovery.health, Health::Up);
    assert_eq!(run.recovery.reason, "so it is");
}

#[test]
fn a_round_without_a_verdict_starts_the_count_again() {
    let mut run = Run::new(policy());
    for _ in 0..20 {
        run.rounds(2, &down());
        run.round(&unclear());
    }
    assert_eq!(run.recovery.health, Health::Up);
    assert_eq!(run.done, []);
    run.rounds(3, &unclear());
    assert_eq!(run.recovery.health, Health::Unknown);
    assert_eq!(run.recovery.reason, "so it is");
}

#[test]
fn a_restart_that_helps() {
    let mut run = Run::new(policy());
    run.rounds(3, &down());
    run.says("; looking again before anything is done");
    assert_eq!(run.round(&down()), Action::Restart);
    run.says("; restarting its network, 1 of 3 in an hour");
    run.rounds(5, &found(Health::Unknown, Cause::Pending));
    assert_eq!(run.recovery.health, Health::Down, "while netifd is at it");
    run.until(3_000, &up());
    assert_eq!(run.recovery.failed_attempts, 0);
    assert_eq!(run.recovery.attempts.len(), 1, "the hour is not forgotten");
    assert_eq!(run.times(Action::Restart, 1_000), [31]);
}

#[test]
fn a_fresh_round_can_call_it_off() {
    let mut run = Run::new(policy());
    run.rounds(3, &down());
    assert_eq!(run.done, [(at(1_030), Action::Recheck)]);
    run.round(&up());
    run.until(2_000, &up());
    assert_eq!(run.done.len(), 1);
}

#[test]
fn a_fresh_round_is_not_requested_every_few_seconds() {
    let mut run = Run::new(policy());
    while run.now < at(4_600) {
        run.rounds(3, &down());
        run.round(&unclear());
    }
    assert_eq!(run.times(Action::Restart, 0), [0; 0]);
    let looks = run.times(Action::Recheck, 0);
    assert!(looks.windows(2).all(|w| w[1] - w[0] >= 30), "{looks:?}");
}

#[test]
fn restarts_that_do_not_help() {
    let mut run = Run::new(policy());
    run.until(4_000, &down());
    assert_eq!(run.times(Action::Restart, 1_000), [31, 92, 213]);
    assert_eq!(run.times(Action::Recheck, 1_000).len(), 3);
    run.says("; 3 of 3 restarts within an hour did not help, the next is in 10 min");
    assert!(run.recovery.given_up);
    assert_eq!(
        round_interval(&run.policy, &run.recovery, at(4_000)),
        secs(20)
    );
    run.until(8_000, &down());
    let all = run.times(Action::Restart, 1_000);
    assert!((5..=6).contains(&all.len()), "{all:?}");
    assert!(all.windows(4).all(|w| w[3] - w[0] >= 3600), "{all:?}");
}

#[test]
fn pauses_grow_to_half_an_hour() {
    let mut run = Run::new(RecoveryPolicy {
        restart_limit: 100,
        ..policy()
    });
    run.until(12_000, &down());
    let all = run.times(Action::Restart, 1_000);
    let pauses: Vec<u64> = all.windows(2).map(|w| (w[1] - w[0]) / 60).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
    for random in 0..100 {
        let (after, action) = step(&run.policy, &rechecked(), &down(), &CALM, at(5_000), random);
        assert_eq!(action, Action::Restart);
        assert!((at(5_048)..=at(5_072)).contains(&after.not_before));
    }
}

/// Down for certain, by a fresh round.
fn rechecked() -> Recovery {
    Recovery {
        health: Health::Down,
        last_verdict: Health::Down,
        consecutive: 4,
        is_rechecked: true,
        ..Recovery::default()
    }
}

#[test]
fn after_the_restarts_the_command_once_an_hour() {
    let mut run = Run::new(RecoveryPolicy {
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
    let mut run = Run::new(RecoveryPolicy {
        on_down: OnDown::Command,
        has_command: true,
        ..policy()
    });
    run.until(4_000, &down());
    assert_eq!(run.times(Action::Restart, 0), [0; 0]);
    assert_eq!(run.times(Action::Command, 1_000), [31, 92, 213]);
    run.says("; 3 of 3 commands within an hour did not help, the next is in ");
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
        let mut run = Run::new(RecoveryPolicy {
            on_down,
            restart_limit,
            has_command: on_down == OnDown::Restart,
            ..policy()
        });
        run.until(5_000, &down());
        assert_eq!(run.done, []);
        assert_eq!(run.recovery.health, Health::Down);
        assert_eq!(
            round_interval(&run.policy, &run.recovery, run.now),
            secs(20)
        );
        run.says(words);
    }
}

#[test]
fn nothing_while_the_wan_is_down() {
    let mut run = Run::new(policy());
    run.rounds(2, &down());
    run.wan.up_since = None;
    run.until(5_000, &found(Health::Unknown, Cause::NoWan));
    assert_eq!(run.recovery.health, Health::Unknown);
    run.rounds(5, &down());
    assert_eq!(run.done, []);
    run.says("; waiting for the WAN");
}

#[test]
fn the_wan_and_its_address_settle_first() {
    let mut run = Run::new(policy());
    run.wan = WanContext {
        up_since: Some(at(1_000)),
        address_is_pending: true,
    };
    run.policy.down_after = 1;
    run.round(&down());
    run.says("; waiting 10 s for the WAN to settle");
    run.until(1_030, &down());
    run.round(&down());
    run.says("; waiting until the new WAN address is confirmed");
    run.until(1_119, &down());
    assert_eq!(run.done, []);
    run.until(1_140, &down());
    assert_eq!(run.done.len(), 2, "after two minutes it waits no longer");
}

#[test]
fn a_missing_route_is_restored_first() {
    let mut run = Run::new(RecoveryPolicy {
        fix_route: true,
        ..policy()
    });
    run.rounds(4, &no_route());
    assert_eq!(run.done[0], (at(1_030), Action::FixRoute));
    run.until(1_060, &no_route());
    run.until(1_300, &no_route());
    assert_eq!(run.times(Action::FixRoute, 0).len(), 3);
    let restarts = run.times(Action::Restart, 0);
    assert!(!restarts.is_empty(), "then it is the tunnel");
    assert!(restarts[0] > run.times(Action::FixRoute, 0)[2]);
}

#[test]
fn a_route_is_restored_only_if_asked() {
    let mut run = Run::new(policy());
    run.rounds(4, &no_route());
    assert_eq!(run.times(Action::FixRoute, 0), [0; 0]);
    let mut run = Run::new(RecoveryPolicy {
        fix_route: true,
        on_down: OnDown::Nothing,
        ..policy()
    });
    run.until(4_000, &no_route());
    assert_eq!(run.times(Action::FixRoute, 0).len(), 3);
    assert_eq!(run.done.len(), 3, "and VPNKI is not asked for that");
}

#[test]
fn a_missing_route_is_no_reason_to_cut_what_is_carried() {
    let carries = Verdict {
        carries_traffic: true,
        ..no_route()
    };
    let mut run = Run::new(policy());
    run.until(4_000, &carries);
    assert_eq!(run.done, []);
    run.says("; a restart would cut its traffic, so nothing is done; 'option fix_route' would");
    let mut run = Run::new(RecoveryPolicy {
        fix_route: true,
        ..policy()
    });
    run.until(4_000, &carries);
    assert_eq!(
        (run.done.len(), run.times(Action::FixRoute, 0).len()),
        (3, 3)
    );
    run.rounds(2, &down());
    assert_eq!(run.times(Action::Restart, 0).len(), 1, "once nothing is");
}

#[test]
fn what_netifd_does_not_run_is_not_restarted_by_it() {
    let mut run = Run::new(policy().without_restart());
    run.until(4_000, &down());
    assert_eq!(run.done, []);
    run.says("; netifd does not run what makes its device");
    let with_command = RecoveryPolicy {
        has_command: true,
        ..policy()
    };
    let mut run = Run::new(with_command.without_restart());
    run.rounds(4, &down());
    assert_eq!(run.times(Action::Restart, 0), [0; 0]);
    assert_eq!(run.times(Action::Command, 0).len(), 1);
}

#[test]
fn a_service_may_bring_its_device_back_by_itself() {
    let gone = found(Health::Down, Cause::NoDevice);
    let service = RecoveryPolicy {
        restarts_service: true,
        ..policy()
    };
    let mut run = Run::new(service.clone());
    let died = run.now.secs();
    run.rounds(3, &gone);
    assert_eq!(run.recovery.health, Health::Down);
    run.says("so it is; its service has 45 s more to bring it back by itself");
    run.until(died + 50, &gone);
    assert_eq!(run.done, []);
    run.until(died + 90, &gone);
    assert_eq!(run.times(Action::Restart, died), [56]);
    // A process that runs with nothing behind it is another matter, and so is netifd.
    for (policy, verdict) in [(service, down()), (policy(), gone)] {
        let mut run = Run::new(policy);
        let died = run.now.secs();
        run.until(died + 30, &verdict);
        assert_eq!(run.times(Action::Restart, died), [11]);
    }
}

#[test]
fn a_tunnel_that_falls_again_soon_waits_longer() {
    let mut run = Run::new(policy());
    run.rounds(4, &down());
    run.until(1_100, &up());
    run.until(1_200, &down());
    assert_eq!(run.recovery.failed_attempts, 2);
    run.until(2_000, &up());
    assert_eq!(
        (run.recovery.failed_attempts, run.recovery.not_before),
        (0, Boot::START)
    );
}

#[test]
fn the_pause_between_rounds() {
    let mut run = Run::new(policy());
    let due = |run: &Run| round_interval(&run.policy, &run.recovery, run.now).as_secs();
    assert_eq!(due(&run), 20);
    run.round(&down());
    assert_eq!(due(&run), 5, "suspicious");
    run.rounds(3, &down());
    run.round(&up());
    assert_eq!(due(&run), 5, "freshly restarted");
    run.until(1_200, &up());
    assert_eq!(due(&run), 20);
    run.rounds(4, &unclear());
    assert_eq!(due(&run), 20);
    run.policy.interval = secs(2);
    run.round(&down());
    assert_eq!(due(&run), 2);
}

#[test]
fn changes_to_notify() {
    let mut run = Run::new(policy());
    let mut changes = Vec::new();
    let mut until = |run: &mut Run, verdict: &Verdict, end: i64| {
        while run.now < at(end) {
            let before = run.recovery.clone();
            run.round(verdict);
            changes.extend(notified_change(&before, &run.recovery));
        }
    };
    until(&mut run, &up(), 1_100);
    until(&mut run, &down(), 9_000);
    until(&mut run, &up(), 9_500);
    until(&mut run, &down(), 9_560);
    until(&mut run, &unclear(), 9_700);
    until(&mut run, &up(), 9_800);
    assert_eq!(
        changes,
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
    let state = TunnelState {
        recovery: Recovery {
            attempts: vec![Boot::NEVER; 9],
            route_fixes: vec![Boot::NEVER],
            last_resort_at: Some(Boot::NEVER),
            recheck_requested_at: Some(Boot::NEVER),
            since: Boot::NEVER,
            not_before: Boot::NEVER,
            ..Recovery::default()
        },
        ..TunnelState::default()
    };
    let mut run = Run::new(policy());
    run.recovery = state.clamp_future_times(at(1_000)).recovery;
    run.now = at(1_000);
    run.until(4_600, &down());
    assert_eq!(run.times(Action::Restart, 0), [0; 0]);
    run.until(4_700, &down());
    assert!(!run.times(Action::Restart, 0).is_empty());
}

#[test]
fn numbers_that_are_no_times_do_no_harm() {
    for at in [i64::MIN, i64::MAX].map(at) {
        let recovery = Recovery {
            since: at,
            attempts: vec![at; 3],
            route_fixes: vec![at],
            last_resort_at: Some(at),
            recheck_requested_at: Some(at),
            not_before: at,
            consecutive: u32::MAX,
            failed_attempts: u32::MAX,
            ..rechecked()
        };
        for up_since in [Some(at), None] {
            for now in [i64::MIN, 0, i64::MAX].map(Boot::from_secs) {
                let wan = WanContext {
                    up_since,
                    address_is_pending: true,
                };
                step(&policy(), &recovery, &down(), &wan, now, u32::MAX);
                round_interval(&policy(), &recovery, now);
            }
        }
    }
}

#[test]
fn another_configuration_keeps_the_budget() {
    let mut run = Run::new(policy());
    run.until(2_000, &down());
    let state = TunnelState {
        fingerprint: "old".into(),
        evidence: Evidence {
            service: finding(ServiceStatus::Active, at(1_990)),
            ..Evidence::default()
        },
        recovery: run.recovery.clone(),
        ..TunnelState::default()
    };
    assert_eq!(state.clone().for_config("old"), state);
    let new = state.for_config("new");
    assert_eq!(new.evidence, Evidence::default());
    assert_eq!(new.recovery.health, Health::Unknown);
    assert_eq!(new.recovery.attempts.len(), 3);
    run.recovery = new.recovery;
    run.until(4_000, &down());
    assert_eq!(run.times(Action::Restart, 0).len(), 3);
}

// Random evidence, as a round finds it.

const NAMES: TunnelNames<'_> = TunnelNames {
    service: "user356",
    network: "vpnki0",
    ping: Some("172.16.0.1"),
    route: Some("172.16.0.0/16"),
    ping_size: None,
};

fn finding<T>(value: T, at: Boot) -> Option<Finding<T>> {
    Some(Finding { value, at })
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
    let policy = RecoveryPolicy {
        on_down: [OnDown::Nothing, OnDown::Restart, OnDown::Command][dice.below(3) as usize],
        has_command: dice.below(2) == 0,
        restarts_service: false,
        fix_route: dice.below(2) == 0,
        down_after: 1 + dice.below(4),
        restart_limit: dice.below(5),
        interval: secs(20),
    };
    let (mut recovery, mut now, mut downs) = (Recovery::default(), at(10_000), 0);
    let mut evidence = Evidence::default();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let mut actions = 0;
    for _ in 0..1_500 {
        if dice.below(8) == 0 {
            evidence = random_evidence(dice, now);
        }
        refresh(&mut evidence, now);
        let verdict = verdict(&NAMES, &evidence, recovery.last_attempt(), now);
        downs = if verdict.health == Health::Down {
            downs + 1
        } else {
            0
        };
        let wan = WanContext {
            up_since: evidence.wan_up_since(),
            address_is_pending: dice.below(4) == 0,
        };
        let random = dice.below(1_000);
        let (after, action) = step(&policy, &recovery, &verdict, &wan, now, random);
        if action != Action::Wait {
            actions += 1;
            assert!(action != Action::Restart || !verdict.carries_traffic);
            assert_eq!(verdict.health, Health::Down);
            assert!(downs >= policy.down_after);
            assert!(wan.up_since.is_some_and(|at| now.since(at) >= secs(30)));
            assert!(policy.on_down != OnDown::Nothing || policy.fix_route);
            let needs_recheck = matches!(action, Action::Restart | Action::Command);
            assert!(!needs_recheck || recovery.is_rechecked);
        }
        match action {
            Action::FixRoute => times[2].push(now),
            Action::Command if policy.on_down == OnDown::Restart => times[1].push(now),
            Action::Restart | Action::Command => times[0].push(now),
            Action::Wait | Action::Recheck => {}
        }
        let file = JsonWriter::of(&after);
        recovery = read_again(&file).expect("written just now");
        recovery.clamp_future_times(now);
        let longest = if dice.below(20) == 0 { 600 } else { 12 };
        now = now + secs(1 + u64::from(dice.below(longest)));
    }
    for (times, limit) in times
        .iter()
        .zip([policy.restart_limit as usize, 1, ROUTE_FIX_LIMIT])
    {
        let hours = times.windows(limit + 1).map(|w| w[limit].since(w[0]));
        assert!(
            hours.min().is_none_or(|span| span >= BUDGET_WINDOW),
            "{policy:?}: {times:?}"
        );
    }
    assert!(policy.on_down == OnDown::Restart || times[1].is_empty());
    actions
}

fn random_evidence(dice: &mut Dice, now: Boot) -> Evidence {
    let why = || Reason::words("some cause");
    let wan = match dice.below(8) {
        0 => WanStatus::Down(why()),
        1 => WanStatus::Unavailable(why()),
        2 => WanStatus::Up(now),
        _ => WanStatus::Up(Boot::START),
    };
    let device = match dice.below(12) {
        0 => DeviceStatus::Missing,
        1 => DeviceStatus::Off,
        2 => DeviceStatus::Down(why()),
        3 => DeviceStatus::Gone(why().to_string()),
        4 => DeviceStatus::Unavailable(why()),
        5 => DeviceStatus::Pending {
            since: now,
            why: why(),
        },
        _ => DeviceStatus::Up(why().to_string()),
    };
    let service = match dice.below(8) {
        0 => ServiceStatus::Unlisted,
        1 | 2 => ServiceStatus::Inactive,
        3 | 4 => ServiceStatus::Unavailable(why()),
        _ => ServiceStatus::Active,
    };
    let route = match dice.below(4) {
        0 => RouteStatus::Missing,
        1 => RouteStatus::Elsewhere(why().to_string()),
        _ => RouteStatus::Through,
    };
    let ping = match dice.below(5) {
        0 => EchoStatus::Unavailable(why()),
        1 | 2 => EchoStatus::Answered(5),
        _ => EchoStatus::lost(None, now),
    };
    let mut testimony = Testimony::default();
    testimony.recall(&Witness::ALL);
    Evidence {
        large_ping: None,
        wan: finding(wan, now),
        service: finding(service, now),
        device: finding(device, now),
        route: finding(route, now),
        ping: finding(ping, now),
        handshake: None,
        traffic: finding(Traffic::from_counters(None, 0, 0, now), now),
        testimony,
    }
}

/// The same findings, made now.
fn refresh(evidence: &mut Evidence, now: Boot) {
    for at in [
        evidence.wan.as_mut().map(|finding| &mut finding.at),
        evidence.device.as_mut().map(|finding| &mut finding.at),
        evidence.route.as_mut().map(|finding| &mut finding.at),
        evidence.ping.as_mut().map(|finding| &mut finding.at),
    ]
    .into_iter()
    .flatten()
    {
        *at = now;
    }
}

/// What a person's order does, and the budget that is left.
fn order(run: &mut Run) -> Result<Action, Reason> {
    let (policy, before) = (&run.policy, &run.recovery);
    let (after, action, done) = super::order(policy, before, &run.wan, run.now, MIDDLE)?;
    assert!(!done.is_empty());
    run.recovery = after;
    run.recovery.restarting = false;
    Ok(action)
}

#[test]
fn an_order_needs_no_verdict_and_keeps_to_the_budget() {
    let mut run = Run::new(policy());
    for made in 1..=3 {
        assert_eq!(order(&mut run), Ok(Action::Restart), "{made}");
        assert_eq!(run.recovery.attempts.len(), made);
    }
    let why = order(&mut run).expect_err("the budget is spent");
    assert_eq!(why.code(), Code::ActLimitReached);
    assert!(why.contains("3 of 3 attempts"), "{why}");
    // What is made by order is no longer there for the ladder.
    run.rounds(5, &down());
    assert_eq!(run.done, []);
    run.now = run.now + HOUR;
    assert_eq!(order(&mut run), Ok(Action::Restart));
}

#[test]
fn an_order_waits_for_no_pause_but_for_the_wan() {
    let mut run = Run::new(policy());
    run.rounds(6, &down());
    assert_eq!(run.recovery.attempts.len(), 1);
    assert!(run.recovery.not_before > run.now);
    assert_eq!(order(&mut run), Ok(Action::Restart));
    let since = run.now;
    for (wan, code) in [
        (None, Code::ActAwaitWan),
        (Some(since), Code::ActAwaitSettledWan),
    ] {
        run.wan.up_since = wan;
        let why = order(&mut run).expect_err("the WAN");
        assert_eq!(why.code(), code);
    }
    assert_eq!(run.recovery.attempts.len(), 2);
}

#[test]
fn an_order_does_what_on_down_allows() {
    let of = |on_down, has_command, restart_limit| RecoveryPolicy {
        on_down,
        has_command,
        restart_limit,
        ..policy()
    };
    let table = [
        (of(OnDown::Restart, true, 3), Ok(Action::Restart)),
        (of(OnDown::Command, true, 3), Ok(Action::Command)),
        (
            of(OnDown::Command, false, 3),
            Err(Code::ActNothingNoCommand),
        ),
        (of(OnDown::Nothing, true, 3), Err(Code::ActNothingNone)),
        (
            of(OnDown::RestartInVain, false, 3),
            Err(Code::ActNothingInVain),
        ),
        (of(OnDown::Restart, false, 0), Err(Code::ActNothingNoLimit)),
    ];
    for (policy, expected) in table {
        let ordered = order(&mut Run::new(policy));
        assert_eq!(ordered.map_err(|why| why.code()), expected);
    }
}
