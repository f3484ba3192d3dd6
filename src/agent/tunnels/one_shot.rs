//! One pass over the tunnels, without a daemon.

use std::time::Duration;

use super::monitor::TunnelMonitor;
use super::round::{FollowUp, RouterState};
use crate::agent::account;
use crate::agent::changes;
use crate::agent::hooks::{self, Programs};
use crate::agent::paths::Paths;
use crate::sys::lock::PassLock;
use crate::sys::{clock, ubus, wait};
use wansync_core::config::Config;
use wansync_core::outcome::Outcome;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::tunnel::Health;

/// The longest wait for a pass over the tunnels to end.
const ORDER_TIMEOUT: Duration = Duration::from_secs(5);

/// The end of a pass for one tunnel.
pub(crate) struct TunnelReport {
    section: String,
    pub(crate) health: Health,
    reason: String,
    /// Its health is not known because the configuration is wrong.
    pub(crate) is_misconfigured: bool,
}

impl TunnelReport {
    /// The report for people.
    pub(crate) fn line(&self) -> String {
        let (section, health) = (&self.section, self.health.word());
        format!("{section}: {health}: {}", self.reason)
    }
}

/// Makes a round over the tunnels of these sections, or over all, and does what is due.
/// None where a daemon, or another pass, does it already.
pub(crate) fn pass(
    paths: &Paths,
    config: &Config,
    sections: &[String],
) -> Option<Vec<TunnelReport>> {
    let is_chosen = |name: &str| sections.is_empty() || sections.iter().any(|s| s == name);
    if !config.ready_tunnels().any(|(name, _)| is_chosen(name)) {
        return Some(Vec::new());
    }
    let guard = PassLock::of_daemon(&paths.state).try_lock_now().ok()??;
    // Read under the lock: who held it before wrote the states.
    let store = paths.store();
    let mut monitor = TunnelMonitor::new(config, &store, sections);
    for name in &monitor.accounts() {
        if account::next_due(paths, config, name).is_some_and(|due| due <= clock::boot()) {
            account::query(paths, config, name);
        }
    }
    let mut programs = Programs::default();
    let queries = rounds(paths, config, &mut monitor, &mut programs);
    if monitor.awaits_account() {
        for name in &queries {
            account::query(paths, config, name);
            monitor.account_answered(name);
        }
        rounds(paths, config, &mut monitor, &mut programs);
    }
    monitor.write(&store);
    let reports = reports(&monitor);
    guard.release();
    programs.finish();
    Some(reports)
}

/// Brings the tunnel of this section back by a person's order, where no daemon watches it,
/// and says what is done. Its command is left to the caller: [`run_command`].
///
/// # Errors
/// Why nothing is done.
pub(crate) fn order(paths: &Paths, config: &Config, section: &str) -> Result<Reason, Reason> {
    let store = paths.store();
    store.check_state_writable()?;
    let lock = PassLock::of_daemon(&paths.state);
    let Ok(Some(_guard)) = lock.lock_within(ORDER_TIMEOUT) else {
        return Err(reason!(RpcBusy));
    };
    let mut monitor = TunnelMonitor::new(config, &store, &[section.to_owned()]);
    let networks = ubus::dump_networks(&paths.ubus).map_err(|error| Reason::from(&*error));
    let router = RouterState {
        store: &store,
        networks: networks.as_deref().map_err(Clone::clone),
        address_is_pending: address_is_pending(paths, config),
    };
    monitor.order(paths, &router, &mut FollowUp::default(), section)
}

/// Runs the command of a tunnel, and waits for its end.
pub(crate) fn run_command(paths: &Paths, config: &Config, section: &str) {
    let monitor = TunnelMonitor::new(config, &paths.store(), &[section.to_owned()]);
    hooks::run(monitor.commands());
}

/// Makes one round over each tunnel that is due. Gives the accounts that are to be asked
/// before more is done.
fn rounds(
    paths: &Paths,
    config: &Config,
    monitor: &mut TunnelMonitor,
    programs: &mut Programs,
) -> Vec<String> {
    let networks = ubus::dump_networks(&paths.ubus).map_err(|error| Reason::from(&*error));
    let store = paths.store();
    let router = RouterState {
        store: &store,
        networks: networks.as_deref().map_err(Clone::clone),
        address_is_pending: address_is_pending(paths, config),
    };
    let mut follow_up = FollowUp::default();
    monitor.begin_rounds(paths, &router, &mut follow_up);
    while monitor.awaits_echo() {
        let timeout = monitor.due().map(|due| due.since(clock::boot()));
        let sockets: Vec<_> = monitor.sockets().collect();
        if let Err(error) = wait::until_readable(&sockets, timeout) {
            log::error!("cannot wait for answers: {error}");
            break;
        }
        drop(sockets);
        monitor.take_answers(paths, &router, &mut follow_up);
    }
    programs.add(changes::tell(paths, follow_up.changes));
    programs.add(follow_up.commands);
    let mut queries = follow_up.account_queries;
    queries.sort_unstable();
    queries.dedup();
    queries
}

/// Whether a changed address is still on its way to SkyDNS.
fn address_is_pending(paths: &Paths, config: &Config) -> bool {
    let store = paths.store();
    config.ready_sections().any(|(name, _)| {
        let state = store.section_state(name);
        state.is_some_and(|state| state.outcome == Some(Outcome::Unconfirmed))
    })
}

fn reports(monitor: &TunnelMonitor) -> Vec<TunnelReport> {
    let reports = monitor.sections().map(|(section, tracker)| TunnelReport {
        section: section.to_owned(),
        health: tracker.state.recovery.health,
        reason: tracker.state.recovery.reason.to_string(),
        is_misconfigured: tracker.is_misconfigured(),
    });
    reports.collect()
}
