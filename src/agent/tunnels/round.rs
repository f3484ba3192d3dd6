//! One pass over the tunnels, for those who have no daemon.

use crate::agent::account;
use crate::agent::hooks::Programs;
use crate::agent::paths::Paths;
use crate::agent::tunnels::{View, Wanted, Watch};
use crate::exit::Exit;
use crate::sys::lock::PassLock;
use crate::sys::{clock, ubus, wait};
use wansync_core::config::Config;
use wansync_core::outcome::Outcome;
use wansync_core::tunnel::State;

/// What was found of one tunnel.
pub struct Report {
    /// For people.
    pub line: String,
    /// What it means for the exit code.
    pub exit: Exit,
}

/// Looks at the tunnels of these sections, or at all, and does what is due.
/// Does nothing where a daemon, or another pass, does the same already.
pub fn pass(paths: &Paths, config: &Config, chosen: &[String]) -> Vec<Report> {
    let store = paths.store();
    let mut watch = Watch::new(config, &store, chosen);
    if watch.is_empty() {
        return Vec::new();
    }
    let Ok(Some(guard)) = PassLock::of_daemon(&paths.state).try_lock_now() else {
        return vec![Report {
            line: "the tunnels are watched by another process".to_owned(),
            exit: Exit::Done,
        }];
    };
    for name in &watch.accounts() {
        if account::due(paths, config, name).is_some_and(|due| due <= 0) {
            account::at(paths, config, name);
        }
    }
    let mut programs = Programs::default();
    let wanted = round(paths, config, &mut watch, &mut programs);
    if watch.asks() {
        for name in &wanted {
            account::at(paths, config, name);
            watch.asked(name);
        }
        round(paths, config, &mut watch, &mut programs);
    }
    watch.write(&store);
    let reports = reports(&watch);
    guard.release();
    programs.finish();
    reports
}

/// Looks at each tunnel once. Gives the accounts that are to be looked at
/// before more is done.
fn round(
    paths: &Paths,
    config: &Config,
    watch: &mut Watch,
    programs: &mut Programs,
) -> Vec<String> {
    let networks = ubus::dump_networks(&paths.ubus).map_err(|error| error.to_string());
    let store = paths.store();
    let view = View {
        store: &store,
        networks: networks.as_deref().map_err(Clone::clone),
        address_is_pending: address_is_pending(paths, config),
    };
    let mut looks = Vec::new();
    let mut note = |wanted: Wanted| {
        for errand in wanted.errands {
            programs.add(errand);
        }
        looks.extend(wanted.looks);
    };
    note(watch.begin(paths, &view));
    while watch.is_waiting() {
        let patience = watch
            .due()
            .map(|due| due.saturating_sub(clock::since_boot()));
        let sockets: Vec<_> = watch.sockets().collect();
        if let Err(error) = wait::until_readable(&sockets, patience) {
            log::error!("cannot wait for answers: {error}");
            break;
        }
        drop(sockets);
        note(watch.hear(paths, &view));
    }
    looks.sort();
    looks.dedup();
    looks
}

/// Whether a changed address is still on its way to SkyDNS.
fn address_is_pending(paths: &Paths, config: &Config) -> bool {
    let store = paths.store();
    config.ready().any(|(name, _)| {
        let state = store.section_state(name);
        state.is_some_and(|state| state.outcome == Some(Outcome::Unconfirmed))
    })
}

fn reports(watch: &Watch) -> Vec<Report> {
    let told = watch.told().map(|(section, recovery, is_wrong)| Report {
        line: format!("{section}: {}: {}", recovery.state.word(), recovery.reason),
        exit: match recovery.state {
            State::Up => Exit::Done,
            State::Down => Exit::Failed,
            State::Unknown if is_wrong => Exit::Config,
            State::Unknown => Exit::Later,
        },
    });
    told.collect()
}
