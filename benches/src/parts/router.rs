//! A router whose address changes, for the time from a change to the request.

use std::time::{Duration, SystemTime};

use crate::measure::{Run, Tools};
use crate::namespace;
use crate::namespace::ADDRESS;
use crate::resident::{Resident, until};
use crate::scene::{Scene, Source, config};
use crate::services::{SkyDns, Ubus};

/// A router whose address is confirmed.
pub struct Router<'a> {
    pub ubus: Ubus,
    skydns: SkyDns,
    pub scene: Scene<'a>,
}

impl<'a> Router<'a> {
    pub fn new(tools: &'a Tools, source: Source) -> Result<Router<'a>, String> {
        namespace::add_device(ADDRESS)?;
        let (ubus, skydns) = (Ubus::start()?, SkyDns::start()?);
        let text = config(&skydns, &skydns.full_bundle()?, source, 1);
        let router = Router {
            ubus,
            skydns,
            scene: Scene::new(tools, &text)?,
        };
        router.agent("once").wall()?;
        Ok(router)
    }

    pub fn agent(&self, command: &str) -> Run {
        self.scene.agent_with_ubus(&[command], &self.ubus.socket())
    }

    /// Starts its daemon, which rests by then.
    pub fn start(&self) -> Result<Resident, String> {
        let daemon = Resident::start(&self.agent("daemon"))?;
        until("the daemon to listen", || {
            Ok(self.ubus.is_heard() && !daemon.has_children())
        })?;
        Ok(daemon)
    }

    /// The address after so many changes.
    pub fn address(number: u8) -> String {
        format!("8.8.4.{}", 10 + number)
    }

    /// The time from the change of that number to the end of the request for it.
    pub fn reaction(&self, number: u8, changed: SystemTime) -> Result<Duration, String> {
        let read = self.skydns.request_at(1 + usize::from(number))?;
        read.duration_since(changed)
            .map_err(|_| "the clock was set".to_owned())
    }
}
