//! From a changed address to the request for it.

use std::thread;
use std::time::{Duration, SystemTime};

use crate::measure::{Tools, median, millis};
use crate::namespace;
use crate::parts::router::Router;
use crate::report::{Part, Unit, column};
use crate::resident::until;
use crate::scene::Source;

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
            fresh.push(change(&router, source, number)?);
            daemon.end()?;
            until("the daemon to leave", || Ok(!router.ubus.is_heard()))?;
        }
    }
    Ok(fresh)
}

/// Changes the address once more. How long the request took to come.
fn change(router: &Router<'_>, source: Source, number: u8) -> Result<Duration, String> {
    let address = Router::address(number);
    let begun = SystemTime::now();
    match source {
        Source::Interface => namespace::set_address(&address)?,
        _ => router.ubus.set_address(&address)?,
    }
    router.reaction(number, begun)
}
