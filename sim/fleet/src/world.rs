//! The routers of one thread, and the order of what happens to them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::Millis;
use crate::router::{Outside, Router};
use crate::service::{Answer, Service};
use crate::tally::Tally;

/// Some routers and their service.
pub struct World {
    routers: Vec<Router>,
    service: Service,
    rng: fastrand::Rng,
    tally: Tally,
}

/// The service as one router meets it.
struct Meeting<'a> {
    service: &'a mut Service,
    rng: &'a mut fastrand::Rng,
    tally: &'a mut Tally,
    sends: u32,
}

impl Outside for Meeting<'_> {
    fn send(&mut self, now: Millis) -> Answer {
        self.sends += 1;
        self.tally.note(now);
        self.service.answer(now, self.rng)
    }

    fn random(&mut self) -> u32 {
        self.rng.u32(..)
    }
}

impl World {
    /// These routers, each with its changes; `seed` decides what is left to chance.
    pub fn new(routers: Vec<Router>, service: Service, seed: u64) -> World {
        World {
            tally: Tally {
                sends: vec![0; routers.len()],
                right_since: vec![0; routers.len()],
                ..Tally::default()
            },
            routers,
            service,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Lets everything happen until `end`; sends count from `from` on.
    ///
    /// Where a relay lets only so many through, routers meet in it, and are called in the
    /// order of time. Otherwise none knows of another: each is called for as long as it
    /// is in the processor's cache.
    pub fn run(mut self, from: Millis, end: Millis) -> Tally {
        for router in &mut self.routers {
            router.wake = router.changes.last().map_or(Millis::MAX, |(at, _)| *at);
        }
        match self.service.rate {
            Some(_) => self.run_in_order(from, end),
            None => {
                for place in 0..self.routers.len() {
                    while self.routers[place].wake < end {
                        self.step(place, from);
                    }
                }
            }
        }
        let wrong = self.routers.iter().filter(|router| !router.is_right());
        self.tally.lost = wrong.count();
        let mut places = self.routers.iter();
        let is_right = |_: &Millis| places.next().is_some_and(Router::is_right);
        self.tally.right_since.retain(is_right);
        self.tally
    }

    fn run_in_order(&mut self, from: Millis, end: Millis) {
        let routers = self.routers.iter().enumerate();
        let mut queue: BinaryHeap<_> = routers
            .map(|(place, router)| Reverse((router.wake, place)))
            .collect();
        while let Some(Reverse((now, place))) = queue.pop() {
            if now >= end {
                return;
            }
            self.step(place, from);
            queue.push(Reverse((self.routers[place].wake, place)));
        }
    }

    /// Calls a router at the moment that it waits for.
    fn step(&mut self, place: usize, from: Millis) {
        let router = &mut self.routers[place];
        let now = router.wake;
        let (was_right, held) = (router.is_right(), router.held);
        let mut meeting = Meeting {
            service: &mut self.service,
            rng: &mut self.rng,
            tally: &mut self.tally,
            sends: 0,
        };
        router.step(now, &mut meeting);
        let sends = meeting.sends;
        if sends > 0 && now >= from {
            self.tally.sends[place] += sends;
            self.tally.limit_used = self.tally.limit_used.max(router.sends_used(now));
        }
        // A change may be noticed and sent in one step.
        if router.is_right() && (!was_right || router.held != held) {
            self.tally.right_since[place] = now;
        }
    }
}
