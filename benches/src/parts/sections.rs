//! Many sections: the cost of one more must not depend on how many there are.

use std::time::Duration;

use crate::measure::{Tools, median, median_wall, millis};
use crate::report::{Part, Unit, column};
use crate::scene::{Scene, Source, config};
use crate::services::SkyDns;

/// Sections, first passes, idle passes.
const CASES: [(usize, usize, usize); 3] = [(1, 10, 200), (100, 3, 50), (1000, 1, 20)];

struct SectionCost {
    sections: f64,
    first: f64,
    idle: f64,
    instructions: Option<f64>,
    peak: Option<f64>,
}

pub fn measure(tools: &Tools) -> Part {
    let columns = CASES.map(|(sections, ..)| format!("{sections}"));
    let mut part = Part::new("Many sections of source `static`, by their number", columns);
    let cells = CASES.map(|(sections, firsts, idles)| {
        let cost = cost(tools, sections, firsts, idles, &mut part);
        part.keep(&format!("{sections} sections"), cost)
    });
    part.row(
        "first pass",
        Unit::Millis,
        column(&cells, |cost| cost.first),
        "wall time, median of 10, 3 and 1; every section sends over TLS, the simulator's time included",
    );
    part.row(
        "each section",
        Unit::Millis,
        column(&cells, |cost| cost.first / cost.sections),
        "",
    );
    part.row(
        "idle pass",
        Unit::Millis,
        column(&cells, |cost| cost.idle),
        "wall time, median of 200, 50 and 20; nothing is sent",
    );
    part.row(
        "instructions of it",
        Unit::Count,
        column(&cells, |cost| cost.instructions),
        "in user space, valgrind --tool=callgrind",
    );
    part.row(
        "each section more",
        Unit::Count,
        marginal(&cells),
        "instructions beyond those of one section, by the sections beyond it",
    );
    part.aim("the same: linear");
    part.row(
        "peak RSS of it",
        Unit::Kib,
        column(&cells, |cost| cost.peak),
        "as in a send",
    );
    part
}

fn cost(
    tools: &Tools,
    sections: usize,
    firsts: usize,
    idles: usize,
    part: &mut Part,
) -> Result<SectionCost, String> {
    let mut scene = None;
    let mut walls = Vec::new();
    for _ in 0..firsts {
        let (fresh, wall) = first_pass(tools, sections)?;
        walls.push(wall);
        scene = Some(fresh);
    }
    let scene = scene.ok_or("no first pass")?;
    let once = scene.agent(&["once"]);
    let observed = once.observe(&tools.observe, &scene.scratch());
    Ok(SectionCost {
        sections: sections as f64,
        first: millis(median(walls)),
        idle: millis(median_wall(&once, idles)?),
        instructions: part.keep("instructions", once.instructions()),
        peak: part.keep("ptrace", observed).map(|seen| seen.peak_rss_kb),
    })
}

/// The simulator ends with it, so an idle pass that sends fails.
fn first_pass(tools: &Tools, sections: usize) -> Result<(Scene<'_>, Duration), String> {
    let skydns = SkyDns::start()?;
    let text = config(&skydns, &skydns.own_ca(), Source::Static, sections);
    let scene = Scene::new(tools, &text)?;
    let wall = scene.agent(&["once"]).wall()?;
    scene.expect_confirmed(sections)?;
    match skydns.requests() {
        sent if sent == sections => Ok((scene, wall)),
        sent => Err(format!("{sent} requests of {sections} sections")),
    }
}

fn marginal(cells: &[Option<SectionCost>]) -> Vec<Option<f64>> {
    let base = cells.first().and_then(Option::as_ref);
    let beyond = |cost: &SectionCost| {
        let base = base?;
        let sections = cost.sections - base.sections;
        let more = cost.instructions? - base.instructions?;
        (sections > 0.0).then(|| more / sections)
    };
    cells.iter().map(|cell| beyond(cell.as_ref()?)).collect()
}
