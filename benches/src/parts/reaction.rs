//! From a changed address to the request for it.

use std::thread;
use std::time::{Duration, SystemTime};

use super::column;
use crate::measure::{Tools, median, millis};
use crate::namespace;
use crate::report::{Part, Unit};
use crate::resident::{Resident, until};
use crate::scene::{ADDRESS, Scene, Source, config};
use crate::services::{SkyDns, Ubus};

/// Changes for a daemon that was started for each.
const FRESH: u8 = 60;
/// Changes for one daemon that runs on.
const RESIDENT: u8 = 6;
/// How long it rests before a change. That it rests is all that counts: a
/// daemon that acted within the last 15 s would hold the next change down.
const REST: Duration = Duration::from_millis(500);
const QUIET: Duration = Duration::from_millis(16_500);

const SOURCES: [Source; 2] = [Source::Network, Source::Interface];

struct Reaction {
    fresh: Vec<Duration>,
    resident: Vec<Duration>,
}

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
        column(&cells, |cell| cell.fresh.len() as f64),
        "each for a daemon that was started anew and has rested for half a second, since one \
         that acted within the last 15 s holds down; `network`: from before netifd's stand-in \
         notifies; `interface`: from before `ip` is started, which changes the device",
    );
    part.row(
        "median",
        Unit::Millis,
        column(&cells, |cell| millis(median(cell.fresh.clone()))),
        "until the whole request has been read by the simulated service: connection and TLS \
         handshake are over, with all of the CA bundle",
    );
    part.aim("50 ms at most");
    part.row(
        "worst",
        Unit::Millis,
        column(&cells, |cell| cell.fresh.iter().max().copied().map(millis)),
        "",
    );
    part.aim("2,000 ms at most");
    part.row(
        "median of one daemon",
        Unit::Millis,
        column(&cells, |cell| millis(median(cell.resident.clone()))),
        "6 changes, 16.5 s apart, for a daemon that runs on",
    );
    part.row(
        "worst of it",
        Unit::Millis,
        column(&cells, |cell| {
            cell.resident.iter().max().copied().map(millis)
        }),
        "",
    );
    part
}

fn reaction(tools: &Tools, source: Source) -> Result<Reaction, String> {
    namespace::add_device(ADDRESS)?;
    let (ubus, skydns) = (Ubus::start()?, SkyDns::start()?);
    let text = config(&skydns, &skydns.full_bundle()?, source, 1);
    let scene = Scene::new(tools, &text)?;
    let run = scene.agent_with_ubus(&["daemon"], &ubus.socket());
    let start = |sent: u8| {
        let daemon = Resident::start(&run)?;
        if sent == 0 {
            skydns.request_at(1)?;
        }
        until("the daemon to listen", || {
            Ok(ubus.is_heard() && !daemon.has_children())
        })?;
        Ok::<_, String>(daemon)
    };
    let change = |number: u8| {
        let address = format!("8.8.4.{}", 10 + number);
        let begun = SystemTime::now();
        match source {
            Source::Interface => namespace::set_address(&address)?,
            _ => ubus.set_address(&address)?,
        }
        let read = skydns.request_at(1 + usize::from(number))?;
        read.duration_since(begun)
            .map_err(|_| "the clock was set".to_owned())
    };
    start(0)?.end()?;
    let (mut fresh, mut resident) = (Vec::new(), Vec::new());
    for number in 1..=FRESH {
        let daemon = start(number)?;
        thread::sleep(REST);
        fresh.push(change(number)?);
        daemon.end()?;
        until("the daemon to leave", || Ok(!ubus.is_heard()))?;
    }
    let daemon = start(FRESH)?;
    for number in 1..=RESIDENT {
        thread::sleep(QUIET);
        resident.push(change(FRESH + number)?);
    }
    daemon.end()?;
    Ok(Reaction { fresh, resident })
}
