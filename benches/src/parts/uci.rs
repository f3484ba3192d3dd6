//! A large file: reading it must cost the same for each byte.

use crate::measure::{Tools, median_wall, millis};
use crate::report::{Part, Unit, column};
use crate::scene::{Scene, config_of_size};

const KIB: usize = 1024;
const SIZES: [usize; 3] = [256 * KIB, 512 * KIB, 1024 * KIB];
const TIMES: usize = 10;

struct UciCost {
    bytes: f64,
    wall: f64,
    instructions: Option<f64>,
    peak: Option<f64>,
}

pub fn measure(tools: &Tools) -> Part {
    let columns = SIZES.map(|size| format!("{:.2} MB", size as f64 / (1024 * KIB) as f64));
    let mut part = Part::new(
        "A large configuration: `check --offline`, by its size",
        columns,
    );
    let cells = SIZES.map(|size| {
        let cost = cost(tools, size, &mut part);
        part.keep(&format!("{size} bytes"), cost)
    });
    part.row(
        "wall time",
        Unit::Millis,
        column(&cells, |cost| cost.wall),
        "median of 10; the file is of `skydns` sections, its output goes to /dev/null",
    );
    part.row(
        "instructions a byte",
        Unit::Count,
        column(&cells, |cost| Some(cost.instructions? / cost.bytes)),
        "in user space, valgrind --tool=callgrind",
    );
    part.aim("the same: linear");
    part.row(
        "peak RSS",
        Unit::Kib,
        column(&cells, |cost| cost.peak),
        "as in a send",
    );
    part
}

fn cost(tools: &Tools, size: usize, part: &mut Part) -> Result<UciCost, String> {
    let text = config_of_size(size);
    let scene = Scene::new(tools, &text)?;
    let check = scene.agent(&["check", "--offline"]);
    let observed = check.observe(&tools.observe, &scene.scratch());
    Ok(UciCost {
        bytes: text.len() as f64,
        wall: millis(median_wall(&check, TIMES)?),
        instructions: part.keep("instructions", check.instructions()),
        peak: part.keep("ptrace", observed).map(|seen| seen.peak_rss_kb),
    })
}
