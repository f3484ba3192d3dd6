//! Tunnels: pairs of devices whose far ends answer echoes, in a network
//! namespace of their own.
//!
//! A router's own addresses are no target of echoes, hence the namespace. Each
//! tunnel has its own device, since the bytes that a device receives show that
//! a tunnel lives. Without ARP, multicast and IPv6 nothing goes over them that
//! was not asked for, as on a PPP link.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use crate::namespace::batch;

/// Both ends have it, so that packets are for whom they reach without ARP.
const MAC: &str = "02:00:00:00:00:01";
/// All devices at once, to delete them.
const GROUP: u32 = 356;

/// So many tunnels, until they go.
pub struct Tunnels {
    far: Child,
    count: usize,
}

impl Tunnels {
    pub fn lay(count: usize) -> Result<Tunnels, String> {
        let tunnels = Tunnels {
            far: hold_namespace()?,
            count,
        };
        let far = tunnels.far.id();
        let here = |n| {
            let (device, near, far_end) = (device(n), near(n), target(n));
            format!(
                "link add {device} group {GROUP} address {MAC} type veth \
                 peer name vpn{n} address {MAC} netns {far}\n\
                 link set {device} arp off multicast off addrgenmode none\n\
                 link set {device} up\n\
                 address add {near}/32 dev {device}\n\
                 route add {far_end}/32 dev {device}\n"
            )
        };
        let there = |n| {
            let (near, far_end) = (near(n), target(n));
            format!(
                "link set vpn{n} arp off multicast off addrgenmode none\n\
                 link set vpn{n} up\n\
                 address add {far_end}/32 dev vpn{n}\n\
                 route add {near}/32 dev vpn{n}\n"
            )
        };
        // Of a device whose other end is down, the kernel drops the routes.
        batch(&[], &(0..count).map(here).collect::<String>())
            .and_then(|()| tunnels.far(&(0..count).map(there).collect::<String>()))
            .map(|()| tunnels)
    }

    /// From now on what the far end sends does not arrive.
    pub fn stall(&self, n: usize) -> Result<(), String> {
        self.far(&format!("route replace blackhole {}/32\n", near(n)))
    }

    /// The sections of all of them, of the account at this address.
    pub fn sections(&self, vpnki: &str, key: &str) -> String {
        let account = format!(
            "\nconfig vpnki 'account'\n\toption base_url '{vpnki}'\n\toption key '{key}'\n"
        );
        let tunnel = |n| {
            let (name, device, target) = (name(n), device(n), target(n));
            format!(
                "\nconfig tunnel '{name}'\n\toption vpnki 'account'\n\toption name '{name}'\n\
                 \toption network '{device}'\n\toption ping '{target}'\n\
                 \toption route '{target}/32'\n"
            )
        };
        (0..self.count)
            .map(tunnel)
            .fold(account, |all, one| all + &one)
    }

    pub fn count(&self) -> usize {
        self.count
    }

    fn far(&self, lines: &str) -> Result<(), String> {
        let net = format!("--net=/proc/{}/ns/net", self.far.id());
        batch(&["nsenter", &net, "--"], lines)
    }
}

impl Drop for Tunnels {
    fn drop(&mut self) {
        let _ = batch(&[], &format!("link del group {GROUP}\n"));
        let _ = self.far.kill();
        let _ = self.far.wait();
    }
}

/// The tunnel's name at VPNKI, and its section's.
pub fn name(n: usize) -> String {
    format!("t{n}")
}

/// Its device, and netifd's network.
pub fn device(n: usize) -> String {
    format!("tun{n}")
}

/// Its address here.
pub fn near(n: usize) -> String {
    format!("172.17.{}.{}", n / 250, n % 250 + 1)
}

/// The address that answers at the far end.
fn target(n: usize) -> String {
    format!("172.16.{}.{}", n / 250, n % 250 + 1)
}

/// A process in a network namespace of its own, which lasts as long as it does.
fn hold_namespace() -> Result<Child, String> {
    let cannot = |error| format!("unshare: {error}");
    let mut holder = Command::new("unshare");
    holder.args(["--net", "cat"]);
    let holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().map_err(cannot)?;
    // What comes back from `cat` comes from inside.
    if let Some(stdin) = &mut holder.stdin {
        stdin.write_all(b"\n").map_err(cannot)?;
    }
    if let Some(stdout) = &mut holder.stdout {
        stdout.read_exact(&mut [0]).map_err(cannot)?;
    }
    Ok(holder)
}
