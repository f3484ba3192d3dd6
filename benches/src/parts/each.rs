//! A table of rows: one run over kept connections, beside a call for each row.

use std::fmt::Write;
use std::fs;

use crate::measure::{Tools, median_wall, millis};
use crate::report::{Part, Unit, column};
use crate::scene::{Scene, Source, config};
use crate::services::SkyDns;

/// The rows of a table.
const ROWS: usize = 10_000;
/// The single calls of which the median is taken.
const CALLS: usize = 200;

/// A method that is called for each row, and how.
struct Case {
    name: &'static str,
    method: &'static str,
    at_once: &'static str,
}

const CASES: [Case; 3] = [
    Case {
        name: "update_ip",
        method: "update_ip",
        at_once: "4",
    },
    Case {
        name: "one connection",
        method: "update_ip",
        at_once: "1",
    },
    Case {
        name: "subscribe",
        method: "subscribe",
        at_once: "4",
    },
];

struct Cost {
    call: f64,
    row: f64,
    peak: Option<f64>,
}

pub fn measure(tools: &Tools) -> Part {
    let mut part = Part::new(
        "A table: `skydns METHOD --each` with 10,000 rows, over TLS with the simulator",
        CASES.map(|case| case.name.to_owned()),
    );
    let cells = CASES.map(|case| {
        let cost = cost(tools, &case, &mut part);
        part.keep(case.name, cost)
    });
    part.row(
        "a call of its own",
        Unit::Millis,
        column(&cells, |cost| cost.call),
        "median of 200, with the machine's CA bundle",
    );
    part.row(
        "a row",
        Unit::Millis,
        column(&cells, |cost| cost.row),
        "the whole run, by its rows; a row of subscribe waits for the disk before it is sent",
    );
    part.row(
        "rows in the time of a call",
        Unit::Times,
        column(&cells, |cost| cost.call / cost.row),
        "",
    );
    part.aim("10 at least, 20 wished");
    part.row(
        "peak RSS",
        Unit::Kib,
        column(&cells, |cost| cost.peak),
        "as in a send",
    );
    part
}

fn cost(tools: &Tools, case: &Case, part: &mut Part) -> Result<Cost, String> {
    let skydns = SkyDns::start()?;
    let ca_file = skydns.full_bundle()?;
    let scene = Scene::new(tools, &config(&skydns, &ca_file, Source::Static, 1))?;
    let single = scene.agent(&["skydns", "profiles", "ident=user1"]);
    let call = millis(median_wall(&single, CALLS)?);
    let row = {
        let table = table(&scene, case.method, "first")?;
        millis(each(&scene, case, &table).wall()?) / ROWS as f64
    };
    let table = table(&scene, case.method, "second")?;
    let observed = each(&scene, case, &table).observe(&tools.observe, &scene.scratch());
    Ok(Cost {
        call,
        row,
        peak: part.keep("ptrace", observed).map(|seen| seen.peak_rss_kb),
    })
}

fn each(scene: &Scene<'_>, case: &Case, table: &str) -> crate::measure::Run {
    scene.agent(&[
        "skydns",
        case.method,
        "--at-once",
        case.at_once,
        "--each",
        table,
    ])
}

/// A table in the scene's folder, of users that are called so.
fn table(scene: &Scene<'_>, method: &str, name: &str) -> Result<String, String> {
    let mut text = String::new();
    text += match method {
        "subscribe" => "login,password,email\n",
        _ => "ident,ip\n",
    };
    for n in 0..ROWS {
        let _ = match method {
            "subscribe" => writeln!(text, "{name}{n},password{n},{name}{n}@example.com"),
            _ => writeln!(text, "user1,8.8.{}.{}", n / 250 % 250, n % 250 + 1),
        };
    }
    let file = scene.scratch().with_file_name(format!("{name}.csv"));
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file.display().to_string())
}
