//! The state that all threads of a simulator share.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};

use crate::conn::Stop;
use crate::journal::Journal;
use crate::plan::Plan;
use crate::state::World;
use crate::tls::Authority;

/// The state that all threads of a simulator share.
pub(crate) struct Shared {
    pub world: Mutex<World>,
    /// The world after a reset.
    pub marked: Mutex<World>,
    pub plan: Mutex<Plan>,
    pub journal: Journal,
    pub authority: Authority,
    pub stop: Stop,
    pub http: SocketAddr,
    pub https: SocketAddr,
}

impl Shared {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no thread panics with it")
    }

    pub fn mark_world(&self) {
        let world = self.world().clone();
        *self.marked.lock().expect("no thread panics with it") = world;
    }

    pub fn reset_world(&self) {
        let marked = self
            .marked
            .lock()
            .expect("no thread panics with it")
            .clone();
        *self.world() = marked;
    }

    pub fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().expect("no thread panics with it")
    }
}
