//! Ten changes in a row, from the new address to the request for it: of a daemon that
//! runs on, and from hotplug.

use std::fs;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::measure::{Program, Run, Tools, median, millis};
use crate::namespace;
use crate::parts::router::Router;
use crate::report::{Part, Unit, column};
use crate::resident::Resident;
use crate::scene::Source;

/// The changes of each case, and the time from one to the next: three a minute.
const CHANGES: u8 = 10;
const PAUSE: Duration = Duration::from_secs(20);
/// The time that the WAN is down before it has another address: long enough for that to
/// be noted.
const DOWN_TIME: Duration = Duration::from_secs(3);
/// The time by which the kernel has the address before netifd says so.
const NETIFD_DELAY: Duration = Duration::from_millis(50);

/// The script of the package, which netifd has run for each event.
const HOTPLUG_SCRIPT: &str = include_str!("../../../openwrt/wansync/files/wansync.iface");
/// The shell of a router, or Debian's package of it.
const BUSYBOX: [&str; 3] = [
    "target/test-busybox/bin/busybox",
    "/usr/bin/busybox",
    "/bin/busybox",
];

/// The program that learns of the changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// The daemon, by this source.
    Daemon(Source),
    /// `wansync event`, as a hotplug script runs it.
    Event,
    /// The hotplug script, in busybox's shell.
    Script,
}

const CASES: [Case; 4] = [
    Case::Daemon(Source::Network),
    Case::Daemon(Source::Interface),
    Case::Event,
    Case::Script,
];

impl Case {
    fn name(self) -> &'static str {
        match self {
            Case::Daemon(Source::Interface) => "daemon, interface",
            Case::Daemon(_) => "daemon, network",
            Case::Event => "event",
            Case::Script => "hotplug script",
        }
    }

    fn source(self) -> Source {
        match self {
            Case::Daemon(source) => source,
            Case::Event | Case::Script => Source::Network,
        }
    }
}

pub fn measure(tools: &Tools) -> Part {
    let columns = CASES.map(|case| case.name().to_owned());
    let mut part = Part::new(
        "Ten changes 20 s apart, the WAN down for 3 s before each: from the address to the request",
        columns,
    );
    let cells = CASES.map(|case| {
        let times = reactions(tools, case);
        part.keep(case.name(), times)
    });
    part.row(
        "median",
        Unit::Millis,
        column(&cells, |cell| millis(median(cell.clone()))),
        "the daemon: from before netifd's stand-in notifies, 50 ms after the kernel had the \
         address, or for `interface` from before `ip` is started; from hotplug: from before \
         the program or the script is started",
    );
    part.aim("60 ms at most");
    part.row(
        "worst",
        Unit::Millis,
        column(&cells, |cell| cell.iter().max().copied().map(millis)),
        "until the whole request has been read by the simulated service",
    );
    part.aim("100 ms at most");
    part
}

fn reactions(tools: &Tools, case: Case) -> Result<Vec<Duration>, String> {
    let router = Router::new(tools, case.source())?;
    let daemon = match case {
        Case::Daemon(_) => Some(router.start()?),
        Case::Event | Case::Script => None,
    };
    let mut times = Vec::new();
    for number in 1..=CHANGES {
        thread::sleep(PAUSE - DOWN_TIME);
        router.ubus.take_down()?;
        thread::sleep(DOWN_TIME);
        times.push(change(&router, case, number)?);
    }
    daemon.map_or(Ok(()), Resident::end)?;
    Ok(times)
}

/// Changes the address once more. How long the request took to come.
fn change(router: &Router<'_>, case: Case, number: u8) -> Result<Duration, String> {
    let address = Router::address(number);
    let mut begun = SystemTime::now();
    namespace::set_address(&address)?;
    if case != Case::Daemon(Source::Interface) {
        thread::sleep(NETIFD_DELAY);
        begun = SystemTime::now();
    }
    router.ubus.set_address(&address)?;
    if let Some(hotplug) = hotplug(router, case)? {
        begun = SystemTime::now();
        hotplug.wall()?;
    }
    router.reaction(number, begun)
}

/// What netifd has run for the event, if this case has it run anything.
fn hotplug(router: &Router<'_>, case: Case) -> Result<Option<Run>, String> {
    let run = match case {
        Case::Daemon(_) => return Ok(None),
        Case::Event => router.agent("event"),
        Case::Script => {
            let file = router.scene.scratch();
            let agent = router.agent("event").command_line();
            let text = HOTPLUG_SCRIPT
                .lines()
                .filter(|line| !line.ends_with("|| exit 0") || line.contains("IFUPDATE"))
                .map(|line| line.replace("/usr/bin/wansync event", &agent) + "\n");
            let text: String = text.collect();
            fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
            shell()?.run().arg("ash").arg(file)
        }
    };
    let ifup = [("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "wan0")];
    Ok(Some(ifup.into_iter().fold(run, Run::variable)))
}

fn shell() -> Result<Program, String> {
    let found = BUSYBOX
        .iter()
        .find_map(|path| Program::new(path.as_ref()).ok());
    found.ok_or_else(|| "no busybox: run tests/setup".to_owned())
}
