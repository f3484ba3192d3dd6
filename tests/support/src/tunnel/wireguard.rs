//! A WireGuard tunnel: the kernel's, where it has the module, or that of a program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use wansync_sim::ubus::Outcome;

use super::line::Line;
use super::status::tunnel_status;
use super::{FAR, NEAR, NETWORK, ROUTE, Running, TunnelBed};
use crate::netns::{Netns, behind};
use crate::waiting::wait_until;

const PORT: u16 = 51820;
/// The address of the far end on the Internet.
const ENDPOINT: &str = "8.8.4.1";

/// The maker of both ends' devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireGuardKind {
    /// The kernel.
    Kernel,
    /// Debian's `wireguard-go`, by way of a tun device.
    Program,
}

/// A running tunnel.
pub struct WireGuard {
    /// The device on the router.
    pub device: String,
    kind: WireGuardKind,
    line: Arc<Line>,
    /// Both ends' keys, in files: of the router, then of the far end.
    keys: [PathBuf; 2],
    /// The programs of both ends.
    programs: Mutex<Vec<Running>>,
}

impl TunnelBed {
    /// Starts WireGuard on a router without a tunnel. It shakes hands once there is
    /// traffic. A restart of its network makes both ends anew.
    pub fn start_wireguard(&self, kind: WireGuardKind) -> Arc<WireGuard> {
        let key = |name: &str| {
            let path = self.router.path(name);
            fs::write(&path, wg(&["genkey"], None)).expect("a key");
            path
        };
        let device = match kind {
            WireGuardKind::Kernel => NETWORK.to_owned(),
            // The programs of all tests have one folder for their sockets.
            WireGuardKind::Program => format!("wg{}", process::id()),
        };
        let tunnel = Arc::new(WireGuard {
            device,
            kind,
            line: Arc::clone(&self.line),
            keys: [key("near.key"), key("far.key")],
            programs: Mutex::default(),
        });
        tunnel.lay();
        self.ubus.set_interface(NETWORK, tunnel.status());
        let (up, down) = (Arc::clone(&tunnel), Arc::clone(&tunnel));
        self.ubus.on_up(NETWORK, move || {
            up.lay();
            Outcome::UpAs(up.status())
        });
        self.ubus.on_down(NETWORK, move || down.cut());
        tunnel
    }
}

impl WireGuard {
    /// The far end answers nothing any more, until the tunnel is made anew.
    pub fn far_end_dies(&self) {
        self.line.far.ip("link set vpn0 down");
    }

    /// Both private keys.
    pub fn private_keys(&self) -> [String; 2] {
        let read = |path| fs::read_to_string(path).expect("a key").trim().to_owned();
        [read(&self.keys[0]), read(&self.keys[1])]
    }

    /// Runs `wg` on the router.
    #[track_caller]
    pub fn wg(&self, words: &str) -> String {
        let mut command = Command::new(program("wg"));
        command.args(words.split_whitespace());
        let output = self.line.near.enter(&command).output().expect("wg runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "wg {words}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn status(&self) -> Value {
        let mut status = tunnel_status(&self.device);
        status["proto"] = "wireguard".into();
        status
    }

    /// Makes both ends.
    fn lay(&self) {
        self.cut();
        let (near, far) = (&self.line.near, &self.line.far);
        let [near_key, far_key] = &self.keys;
        let peer = |key: &Path, networks: &str| {
            let public = wg(&["pubkey"], Some(key));
            format!("peer {} allowed-ips {networks}", public.trim())
        };
        let to_far = format!("{} endpoint {ENDPOINT}:{PORT}", peer(far_key, ROUTE));
        self.make(near, &self.device, near_key, &to_far);
        let to_near = peer(near_key, &format!("{NEAR}/32"));
        self.make(far, "vpn0", far_key, &to_near);
        for (end, device, own, other) in [
            (near, self.device.as_str(), NEAR, ROUTE),
            (far, "vpn0", FAR, NEAR),
        ] {
            end.ip(&format!("address add {own}/32 dev {device}"));
            end.ip(&format!("link set {device} up"));
            end.ip(&format!("route add {other} dev {device}"));
        }
        self.line.state().device = Some(self.device.clone());
    }

    fn make(&self, end: &Netns, device: &str, key: &Path, peer: &str) {
        let (wg, key) = (program("wg").display().to_string(), key.display());
        let set = format!("{wg} set {device} listen-port {PORT} private-key {key} {peer}");
        match self.kind {
            WireGuardKind::Kernel => {
                end.ip(&format!("link add {device} type wireguard"));
                let mut words = set.split_whitespace();
                let name = words.next().expect("a program");
                end.command(name, &words.collect::<Vec<_>>().join(" "));
            }
            WireGuardKind::Program => {
                let go = program("wireguard-go").display().to_string();
                // The socket, which `wg` must find, is in a folder of this shell's own.
                let script = format!(
                    "mount -t tmpfs tmpfs /run || exit\n\
                     (until [ -S /run/wireguard/{device}.sock ]; do sleep 0.1; done\n\
                     {set} && echo ready) &\n\
                     exec {go} -f {device}\n"
                );
                let mut shell = Command::new("sh");
                shell.args(["-c", &script]);
                let shell = end.enter(&behind(&["unshare", "--mount", "--"], &shell));
                let log = self.keys[0].with_file_name(format!("{device}.log"));
                let running = Running::start(shell, log);
                running.says("ready");
                self.programs().push(running);
            }
        }
    }

    /// Deletes both ends.
    fn cut(&self) {
        self.programs().clear();
        let ends = [
            (&self.line.near, self.device.as_str()),
            (&self.line.far, "vpn0"),
        ];
        for (end, device) in ends {
            match self.kind {
                WireGuardKind::Kernel if end.counters(device).is_some() => {
                    end.ip(&format!("link del {device}"));
                }
                // It goes with its program.
                _ => wait_until("the device is gone", || end.counters(device).is_none()),
            }
        }
        self.line.state().device = None;
    }

    fn programs(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.programs
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }
}

/// The output of `wg`, which reads this file.
fn wg(arguments: &[&str], input: Option<&Path>) -> String {
    let mut command = Command::new(program("wg"));
    command.args(arguments);
    match input {
        Some(path) => command.stdin(fs::File::open(path).expect("a key")),
        None => command.stdin(Stdio::null()),
    };
    let output = command.output().expect("wg runs");
    assert!(output.status.success(), "wg {arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The program: that of the machine, or the one that tests/setup has unpacked.
fn program(name: &str) -> PathBuf {
    let unpacked = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/test-wireguard/usr/bin"
    );
    let folders = [Path::new("/usr/bin"), Path::new(unpacked)];
    let mut places = folders.into_iter().map(|folder| folder.join(name));
    let found = places.find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name}: tests/setup unpacks it"))
}
