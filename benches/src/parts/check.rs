//! The check that the daemon makes at its interval, when it finds nothing.

use std::thread;
use std::time::Duration;

use super::column;
use crate::measure::{Run, Tools, micros};
use crate::namespace;
use crate::report::{Part, Unit};
use crate::resident::{Resident, until};
use crate::scene::{ADDRESS, Scene, Source, config_every};
use crate::services::{SkyDns, Ubus};

/// For how long checks are counted, one each second.
const WINDOW: Duration = Duration::from_secs(30);
/// Checks under callgrind: the difference of the two runs is theirs alone.
const CHECKS: [usize; 2] = [4, 14];

const SOURCES: [Source; 2] = [Source::Network, Source::Interface];

struct Cost {
    checks: f64,
    cpu: f64,
    wakeups: f64,
    instructions: Option<f64>,
}

pub fn measure(tools: &Tools) -> Part {
    let columns = SOURCES.map(|source| source.name().to_owned());
    let mut part = Part::new(
        "A check of the daemon that finds nothing, by source",
        columns,
    );
    let cells: Vec<Option<Cost>> = SOURCES
        .into_iter()
        .map(|source| {
            let cost = cost(tools, source, &mut part);
            part.keep(source.name(), cost)
        })
        .collect();
    part.row(
        "checks",
        Unit::Count,
        column(&cells, |cost| cost.checks),
        "by the clock, with an interval of 1 s, for 30 s; netifd is asked in each",
    );
    part.row(
        "CPU of one",
        Unit::Micros,
        column(&cells, |cost| cost.cpu / cost.checks),
        "in the kernel too, /proc/PID/schedstat",
    );
    part.aim("250 us at most");
    part.row(
        "instructions of one",
        Unit::Count,
        column(&cells, |cost| cost.instructions),
        "in user space, valgrind --tool=callgrind: a run of 14 checks less one of 4",
    );
    part.row(
        "sleeps for each",
        Unit::Times,
        column(&cells, |cost| cost.wakeups / cost.checks),
        "voluntary_ctxt_switches",
    );
    part.aim("1 and those of waiting for netifd's answer");
    part
}

fn cost(tools: &Tools, source: Source, part: &mut Part) -> Result<Cost, String> {
    if source == Source::Interface {
        namespace::add_device(ADDRESS)?;
    }
    let (ubus, skydns) = (Ubus::start()?, SkyDns::start()?);
    let text = config_every(&skydns, &skydns.own_ca(), source, "1s");
    let scene = Scene::new(tools, &text)?;
    let run = scene.agent_with_ubus(&["daemon"], &ubus.socket());
    let daemon = Resident::start(&run)?;
    scene.wait(1, 0)?;
    thread::sleep(Duration::from_secs(2));
    let (before, dumps) = (daemon.used()?, ubus.dumps());
    thread::sleep(WINDOW);
    let (after, checks) = (daemon.used()?, ubus.dumps() - dumps);
    daemon.end()?;
    match skydns.requests() {
        1 => {}
        sent => return Err(format!("{sent} requests of one section")),
    }
    Ok(Cost {
        checks: checks as f64,
        cpu: micros(after.cpu - before.cpu),
        wakeups: after.wakeups - before.wakeups,
        instructions: part.keep("instructions", instructions(&scene, &run, &ubus)),
    })
}

fn instructions(scene: &Scene<'_>, run: &Run, ubus: &Ubus) -> Result<f64, String> {
    let of = |checks: usize| {
        let start = ubus.dumps();
        let mut seen = 0;
        let instructions = run.instructions_until(&scene.scratch(), || {
            until("checks", || {
                seen = ubus.dumps() - start;
                Ok(seen >= checks)
            })
        })?;
        // More may have come before it ended, but none within a second.
        Ok::<_, String>((instructions, seen as f64))
    };
    let (few, many) = (of(CHECKS[0])?, of(CHECKS[1])?);
    Ok((many.0 - few.0) / (many.1 - few.1))
}
