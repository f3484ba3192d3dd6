//! `wansync report`: one text that its owner can send to others.
//!
//! It always comes: a part that cannot be read says why. What others may not see is hidden
//! in all of it, the same by the same stand-in.

use std::env::consts::ARCH;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use super::output::Output;
use super::{history, status};
use crate::agent::paths::{Paths, read_key, syntax_reason};
use crate::cli::ReportArguments;
use crate::exit::Exit;
use crate::sys::{clock, files, identity, os_error, process, ubus};
use wansync_core::config::{Config, uci};
use wansync_core::reason::Reason;
use wansync_core::report::configuration::{key_files, learn, show};
use wansync_core::report::hider::Hider;
use wansync_core::report::networks;
use wansync_core::text::init;
use wansync_core::text::width::clean;
use wansync_core::time::{Civil, describe_span};

/// The longest that the check may take: a report is read by people who wait for it.
const CHECK_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest that logd may take to tell what it has.
const LOG_TIMEOUT: Duration = Duration::from_secs(5);
/// The most that a program may print, in bytes: more than logd holds.
const MAX_OUTPUT: usize = 256 * 1024;
/// The number of lines of the log that are shown.
const LOG_LINES: usize = 60;
/// OpenWrt's program that reads logd.
const LOGREAD: &str = "/sbin/logread";
/// What stands in place of a text in which nobody knows what is to be hidden.
const NOT_SHOWN: &str = "not shown: without the configuration it is not known what is to be hidden";

/// Runs it.
pub fn run(paths: &Paths, report: &ReportArguments, out: &Output) -> Exit {
    let mut writer = Writer {
        hider: Hider::new(report.anonymous),
        out,
    };
    if let Some(name) = files::read_text("/proc/sys/kernel/hostname") {
        writer.hider.add_host(name.trim());
    }
    let text = paths.read();
    let package = match &text {
        Ok(text) => uci::parse(text).map_err(|error| syntax_reason(&paths.config_name(), &error)),
        Err(why) => Err(why.clone()),
    };
    let daemons = status::daemons_text(paths);
    let daemons = daemons.as_deref().map(|text| uci::parse(text.as_bytes()));
    let used = daemons.as_ref().and_then(|package| package.as_ref().ok());
    for package in package.iter().chain(used) {
        learn(package, &mut writer.hider);
        // One that cannot be read has no key that could show; the check says why.
        for key in key_files(package)
            .iter()
            .filter_map(|path| read_key(path).ok())
        {
            writer.hider.add_key(key);
        }
    }
    let is_known = package.is_ok() || used.is_some();
    let config = paths.load().ok();
    let hidden = match report.anonymous {
        true => "keys are left out; logins, public addresses, MACs and names have stand-ins",
        false => "keys are left out, and logins have stand-ins",
    };
    writer.line(&format!(
        "wansync report of {}; {hidden}",
        Civil::at(clock::wall())
    ));
    writer.part("router", &system());
    writer.part(
        "configuration",
        &package.as_ref().map_or_else(Reason::to_string, show),
    );
    writer.part("status", &status::text_of(paths).unwrap_or_else(|why| why));
    for fault in paths.store().faults() {
        writer.line(&fault);
    }
    writer.part(
        "history",
        &history::text_of(paths).unwrap_or_else(|why| why),
    );
    writer.part("check", &cleaned(&check(paths)));
    writer.part("networks", &networks_of(paths, config.as_ref()));
    let (log, replies) = match is_known {
        true => (
            last_log_lines(),
            paths.store().kept_replies().describe(clock::now().boot),
        ),
        false => (NOT_SHOWN.to_owned(), NOT_SHOWN.to_owned()),
    };
    writer.part("log", &cleaned(&log));
    writer.part("replies that were not understood", &replies);
    Exit::Done
}

/// Writes part after part, of which the check takes long.
struct Writer<'a> {
    hider: Hider,
    out: &'a Output,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        let text = self.hider.hide(text.trim_end());
        self.out.line(&text);
    }

    fn part(&mut self, title: &str, text: &str) {
        self.out.line(&format!("\n== {title} =="));
        match text.trim().is_empty() {
            true => self.out.line("none"),
            false => self.line(text),
        }
    }
}

/// The router: what runs on what.
fn system() -> String {
    let release = files::read_text("/etc/openwrt_release").unwrap_or_default();
    let value = |name: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(name));
        line.map_or("", |line| line.trim_matches(['=', '\'', '"']))
    };
    let file = |path: &str| files::read_text(path).unwrap_or_default();
    let model = [file("/tmp/sysinfo/model"), file("/proc/device-tree/model")].concat();
    let model = model.lines().next().unwrap_or_default();
    let release = [
        value("DISTRIB_DESCRIPTION"),
        value("DISTRIB_TARGET"),
        value("DISTRIB_ARCH"),
    ];
    let memory = file("/proc/meminfo");
    let memory = memory.lines().find(|line| line.starts_with("MemAvailable"));
    let lines = [
        format!("wansync {}, {ARCH}", env!("CARGO_PKG_VERSION")),
        format!("release: {}", or_unknown(release.join(" ").trim())),
        format!(
            "kernel: {}",
            or_unknown(file("/proc/sys/kernel/osrelease").trim())
        ),
        format!("model: {}", or_unknown(model.trim_matches(['\0', ' ']))),
        format!(
            "up for {}, as user {}",
            describe_span(clock::since_boot()),
            identity::own_user()
        ),
        memory.unwrap_or_default().to_owned(),
    ];
    lines.join("\n")
}

/// The text without what would harm a terminal.
fn cleaned(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(clean).collect();
    lines.join("\n")
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "not known" } else { text }
}

/// What the check finds, as far as it comes in its time.
fn check(paths: &Paths) -> String {
    let captured = process::capture_self(&paths.arguments(&["check"]), (CHECK_TIMEOUT, MAX_OUTPUT));
    match captured {
        Ok((end, [output, errors])) => {
            let text = String::from_utf8_lossy(&output).into_owned();
            let errors = String::from_utf8_lossy(&errors).into_owned();
            // Its code says no more than its lines.
            let end = match end.code() {
                Some(_) => String::new(),
                None => format!("the check {end}"),
            };
            [text, errors, end].concat()
        }
        Err(error) => format!("the check cannot be run: {}", os_error::describe(&error)),
    }
}

fn networks_of(paths: &Paths, config: Option<&Config>) -> String {
    let facts = config.map(|config| init::facts(config, &|_| false, 0));
    let facts = facts.unwrap_or_default();
    let names: Vec<&str> = facts
        .iter()
        .filter_map(|fact| fact.strip_prefix("network "))
        .collect();
    match ubus::dump_networks(&paths.ubus) {
        Ok(networks) => networks::describe(&networks, &names),
        Err(error) => error.to_string(),
    }
}

/// The last lines that wansync logged.
fn last_log_lines() -> String {
    let program = Path::new(LOGREAD);
    if let Err(why) = files::check_program(program) {
        return format!("{LOGREAD} {why}");
    }
    let words = ["-e", "wansync"].map(OsStr::new);
    match process::capture(program, &words, &[], (LOG_TIMEOUT, MAX_OUTPUT)) {
        Ok((end, [output, errors])) => {
            let text = String::from_utf8_lossy(&output);
            let lines: Vec<&str> = text.lines().collect();
            let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
            match end.code() {
                Some(0) => last,
                _ => format!("{last}\nlogread {end} {}", String::from_utf8_lossy(&errors)),
            }
        }
        Err(error) => format!("logread cannot be run: {}", os_error::describe(&error)),
    }
}
