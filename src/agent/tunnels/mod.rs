//! The tunnels that are watched: what is found out of them, and what is done.
//!
//! Nothing in here waits, save for netifd and the kernel: an echo is sent, and
//! whoever called listens for its answer, together with all else that he
//! listens for. So `once` and the daemon share it.

pub mod round;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::agent::hooks::{HookRun, StateChange};
use crate::agent::paths::Paths;
use crate::sys::counters::Counters;
use crate::sys::digest::sha256;
use crate::sys::ping::Echo;
use crate::sys::store::Store;
use crate::sys::{clock, counters, log as logging, netlink, random, ubus};
use wansync_core::config::{Config, Tunnel};
use wansync_core::tunnel::account::{Look, service_evidence};
use wansync_core::tunnel::evidence::{Device, Ping, Route, Seen, Service, Traffic, Wan};
use wansync_core::tunnel::recovery::{self, Action, Recovery, Surroundings};
use wansync_core::tunnel::verdict::{Cause, Names, verdict};
use wansync_core::tunnel::{Memory, State};
use wansync_core::ubus::netifd::{Network, explain};

/// How long an answer may take. Round the world takes a third of it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many echoes are sent before silence counts: one is lost now and then.
const ECHOES: u8 = 2;
/// How long VPNKI's answer is waited for before a tunnel is acted upon.
const ANSWER: Duration = Duration::from_secs(35);
/// How soon a tunnel is looked at again, however much happens: a look that
/// fails takes as long as two echoes.
const REST: Duration = Duration::from_secs(4);
/// How often the state is written when nothing but ages changed.
const WRITE_EVERY: i64 = 300;

/// All tunnels of a configuration.
pub struct Watch {
    tunnels: Vec<Watched>,
}

struct Watched {
    section: String,
    tunnel: Tunnel,
    memory: Memory,
    /// What the state file says, and when it was written, in seconds since boot.
    stored: (Memory, i64),
    /// When it is looked at next, and when it was last, since boot.
    due: Duration,
    looked: Duration,
    /// What the last verdict of this process rests on.
    cause: Option<Cause>,
    /// It is not judged again before VPNKI was asked, or this moment.
    asks: Option<Duration>,
    probe: Option<Probe>,
}

/// Echoes under way.
struct Probe {
    echo: Echo,
    sent: u8,
    /// When the last one counts as lost, since boot.
    until: Duration,
}

/// What the caller knows of the router.
pub struct View<'a> {
    /// What is remembered.
    pub store: &'a Store,
    /// netifd's networks, or why they are not known.
    pub networks: Result<&'a [Network], String>,
    /// Whether a changed WAN address is still on its way to SkyDNS.
    pub address_is_pending: bool,
}

/// What the caller has to do.
#[derive(Default)]
pub struct Wanted {
    /// Accounts at which to look at once.
    pub looks: Vec<String>,
    /// Programs to run.
    pub errands: Vec<HookRun>,
}

impl Watch {
    /// The tunnels of these sections, or all if none is named, with what is
    /// remembered of them.
    pub fn new(config: &Config, store: &Store, chosen: &[String]) -> Watch {
        let now = clock::now();
        let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|c| c == name);
        let tunnels = config
            .ready_tunnels()
            .filter(|(section, _)| is_chosen(section));
        let tunnels = tunnels.map(|(section, tunnel)| {
            let memory = store.tunnel_memory(section).unwrap_or_default();
            let memory = memory
                .under(&tunnel.fingerprint(sha256))
                .dated(now.boot.secs());
            Watched {
                section: section.to_owned(),
                tunnel: tunnel.clone(),
                stored: (memory.clone(), now.boot.secs()),
                memory,
                due: Duration::ZERO,
                looked: Duration::ZERO,
                cause: None,
                asks: None,
                probe: None,
            }
        });
        Watch {
            tunnels: tunnels.collect(),
        }
    }

    /// Whether there is nothing to watch.
    pub fn is_empty(&self) -> bool {
        self.tunnels.is_empty()
    }

    /// The accounts that they belong to, each once.
    pub fn accounts(&self) -> Vec<String> {
        let mut accounts = Vec::new();
        for watched in &self.tunnels {
            if let Some(account) = &watched.tunnel.vpnki
                && !accounts.contains(account)
            {
                accounts.push(account.clone());
            }
        }
        accounts
    }

    /// Has every tunnel looked at now, or a moment after it was last.
    pub fn hurry(&mut self) {
        for watched in &mut self.tunnels {
            watched.due = watched.due.min(watched.looked + REST);
            if let Some(until) = watched.asks {
                watched.due = until;
            }
        }
    }

    /// Takes note that VPNKI was asked about an account: tunnels that waited
    /// for it are looked at.
    pub fn asked(&mut self, account: &str) {
        for watched in &mut self.tunnels {
            let is_of = watched.tunnel.vpnki.as_deref() == Some(account);
            if is_of && watched.asks.take().is_some() {
                watched.due = Duration::ZERO;
            }
        }
    }

    /// Whether some tunnel is to be looked at again before anything is done.
    pub fn asks(&self) -> bool {
        self.tunnels.iter().any(|watched| watched.asks.is_some())
    }

    /// The sockets on which answers come.
    pub fn sockets(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let probes = self.tunnels.iter().filter_map(|w| w.probe.as_ref());
        probes.map(|probe| probe.echo.as_fd())
    }

    /// Whether answers are waited for.
    pub fn is_waiting(&self) -> bool {
        self.tunnels.iter().any(|w| w.probe.is_some())
    }

    /// When there is something to do, since boot.
    pub fn due(&self) -> Option<Duration> {
        let due = |w: &Watched| w.probe.as_ref().map_or(w.due, |probe| probe.until);
        self.tunnels.iter().map(due).min()
    }

    /// Looks at the tunnels that are due, and sends their echoes.
    pub fn begin(&mut self, paths: &Paths, view: &View<'_>) -> Wanted {
        let now = clock::since_boot();
        let is_due = |w: &&mut Watched| w.probe.is_none() && w.due <= now;
        let mut pass = Pass::new(paths, view);
        for watched in self.tunnels.iter_mut().filter(is_due) {
            pass.begin(watched);
        }
        pass.wanted
    }

    /// Takes what answers are there, or overdue, and does what follows.
    pub fn hear(&mut self, paths: &Paths, view: &View<'_>) -> Wanted {
        let mut pass = Pass::new(paths, view);
        let waiting = self.tunnels.iter_mut().filter(|w| w.probe.is_some());
        for watched in waiting {
            if watched.is_answered() {
                pass.judge(watched);
            }
        }
        pass.wanted
    }

    /// Writes what is remembered, so that others may read it.
    pub fn write(&mut self, store: &Store) {
        let now = clock::now().boot.secs();
        for watched in &mut self.tunnels {
            watched.write(store, now);
        }
    }

    /// Each tunnel's section, its state and the reason, and whether that is its
    /// configuration, in the order of the file.
    pub fn told(&self) -> impl Iterator<Item = (&str, &Recovery, bool)> {
        let is_wrong = |watched: &Watched| watched.cause == Some(Cause::Configuration);
        let tunnels = self.tunnels.iter();
        tunnels.map(move |w| (&*w.section, &w.memory.recovery, is_wrong(w)))
    }
}

impl Watched {
    /// Whether the echo was answered, or has been waited for long enough. What
    /// came of it is evidence then.
    fn is_answered(&mut self) -> bool {
        let Some(probe) = &mut self.probe else {
            return true;
        };
        let now = clock::now().boot.secs();
        let found = match probe.echo.answer() {
            Ok(Some(time)) => Ping::Answered(time.as_millis() as u32),
            Ok(None) if clock::since_boot() < probe.until => return false,
            Ok(None) if probe.sent < ECHOES => match probe.send() {
                Ok(()) => return false,
                Err(why) => Ping::Silent(why),
            },
            Ok(None) => Ping::lost(self.memory.evidence.ping.as_ref(), now),
            Err(why) => Ping::Silent(why),
        };
        self.memory.evidence.ping = Some(Seen {
            value: found,
            at: now,
        });
        true
    }

    /// The device that its network is up on.
    fn device(&self) -> Option<&str> {
        match &self.memory.evidence.device {
            Some(Seen {
                value: Device::Up(device),
                ..
            }) => Some(device),
            _ => None,
        }
    }

    /// An echo to `option ping`, if there is one, or why none can be sent.
    fn probe(&self) -> Option<Result<Probe, String>> {
        let why = match (&self.memory.evidence.device, self.device()) {
            (_, Some(device)) => return Probe::begin(&self.tunnel, device),
            (Some(seen), _) if matches!(seen.value, Device::Silent(_)) => {
                "netifd does not say through which device"
            }
            _ => "the network is not up",
        };
        self.tunnel.ping.map(|_| Err(why.to_owned()))
    }

    fn write(&mut self, store: &Store, now: i64) {
        if self.stored.0 == self.memory {
            return;
        }
        match store.remember_tunnel(&self.section, &self.memory) {
            Ok(()) => self.stored = (self.memory.clone(), now),
            Err(why) => log::error!("{}: {why}", self.section),
        }
    }

    /// What its programs are told.
    fn errand(
        &self,
        program: &str,
        arguments: &[String],
        old: &'static str,
        new: &'static str,
    ) -> HookRun {
        HookRun {
            section: self.section.clone(),
            program: program.to_owned(),
            arguments: arguments.to_vec(),
            change: StateChange {
                kind: "tunnel",
                old,
                new,
                reason: self.memory.recovery.reason.clone(),
                subject: self.tunnel.name.clone(),
            },
        }
    }
}

impl Probe {
    fn begin(tunnel: &Tunnel, device: &str) -> Option<Result<Probe, String>> {
        let target = tunnel.ping?;
        let number = random::number() as u16;
        let probe = Echo::open(target, device, number).and_then(|echo| {
            let mut probe = Probe {
                echo,
                sent: 0,
                until: Duration::ZERO,
            };
            probe.send()?;
            Ok(probe)
        });
        Some(probe)
    }

    fn send(&mut self) -> Result<(), String> {
        self.sent += 1;
        self.until = clock::since_boot() + PATIENCE;
        self.echo.send()
    }
}

/// One round over the tunnels that are due.
struct Pass<'a> {
    paths: &'a Paths,
    view: &'a View<'a>,
    /// Read once, when the first tunnel needs them.
    counters: Option<Result<Counters, String>>,
    /// What VPNKI said of the account of the tunnel before: most often that of
    /// the next one, too.
    look: Option<(String, Option<Look>)>,
    wanted: Wanted,
}

impl<'a> Pass<'a> {
    fn new(paths: &'a Paths, view: &'a View<'a>) -> Pass<'a> {
        Pass {
            paths,
            view,
            counters: None,
            look: None,
            wanted: Wanted::default(),
        }
    }

    /// Looks at all but the ping, and sends that.
    fn begin(&mut self, watched: &mut Watched) {
        watched.looked = clock::since_boot();
        let is_half_done = watched.memory.recovery.restarting;
        if is_half_done {
            // Somebody was killed between taking it down and up, or netifd did
            // not say that it heard.
            self.bring_up(watched);
        }
        self.look(watched, is_half_done);
        let at = clock::now().boot.secs();
        match watched.probe() {
            Some(Ok(probe)) => {
                watched.probe = Some(probe);
                return;
            }
            Some(Err(why)) => {
                let value = Ping::Silent(why);
                watched.memory.evidence.ping = Some(Seen { value, at });
            }
            None => watched.memory.evidence.ping = None,
        }
        self.judge(watched);
    }

    fn look(&mut self, watched: &mut Watched, is_half_done: bool) {
        let at = clock::now().boot.secs();
        let device = match self.device(watched, at) {
            // By ourselves, and what netifd said may be older than our call.
            Device::Off if is_half_done => Device::Pending {
                since: at,
                why: "being restarted".to_owned(),
            },
            device => device,
        };
        let wan = self.wan(watched, at);
        let evidence = &mut watched.memory.evidence;
        evidence.service = self.service(&watched.tunnel, at);
        evidence.wan = Some(Seen { value: wan, at });
        evidence.device = Some(Seen { value: device, at });
        let Some(name) = watched.device().map(str::to_owned) else {
            watched.memory.evidence.route = None;
            return;
        };
        let route = watched
            .tunnel
            .route
            .map(|prefix| match netlink::route_device(prefix) {
                Ok(Some(device)) if device == name => Route::Through,
                Ok(Some(device)) => Route::Elsewhere(device),
                Ok(None) => Route::Missing,
                Err(why) => Route::Silent(why),
            });
        watched.memory.evidence.route = route.map(|value| Seen { value, at });
    }

    /// What the echoes of this very look brought is in it.
    fn count(&mut self, watched: &mut Watched) {
        let at = clock::now().boot.secs();
        let Some(name) = watched.device() else {
            return;
        };
        let Some(bytes) = self
            .counters()
            .as_ref()
            .ok()
            .and_then(|all| all.of_device(name))
        else {
            return;
        };
        let evidence = &mut watched.memory.evidence;
        let before = evidence.traffic.as_ref().map(|seen| &seen.value);
        let value = Traffic::counted(before, bytes.received, bytes.sent, at);
        evidence.traffic = Some(Seen { value, at });
    }

    fn device(&mut self, watched: &Watched, now: i64) -> Device {
        let networks = match &self.view.networks {
            Ok(networks) => networks,
            Err(why) => return Device::Silent(why.clone()),
        };
        let name = &watched.tunnel.network;
        let Some(network) = networks.iter().find(|network| network.name == *name) else {
            return Device::Missing;
        };
        match &network.l3_device {
            Some(device) if network.up => match self.counters() {
                Ok(all) if all.of_device(device).is_none() => Device::Gone(device.clone()),
                _ => Device::Up(device.clone()),
            },
            None if network.up => Device::Down("up, without a device".to_owned()),
            _ if network.pending => {
                let since = match &watched.memory.evidence.device {
                    Some(Seen {
                        value: Device::Pending { since, .. },
                        ..
                    }) => *since,
                    _ => now,
                };
                let why = explain(network);
                Device::Pending { since, why }
            }
            _ if !network.autostart => Device::Off,
            _ => Device::Down(explain(network)),
        }
    }

    fn wan(&self, watched: &mut Watched, now: i64) -> Wan {
        let networks = match &self.view.networks {
            Ok(networks) => networks,
            Err(why) => return Wan::Silent(why.clone()),
        };
        let name = &watched.tunnel.wan;
        let Some(network) = networks.iter().find(|network| network.name == *name) else {
            return Wan::Silent(format!("netifd knows no network '{name}'"));
        };
        let Some(address) = network.addresses.first().filter(|_| network.up) else {
            return Wan::Down(explain(network));
        };
        let memory = &mut watched.memory;
        let before = memory.wan_address.replace(address.address);
        match &memory.evidence.wan {
            Some(Seen {
                value: Wan::Up(since),
                ..
            }) if before.is_none_or(|before| before == address.address) => Wan::Up(*since),
            _ => Wan::Up(now),
        }
    }

    fn service(&mut self, tunnel: &Tunnel, now: i64) -> Option<Seen<Service>> {
        let account = tunnel.vpnki.as_deref()?;
        if self.look.as_ref().is_none_or(|(name, _)| name != account) {
            let look = self.view.store.look(account).map(|look| look.dated(now));
            self.look = Some((account.to_owned(), look));
        }
        let (_, look) = self.look.as_ref()?;
        service_evidence(look.as_ref()?, &tunnel.name, tunnel.address.as_deref(), now)
    }

    fn counters(&mut self) -> &Result<Counters, String> {
        self.counters.get_or_insert_with(counters::read)
    }

    /// Draws the conclusion, and acts on it.
    fn judge(&mut self, watched: &mut Watched) {
        watched.probe = None;
        self.count(watched);
        let now = clock::now().boot.secs();
        let Watched {
            section,
            tunnel,
            memory,
            cause,
            ..
        } = &mut *watched;
        let (ping, route) = (
            tunnel.ping.map(|address| address.to_string()),
            tunnel.route.map(|prefix| prefix.to_string()),
        );
        let names = Names {
            service: &tunnel.name,
            network: &tunnel.network,
            wan: &tunnel.wan,
            ping: ping.as_deref(),
            route: route.as_deref(),
        };
        let verdict = verdict(&names, &memory.evidence, now);
        let surroundings = Surroundings {
            wan_up_since: match &memory.evidence.wan {
                Some(Seen {
                    value: Wan::Up(since),
                    ..
                }) => Some(*since),
                _ => None,
            },
            address_is_pending: self.view.address_is_pending,
        };
        let before = memory.recovery.clone();
        let random = random::number();
        let (after, action) = recovery::step(
            &tunnel.policy,
            &before,
            &verdict,
            &surroundings,
            now,
            random,
        );
        tell(section, tunnel, &before, &after);
        *cause = Some(verdict.cause);
        memory.recovery = after;
        let news = recovery::news(&before, &memory.recovery);
        let is_material = !is_like(&before, &memory.recovery);
        if is_material || now - watched.stored.1 >= WRITE_EVERY {
            watched.write(self.view.store, now);
        }
        if let (Some((old, new)), Some(program)) = (news, &watched.tunnel.notify) {
            self.wanted
                .errands
                .push(watched.errand(program, &[], old, new));
        }
        let pause = recovery::next_due(&watched.tunnel.policy, &watched.memory.recovery, now);
        watched.due = aligned(pause);
        watched.asks = None;
        self.act(watched, action);
        if let Some(until) = watched.asks {
            watched.due = until;
        }
    }

    fn act(&mut self, watched: &mut Watched, action: Action) {
        let section = watched.section.clone();
        match action {
            Action::Wait => {}
            Action::LookAgain => {
                let account = watched.tunnel.vpnki.as_ref();
                self.wanted.looks.extend(account.cloned());
                // Without an account there is nobody to wait for.
                let until = clock::since_boot() + ANSWER;
                watched.asks = Some(account.map_or(Duration::ZERO, |_| until));
            }
            Action::FixRoute => {
                let fixed = match (watched.tunnel.route, watched.device()) {
                    (Some(prefix), Some(device)) => netlink::add_route(prefix, device),
                    _ => Ok(()),
                };
                match fixed {
                    Ok(()) => log::warn!("{section}: the missing route is restored"),
                    Err(why) => log::error!("{section}: cannot restore the route: {why}"),
                }
            }
            Action::Restart => self.restart(watched),
            Action::Command => {
                let Some((program, arguments)) = &watched.tunnel.command else {
                    return;
                };
                log::warn!("{section}: running {program}");
                let state = watched.memory.recovery.state.word();
                let errand = watched.errand(program, arguments, state, state);
                self.wanted.errands.push(errand);
            }
        }
    }

    /// Down and up again, as `ifup` does it.
    fn restart(&mut self, watched: &mut Watched) {
        let network = &watched.tunnel.network;
        log::warn!("{}: restarting network '{network}'", watched.section);
        match ubus::watch::down(&self.paths.ubus, network) {
            Ok(()) => self.bring_up(watched),
            Err(error) => {
                log::error!(
                    "{}: netifd does not take '{network}' down: {error}",
                    watched.section
                );
                // It may have got as far as that.
                self.bring_up(watched);
            }
        }
    }

    fn bring_up(&mut self, watched: &mut Watched) {
        let network = &watched.tunnel.network;
        match ubus::watch::up(&self.paths.ubus, network) {
            Ok(()) => {
                watched.memory.recovery.restarting = false;
                watched.write(self.view.store, clock::now().boot.secs());
            }
            Err(error) => log::error!(
                "{}: netifd does not take '{network}' up: {error}; it will be asked again",
                watched.section
            ),
        }
    }
}

/// Whether two differ in nothing but ages: not worth a write.
fn is_like(a: &Recovery, b: &Recovery) -> bool {
    let is_settled = a.seen == a.state && b.seen == b.state;
    let bare = |recovery: &Recovery| Recovery {
        reason: String::new(),
        row: if is_settled { 0 } else { recovery.row },
        ..recovery.clone()
    };
    bare(a) == bare(b)
}

/// Logs a change of state.
fn tell(section: &str, tunnel: &Tunnel, before: &Recovery, after: &Recovery) {
    if before.state == after.state {
        return;
    }
    let level = match after.state {
        State::Up => log::Level::Info,
        _ => log::Level::Warn,
    };
    let (name, state) = (&tunnel.name, after.state.word());
    log::log!(target: logging::PRINTED, level, "{section}: tunnel {name} is {state}: {}", after.reason);
}

/// A moment about so many seconds from now, the same for all that ask for the
/// same pause: ten tunnels wake the router once.
fn aligned(pause: i64) -> Duration {
    let pause = pause.max(1) as u64;
    Duration::from_secs((clock::since_boot().as_secs() / pause + 1) * pause)
}
