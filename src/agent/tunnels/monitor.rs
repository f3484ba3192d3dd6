//! The tunnels of a configuration.

use std::cell::Cell;
use std::os::fd::BorrowedFd;

use super::monitored::MonitoredTunnel;
use super::round::{FollowUp, RecordNews, RouterState, TunnelRound};
use crate::agent::hooks::HookRun;
use crate::agent::paths::Paths;
use crate::sys::clock;
use crate::sys::lock::PassLock;
use crate::sys::netlink::HandshakeReader;
use crate::sys::store::Store;
use wansync_core::config::{Config, TunnelLink};
use wansync_core::prefix::Prefix;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::time::Boot;
use wansync_core::tunnel::tracker::TunnelTracker;

pub(crate) struct TunnelMonitor {
    tunnels: Vec<MonitoredTunnel>,
    /// The links of all tunnels of the configuration.
    links: Vec<TunnelLink>,
    /// The values of their `option route`.
    prefixes: Vec<Prefix>,
    handshakes: HandshakeReader,
}

impl TunnelMonitor {
    /// The tunnels of these sections, or all if none is named, with their states.
    pub(crate) fn new(config: &Config, store: &Store, sections: &[String]) -> TunnelMonitor {
        let (mut tunnels, mut prefixes) = (Vec::new(), Vec::new());
        let mut record = None;
        for (section, tunnel) in config.ready_tunnels() {
            prefixes.extend(tunnel.route);
            if sections.is_empty() || sections.iter().any(|s| s == section) {
                let record = record.get_or_insert_with(|| store.record());
                tunnels.push(MonitoredTunnel::new(section, tunnel, store, record));
            }
        }
        TunnelMonitor {
            tunnels,
            links: config.tunnel_links(),
            prefixes,
            handshakes: HandshakeReader::default(),
        }
    }

    /// The accounts that they belong to, each once.
    pub(crate) fn accounts(&self) -> Vec<String> {
        let mut accounts = Vec::new();
        for account in self.trackers().filter_map(|t| t.tunnel.vpnki.as_ref()) {
            if !accounts.contains(account) {
                accounts.push(account.clone());
            }
        }
        accounts
    }

    /// Makes a round over every tunnel due now, or a moment after the last one.
    pub(crate) fn expedite(&mut self) {
        for tunnel in &mut self.tunnels {
            tunnel.tracker.schedule.expedite();
        }
    }

    /// Takes note that an account was asked: a round is due over tunnels that waited
    /// for it.
    pub(crate) fn account_answered(&mut self, account: &str) {
        for tunnel in &mut self.tunnels {
            if tunnel.tracker.tunnel.vpnki.as_deref() == Some(account) {
                tunnel.tracker.schedule.account_answered();
            }
        }
    }

    /// Whether some tunnel needs another round before anything is done.
    pub(crate) fn awaits_account(&self) -> bool {
        self.trackers().any(|t| t.schedule.awaits_account())
    }

    /// The sockets on which answers come.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.tunnels.iter().filter_map(MonitoredTunnel::socket)
    }

    /// Whether answers are waited for.
    pub(crate) fn awaits_echo(&self) -> bool {
        self.trackers().any(|t| t.schedule.awaits_echo())
    }

    /// The moment of the next step.
    pub(crate) fn due(&self) -> Option<Boot> {
        self.trackers().map(|t| t.schedule.due()).min()
    }

    /// Begins the rounds that are due.
    pub(crate) fn begin_rounds(
        &mut self,
        paths: &Paths,
        router: &RouterState<'_>,
        follow_up: &mut FollowUp,
    ) {
        let now = clock::boot();
        self.go_round(paths, router, follow_up, &|round, tunnel| {
            if tunnel.tracker.schedule.round_is_due(now) {
                round.begin(tunnel);
            }
        })
    }

    /// Takes the answers that are there, or overdue, and ends their rounds.
    pub(crate) fn take_answers(
        &mut self,
        paths: &Paths,
        router: &RouterState<'_>,
        follow_up: &mut FollowUp,
    ) {
        self.go_round(paths, router, follow_up, &|round, tunnel| {
            if tunnel.tracker.schedule.awaits_echo() && tunnel.take_answer() {
                round.end(tunnel);
            }
        })
    }

    /// Brings the tunnel of this section back by a person's order, and says what is done.
    ///
    /// # Errors
    /// Why nothing is done.
    pub(crate) fn order(
        &mut self,
        paths: &Paths,
        router: &RouterState<'_>,
        follow_up: &mut FollowUp,
        section: &str,
    ) -> Result<Reason, Reason> {
        let ordered = Cell::new(Err(reason!(RpcNoSection, section = section)));
        self.go_round(paths, router, follow_up, &|round, tunnel| {
            if tunnel.section == section {
                ordered.set(round.order(tunnel));
            }
        });
        ordered.into_inner()
    }

    fn go_round(
        &mut self,
        paths: &Paths,
        router: &RouterState<'_>,
        follow_up: &mut FollowUp,
        step: &dyn Fn(&mut TunnelRound<'_>, &mut MonitoredTunnel),
    ) {
        let mut round = TunnelRound::new(
            paths,
            router,
            &self.links,
            &self.prefixes,
            &mut self.handshakes,
            follow_up,
        );
        for tunnel in &mut self.tunnels {
            step(&mut round, tunnel);
        }
        let news = round.news;
        self.record_witnesses(paths, router.store, &news);
    }

    /// Writes witnesses that have testified for the first time into the record. While a
    /// pass writes it, or too much was written today, they wait for another hour.
    fn record_witnesses(&mut self, paths: &Paths, store: &Store, news: &[RecordNews]) {
        if news.is_empty() {
            return;
        }
        let Ok(Some(_guard)) = PassLock::of_passes(&paths.state).try_lock_now() else {
            return;
        };
        let Some(record) = store.record().updated_with_tunnels(news, clock::now()) else {
            return;
        };
        if let Err(why) = store.write_record(&record) {
            log::error!("{why}; it will be lost at the next reboot");
            return;
        }
        for tunnel in &mut self.tunnels {
            tunnel.recorded(&record);
        }
    }

    /// Writes the states, so that other processes may read them.
    pub(crate) fn write(&mut self, store: &Store) {
        for tunnel in &mut self.tunnels {
            let _ = tunnel.write(store);
        }
    }

    /// The sections with their trackers, in the order of the file.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&str, &TunnelTracker)> {
        self.tunnels.iter().map(|t| (&*t.section, &t.tracker))
    }

    /// The runs of their commands.
    pub(crate) fn commands(&self) -> Vec<HookRun> {
        let mut runs = Vec::new();
        for tunnel in &self.tunnels {
            runs.extend(tunnel.command_run());
        }
        runs
    }

    fn trackers(&self) -> impl Iterator<Item = &TunnelTracker> {
        self.tunnels.iter().map(|tunnel| &tunnel.tracker)
    }
}
