//! Whole days of the daemon's sections in milliseconds: the schedule and the decisions
//! are the real ones, the WAN and the service are functions of the time.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use super::passes::{MAX_PASS_TIME, PassSchedule};
use super::section::{PASS_REST, SectionFacts};
use crate::address::{Candidate, Family};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::reconcile::{self, Decision, Observation, Policy};
use crate::state::SectionState;
use crate::time::{BUILD_DATE, Boot, DAY, HOUR, MINUTE, Now, Wall};

const SECTION: &str = "home";
const INTERVAL: Duration = Duration::from_secs(300);
/// The time that a send takes, from the start of its pass.
const SEND_TIME: Duration = Duration::from_millis(100);
/// The time that a send takes that has no answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// A send: when, and which address.
type Send = (Boot, IpAddr);

struct World<'a> {
    /// The address of the WAN, and the moment of its next change.
    wan: &'a dyn Fn(Boot) -> (Option<u32>, Boot),
    /// The service's answer at a moment.
    service: &'a dyn Fn(Boot) -> Result<(), Failure>,
    /// The router's wall clock.
    clock: fn(Boot) -> Wall,
    /// True if only a pass can ask the source.
    unobserved: bool,
    /// True if nothing can be remembered, and so nothing is sent.
    unwritable: bool,
    schedule: PassSchedule,
    state: SectionState,
    /// The end of the pass that runs.
    pass_end: Option<Boot>,
    sends: Vec<Send>,
    passes: usize,
    wakeups: usize,
}

fn policy() -> Policy {
    Policy {
        family: Family::Ipv4,
        refresh: 3 * DAY,
        daily_limit: 24,
        spread: Duration::ZERO,
        router_number: 0,
        tls: true,
    }
}

fn wall(now: Boot) -> Wall {
    BUILD_DATE + now.since(Boot::START)
}

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0808_0000 + number))
}

impl<'a> World<'a> {
    fn new(
        wan: &'a dyn Fn(Boot) -> (Option<u32>, Boot),
        service: &'a dyn Fn(Boot) -> Result<(), Failure>,
    ) -> World<'a> {
        let mut schedule = PassSchedule::default();
        schedule.configure([(SECTION, true)].into_iter(), false);
        World {
            wan,
            service,
            clock: wall,
            unobserved: false,
            unwritable: false,
            schedule,
            state: SectionState::default(),
            pass_end: None,
            sends: Vec::new(),
            passes: 0,
            wakeups: 0,
        }
    }

    /// Lets the daemon run for so long.
    fn run(mut self, span: Duration) -> World<'a> {
        let (mut now, end) = (Boot::START, Boot::START + span);
        let mut change = (self.wan)(now).1;
        while now < end {
            self.wakeups += 1;
            assert!(self.wakeups < 1_000_000, "it turns in circles at {now:?}");
            if now >= change {
                self.schedule.request_recheck(|_| true);
                change = (self.wan)(now).1;
            }
            if self.pass_end.is_some_and(|end| end <= now) {
                self.pass_end = None;
                let wall = Now::new(now, (self.clock)(now));
                let due = reconcile::next_due(&policy(), &self.state, wall, INTERVAL);
                let outcome = self.state.outcome.map(|outcome| (outcome, due));
                self.schedule.pass_ended(|_| outcome, now);
            }
            self.look(now);
            let due = self.schedule.due().into_iter();
            let next = due.chain(self.pass_end).chain([change]).min();
            now = next
                .unwrap_or(Boot::NEVER)
                .max(now + Duration::from_millis(1));
        }
        self
    }

    fn observation(&self, now: Boot) -> Observation {
        let found = (self.wan)(now)
            .0
            .map(|number| Candidate::from(address(number)));
        Ok(found.into_iter().collect())
    }

    fn look(&mut self, now: Boot) {
        if self.schedule.is_due(SECTION, now) {
            let observation = self.observation(now);
            let facts = match self.unobserved {
                true => SectionFacts::Unobserved,
                false => SectionFacts::Observed {
                    observation: &observation,
                    state: self.state.clone(),
                },
            };
            let times = (now, (self.clock)(now));
            self.schedule
                .check_section(SECTION, &policy(), facts, INTERVAL, times);
        }
        if let Some(order) = self.schedule.next_pass(now) {
            let chosen = order.targets[0].address;
            self.schedule.pass_began(&order.targets, now);
            self.passes += 1;
            let observation = match chosen {
                Some(address) => Ok(vec![Candidate::from(address.get())]),
                None => self.observation(now),
            };
            self.pass(&observation, now);
        }
    }

    /// The effect of a pass, which comes at once; the pass ends later.
    fn pass(&mut self, observation: &Observation, now: Boot) {
        let before = reconcile::state_after_observation(&self.state, observation, Family::Ipv4);
        let time = Now::new(now, (self.clock)(now));
        let decision = reconcile::decide(&policy(), observation, &before, time, false);
        self.pass_end = Some(now + Duration::from_millis(20));
        if self.unwritable {
            return;
        }
        let Decision::Update(address) = decision else {
            self.state = reconcile::state_without_send(&before, &decision);
            return;
        };
        let result = (self.service)(now);
        let took = match result {
            Err(Failure::Timeout { .. }) => SEND_TIMEOUT,
            _ => SEND_TIME,
        };
        self.pass_end = Some(now + took);
        self.sends.push((now, address.get()));
        let time = Now::new(now + took, (self.clock)(now + took));
        self.state = reconcile::state_after_send(
            &before,
            address,
            "skydns",
            result.as_ref().copied(),
            time,
            u32::MAX,
        );
    }
}

/// A WAN that changes its address each `pause`, until `end`.
fn changing(pause: Duration, end: Boot) -> impl Fn(Boot) -> (Option<u32>, Boot) {
    move |now| {
        let number = (now.min(end).since(Boot::START).as_secs() / pause.as_secs()) as u32;
        let next = Boot::START + pause * (number + 1);
        (Some(number), if next > end { Boot::NEVER } else { next })
    }
}

fn steady(_: Boot) -> (Option<u32>, Boot) {
    (Some(7), Boot::NEVER)
}

fn confirms(_: Boot) -> Result<(), Failure> {
    Ok(())
}

fn no_answer() -> Failure {
    Failure::Timeout {
        host: "skydns".into(),
        phase: crate::failure::Phase::Connect,
        limit: SEND_TIMEOUT,
        attempts: Box::default(),
    }
}

#[test]
fn a_week_of_rest_is_two_renewals() {
    let world = World::new(&steady, &confirms).run(7 * DAY);
    let days: Vec<u64> = world
        .sends
        .iter()
        .map(|(at, _)| at.secs() as u64 / 86_400)
        .collect();
    assert_eq!(days, [0, 3, 6], "{:?}", world.sends);
    assert_eq!(
        world.passes, 3,
        "a re-check that finds nothing starts no pass"
    );
    let checks = 7 * 24 * 12;
    assert!(world.wakeups < checks + 20, "{} wake-ups", world.wakeups);
}

#[test]
fn a_change_is_sent_at_once_and_only_that() {
    let hourly = changing(HOUR, Boot::NEVER);
    let world = World::new(&hourly, &confirms).run(12 * HOUR);
    assert_eq!(world.sends.len(), 12);
    for (number, (at, sent)) in world.sends.iter().enumerate() {
        let change = Boot::START + HOUR * number as u32;
        assert!(at.since(change) < Duration::from_millis(10), "{at:?}");
        assert_eq!(*sent, address(number as u32));
    }
}

/// A WAN that changes its address each `pause`, `count` times, and is down for `down`
/// before each.
fn redialled(pause: Duration, down: Duration, count: u32) -> impl Fn(Boot) -> (Option<u32>, Boot) {
    move |now| {
        let passed = now.since(Boot::START);
        let number = ((passed.as_millis() / pause.as_millis()) as u32).min(count);
        let next = Boot::START + pause * (number + 1);
        match () {
            () if number == count => (Some(number), Boot::NEVER),
            () if now >= next - down => (None, next),
            () => (Some(number), next - down),
        }
    }
}

/// Three changes a minute are no flapping, however long the WAN is down in between.
#[test]
fn ten_changes_twenty_seconds_apart_are_sent_at_once_each() {
    let pause = Duration::from_secs(20);
    for down in [0, 1, 500, 1900, 2000, 2100, 3000, 10_000, 19_000] {
        let wan = redialled(pause, Duration::from_millis(down), 10);
        let world = World::new(&wan, &confirms).run(HOUR);
        assert_eq!(
            world.sends.len(),
            11,
            "down for {down} ms: {:?}",
            world.sends
        );
        for (number, (at, sent)) in world.sends.iter().enumerate() {
            let change = Boot::START + pause * number as u32;
            assert!(at.since(change) < Duration::from_millis(30), "{at:?}");
            assert_eq!(*sent, address(number as u32));
        }
    }
}

#[test]
fn three_changes_within_a_second_are_sent_at_once_each() {
    let wan = redialled(Duration::from_millis(300), Duration::from_millis(100), 2);
    let world = World::new(&wan, &confirms).run(HOUR);
    let sent: Vec<IpAddr> = world.sends.iter().map(|(_, sent)| *sent).collect();
    assert_eq!(sent, [address(0), address(1), address(2)]);
    assert!(world.sends[2].0 < Boot::START + Duration::from_secs(1));
}

/// The state that `status` shows meanwhile says so, and the log has it once.
#[test]
fn a_change_too_many_is_remembered_as_waiting_and_sent_when_its_time_has_come() {
    let wan = redialled(Duration::from_millis(300), Duration::from_millis(100), 3);
    let world = World::new(&wan, &confirms).run(Duration::from_secs(14));
    assert_eq!(world.sends.len(), 3);
    assert_eq!(world.state.outcome, Some(Outcome::Throttled));
    assert!(
        world.state.reason.contains("the WAN flaps"),
        "{}",
        world.state.reason
    );
    let world = World::new(&wan, &confirms).run(HOUR);
    assert_eq!(world.sends.len(), 4);
    let (at, sent) = world.sends[3];
    assert_eq!(sent, address(3));
    assert!(at.since(Boot::START) < Duration::from_secs(17), "{at:?}");
    assert_eq!(world.state.outcome, Some(Outcome::Confirmed));
}

/// A page, or a program: only its answer says that there is another address.
#[test]
fn ten_changes_that_only_a_pass_can_see() {
    let pause = Duration::from_secs(20);
    let wan = redialled(pause, Duration::from_secs(3), 10);
    let mut world = World::new(&wan, &confirms);
    world.unobserved = true;
    let world = world.run(HOUR);
    assert_eq!(world.sends.len(), 11, "{:?}", world.sends);
    for (number, (at, _)) in world.sends.iter().enumerate() {
        let change = Boot::START + pause * number as u32;
        assert!(at.since(change) < Duration::from_millis(30), "{at:?}");
    }
    // One that flaps for an hour has its page asked once a minute at most.
    let wan = redialled(Duration::from_secs(2), Duration::from_secs(1), 1800);
    let mut world = World::new(&wan, &confirms);
    world.unobserved = true;
    let world = world.run(HOUR);
    assert!(world.passes < 90, "{} passes", world.passes);
}

#[test]
fn a_flapping_day_is_bounded_and_its_last_state_wins() {
    let end = Boot::START + 23 * HOUR;
    let flapping = changing(Duration::from_secs(7), end);
    let world = World::new(&flapping, &confirms).run(2 * DAY);
    let day = world.sends.iter().filter(|(at, _)| *at < Boot::START + DAY);
    // Half of the daily limit at once, and then one every two hours.
    assert_eq!(day.count(), 23);
    let last = address((23 * 3600 / 7) as u32);
    assert_eq!(world.state.confirmed.expect("one").address, last);
    assert_eq!(world.sends.last().expect("some").1, last);
}

#[test]
fn an_outage_of_hours_ends_soon_after_the_service_is_back() {
    let back = Boot::START + 9 * HOUR;
    let service = |now| if now < back { Err(no_answer()) } else { Ok(()) };
    let world = World::new(&steady, &service).run(DAY);
    let (last, _) = *world.sends.last().expect("some");
    assert_eq!(world.state.outcome, Some(Outcome::Confirmed));
    assert!(last.since(back) <= 31 * MINUTE, "{last:?}");
    // 15 s doubling to 30 min, and the 30 s that each takes.
    assert!(
        (20..=30).contains(&world.sends.len()),
        "{} sends",
        world.sends.len()
    );
}

#[test]
fn an_address_that_changes_in_an_outage_is_tried_at_once() {
    let change = Boot::START + HOUR;
    let wan = |now: Boot| match now < change {
        true => (Some(1), change),
        false => (Some(2), Boot::NEVER),
    };
    let service = |now| {
        if now < change {
            Err(no_answer())
        } else {
            Ok(())
        }
    };
    let world = World::new(&wan, &service).run(2 * HOUR);
    let (last, sent) = *world.sends.last().expect("some");
    assert_eq!(sent, address(2));
    // A pass that waits for an answer of the old way out is given up within a second.
    assert!(last.since(change) <= Duration::from_secs(2), "{last:?}");
}

#[test]
fn a_wan_that_is_down_for_a_moment_is_not_written_down() {
    let wan = |now: Boot| match now.secs() {
        ..100 => (Some(1), Boot::from_secs(100)),
        100 => (None, Boot::from_secs(101)),
        _ => (Some(1), Boot::NEVER),
    };
    let world = World::new(&wan, &confirms).run(HOUR);
    assert_eq!((world.passes, world.sends.len()), (1, 1));
    // One that stays down is.
    let wan = |now: Boot| match now.secs() {
        ..100 => (Some(1), Boot::from_secs(100)),
        _ => (None, Boot::NEVER),
    };
    let world = World::new(&wan, &confirms).run(HOUR);
    assert_eq!((world.passes, world.sends.len()), (2, 1));
    assert_eq!(world.state.outcome, Some(Outcome::Aborted));
}

#[test]
fn a_page_is_asked_at_each_interval_and_less_often_when_it_has_no_answer() {
    let mut world = World::new(&steady, &confirms);
    world.unobserved = true;
    let world = world.run(HOUR);
    assert_eq!((world.passes, world.sends.len()), (12, 1));
    let wan = |_| (None, Boot::NEVER);
    let mut world = World::new(&wan, &confirms);
    world.unobserved = true;
    let world = world.run(HOUR);
    // After 20, 40, 80, 160 s, then at each interval.
    assert!((14..=16).contains(&world.passes), "{} passes", world.passes);
}

#[test]
fn a_wrong_key_is_sent_three_times_a_day() {
    let refuses = |_| {
        Err(Failure::Refused {
            message: "wrong key".into(),
        })
    };
    let world = World::new(&steady, &refuses).run(DAY - HOUR);
    assert_eq!(world.sends.len(), 3);
}

#[test]
fn a_clock_that_jumps_by_years_neither_sends_nor_keeps_from_sending() {
    let clock = |now: Boot| match now.secs() / 3600 {
        ..2 => wall(now),
        2..4 => wall(now) + 20 * 365 * DAY,
        4..6 => Wall::from_secs(60) + now.since(Boot::START),
        _ => wall(now),
    };
    let mut world = World::new(&steady, &confirms);
    world.clock = clock;
    assert_eq!(world.run(DAY).sends.len(), 1);
    // A change is sent at once, but for the time in which no certificate can be checked.
    let hourly = changing(HOUR, Boot::NEVER);
    let mut world = World::new(&hourly, &confirms);
    world.clock = clock;
    let world = world.run(8 * HOUR);
    let hours: Vec<i64> = world.sends.iter().map(|(at, _)| at.secs() / 3600).collect();
    assert_eq!(hours, [0, 1, 2, 3, 6, 7]);
}

/// A full tmpfs: what a pass finds is what the next one finds again.
#[test]
fn a_state_that_cannot_be_written_is_tried_less_and_less_often() {
    let mut world = World::new(&steady, &confirms);
    world.unwritable = true;
    let world = world.run(HOUR);
    assert!((10..=18).contains(&world.passes), "{} passes", world.passes);
    assert_eq!(world.sends.len(), 0);
}

/// What the new configuration finds may be remembered, and must not wait for it.
#[test]
fn another_configuration_ends_the_rest_of_passes_that_settle_nothing() {
    let down = |_| (None, Boot::NEVER);
    let mut world = World::new(&down, &confirms);
    world.unwritable = true;
    let mut world = world.run(HOUR);
    let (passes, now) = (world.passes, Boot::START + HOUR);
    world.look(now + PASS_REST);
    assert_eq!(world.passes, passes, "the rest is minutes by now");
    world
        .schedule
        .configure([(SECTION, false)].into_iter(), false);
    world.look(now + PASS_REST);
    world.look(now + 2 * PASS_REST);
    assert_eq!(world.passes, passes + 1);
}

/// One that was killed and is still there, stuck in the kernel.
#[test]
fn a_pass_that_does_not_end_in_its_time_does_not_keep_the_router_awake() {
    let mut world = World::new(&steady, &confirms);
    world.look(Boot::START);
    assert!(world.schedule.is_running(SECTION));
    let mut now = Boot::START + MAX_PASS_TIME;
    for _ in 0..10 {
        world.look(now);
        let due = world.schedule.due().expect("its section");
        assert!(
            due.since(now) >= Duration::from_secs(1),
            "{due:?} at {now:?}"
        );
        now = due;
    }
    assert_eq!(world.passes, 1);
}
