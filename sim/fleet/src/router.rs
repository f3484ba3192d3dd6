//! One router: its WAN, its clock, what it remembers, and the loop that calls the core.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use wansync_core::address::{Candidate, Family};
use wansync_core::cron;
use wansync_core::outcome::Outcome;
use wansync_core::reconcile::{self, Decision, Observation, Policy};
use wansync_core::record::{Record, RecordEntry, recall};
use wansync_core::schedule::event::{EventPasses, EventSchedule, PassResult};
use wansync_core::schedule::passes::PassSchedule;
use wansync_core::schedule::section::SectionFacts;
use wansync_core::state::SectionState;
use wansync_core::time::{BUILD_DATE, Boot, DAY, Now, Wall};

use crate::{MINUTE, Millis, SECOND};

const SECTION: &str = "home";
/// The shipped `option interval`.
const INTERVAL: Duration = Duration::from_secs(300);
/// The date at which a simulation begins.
const BEGINNING: Wall = Wall::from_secs(BUILD_DATE.secs() + 100 * 86_400);
/// The time from a change to the pass that follows it.
const REACTION: Millis = 20;
/// A span longer than any simulation.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);

/// The mode of a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `option mode 'daemon'`
    Daemon,
    /// `option mode 'hook'`
    Hook,
}

/// A change that befalls a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The power fails.
    Off,
    /// A boot, with what the clock shows then, against the truth.
    Boot(Clock),
    /// NTP sets the clock.
    ClockSet,
    /// The WAN is up, with this address.
    Address(u32),
    /// The WAN is down.
    Down,
}

/// A clock after a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// A clock that is right.
    Right,
    /// A clock that shows 1970.
    Unset,
    /// A clock that goes on from where it was when the power failed, so much ago.
    Behind(Duration),
}

/// One router.
#[derive(Debug)]
pub struct Router {
    policy: Policy,
    clock: Clock,
    booted: Millis,
    is_on: bool,
    /// The address of the WAN.
    pub address: Option<u32>,
    /// The address that the service has.
    pub held: Option<u32>,
    state: SectionState,
    record: Record,
    engine: Engine,
    /// What is still to come, the next one last.
    pub changes: Vec<(Millis, Change)>,
    /// The moment at which it is to be called.
    pub wake: Millis,
}

#[derive(Debug)]
enum Engine {
    Daemon(Box<Daemon>),
    Hook(Hook),
}

#[derive(Debug, Default)]
struct Daemon {
    schedule: PassSchedule,
    pass_end: Option<Boot>,
}

/// The process that an event starts, and cron.
#[derive(Debug, Default)]
struct Hook {
    passes: EventPasses,
    /// The pass when the WAN has settled.
    settled_at: Option<Millis>,
    /// The retry of that process.
    retry: Option<(EventSchedule, Millis)>,
    /// The next pass of cron that does something.
    cron_at: Millis,
}

/// The world around a router that a pass meets.
pub trait Outside {
    /// The service is sent an address at `now`: its answer.
    fn send(&mut self, now: Millis) -> crate::service::Answer;
    /// A random number.
    fn random(&mut self) -> u32;
}

/// The address of this number.
pub fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0800_0000 + (number & 0x00ff_ffff)))
}

impl Router {
    /// A router that is switched off, of this number among routers.
    pub fn new(mode: Mode, number: u32, spread: Duration) -> Router {
        let engine = match mode {
            Mode::Daemon => Engine::Daemon(Box::default()),
            Mode::Hook => Engine::Hook(Hook::default()),
        };
        Router {
            policy: Policy {
                family: Family::Ipv4,
                refresh: 3 * DAY,
                daily_limit: 24,
                spread,
                router_number: number,
                tls: true,
            },
            clock: Clock::Right,
            booted: 0,
            is_on: false,
            address: None,
            held: None,
            state: SectionState::default(),
            record: Record::default(),
            engine,
            changes: Vec::new(),
            wake: 0,
        }
    }

    /// True if the service has the address of the WAN, or there is none.
    pub fn is_right(&self) -> bool {
        self.address.is_none() || self.address == self.held
    }

    /// The sends that count for the daily limit now.
    pub fn sends_used(&self, now: Millis) -> u32 {
        self.policy.daily_limit - reconcile::sends_left(&self.policy, &self.state, self.now(now))
    }

    /// Lets happen what is due at `now`, and sets the moment of the next call.
    pub fn step(&mut self, now: Millis, outside: &mut impl Outside) {
        while self.changes.last().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, change)) = self.changes.pop() {
                self.change(change, now, outside);
            }
        }
        let own = match self.is_on {
            true => self.work(now, outside),
            false => Millis::MAX,
        };
        let change = self.changes.last().map_or(Millis::MAX, |(at, _)| *at);
        self.wake = own.max(now + 1).min(change.max(now + 1));
    }

    fn change(&mut self, change: Change, now: Millis, outside: &mut impl Outside) {
        match change {
            Change::Off => {
                self.is_on = false;
                self.address = None;
            }
            Change::Boot(clock) => {
                (self.is_on, self.booted, self.clock) = (true, now, clock);
                let entry = self.record.entry(SECTION);
                self.state = recall(None, entry, self.policy.refresh, self.now(now));
                match &mut self.engine {
                    Engine::Daemon(daemon) => {
                        **daemon = Daemon::default();
                        daemon
                            .schedule
                            .configure([(SECTION, true)].into_iter(), false);
                    }
                    Engine::Hook(hook) => {
                        *hook = Hook::default();
                        self.event(now, outside);
                    }
                }
            }
            // NTP's hotplug event has everything looked at.
            Change::ClockSet => {
                self.clock = Clock::Right;
                self.event(now, outside);
            }
            Change::Address(number) => {
                self.address = Some(number);
                self.event(now, outside);
            }
            Change::Down => {
                self.address = None;
                self.event(now, outside);
            }
        }
    }

    /// The program hears of a change.
    fn event(&mut self, now: Millis, outside: &mut impl Outside) {
        if !self.is_on {
            return;
        }
        let boot = self.boot(now);
        match &mut self.engine {
            Engine::Daemon(daemon) => daemon.schedule.request_recheck(|_| true),
            Engine::Hook(hook) => {
                hook.retry = None;
                let may_run = hook.passes.may_run_at_once(boot);
                if may_run {
                    hook.passes.note(boot);
                }
                let settled = hook.passes.settled_at(boot).since(Boot::START);
                hook.settled_at = Some(self.booted + settled.as_millis() as Millis);
                if may_run {
                    self.pass(None, now + REACTION, outside);
                }
            }
        }
    }

    fn work(&mut self, now: Millis, outside: &mut impl Outside) -> Millis {
        match self.engine {
            Engine::Daemon(_) => self.work_as_daemon(now, outside),
            Engine::Hook(_) => self.work_from_hook(now, outside),
        }
    }

    fn work_as_daemon(&mut self, now: Millis, outside: &mut impl Outside) -> Millis {
        let boot = self.boot(now);
        let observation = self.observation();
        let (wall, policy) = (self.now(now).wall, self.policy.clone());
        let Engine::Daemon(daemon) = &mut self.engine else {
            return Millis::MAX;
        };
        if daemon.pass_end.is_some_and(|end| end <= boot) {
            daemon.pass_end = None;
            let due = reconcile::next_due(&policy, &self.state, Now::new(boot, wall), INTERVAL);
            let outcome = self.state.outcome.map(|outcome| (outcome, due));
            daemon.schedule.pass_ended(|_| outcome, boot);
        }
        if daemon.schedule.is_due(SECTION, boot) {
            let entry = self.record.entry(SECTION);
            let state = self.state.clone();
            let facts = SectionFacts::Observed {
                observation: &observation,
                state: recall(Some(state), entry, policy.refresh, Now::new(boot, wall)),
            };
            // A re-check of what netifd said would find what it said.
            daemon
                .schedule
                .check_section(SECTION, &policy, facts, FOR_EVER, (boot, wall));
        }
        if let Some(order) = daemon.schedule.next_pass(boot) {
            daemon.schedule.pass_began(&order.targets, boot);
            let chosen = order.targets.first().and_then(|target| target.address);
            let chosen = chosen.map(|address| Ok(vec![Candidate::from(address.get())]));
            let took = self.pass(chosen, now + REACTION, outside);
            if let Engine::Daemon(daemon) = &mut self.engine {
                daemon.pass_end = Some(boot + Duration::from_millis(took + REACTION));
            }
        }
        let Engine::Daemon(daemon) = &self.engine else {
            return Millis::MAX;
        };
        let due = daemon
            .schedule
            .due()
            .into_iter()
            .chain(daemon.pass_end)
            .min();
        due.map_or(Millis::MAX, |due| self.millis(due))
    }

    fn work_from_hook(&mut self, now: Millis, outside: &mut impl Outside) -> Millis {
        let boot = self.boot(now);
        let Engine::Hook(hook) = &mut self.engine else {
            return Millis::MAX;
        };
        let is_settled = hook.settled_at.is_some_and(|at| at <= now);
        let retry = hook.retry.filter(|(_, at)| *at <= now);
        let is_cron = hook.cron_at <= now;
        if is_settled || retry.is_some() || is_cron {
            if is_settled {
                hook.settled_at = None;
                hook.passes.note(boot);
            }
            let took = self.pass(None, now, outside);
            let end = now + took;
            let due = self.due(end, INTERVAL);
            let result = PassResult {
                outcome: self.state.outcome,
                source_failed: false,
                due,
            };
            let event = match retry {
                Some((event, _)) => Some(event),
                None => is_settled.then(|| EventSchedule::new(boot)),
            };
            let retry = event.and_then(|event| {
                let next = event.next_pass([result].into_iter(), INTERVAL, self.boot(end))?;
                Some((event, self.millis(next)))
            });
            let cron_at = self.cron_from(end + self.due(end, FOR_EVER).as_millis() as Millis);
            if let Engine::Hook(hook) = &mut self.engine {
                hook.cron_at = cron_at;
                if event.is_some() {
                    hook.retry = retry;
                }
            }
        }
        let Engine::Hook(hook) = &self.engine else {
            return Millis::MAX;
        };
        let retry = hook.retry.map_or(Millis::MAX, |(_, at)| at);
        hook.settled_at
            .unwrap_or(Millis::MAX)
            .min(retry)
            .min(hook.cron_at)
    }

    /// A pass. Gives the time that it takes.
    fn pass(
        &mut self,
        chosen: Option<Observation>,
        now: Millis,
        outside: &mut impl Outside,
    ) -> Millis {
        let observation = chosen.unwrap_or_else(|| self.observation());
        let time = self.now(now);
        let entry = self.record.entry(SECTION);
        let state = std::mem::take(&mut self.state);
        let state = recall(Some(state), entry, self.policy.refresh, time).clamp_future_times(time);
        let before = reconcile::state_after_observation(&state, &observation, Family::Ipv4);
        let decision = reconcile::decide(&self.policy, &observation, &before, time, false);
        let Decision::Update(sent) = decision else {
            self.state = reconcile::state_without_send(&before, &decision);
            return 0;
        };
        let answer = outside.send(now);
        if answer.is_set {
            self.held = self.address;
        }
        let time = self.now(now + answer.took);
        let random = outside.random();
        self.state = reconcile::state_after_send(
            &before,
            sent,
            "skydns",
            answer.result.as_ref().copied(),
            time,
            random,
        );
        if let Some(entry) = RecordEntry::from_state(&self.state) {
            let entries = vec![(SECTION.to_owned(), entry)];
            if let Some(record) = self.record.updated_with(entries, time, false) {
                self.record = record;
            }
        }
        answer.took
    }

    fn observation(&self) -> Observation {
        let found = self.address.map(|number| Candidate::from(address(number)));
        Ok(found.into_iter().collect())
    }

    /// The time until something is due, if the next re-check is after `next_check`.
    fn due(&self, now: Millis, next_check: Duration) -> Duration {
        let due = reconcile::next_due(&self.policy, &self.state, self.now(now), next_check);
        // Where nothing can be sent, a refresh that is due is none.
        match self.state.outcome {
            Some(Outcome::Aborted) => next_check,
            _ => due,
        }
    }

    /// The first of cron's passes from `at` on.
    fn cron_from(&self, at: Millis) -> Millis {
        let cron::Schedule::Minutes { first, step } =
            cron::Schedule::new(INTERVAL, self.policy.router_number)
        else {
            return Millis::MAX;
        };
        let second = cron::second(self.policy.router_number) * SECOND;
        let (offset, period) = (
            Millis::from(first) * MINUTE + second,
            Millis::from(step) * MINUTE,
        );
        at.saturating_sub(offset).div_ceil(period) * period + offset
    }

    fn boot(&self, now: Millis) -> Boot {
        Boot::START + Duration::from_millis(now - self.booted)
    }

    /// The moment of the simulation at which this boot is so old.
    fn millis(&self, boot: Boot) -> Millis {
        let span = boot.since(Boot::START);
        self.booted + u64::try_from(span.as_micros().div_ceil(1000)).unwrap_or(Millis::MAX)
    }

    fn now(&self, now: Millis) -> Now {
        let right = BEGINNING + Duration::from_millis(now);
        let wall = match self.clock {
            Clock::Right => right,
            Clock::Unset => Wall::from_secs(0) + Duration::from_millis(now - self.booted),
            Clock::Behind(span) => right - span,
        };
        Now::new(self.boot(now), wall)
    }
}
