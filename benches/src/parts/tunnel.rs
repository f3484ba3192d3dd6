//! The time until a dead tunnel is seen.

use std::thread;
use std::time::{Duration, Instant};

use crate::measure::{Tools, median, millis};
use crate::report::{Part, Unit, column};
use crate::resident::Resident;
use crate::scene::{Scene, Source, config};
use crate::services::{SkyDns, Ubus};
use crate::tunnels::{self, Tunnels};

/// They die one after the other, spread evenly over two pauses of 20 s.
const DEATHS: usize = 40;
const DEATH_INTERVAL: Duration = Duration::from_secs(1);
/// A tunnel that is not found dead by then is none of the figures.
const DEATH_TIMEOUT: Duration = Duration::from_secs(120);
/// The pause between two reads of the state files.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub fn measure(tools: &Tools) -> Part {
    let mut part = Part::new(
        "From a tunnel's last packet to `down`, at default settings",
        ["dead tunnels".to_owned()],
    );
    let found = found(tools);
    let cells = [part.keep("dead tunnels", found)];
    part.row(
        "found",
        Unit::Count,
        column(&cells, |found| found.len() as f64),
        "of 40 that one daemon watches; what the far end sends no longer arrives, from moments \
         1 s apart, so at every phase of the pause of 20 s",
    );
    part.aim("40");
    part.row(
        "first",
        Unit::Millis,
        column(&cells, |found| found.iter().min().copied().map(millis)),
        "until the state file says so, read every 20 ms",
    );
    part.row(
        "median",
        Unit::Millis,
        column(&cells, |found| millis(median(found.clone()))),
        "",
    );
    part.row(
        "worst",
        Unit::Millis,
        column(&cells, |found| found.iter().max().copied().map(millis)),
        "",
    );
    part.aim("45,000 ms at most; false alarms: see the tests of core/src/tunnel");
    part
}

fn found(tools: &Tools) -> Result<Vec<Duration>, String> {
    let tunnels = Tunnels::lay(DEATHS)?;
    let (ubus, skydns) = (Ubus::start()?, SkyDns::start()?);
    ubus.add(&tunnels)?;
    let text = config(&skydns, &skydns.own_ca(), Source::Network, 1);
    let scene = Scene::new(tools, &(text + &skydns.sections_of(&tunnels)?))?;
    let daemon = Resident::start(&scene.agent_with_ubus(&["daemon"], &ubus.socket()))?;
    scene.wait(1, DEATHS)?;
    let mut died: Vec<Option<Instant>> = vec![None; DEATHS];
    let mut found = vec![None; DEATHS];
    let begun = Instant::now();
    while begun.elapsed() < DEATH_TIMEOUT && found.contains(&None) {
        let dead = died.iter().flatten().count();
        if dead < DEATHS && begun.elapsed() >= DEATH_INTERVAL * dead as u32 {
            tunnels.stall(dead)?;
            died[dead] = Some(Instant::now());
        }
        for (n, found) in found.iter_mut().enumerate() {
            let is_news = found.is_none() && scene.is_down(&tunnels::name(n));
            if is_news {
                // One that was never killed was found dead at once.
                *found = Some(died[n].map_or(Duration::ZERO, |at| at.elapsed()));
            }
        }
        thread::sleep(POLL_INTERVAL);
    }
    daemon.end()?;
    Ok(found.into_iter().flatten().collect())
}
