//! The service, or the relay before it, as the routers meet it.

use std::time::Duration;

use wansync_core::failure::{Failure, Phase};

use crate::{Millis, SECOND};

/// The time that a router waits for an answer.
const TIMEOUT: Millis = 30 * SECOND;

/// The behaviour of the service during a time.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    /// It cannot serve, and says so without a `Retry-After`.
    Unavailable,
    /// It swallows what is sent to it.
    Silent,
    /// It does what it is asked for, but the answer comes too late.
    Slow,
    /// It asks everybody to come back after so long.
    TooMany(Duration),
    /// It asks everybody to come back at that moment.
    TooManyUntil(Millis),
    /// A relay whose own key is refused: it asks each for a wait of its own, between these.
    KeyRefused(Duration, Duration),
}

/// The service of one thread's routers.
#[derive(Debug, Clone)]
pub struct Service {
    /// From, until, and what it does then. Otherwise it serves.
    pub phases: Vec<(Millis, Millis, Behaviour)>,
    /// The requests a second that are let through, if that is bounded.
    pub rate: Option<f64>,
    /// What may be let through now, and since when that is so.
    tokens: (f64, Millis),
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// What the router makes of it.
    pub result: Result<(), Failure>,
    /// The time that it takes.
    pub took: Millis,
    /// True if the service has the address, whatever the router knows.
    pub is_set: bool,
}

impl Service {
    /// A service with these phases.
    pub fn new(phases: &[(Millis, Millis, Behaviour)], rate: Option<f64>) -> Service {
        Service {
            phases: phases.to_vec(),
            rate,
            tokens: (0.0, 0),
        }
    }

    /// The answer to a request at `now`.
    pub fn answer(&mut self, now: Millis, rng: &mut fastrand::Rng) -> Answer {
        let quick = 50 + rng.u64(..300);
        let failed = |failure, took, is_set| Answer {
            result: Err(failure),
            took,
            is_set,
        };
        let mut phases = self.phases.iter();
        let phase = phases.find(|(from, until, _)| (*from..*until).contains(&now));
        match phase.map(|(_, _, behaviour)| *behaviour) {
            Some(Behaviour::Unavailable) => failed(status(503, None), quick, false),
            Some(Behaviour::Silent) => failed(timeout(Phase::Connect), TIMEOUT, false),
            Some(Behaviour::Slow) => failed(timeout(Phase::Reply), TIMEOUT, true),
            Some(Behaviour::TooMany(wait)) => failed(status(429, Some(wait)), quick, false),
            Some(Behaviour::TooManyUntil(end)) => {
                let wait = Duration::from_millis(end.saturating_sub(now));
                failed(status(429, Some(wait)), quick, false)
            }
            Some(Behaviour::KeyRefused(least, most)) => {
                let wait = rng.u64(least.as_secs()..=most.as_secs());
                failed(status(503, Some(Duration::from_secs(wait))), quick, false)
            }
            None if !self.lets_through(now) => {
                // As openwrt/relay has it.
                let wait = Duration::from_secs(rng.u64(60..=120));
                failed(status(429, Some(wait)), quick, false)
            }
            None => Answer {
                result: Ok(()),
                took: quick,
                is_set: true,
            },
        }
    }

    /// A bucket that holds what comes in a second, or a few requests of a small fleet.
    fn lets_through(&mut self, now: Millis) -> bool {
        let Some(rate) = self.rate else {
            return true;
        };
        let (tokens, since) = self.tokens;
        let come = now.saturating_sub(since) as f64 / SECOND as f64 * rate;
        let tokens = (tokens + come).min(rate.max(10.0));
        let is_let = tokens >= 1.0;
        self.tokens = (if is_let { tokens - 1.0 } else { tokens }, now.max(since));
        is_let
    }
}

fn status(status: u16, retry_after: Option<Duration>) -> Failure {
    Failure::Status {
        status,
        message: None,
        by_service: false,
        retry_after,
    }
}

fn timeout(phase: Phase) -> Failure {
    Failure::Timeout {
        host: "skydns".to_owned(),
        phase,
        limit: Duration::from_millis(TIMEOUT),
        attempts: Box::default(),
    }
}
