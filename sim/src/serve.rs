//! `wansync-sim serve`: a simulator that runs until a signal ends it.

use std::error::Error;
use std::fs;
use std::path::Path;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::Serve;
use crate::{KEY, LogTo, Options, Sim, USER, VPNKI_KEY, parse_profiles};

/// Runs it.
pub fn run(arguments: Serve) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let sim = Sim::try_start(options(&arguments))?;
    prepare(&sim, &arguments)?;
    let lines = lines(&sim);
    eprint!("{lines}");
    if let Some(path) = &arguments.ready_file {
        write_whole(path, &lines)?;
    }
    signals.forever().next();
    if let Some(path) = &arguments.ready_file {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn options(arguments: &Serve) -> Options {
    let log = match &arguments.log {
        Some(path) => LogTo::File(path.clone()),
        None if arguments.quiet => LogTo::Nowhere,
        None => LogTo::Stdout,
    };
    Options {
        listen: arguments.listen,
        http_port: arguments.http_port,
        https_port: arguments.https_port,
        names: arguments.names.clone(),
        ca_out: arguments.ca_out.clone(),
        log,
    }
}

/// Keys, users and faults, as asked for. What is asked for takes the place of
/// the examples.
fn prepare(sim: &Sim, arguments: &Serve) -> Result<(), Box<dyn Error>> {
    if !arguments.keys.is_empty() || !arguments.key_files.is_empty() {
        sim.remove_key(KEY);
    }
    for key in &arguments.keys {
        sim.add_key(key);
    }
    for path in &arguments.key_files {
        sim.add_key(&first_line(path)?);
    }
    if let Some(key) = &arguments.vpnki_key {
        sim.remove_vpnki_key(VPNKI_KEY);
        sim.add_vpnki_key(key);
    }
    if !arguments.users.is_empty() {
        sim.remove_user(USER);
    }
    for user in &arguments.users {
        let (login, profiles) = user.split_once(':').unwrap_or((user, ""));
        let profiles = parse_profiles(profiles)?;
        let profiles: Vec<_> = profiles
            .iter()
            .map(|(id, name)| (*id, name.as_str()))
            .collect();
        sim.add_user(login, &profiles);
    }
    sim.mark();
    for (times, fault) in &arguments.faults {
        sim.fault(fault.clone(), *times);
    }
    Ok(())
}

fn first_line(path: &Path) -> Result<String, String> {
    let named = |cause| format!("{}: {cause}", path.display());
    let text = fs::read_to_string(path).map_err(named)?;
    Ok(text.lines().next().unwrap_or("").trim().to_owned())
}

/// Where everything is, as assignments that a shell can source.
fn lines(sim: &Sim) -> String {
    let ca_file = sim.ca_file().display().to_string();
    let pid = std::process::id().to_string();
    let all = [
        ("SIM_HTTP_URL", sim.http_url()),
        ("SIM_HTTPS_URL", sim.https_url()),
        ("SIM_VPNKI_URL", sim.vpnki_url()),
        ("SIM_VPNKI_HTTP_URL", sim.vpnki_http_url()),
        ("SIM_ECHO_URL", sim.echo_url()),
        ("SIM_ADMIN_URL", sim.admin_url()),
        ("SIM_CA_FILE", ca_file),
        ("SIM_PID", pid),
    ];
    let line = |(name, value): (&str, String)| {
        let quoted = value.replace('\'', r"'\''");
        format!("{name}='{quoted}'\n")
    };
    all.into_iter().map(line).collect()
}

/// A reader sees the whole file or none.
fn write_whole(path: &Path, text: &str) -> Result<(), String> {
    let named = |cause| format!("{}: {cause}", path.display());
    let beside = path.with_extension("new");
    fs::write(&beside, text).map_err(named)?;
    fs::rename(&beside, path).map_err(named)
}
