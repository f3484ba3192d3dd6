//! The check that the daemon makes at its interval, when it finds nothing.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use crate::measure::{Run, Tools, micros};
use crate::namespace::ADDRESS;
use crate::namespace::{self, DEVICE};
use crate::report::{Part, Unit, column};
use crate::resident::{Resident, instructions_until, until};
use crate::scene::{Scene, Source, config_every};
use crate::services::{SkyDns, Ubus};

/// For how long checks are counted, one each second.
const WINDOW: Duration = Duration::from_secs(30);
/// Checks under callgrind: the difference of the two runs is theirs alone.
const CHECKS: [usize; 2] = [4, 14];

const SOURCES: [Source; 2] = [Source::Network, Source::Interface];

struct CheckCost {
    /// By events, each at once after the one before, and with pauses.
    in_a_row: f64,
    apart: f64,
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
    let cells: Vec<Option<CheckCost>> = SOURCES
        .into_iter()
        .map(|source| {
            let cost = cost(tools, source, &mut part);
            part.keep(source.name(), cost)
        })
        .collect();
    part.row(
        "CPU of one, in a row",
        Unit::Micros,
        column(&cells, |cost| cost.in_a_row),
        "in the kernel too, /proc/PID/schedstat; 1,000 events over the control socket, its own \
         cost included",
    );
    part.aim("250 us at most");
    part.row(
        "CPU of one, 0.1 s apart",
        Unit::Micros,
        column(&cells, |cost| cost.apart),
        "the same with 100, as the caches are cold by then",
    );
    part.row(
        "checks by the clock",
        Unit::Count,
        column(&cells, |cost| cost.checks),
        "with an interval of 1 s, for 30 s; netifd is asked in each",
    );
    part.row(
        "CPU of one of these",
        Unit::Micros,
        column(&cells, |cost| cost.cpu / cost.checks),
        "",
    );
    part.row(
        "instructions of it",
        Unit::Count,
        column(&cells, |cost| cost.instructions),
        "in user space, valgrind --tool=callgrind: a run of 14 checks less one of 4",
    );
    part.row(
        "sleeps for it",
        Unit::Times,
        column(&cells, |cost| cost.wakeups / cost.checks),
        "voluntary_ctxt_switches",
    );
    part.aim("1 and those of waiting for netifd's answer");
    part
}

fn cost(tools: &Tools, source: Source, part: &mut Part) -> Result<CheckCost, String> {
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
    let in_a_row = events(&scene, &daemon, 1000, Duration::ZERO)?;
    let apart = events(&scene, &daemon, 100, Duration::from_millis(100))?;
    daemon.end()?;
    match skydns.requests() {
        1 => {}
        sent => return Err(format!("{sent} requests of one section")),
    }
    Ok(CheckCost {
        in_a_row,
        apart,
        checks: checks as f64,
        cpu: micros(after.cpu - before.cpu),
        wakeups: after.wakeups - before.wakeups,
        instructions: part.keep("instructions", instructions(&scene, &run, &ubus)),
    })
}

/// The CPU of a check by an event, in microseconds.
fn events(
    scene: &Scene<'_>,
    daemon: &Resident,
    times: u32,
    pause: Duration,
) -> Result<f64, String> {
    let cannot = |error| format!("the control socket: {error}");
    let before = daemon.used()?;
    for _ in 0..times {
        let mut stream = UnixStream::connect(scene.control()).map_err(cannot)?;
        let event = format!("event\tifup\twan\t{DEVICE}\t1\n");
        stream.write_all(event.as_bytes()).map_err(cannot)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(cannot)?;
        thread::sleep(pause);
    }
    Ok(micros(daemon.used()?.cpu - before.cpu) / f64::from(times))
}

fn instructions(scene: &Scene<'_>, run: &Run, ubus: &Ubus) -> Result<f64, String> {
    let of = |checks: usize| {
        let start = ubus.dumps();
        let mut seen = 0;
        let instructions = instructions_until(run, &scene.scratch(), || {
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
