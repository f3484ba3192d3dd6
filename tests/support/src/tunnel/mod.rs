//! A router with a WAN and a VPNKI tunnel, and all that can happen to them.
//!
//! ```text
//!   near (the router)          far (the Internet, and the tunnel's other end)
//!   wan0    8.8.4.4/24  <----> isp0  8.8.4.1/24     lo 45.90.28.1: SkyDNS, VPNKI
//!   vpnki0  172.16.1.2  <----> vpn0  172.16.0.1, which answers echoes
//! ```
//!
//! netifd's stand-in is in the test itself, since sockets in the file system
//! are not a matter of network namespaces. It is kept in step with the kernel,
//! and what it does when the tunnel's network is taken down and up is what
//! [`Restart`] says. The tunnel is a pair of devices without ARP, multicast and
//! IPv6: as on a PPP link, nothing goes over it unasked, so that
//! its counters tell the truth.

use std::ffi::OsStr;
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use wansync_sim::ubus::UbusSim;
use wansync_sim::{KEY, VPNKI_KEY};

use super::clocks::booted_ago;
use super::netns::FarSim;
use super::waiting::wait_until;
use super::{Ran, Router, STATUS, ran};

mod faults;
mod line;
mod openvpn;
mod running;
mod services;
mod status;
mod streams;
mod wan;
mod wireguard;

use line::Line;
pub use line::Restart;
pub use openvpn::{Keepalive, OpenVpn, TUN, Topology};
pub use running::Running;
pub use status::{tunnel_status, wan_status};
pub use streams::Stream;
pub use wireguard::{WireGuard, WireGuardKind};

/// The tunnel's name at VPNKI.
pub const NAME: &str = "user356";
/// netifd's network of the tunnel, and its device at first.
pub const NETWORK: &str = "vpnki0";
/// The tunnel's address here.
pub const NEAR: &str = "172.16.1.2";
/// The address at its other end that answers echoes.
pub const FAR: &str = "172.16.0.1";
/// The network that must be reached through it.
pub const ROUTE: &str = "172.16.0.0/16";
/// The WAN's address at first.
pub const WAN: &str = "8.8.4.4";
/// The second WAN's address, once [`TunnelBed::add_wwan`] was called.
pub const WWAN: &str = "8.8.8.4";
/// The address of SkyDNS and VPNKI.
const SERVICES: &str = "45.90.28.1";
/// Both ends have it, so that packets are for whom they reach without ARP.
const MAC: &str = "02:00:00:00:00:01";

/// The test router.
pub struct TunnelBed {
    /// ubusd and netifd.
    pub ubus: Arc<UbusSim>,
    /// The services.
    pub sim: FarSim,
    /// The program's folders.
    pub router: Router,
    line: Arc<Line>,
}

/// Setting it up, and the program.
impl TunnelBed {
    /// All is well: the WAN is up, the tunnel works, VPNKI lists it as active.
    /// A restart heals it.
    pub fn new() -> TunnelBed {
        let bed = TunnelBed::without_tunnel();
        bed.line.lay(NETWORK);
        bed.ubus.set_interface(NETWORK, tunnel_status(NETWORK));
        let (up, down) = (Arc::clone(&bed.line), Arc::clone(&bed.line));
        bed.ubus.on_up(NETWORK, move || up.restarted());
        bed.ubus.on_down(NETWORK, move || down.stopped());
        bed
    }

    /// A router without a tunnel: the WAN is up, and VPNKI lists one as active all the same.
    pub fn without_tunnel() -> TunnelBed {
        let line = Arc::new(Line::new());
        let sim = FarSim::start(&line.far, SERVICES);
        let router = Router::new();
        let bed = TunnelBed {
            ubus: Arc::new(router.ubus()),
            sim,
            router,
            line,
        };
        bed.set_wan(WAN);
        bed.vpnki_knows(&[(NAME, NEAR)]);
        bed.vpnki_lists(&[&[NAME]]);
        bed
    }

    /// Writes a configuration with the account and this tunnel, section `dacha`,
    /// with its network, ping and route, and these options.
    pub fn config(&self, options: &str) {
        let tunnel = self.tunnel(options);
        self.sections(&format!("{}{tunnel}", self.account("")));
    }

    /// Writes a configuration with these sections behind a `wansync` section.
    pub fn sections(&self, sections: &str) {
        let ca_file = self.sim.url("SIM_CA_FILE");
        let text = format!("config wansync 'main'\noption ca_file '{ca_file}'\n{sections}");
        self.router.configure_raw(text.as_bytes());
    }

    /// The text of a section for the account.
    pub fn account(&self, options: &str) -> String {
        let url = self.sim.url("SIM_VPNKI_URL");
        format!(
            "config vpnki 'account'\noption base_url '{url}'\noption key '{VPNKI_KEY}'\n{options}\n"
        )
    }

    /// The text of a section for the tunnel.
    pub fn tunnel(&self, options: &str) -> String {
        let ping = format!("option ping '{FAR}'\noption route '{ROUTE}'");
        self.bare_tunnel(&format!("{ping}\n{options}"))
    }

    /// The section without ping and route.
    pub fn bare_tunnel(&self, options: &str) -> String {
        format!(
            "config tunnel 'dacha'\noption vpnki 'account'\noption name '{NAME}'\n\
             option network '{NETWORK}'\n{options}\n"
        )
    }

    /// The text of a section that publishes the WAN's address.
    pub fn home(&self, options: &str) -> String {
        let url = self.sim.url("SIM_HTTPS_URL");
        format!(
            "config skydns 'home'\noption base_url '{url}'\noption ident 'user1'\n\
             option key '{KEY}'\n{options}\n"
        )
    }

    /// The program on the router, ready to be run.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        self.inside(&self.router.command(arguments))
    }

    /// A command on the router: `bed.inside(&at_wall(&bed.router.command(…), …))`.
    pub fn inside(&self, command: &Command) -> Command {
        self.line.near.enter(command)
    }

    /// Runs the program on the router.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        ran(self.command(arguments).output().expect("the program runs"))
    }

    /// A pass.
    pub fn once(&self) -> Ran {
        self.run(&["once"])
    }

    /// A pass on a router that booted so many seconds ago.
    pub fn once_at(&self, seconds: i64) -> Ran {
        self.run_at(seconds, &["once"])
    }

    /// Runs the program on a router that booted so many seconds ago.
    pub fn run_at<A: AsRef<OsStr>>(&self, seconds: i64, arguments: &[A]) -> Ran {
        let command = booted_ago(&self.router.command(arguments), seconds);
        ran(self.inside(&command).output().expect("the program runs"))
    }

    /// Starts the program on the router.
    pub fn spawn<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Running {
        Running::start(self.command(arguments), self.router.path("log"))
    }

    /// The output of `status --format json`.
    pub fn status(&self) -> Value {
        self.run(STATUS).expect(0).json()
    }

    /// The tunnel in that output.
    pub fn tunnel_status(&self) -> Value {
        self.status()["tunnels"][0].clone()
    }

    /// Waits until this is so.
    #[track_caller]
    pub fn wait(&self, what: &str, done: impl Fn(&TunnelBed) -> bool) {
        wait_until(what, || done(self));
    }
}
