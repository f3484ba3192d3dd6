//! A tunnel of the real OpenVPN: its client is a service that procd runs on the
//! router, its server is at the far end.
//!
//! netifd has no part in it, or a network of `proto none` whose device the client makes.
//! It is up while the device is there; its `down` removes the device's routes and leaves
//! the client alone.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustix::process::Signal;
use serde_json::{Value, json};
use wansync_sim::ubus::{Outcome, procd};

use super::line::Line;
use super::{FAR, NEAR, NETWORK, SERVICES, TunnelBed};
use crate::procd::Instance;
use crate::waiting::comes_true;

/// The client's device.
pub const TUN: &str = "tun0";
const SERVICE: &str = "openvpn";
const INSTANCE: &str = "vpnki";
/// OpenVPN's script: an exit within an hour counts, and no number of them is too many.
const RESPAWN: [u32; 3] = [3600, 5, 0];
/// The pause before procd starts the client again.
const RESPAWN_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause between two looks of netifd's stand-in at the device.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const PORT: u16 = 1194;

/// `topology` of OpenVPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// A point to point link: the device has a host route to its peer, and a route
    /// for the network behind it.
    P2p,
    /// The device is in the network itself.
    Subnet,
}

/// Whether the server pushes `keepalive`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keepalive {
    /// It does.
    Pushed,
    /// It does not.
    Absent,
}

/// A running tunnel.
pub struct OpenVpn {
    /// The client, instance `vpnki` of service `openvpn`.
    pub client: Arc<Instance>,
    /// The far end.
    pub server: Instance,
}

impl TunnelBed {
    /// Starts OpenVPN on a router without a tunnel, and waits until traffic goes through.
    /// With a keepalive the ends ping each other every 2 s, and a client that hears
    /// nothing for 10 s connects anew; without, it never finds out that its server was
    /// restarted.
    #[track_caller]
    pub fn start_openvpn(&self, topology: Topology, keepalive: Keepalive) -> OpenVpn {
        let line = Arc::clone(&self.line);
        let [near, far] = self.openvpn_files(topology, keepalive);
        let entered = |line: Arc<Line>, is_far: bool, config: PathBuf| {
            move || {
                let mut command = Command::new(openvpn());
                command.arg("--config").arg(&config);
                match is_far {
                    true => line.far.enter(&command),
                    false => line.near.enter(&command),
                }
            }
        };
        let server = Instance::start(
            entered(Arc::clone(&line), true, far),
            RESPAWN_TIMEOUT,
            self.openvpn_log("far"),
        );
        let client = Instance::start(
            entered(Arc::clone(&line), false, near),
            RESPAWN_TIMEOUT,
            self.openvpn_log("near"),
        );
        let vpn = OpenVpn {
            client: Arc::new(client),
            server,
        };
        let is_up = comes_true(|| self.has_tun() && self.pings());
        let logs = ["near", "far"].map(|end| fs::read_to_string(self.openvpn_log(end)));
        assert!(is_up, "OpenVPN, which needs /dev/net/tun: {logs:#?}");
        self.line.state().device = Some(TUN.to_owned());
        vpn
    }

    /// netifd has a network of `proto none` on OpenVPN's device, from now on.
    pub fn add_proto_none(&self) {
        let line = Arc::clone(&self.line);
        self.ubus.on_up(NETWORK, move || match has_tun(&line) {
            true => Outcome::UpAs(proto_none_status(true)),
            false => Outcome::Fails("NO_DEVICE".to_owned()),
        });
        let line = Arc::clone(&self.line);
        self.ubus.on_down(NETWORK, move || {
            if has_tun(&line) {
                line.near.ip(&format!("route flush dev {TUN}"));
            }
        });
        let (ubus, line) = (Arc::downgrade(&self.ubus), Arc::downgrade(&self.line));
        let mut was_there = None;
        follow(move || {
            let (ubus, line) = (ubus.upgrade()?, line.upgrade()?);
            let is_there = has_tun(&line);
            if was_there.replace(is_there) != Some(is_there) {
                ubus.set_interface(NETWORK, proto_none_status(is_there));
            }
            Some(())
        });
    }

    /// procd has the client as instance `vpnki` of the service `openvpn`, as its script
    /// sets it up: with a respawn that never ends.
    pub fn add_service(&self, vpn: &OpenVpn) {
        let client = Arc::clone(&vpn.client);
        self.ubus.on_signal(SERVICE, INSTANCE, move |number| {
            client.signal(Signal::from_named_raw(number).expect("a signal"));
        });
        let client = Arc::downgrade(&vpn.client);
        let ubus = Arc::downgrade(&self.ubus);
        let mut last = None;
        follow(move || {
            let (ubus, pid) = (ubus.upgrade()?, client.upgrade()?.pid());
            if last.replace(pid) != Some(pid) {
                ubus.set_instance(SERVICE, INSTANCE, instance_status(pid));
            }
            Some(())
        });
    }

    fn openvpn_log(&self, end: &str) -> PathBuf {
        self.router.path(&format!("openvpn-{end}.log"))
    }

    /// True if the client has its device.
    pub fn has_tun(&self) -> bool {
        has_tun(&self.line)
    }

    /// The configurations of the client and the server, which trust each other's
    /// certificates and no others.
    fn openvpn_files(&self, topology: Topology, keepalive: Keepalive) -> [PathBuf; 2] {
        let certificates = ["near", "far"].map(certificate);
        let (word, mask) = match topology {
            Topology::P2p => ("p2p", FAR),
            Topology::Subnet => ("subnet", "255.255.0.0"),
        };
        let keepalive = match keepalive {
            Keepalive::Pushed => "keepalive 2 10\n",
            Keepalive::Absent => "",
        };
        let clients = self.router.path("openvpn-clients");
        fs::create_dir_all(&clients).expect("a folder");
        let pushed =
            format!("ifconfig-push {NEAR} {mask}\npush \"route 172.16.0.0 255.255.0.0\"\n");
        fs::write(clients.join("DEFAULT"), pushed).expect("a file");
        let near = format!(
            "client\nremote {SERVICES} {PORT} udp\nnobind\npersist-tun\nhand-window 10\n\
             connect-retry 1 2\n"
        );
        let far = format!(
            "mode server\ntls-server\ntopology {word}\npush \"topology {word}\"\n\
             server 172.16.0.0 255.255.0.0 nopool\nclient-config-dir {}\n\
             local {SERVICES}\nport {PORT}\nproto udp\ndh none\n{keepalive}",
            clients.display()
        );
        let both = format!("dev {TUN}\ndev-type tun\ndisable-dco\npersist-key\nverb 3\n");
        let write = |name: &str, text: String, own: usize, other: usize| {
            let ((cert, key), (ca, _)) = (&certificates[own], &certificates[other]);
            let inline = [("cert", cert), ("key", key), ("ca", ca)];
            let inline = inline.map(|(tag, pem)| format!("<{tag}>\n{pem}</{tag}>\n"));
            let path = self.router.path(name);
            fs::write(&path, format!("{text}{both}{}", inline.concat())).expect("a file");
            path
        };
        [
            write("openvpn-near.conf", near, 0, 1),
            write("openvpn-far.conf", far, 1, 0),
        ]
    }
}

/// The program: that of the machine, or the one that tests/setup has unpacked.
fn openvpn() -> PathBuf {
    let unpacked = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/test-openvpn/usr/sbin/openvpn"
    );
    let places = ["/usr/sbin/openvpn", unpacked].map(PathBuf::from);
    let found = places.into_iter().find(|path| path.exists());
    found.expect("openvpn: tests/setup unpacks it")
}

/// Looks at once, and again and again until there is nothing more to look at.
fn follow(mut look: impl FnMut() -> Option<()> + Send + 'static) {
    look();
    thread::spawn(move || {
        while look().is_some() {
            thread::sleep(POLL_INTERVAL);
        }
    });
}

/// procd's words about an instance that runs or is about to be started again.
fn instance_status(pid: Option<u32>) -> Value {
    let mut status = procd::running(pid.unwrap_or_default(), Some(RESPAWN));
    if pid.is_none() {
        status["running"] = false.into();
    }
    status
}

/// `/proc` shows the devices of the namespace, and asking it costs nothing.
fn has_tun(line: &Line) -> bool {
    line.near.counters(TUN).is_some()
}

/// A certificate that stands for itself, and its key.
fn certificate(name: &str) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    parameters.distinguished_name.push(DnType::CommonName, name);
    let certificate = parameters.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

/// netifd's status of a network of `proto none` while its device is there, or is not.
fn proto_none_status(is_there: bool) -> Value {
    match is_there {
        true => json!({
            "up": true, "pending": false, "available": true, "autostart": true,
            "dynamic": false, "uptime": 60, "l3_device": TUN, "proto": "none", "device": TUN,
            "ipv4-address": [], "ipv6-address": [], "route": [], "data": {},
        }),
        false => json!({
            "up": false, "pending": false, "available": false, "autostart": true,
            "dynamic": false, "proto": "none", "device": TUN, "data": {},
        }),
    }
}
