//! The object on ubus: what rpcd waits for when it starts, and a page every few seconds.

use std::fs;

use crate::measure::{Run, Tools, medians_in_turn, micros};
use crate::report::{Part, Unit, column};
use crate::scene::{Scene, Source, config};
use crate::services::SkyDns;

/// A run, and the one that it is held against.
struct Beside {
    wall: f64,
    other: f64,
}

pub fn measure(tools: &Tools) -> Part {
    let columns = ["list", "call status"].map(str::to_owned);
    let mut part = Part::new("The object on ubus: rpcd's plug-in", columns);
    let costs = costs(tools);
    let mut cells = Vec::new();
    match costs {
        Ok(both) => cells.extend(both.map(Some)),
        Err(why) => {
            cells.push(part.keep("rpcd", Err(why)));
            cells.push(None);
        }
    }
    part.row(
        "wall time",
        Unit::Micros,
        column(&cells, |cost: &Beside| cost.wall),
        "median, run in turn with the one below",
    );
    part.row(
        "of an empty program, of `status --format json`",
        Unit::Micros,
        column(&cells, |cost| cost.other),
        "",
    );
    part.row(
        "ratio",
        Unit::Times,
        column(&cells, |cost| cost.wall / cost.other),
        "",
    );
    part.aim("3 and 1.2 at most");
    part
}

fn costs(tools: &Tools) -> Result<[Beside; 2], String> {
    let skydns = SkyDns::start()?;
    let scene = Scene::new(tools, &config(&skydns, &skydns.own_ca(), Source::Static, 1))?;
    scene.agent(&["once"]).wall()?;
    let arguments = scene.scratch();
    fs::write(&arguments, "{}\n").map_err(|error| error.to_string())?;
    let list = scene.agent(&["rpcd", "list"]);
    let call = scene.agent(&["rpcd", "call", "status"]).input(arguments);
    let status = scene.agent(&["status", "--format", "json"]);
    Ok([
        beside(tools, &list, &tools.empty.run())?,
        beside(tools, &call, &status)?,
    ])
}

fn beside(tools: &Tools, run: &Run, other: &Run) -> Result<Beside, String> {
    let (wall, other) = medians_in_turn(run, other, tools.iterations)?;
    Ok(Beside {
        wall: micros(wall),
        other: micros(other),
    })
}
