//! `wansync event`: the hotplug entry.
//!
//! netifd runs one hotplug script at a time for the whole router, so this
//! returns at once: it leaves a mark, and starts one process in the background
//! unless one is there already. That process lets the WAN settle, runs a pass,
//! and stays for as long as a retry is due before the next re-check by cron.

use std::ffi::OsString;
use std::time::Duration;

use super::exit::Exit;
use super::pass::{self, Manner, Report};
use super::paths::Paths;
use crate::cli::Event;
use crate::config::{Config, Skydns, Source};
use crate::core::address::Family;
use crate::core::outcome::Outcome;
use crate::sys::lock::Turn;
use crate::sys::{clock, process};

/// One step of a reconnect often brings several events: this much time is given
/// to the rest of them. With a TLS handshake after it, the update is still on
/// the wire within two seconds of the first event.
const SETTLE: Duration = Duration::from_secs(1);
/// When a source that could not be asked is asked again, in seconds.
const LOOK_AGAIN: i64 = 20;
/// How often the background process looks for another event while it waits.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Runs it.
pub fn run(paths: &Paths, event: &Event) -> Exit {
    match event.work {
        true => work(paths),
        false => notice(paths),
    }
}

/// What hotplug says in the environment.
#[derive(Debug, Default)]
struct Hotplug {
    action: String,
    /// The logical network; none for an event of NTP.
    interface: Option<String>,
    /// The kernel's device, on `ifup` and `ifupdate`.
    device: Option<String>,
    /// Whether an `ifupdate` is about addresses, delegated ones included.
    addresses: bool,
}

fn notice(paths: &Paths) -> Exit {
    let Some(hotplug) = from_environment() else {
        log::error!("there is no ACTION in the environment; 'event' is for hotplug scripts");
        return Exit::Usage;
    };
    let config = match paths.load() {
        Ok(config) => config,
        Err(why) => {
            log::error!("{why}");
            return Exit::Config;
        }
    };
    if !config.main.enabled || !matters(&hotplug, &config) {
        return Exit::Done;
    }
    match wake(paths) {
        Ok(()) => Exit::Done,
        Err(error) => {
            let folder = paths.state.display();
            log::error!("cannot start a pass in the background, with the folder {folder}: {error}");
            Exit::Later
        }
    }
}

fn from_environment() -> Option<Hotplug> {
    Some(Hotplug {
        action: process::environment("ACTION")?,
        interface: process::environment("INTERFACE"),
        device: process::environment("DEVICE"),
        addresses: ["IFUPDATE_ADDRESSES", "IFUPDATE_PREFIXES"]
            .iter()
            .any(|name| process::environment(name).as_deref() == Some("1")),
    })
}

/// Whether an event can change what some section would send.
fn matters(hotplug: &Hotplug, config: &Config) -> bool {
    match hotplug.action.as_str() {
        "ifup" => config
            .ready()
            .any(|(_, section)| concerns(hotplug, section)),
        "ifupdate" => {
            hotplug.addresses
                && config
                    .ready()
                    .any(|(_, section)| concerns(hotplug, section))
        }
        // The clock may be right now, which TLS may have been waiting for.
        "step" | "stratum" => hotplug.interface.is_none() && config.ready().next().is_some(),
        _ => false,
    }
}

fn concerns(hotplug: &Hotplug, section: &Skydns) -> bool {
    let is_named = |network: &str| hotplug.interface.as_deref() == Some(network);
    if section.bind.as_deref().is_some_and(is_named) {
        // What could not be sent may go now.
        return true;
    }
    match &section.source {
        Source::Network(name) => {
            let side = format!("{name}_6");
            is_named(name) || section.policy.family == Family::Ipv6 && is_named(&side)
        }
        Source::Interface(device) => hotplug.device.as_ref() == Some(device),
        // Any network may be the way out.
        Source::Web(_) | Source::Command { .. } => true,
        Source::Static(_) => section.bind.as_deref().is_none_or(is_named),
    }
}

fn wake(paths: &Paths) -> std::io::Result<()> {
    let turn = Turn::of_events(&paths.state);
    turn.mark()?;
    match turn.try_hold()? {
        Some(free) => {
            drop(free);
            process::start_in_background(&arguments(paths))
        }
        None => Ok(()),
    }
}

fn arguments(paths: &Paths) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    for (option, path) in [
        ("--config", &paths.config),
        ("--state", &paths.state),
        ("--record", &paths.record),
        ("--ubus", &paths.ubus),
    ] {
        arguments.push(option.into());
        arguments.push(path.into());
    }
    arguments.extend(["event".into(), "--work".into()]);
    arguments
}

/// The process in the background. There is one at a time: whoever started it
/// waits until it has left the session, by when it holds the lock. An event
/// that comes while it ends is seen when it looks back.
fn work(paths: &Paths) -> Exit {
    let turn = Turn::of_events(&paths.state);
    let mut exit = Exit::Done;
    while let Ok(Some(held)) = turn.try_hold() {
        process::leave_session();
        while turn.take_mark() {
            clock::sleep(SETTLE);
            turn.take_mark();
            exit = pass_and_retry(paths, &turn);
        }
        drop(held);
        if !turn.is_marked() {
            break;
        }
    }
    exit
}

/// Passes until nothing is due before cron's next re-check, or until another
/// event comes.
fn pass_and_retry(paths: &Paths, turn: &Turn) -> Exit {
    let start = clock::since_boot();
    loop {
        let config = match paths.load_to_act() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        if !config.main.enabled {
            return Exit::Done;
        }
        let reports = match pass::run(paths, &config, &[], Manner::default()) {
            Ok(reports) => reports,
            Err(exit) => return exit,
        };
        let left = Duration::from_secs(config.main.interval as u64)
            .saturating_sub(clock::since_boot() - start);
        match retry_in(&reports) {
            Some(due) if due <= left => {
                if !wait(due, turn) {
                    return Exit::Done;
                }
            }
            _ => return super::once::exit_of(&reports),
        }
    }
}

/// When the first section that a retry may help is due.
fn retry_in(reports: &[Report]) -> Option<Duration> {
    let due = |report: &Report| match report.outcome {
        Some(Outcome::Unconfirmed | Outcome::Throttled) => Some(report.due),
        // Right after a reconnect neither DNS nor routes need be there yet.
        Some(Outcome::Aborted) if report.is_blind => Some(LOOK_AGAIN),
        _ => None,
    };
    let due = reports.iter().filter_map(due).min()?;
    Some(Duration::from_secs(due.max(1) as u64))
}

/// Waits; `false` if another event came.
fn wait(due: Duration, turn: &Turn) -> bool {
    let end = clock::since_boot() + due;
    while clock::since_boot() < end {
        if turn.is_marked() {
            return false;
        }
        clock::sleep(LOOK_EVERY.min(due));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hotplug(words: &str) -> Hotplug {
        let mut hotplug = Hotplug::default();
        for word in words.split(' ') {
            match word.split_once('=') {
                Some(("INTERFACE", name)) => hotplug.interface = Some(name.to_owned()),
                Some(("DEVICE", name)) => hotplug.device = Some(name.to_owned()),
                Some(("IFUPDATE_ADDRESSES", "1")) => hotplug.addresses = true,
                Some(_) => {}
                None => hotplug.action = word.to_owned(),
            }
        }
        hotplug
    }

    fn config(lines: &str) -> Config {
        let text = format!("config skydns\noption ident x\noption key y\n{lines}\n");
        Config::parse(text.as_bytes()).expect("UCI")
    }

    #[test]
    fn which_events_matter() {
        let (wan, wan6) = (
            "option network wan",
            "option network wan\noption family ipv6",
        );
        let device = "option source interface\noption device eth1";
        let web = "option source web\nlist url https://a.example/";
        let table = [
            ("ifup INTERFACE=wan DEVICE=eth1", wan, true),
            ("ifup INTERFACE=lan DEVICE=br-lan", wan, false),
            ("ifdown INTERFACE=wan", wan, false),
            ("ifupdate INTERFACE=wan IFUPDATE_ADDRESSES=1", wan, true),
            ("ifupdate INTERFACE=wan IFUPDATE_ROUTES=1", wan, false),
            ("ifup-failed INTERFACE=wan", wan, false),
            ("ifup INTERFACE=wan_6", wan, false),
            ("ifup INTERFACE=wan_6", wan6, true),
            ("ifup INTERFACE=any DEVICE=eth1", device, true),
            ("ifup INTERFACE=any DEVICE=eth0", device, false),
            ("ifup INTERFACE=any", web, true),
            (
                "ifup INTERFACE=wan2",
                "option network wan\noption bind wan2",
                true,
            ),
            ("step", wan, true),
            ("stratum", wan, true),
            ("unsync", wan, false),
            ("ifup INTERFACE=wan", "option enabled 0", false),
        ];
        for (words, lines, expected) in table {
            assert_eq!(
                matters(&hotplug(words), &config(lines)),
                expected,
                "{words} {lines}"
            );
        }
    }
}
