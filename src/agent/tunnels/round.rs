//! One round over the tunnels that are due: gather evidence, judge, act.

use super::monitored::MonitoredTunnel;
use super::recover;
use crate::agent::changes::Change;
use crate::agent::hooks::HookRun;
use crate::agent::paths::Paths;
use crate::sys::counters::Counters;
use crate::sys::netlink::{HandshakeReader, Routes};
use crate::sys::store::Store;
use crate::sys::{clock, counters, log as logging, netlink, random};
use wansync_core::config::TunnelLink;
use wansync_core::prefix::Prefix;
use wansync_core::reason::Reason;
use wansync_core::record::TunnelEntry;
use wansync_core::tunnel::Health;
use wansync_core::tunnel::account::AccountState;
use wansync_core::tunnel::evidence::RouteStatus;
use wansync_core::tunnel::networks::{NetworkContext, Networks, own_table};
use wansync_core::tunnel::recovery::Action;
use wansync_core::tunnel::tracker::Judgement;

/// The state of the router, as far as the caller knows it.
pub(crate) struct RouterState<'a> {
    /// The states that are remembered.
    pub(crate) store: &'a Store,
    /// netifd's networks, or why they are not known.
    pub(crate) networks: Networks<'a>,
    /// A changed WAN address is still on its way to SkyDNS.
    pub(crate) address_is_pending: bool,
}

impl RouterState<'_> {
    /// The table that the routes of the network on this device are in, if it has one.
    pub(super) fn own_table(&self, device: &str, network: Prefix) -> Option<u32> {
        own_table(self.networks.as_ref().ok()?, device, network)
    }
}

/// The caller's tasks after a round.
#[derive(Default)]
pub(crate) struct FollowUp {
    /// Accounts that are to be asked at once.
    pub(crate) account_queries: Vec<String>,
    /// Changes to tell.
    pub(crate) changes: Vec<Change>,
    /// The programs of `option command` to run, after those that are told.
    pub(crate) commands: Vec<HookRun>,
}

/// A section, and what the record is to say of its tunnel.
pub(super) type RecordNews = (String, TunnelEntry);

pub(super) struct TunnelRound<'a> {
    paths: &'a Paths,
    router: &'a RouterState<'a>,
    /// The links of all tunnels of the configuration.
    watched: &'a [TunnelLink],
    handshakes: &'a mut HandshakeReader,
    /// Read once, when the first tunnel needs them.
    counters: Option<Result<Counters, String>>,
    /// Likewise, those of IPv4 and those of IPv6.
    routes: [Option<Result<Routes, Reason>>; 2],
    /// The values of `option route` of all tunnels: routes are read for these.
    prefixes: &'a [Prefix],
    /// The account of the tunnel before: most often that of the next one, too.
    account: Option<(String, Option<AccountState>)>,
    follow_up: &'a mut FollowUp,
    pub(super) news: Vec<RecordNews>,
}

impl<'a> TunnelRound<'a> {
    pub(super) fn new(
        paths: &'a Paths,
        router: &'a RouterState<'a>,
        watched: &'a [TunnelLink],
        prefixes: &'a [Prefix],
        handshakes: &'a mut HandshakeReader,
        follow_up: &'a mut FollowUp,
    ) -> TunnelRound<'a> {
        TunnelRound {
            paths,
            router,
            watched,
            handshakes,
            counters: None,
            routes: [None, None],
            prefixes,
            account: None,
            follow_up,
            news: Vec::new(),
        }
    }

    /// Gathers all evidence but the echo, and sends that.
    pub(super) fn begin(&mut self, tunnel: &mut MonitoredTunnel) {
        if tunnel.tracker.begin_round(clock::boot()) {
            recover::bring_up(self.paths, self.router.store, tunnel);
        }
        self.gather(tunnel);
        if !tunnel.start_echo() {
            self.end(tunnel);
        }
    }

    fn gather(&mut self, tunnel: &mut MonitoredTunnel) {
        let now = clock::boot();
        let tracker = &mut tunnel.tracker;
        let counters = &mut self.counters;
        let is_device = |name: &str| match counters.get_or_insert_with(counters::read) {
            Ok(all) => all.of_device(name).is_some(),
            Err(_) => true,
        };
        let store = self.router.store;
        let account = tracker.tunnel.vpnki.as_deref();
        let account = account.and_then(|name| account_state(&mut self.account, store, name));
        let context = NetworkContext {
            networks: self.router.networks.clone(),
            watched: self.watched,
        };
        let paths = self.paths;
        let starts_at_boot = |name: &str| paths.starts_at_boot(name);
        tracker.record_status(&context, is_device, starts_at_boot, account, now);
        let device = tracker.state.evidence.device_name();
        let route = tracker.tunnel.route.zip(device);
        let route = route.map(|(network, device)| {
            let routes = &mut self.routes[usize::from(network.address().is_ipv6())];
            match routes.get_or_insert_with(|| Routes::read(network, self.prefixes)) {
                Ok(routes) => {
                    routes.status(network, device, self.router.own_table(device, network))
                }
                Err(why) => RouteStatus::Unavailable(why.clone()),
            }
        });
        tracker.record_route(route, now);
        let networks = &self.router.networks;
        let device = tracker.wireguard_device(networks, netlink::is_wireguard);
        let handshake = device.map(|device| self.handshakes.latest(device));
        tracker.record_handshake(handshake, clock::now());
    }

    /// Ends a round once the fate of its echoes is evidence: counts what came, judges,
    /// and acts.
    pub(super) fn end(&mut self, tunnel: &mut MonitoredTunnel) {
        self.count(tunnel);
        let is_pending = self.router.address_is_pending;
        let before = tunnel.tracker.state.recovery.clone();
        let mut judgement = tunnel
            .tracker
            .judge(is_pending, clock::boot(), random::number());
        if judgement.write_is_due
            && let Err(why) = tunnel.write(self.router.store)
            && matches!(judgement.action, Action::Restart | Action::Command)
        {
            // The next process would know nothing of it, and make it again.
            let section = &tunnel.section;
            log::error!("{section}: what cannot be remembered is not done");
            tunnel.tracker.state.recovery.take_back(before, why);
            judgement.action = Action::Wait;
        }
        log_change(tunnel, &judgement);
        if judgement.record_is_due {
            let entry = tunnel.tracker.state.record_entry();
            self.news.push((tunnel.section.clone(), entry));
        }
        let first = judgement.is_first.then_some(("unknown", "unknown"));
        if let Some(states) = judgement.notified_change.or(first) {
            let mut change = tunnel.change(states);
            change.is_news = judgement.notified_change.is_some();
            change.notify.clone_from(&tunnel.tracker.tunnel.notify);
            self.follow_up.changes.push(change);
        }
        self.act(tunnel, judgement.action);
    }

    /// Brings a tunnel back by a person's order, and says what is done.
    ///
    /// # Errors
    /// Why nothing is done.
    pub(super) fn order(&mut self, tunnel: &mut MonitoredTunnel) -> Result<Reason, Reason> {
        self.gather(tunnel);
        let is_pending = self.router.address_is_pending;
        let tracker = &mut tunnel.tracker;
        let before = tracker.state.recovery.clone();
        let ordered = tracker.order(is_pending, clock::boot(), random::number());
        // Of a refusal, too: since when the WAN is up, the next order is to know.
        let written = tunnel.write(self.router.store);
        let (action, done) = ordered?;
        if let Err(why) = written {
            tunnel.tracker.state.recovery = before;
            return Err(why);
        }
        log::warn!("{}: {done}, by order", tunnel.section);
        self.act(tunnel, action);
        Ok(done)
    }

    fn count(&mut self, tunnel: &mut MonitoredTunnel) {
        let now = clock::boot();
        let Some(device) = tunnel.tracker.state.evidence.device_name() else {
            return;
        };
        let counters = self.counters.get_or_insert_with(counters::read);
        if let Some(bytes) = counters.as_ref().ok().and_then(|all| all.of_device(device)) {
            let tracker = &mut tunnel.tracker;
            tracker.record_counters(bytes.received, bytes.sent, now);
        }
    }

    fn act(&mut self, tunnel: &mut MonitoredTunnel, action: Action) {
        match action {
            Action::Wait => {}
            Action::Recheck => {
                let account = tunnel.tracker.tunnel.vpnki.clone();
                self.follow_up.account_queries.extend(account);
            }
            Action::FixRoute => recover::fix_route(self.router, tunnel),
            Action::Restart => recover::restart(self.paths, self.router.store, tunnel),
            Action::Command => {
                self.follow_up.commands.extend(tunnel.command_run());
            }
        }
    }
}

/// The state of an account, read again if the last one was another.
fn account_state<'a>(
    last: &'a mut Option<(String, Option<AccountState>)>,
    store: &Store,
    account: &str,
) -> Option<&'a AccountState> {
    if last.as_ref().is_none_or(|(name, _)| name != account) {
        let state = store.account_state(account);
        let state = state.map(|state| state.clamp_future_times(clock::boot()));
        *last = Some((account.to_owned(), state));
    }
    last.as_ref()?.1.as_ref()
}

/// Logs a change of health, once that the tunnel is given up, and each action with its
/// reason.
fn log_change(tunnel: &MonitoredTunnel, judgement: &Judgement) {
    let recovery = &tunnel.tracker.state.recovery;
    let (section, name) = (&tunnel.section, &tunnel.tracker.tunnel.name);
    let (health, reason) = (recovery.health.word(), &recovery.reason);
    let level = match recovery.health {
        Health::Up => log::Level::Info,
        _ => log::Level::Warn,
    };
    let text = match (judgement.notified_change, judgement.action) {
        (Some((_, "given-up")), _) => format!("tunnel {name} is given up: {reason}"),
        _ if judgement.health_before != recovery.health => {
            format!("tunnel {name} is {health}: {reason}")
        }
        (_, Action::Wait | Action::Recheck) => return,
        _ => format!("tunnel {name}: {reason}"),
    };
    log::log!(target: logging::PRINTED, level, "{section}: {text}");
}
