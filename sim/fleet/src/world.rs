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
    pub fn run(mut self, from: Millis, end: Millis) -> Tally {
        let mut queue = BinaryHeap::with_capacity(self.routers.len());
        for (place, router) in self.routers.iter_mut().enumerate() {
            router.wake = router.changes.last().map_or(Millis::MAX, |(at, _)| *at);
            queue.push(Reverse((router.wake, place as u32)));
        }
        while let Some(Reverse((now, place))) = queue.pop() {
            if now >= end {
                break;
            }
            let (place, router) = (place as usize, &mut self.routers[place as usize]);
            let was_right = router.is_right();
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
            if router.is_right() && (!was_right || sends > 0 && self.tally.right_since[place] == 0)
            {
                self.tally.right_since[place] = now;
            }
            queue.push(Reverse((router.wake, place as u32)));
        }
        let wrong = |router: &Router| !router.is_right();
        self.tally.lost = self.routers.iter().filter(|router| wrong(router)).count();
        let mut places = self.routers.iter();
        let is_right = |_: &Millis| places.next().is_some_and(Router::is_right);
        self.tally.right_since.retain(is_right);
        self.tally
    }
}
