//! The pass that cron makes all day: nothing has changed, nothing is sent.

use crate::measure::{Observed, Run, Tools, medians_in_turn, micros};
use crate::namespace;
use crate::namespace::ADDRESS;
use crate::report::{Part, Unit, column};
use crate::scene::{Scene, Source, config};
use crate::services::{SkyDns, Ubus};

/// An idle pass with one source.
struct Idle {
    wall: f64,
    empty_wall: f64,
    instructions: Option<f64>,
    observed: Option<Observed>,
}

pub fn measure(tools: &Tools) -> Part {
    let columns = Source::ALL.map(|source| source.name().to_owned());
    let mut part = Part::new(
        "An idle pass: `once` with nothing changed, by source",
        columns,
    );
    let cells: Vec<Option<Idle>> = Source::ALL
        .into_iter()
        .map(|source| {
            let idle = idle(tools, source, &mut part);
            part.keep(source.name(), idle)
        })
        .collect();
    let observed =
        |value: fn(&Observed) -> f64| column(&cells, |idle| idle.observed.as_ref().map(value));
    part.row(
        "processes",
        Unit::Count,
        observed(|seen| seen.processes),
        "fork, vfork, clone without CLONE_THREAD, and execve, counted under ptrace (observe)",
    );
    part.aim("0");
    part.row("threads", Unit::Count, observed(|seen| seen.threads), "");
    part.row(
        "system calls",
        Unit::Count,
        observed(|seen| seen.syscalls),
        "",
    );
    part.row(
        "wall time",
        Unit::Micros,
        column(&cells, |idle| idle.wall),
        "median, from before vfork to after wait, run in turn with the empty static program; \
         that of `network` includes the simulated ubusd's",
    );
    part.row(
        "of an empty program",
        Unit::Micros,
        column(&cells, |idle| idle.empty_wall),
        "",
    );
    part.row(
        "ratio",
        Unit::Times,
        column(&cells, |idle| idle.wall / idle.empty_wall),
        "",
    );
    part.aim("3 at most");
    part.row(
        "instructions",
        Unit::Count,
        column(&cells, |cost| cost.instructions),
        "in user space, valgrind --tool=callgrind",
    );
    part.row(
        "peak RSS",
        Unit::Kib,
        observed(|seen| seen.peak_rss_kb),
        "greatest Rss of smaps_rollup before any system call (observe), exact",
    );
    part
}

/// The simulator is stopped before the idle passes, so one that sends fails.
fn idle(tools: &Tools, source: Source, part: &mut Part) -> Result<Idle, String> {
    if source == Source::Interface {
        namespace::add_device(ADDRESS)?;
    }
    let ubus = match source {
        Source::Network => Some(Ubus::start()?),
        _ => None,
    };
    let skydns = SkyDns::start()?;
    let scene = Scene::new(tools, &config(&skydns, &skydns.own_ca(), source, 1))?;
    let once = match &ubus {
        Some(ubus) => scene.agent_with_ubus(&["once"], &ubus.socket()),
        None => scene.agent(&["once"]),
    };
    once.wall()?;
    scene.expect_confirmed(1)?;
    drop(skydns);
    cost(tools, &scene, &once, part)
}

fn cost(tools: &Tools, scene: &Scene, once: &Run, part: &mut Part) -> Result<Idle, String> {
    let (wall, empty_wall) = medians_in_turn(once, &tools.empty.run(), tools.iterations)?;
    Ok(Idle {
        wall: micros(wall),
        empty_wall: micros(empty_wall),
        instructions: part.keep("instructions", once.instructions()),
        observed: part.keep("ptrace", once.observe(&tools.observe, &scene.scratch())),
    })
}
