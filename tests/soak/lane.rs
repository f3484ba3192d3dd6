//! A lane: a router with a tunnel, its daemon, and what happens to it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use wansync_sim::ubus::Outcome;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::random::Random;
use wansync_test_support::tunnel::{
    FAR, Keepalive, NAME, NETWORK, OpenVpn, ROUTE, Stream, TUN, Topology, TunnelBed, WireGuard,
    WireGuardKind,
};

use crate::report::Report;

/// The pause between two looks at what is waited for.
pub const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The pause between two datagrams.
pub const PAUSE: Duration = Duration::from_millis(200);
/// The time after which what a lane waits for will not come.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// A tunnel that was up for five minutes counts as new: its next attempt follows at once.
const STABLE_UP_TIME: Duration = Duration::from_secs(5 * 60 + 15);
/// Routes are restored three times an hour.
const ROUTE_FIX_INTERVAL: Duration = Duration::from_secs(20 * 60 + 5);

/// What kind of tunnel a lane has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As PPTP or L2TP: netifd's network, with a host route to the peer.
    Ppp,
    /// The same without an account: the ping is the only one that is asked.
    PppAlone,
    /// The same without a ping: VPNKI and the traffic are all that there is.
    PppUnpinged,
    /// OpenVPN, with a network of `proto none`; its ends ping each other.
    OpenVpn,
    /// OpenVPN whose ends do not ping each other, and which netifd does not know.
    OpenVpnMute,
    /// WireGuard of a program.
    WireGuard,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] = [
        Kind::Ppp,
        Kind::PppAlone,
        Kind::PppUnpinged,
        Kind::OpenVpn,
        Kind::OpenVpnMute,
        Kind::WireGuard,
    ];

    /// Its name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ppp => "ppp",
            Kind::PppAlone => "ppp-alone",
            Kind::PppUnpinged => "ppp-unpinged",
            Kind::OpenVpn => "openvpn",
            Kind::OpenVpnMute => "openvpn-mute",
            Kind::WireGuard => "wireguard",
        }
    }

    /// True if its far end is asked by echoes.
    pub fn has_ping(self) -> bool {
        self != Kind::PppUnpinged
    }

    /// True if VPNKI is asked.
    pub fn has_account(self) -> bool {
        self != Kind::PppAlone
    }

    /// The lines of its section.
    fn lines(self) -> String {
        let link = match self {
            Kind::OpenVpnMute => format!("option device '{TUN}'\n"),
            _ => format!("option network '{NETWORK}'\n"),
        };
        let account = match self.has_account() {
            true => "option vpnki 'account'\n",
            false => "",
        };
        let ping = match self.has_ping() {
            true => format!("option ping '{FAR}'\n"),
            false => String::new(),
        };
        let service = match self {
            Kind::OpenVpn | Kind::OpenVpnMute => {
                "option service 'openvpn'\noption instance 'vpnki'\n"
            }
            _ => "",
        };
        format!(
            "config tunnel 'dacha'\noption name '{NAME}'\noption route '{ROUTE}'\n\
             option fix_route '1'\noption on_down 'restart'\noption restart_limit '20'\n\
             {link}{account}{ping}{service}"
        )
    }
}

/// A lane.
pub struct Lane {
    pub kind: Kind,
    pub bed: TunnelBed,
    pub vpn: Option<OpenVpn>,
    _wireguard: Option<Arc<WireGuard>>,
    pub random: Random,
    daemon: Daemon,
    report: Arc<Mutex<Report>>,
    begun: Instant,
    /// The last time that the tunnel was restarted or brought back.
    last_outage: Instant,
    last_route_fix: Option<Instant>,
}

impl Lane {
    /// A router whose tunnel works, and a daemon that knows it.
    pub fn start(kind: Kind, random: Random, report: Arc<Mutex<Report>>) -> Lane {
        let openvpn = |keepalive| {
            let bed = TunnelBed::without_tunnel();
            let topology = match keepalive {
                Keepalive::Pushed => Topology::P2p,
                Keepalive::Absent => Topology::Subnet,
            };
            let vpn = bed.start_openvpn(topology, keepalive);
            bed.add_service(&vpn);
            (bed, Some(vpn))
        };
        let (bed, vpn) = match kind {
            Kind::OpenVpn => openvpn(Keepalive::Pushed),
            Kind::OpenVpnMute => openvpn(Keepalive::Absent),
            Kind::WireGuard => (TunnelBed::without_tunnel(), None),
            _ => (TunnelBed::new(), None),
        };
        let wireguard = (kind == Kind::WireGuard).then(|| {
            let wireguard = bed.start_wireguard(WireGuardKind::Program);
            // A restart is counted, and helps nobody: WireGuard has no sessions to lose.
            bed.ubus.on_down(NETWORK, || {});
            bed.ubus.on_up(NETWORK, || Outcome::Up);
            wireguard
        });
        bed.add_wwan();
        if kind == Kind::OpenVpn {
            bed.add_proto_none();
        }
        // Within the shortest phase VPNKI is asked at least once.
        let account = bed.account("option interval '1m'");
        bed.sections(&format!("{account}{}", kind.lines()));
        let log = bed.router.path("daemon.log");
        let daemon = Daemon::start(bed.command(&["daemon"]), log);
        let mut lane = Lane {
            kind,
            bed,
            vpn,
            _wireguard: wireguard,
            random,
            daemon,
            report,
            begun: Instant::now(),
            last_outage: Instant::now(),
            last_route_fix: None,
        };
        // The ping, VPNKI and the traffic all testify for it.
        let traffic = lane.bed.exchange_every(PAUSE);
        lane.daemon.says("dacha: tunnel user356 is up");
        thread::sleep(Duration::from_secs(45));
        drop(traffic);
        lane
    }

    /// Faults, and traffic in between until the tunnel counts as stable, until the end.
    pub fn run(mut self, end: Instant) {
        while Instant::now() < end {
            self.fault();
            while self.last_outage.elapsed() < STABLE_UP_TIME && Instant::now() < end {
                self.carry_traffic();
            }
        }
        assert!(self.daemon.end().success(), "{}", self.daemon.log());
    }

    /// True if a route may be removed: so often in an hour one is restored.
    pub fn may_lose_route(&mut self) -> bool {
        let may = self
            .last_route_fix
            .is_none_or(|at| at.elapsed() > ROUTE_FIX_INTERVAL);
        if may {
            self.last_route_fix = Some(Instant::now());
        }
        may
    }

    /// What happens, for whoever watches.
    pub fn say(&self, what: &str) {
        let at = self.begun.elapsed().as_secs();
        println!(
            "{:13} {:3}:{:02} {what}",
            self.kind.name(),
            at / 60,
            at % 60
        );
    }

    /// What was measured.
    pub fn report(&self) -> MutexGuard<'_, Report> {
        self.report
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    /// The number of times that the tunnel was restarted, or its network.
    pub fn restarts(&self) -> usize {
        let signals = self.vpn.as_ref().map_or(0, |vpn| vpn.client.signals());
        let downs = self.bed.ubus.called("down", NETWORK);
        signals + downs.max(self.bed.restarts())
    }

    /// All that the daemon said.
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// Waits until something is so; the time that it took, or none if it never is.
    pub fn wait(&self, begun: Instant, mut is_so: impl FnMut(&Lane) -> bool) -> Option<Duration> {
        while !is_so(self) {
            if begun.elapsed() > PATIENCE {
                return None;
            }
            thread::sleep(POLL_INTERVAL);
        }
        Some(begun.elapsed())
    }

    /// Bytes received through the tunnel; none without its device.
    pub fn received(&self) -> Option<u64> {
        self.bed.counters_if_any().map(|(received, _)| received)
    }

    /// Traffic there and back.
    pub fn exchange(&self) -> Stream {
        self.bed.exchange_every(PAUSE)
    }

    /// The outage is over: waits until the daemon says that the tunnel is up, too.
    pub fn is_over(&mut self) {
        let is_up = |lane: &Lane| {
            let log = lane.log();
            let word = |word: &str| log.rfind(&format!("tunnel user356 is {word}"));
            word("up") > word("down").max(word("unknown"))
        };
        if self.wait(Instant::now(), is_up).is_none() {
            self.report()
                .violated(self.kind.name(), format!("not up again:\n{}", self.log()));
        }
        self.last_outage = Instant::now();
    }
}
