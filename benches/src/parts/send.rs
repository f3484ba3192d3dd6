//! The pass that sends to SkyDNS, over TLS: what it takes of a small router's memory.

use std::path::Path;

use crate::measure::{Observed, Tools};
use crate::report::{Part, Unit, column};
use crate::scene::{Scene, Source, config};
use crate::services::{SkyDns, certificates};

pub fn measure(tools: &Tools) -> Part {
    let columns = ["whole CA bundle", "one CA"].map(str::to_owned);
    let mut part = Part::new(
        "A send: the first `once`, over TLS with the simulator",
        columns,
    );
    let cells = match SkyDns::start() {
        Ok(skydns) => both(tools, &skydns, &mut part),
        Err(error) => {
            part.keep::<()>("a send", Err(error));
            [None, None]
        }
    };
    part.row(
        "certificates",
        Unit::Count,
        column(&cells, |cell| cell.0 as f64),
        "",
    );
    part.row(
        "peak RSS",
        Unit::Kib,
        column(&cells, |cell| cell.1.peak_rss_kb),
        "greatest Rss of smaps_rollup before any system call (observe), exact; the bundle is \
         the machine's with the simulator's CA at its end",
    );
    part.aim("2,560 KiB (2.5 MB) at most");
    part.row(
        "of it anonymous",
        Unit::Kib,
        column(&cells, |cell| cell.1.peak_anonymous_kb),
        "its greatest; the rest is the binary's own pages",
    );
    part.row(
        "processes",
        Unit::Count,
        column(&cells, |cell| cell.1.processes),
        "",
    );
    part.aim("0");
    part.row(
        "threads",
        Unit::Count,
        column(&cells, |cell| cell.1.threads),
        "",
    );
    part
}

fn both(tools: &Tools, skydns: &SkyDns, part: &mut Part) -> [Option<(usize, Observed)>; 2] {
    let whole = skydns.full_bundle().and_then(|ca| send(tools, skydns, &ca));
    let one = send(tools, skydns, &skydns.own_ca());
    [
        part.keep("whole CA bundle", whole),
        part.keep("one CA", one),
    ]
}

fn send(tools: &Tools, skydns: &SkyDns, ca: &Path) -> Result<(usize, Observed), String> {
    let scene = Scene::new(tools, &config(skydns, ca, Source::Static, 1))?;
    let once = scene.agent(&["once"]);
    let observed = once.observe(&tools.observe, &scene.scratch())?;
    scene.expect_confirmed(1)?;
    Ok((certificates(ca)?, observed))
}
