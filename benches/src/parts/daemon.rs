//! The daemon at rest, with more and more tunnels that work.

use std::thread;
use std::time::Duration;

use crate::measure::{Tools, micros, millis};
use crate::report::{Part, Unit, column};
use crate::resident::{Memory, Resident, Used};
use crate::scene::{Scene, Source, config};
use crate::services::{SkyDns, Ubus};
use crate::tunnels::Tunnels;

const TUNNELS: [usize; 4] = [0, 1, 50, 200];
/// The time after which what follows the start, such as the first checks, is over.
const SETTLE_TIME: Duration = Duration::from_secs(10);
/// A window has to hold whole pauses of all that is done at rest: 5 minutes
/// between checks, 2 between looks at VPNKI, 20 s between looks at a tunnel.
/// This is the default pause between looks, in seconds.
const IDLE_SECONDS: f64 = 20.0;

struct Rest {
    tunnels: f64,
    window: Duration,
    used: Used,
    fresh: Memory,
    old: Memory,
}

pub fn measure(tools: &Tools) -> Part {
    let columns = TUNNELS.map(|tunnels| format!("{tunnels} tunnels"));
    let mut part = Part::new("The daemon at rest, after a send over TLS", columns);
    let cells = TUNNELS.map(|tunnels| {
        let rest = rest(tools, tunnels);
        part.keep(&format!("{tunnels} tunnels"), rest)
    });
    part.row(
        "wake-ups an hour",
        Unit::Count,
        column(&cells, |rest| rest.hourly(rest.used.wakeups)),
        "voluntary_ctxt_switches over the window, scaled; a section of source `network`, and \
         all tunnels of one VPNKI account, a device each, at default settings",
    );
    part.row(
        "CPU an hour",
        Unit::Millis,
        column(&cells, |rest| rest.hourly(millis(rest.used.cpu))),
        "its own, in the kernel too, /proc/PID/schedstat",
    );
    let base = cells[0]
        .as_ref()
        .map(|rest| rest.hourly(micros(rest.used.cpu)));
    part.row(
        "CPU of one tunnel's look",
        Unit::Micros,
        column(&cells, |rest| {
            let looks = rest.tunnels * 3600.0 / IDLE_SECONDS;
            let beyond = rest.hourly(micros(rest.used.cpu)) - base?;
            (looks > 0.0).then(|| beyond / looks)
        }),
        "what is beyond that without tunnels, by the looks; looks at VPNKI are in it",
    );
    part.row(
        "CPU of children an hour",
        Unit::Millis,
        column(&cells, |rest| rest.hourly(millis(rest.used.children))),
        "looks at VPNKI over TLS, 30 an hour; to 10 ms in the window",
    );
    part.row(
        "PSS",
        Unit::Kib,
        column(&cells, |rest| rest.fresh.pss),
        "smaps_rollup, once all was up and confirmed",
    );
    part.aim("1,024 KiB (1.0 MB) at most");
    part.row(
        "PSS after the window",
        Unit::Kib,
        column(&cells, |rest| rest.old.pss),
        "",
    );
    part.row(
        "RSS after the window",
        Unit::Kib,
        column(&cells, |rest| rest.old.rss),
        "",
    );
    part.row(
        "of it private and dirty",
        Unit::Kib,
        column(&cells, |rest| rest.old.dirty),
        "the rest is pages of the binary",
    );
    part
}

impl Rest {
    fn hourly(&self, value: f64) -> f64 {
        value * 3600.0 / self.window.as_secs_f64()
    }
}

fn rest(tools: &Tools, count: usize) -> Result<Rest, String> {
    let tunnels = Tunnels::lay(count)?;
    let (ubus, skydns) = (Ubus::start()?, SkyDns::start()?);
    ubus.add(&tunnels)?;
    let text = config(&skydns, &skydns.full_bundle()?, Source::Network, 1);
    let sections = match count {
        0 => String::new(),
        _ => skydns.sections_of(&tunnels)?,
    };
    let scene = Scene::new(tools, &(text + &sections))?;
    let run = scene.agent_with_ubus(&["daemon"], &ubus.socket());
    let daemon = Resident::start(&run)?;
    scene.wait(1, count)?;
    thread::sleep(SETTLE_TIME);
    let fresh = daemon.memory()?;
    let before = daemon.used()?;
    thread::sleep(tools.window);
    let after = daemon.used()?;
    let rest = Rest {
        tunnels: count as f64,
        window: tools.window,
        used: Used {
            wakeups: after.wakeups - before.wakeups,
            cpu: after.cpu - before.cpu,
            children: after.children - before.children,
        },
        fresh,
        old: daemon.memory()?,
    };
    scene.wait(1, count)?;
    daemon.end()?;
    Ok(rest)
}
