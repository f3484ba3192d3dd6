//! From a changed address to the request for it.

use std::thread;
use std::time::{Duration, SystemTime};

use crate::measure::{Run, Tools, median, millis};
use crate::namespace;
use crate::namespace::ADDRESS;
use crate::report::{Part, Unit, column};
use crate::resident::{Resident, until};
use crate::scene::{Scene, Source, config};
use crate::services::{SkyDns, Ubus};

/// Changes of one router, with a daemon that was started for each. More in so short a
/// time would be a WAN that flaps, so there are several routers.
const CHANGES: u8 = 2;
const ROUTERS: usize = 30;
/// The rest before a change: that the daemon rests is all that counts.
const REST_TIME: Duration = Duration::from_millis(500);

const SOURCES: [Source; 2] = [Source::Network, Source::Interface];

pub fn measure(tools: &Tools) -> Part {
    let columns = SOURCES.map(|source| source.name().to_owned());
    let mut part = Part::new(
        "From a changed address to the request over TLS, by source",
        columns,
    );
    let cells = SOURCES.map(|source| {
        let reaction = reaction(tools, source);
        part.keep(source.name(), reaction)
    });
    part.row(
        "changes",
        Unit::Count,
        column(&cells, |cell| cell.len() as f64),
        "each for a daemon that was started anew and has rested for half a second; `network`: \
         from before netifd's stand-in notifies; `interface`: from before `ip` is started, which \
         changes the device",
    );
    part.row(
        "median",
        Unit::Millis,
        column(&cells, |cell| millis(median(cell.clone()))),
        "until the whole request has been read by the simulated service: connection and TLS \
         handshake are over, with all of the CA bundle",
    );
    part.aim("50 ms at most");
    part.row(
        "worst",
        Unit::Millis,
        column(&cells, |cell| cell.iter().max().copied().map(millis)),
        "",
    );
    part.aim("2,000 ms at most");
    part
}

fn reaction(tools: &Tools, source: Source) -> Result<Vec<Duration>, String> {
    let mut fresh = Vec::new();
    for _ in 0..ROUTERS {
        let router = Router::new(tools, source)?;
        for number in 1..=CHANGES {
            let daemon = router.start()?;
            thread::sleep(REST_TIME);
            fresh.push(router.change(number)?);
            daemon.end()?;
            until("the daemon to leave", || Ok(!router.ubus.is_heard()))?;
        }
    }
    Ok(fresh)
}

/// A router whose address is confirmed.
struct Router<'a> {
    source: Source,
    ubus: Ubus,
    skydns: SkyDns,
    scene: Scene<'a>,
}

impl<'a> Router<'a> {
    fn new(tools: &'a Tools, source: Source) -> Result<Router<'a>, String> {
        namespace::add_device(ADDRESS)?;
        let (ubus, skydns) = (Ubus::start()?, SkyDns::start()?);
        let text = config(&skydns, &skydns.full_bundle()?, source, 1);
        let router = Router {
            source,
            ubus,
            skydns,
            scene: Scene::new(tools, &text)?,
        };
        let daemon = Resident::start(&router.daemon())?;
        router.scene.wait(1, 0)?;
        daemon.end()?;
        Ok(router)
    }

    fn daemon(&self) -> Run {
        self.scene.agent_with_ubus(&["daemon"], &self.ubus.socket())
    }

    fn start(&self) -> Result<Resident, String> {
        let daemon = Resident::start(&self.daemon())?;
        until("the daemon to listen", || {
            Ok(self.ubus.is_heard() && !daemon.has_children())
        })?;
        Ok(daemon)
    }

    /// Changes the address once more. How long the request took to come.
    fn change(&self, number: u8) -> Result<Duration, String> {
        let address = format!("8.8.4.{}", 10 + number);
        let begun = SystemTime::now();
        match self.source {
            Source::Interface => namespace::set_address(&address)?,
            _ => self.ubus.set_address(&address)?,
        }
        let read = self.skydns.request_at(1 + usize::from(number))?;
        read.duration_since(begun)
            .map_err(|_| "the clock was set".to_owned())
    }
}
