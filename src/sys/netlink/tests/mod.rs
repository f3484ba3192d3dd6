//! What the kernel tells of its network, and what it carries: rtnetlink, echoes
//! and counters in real network namespaces.

mod changes;
mod echoes;
mod inside;
mod routes;

use inside::Inside;
use wansync_test_support::netns::Netns;

/// A router with a LAN and a tunnel, whose far end is another network.
struct House {
    net: Netns,
    far: Netns,
}

impl House {
    fn new() -> House {
        let net = Netns::new();
        let far = net.beside();
        net.join("lan0", &far, "lanfar0");
        net.join("tun0", &far, "tunfar0");
        for (device, number) in [("lan0", 1), ("tun0", 2)] {
            net.ip(&format!("address add 10.0.{number}.1/24 dev {device}"));
            net.ip(&format!(
                "address add fd00:{number}::1/64 dev {device} nodad"
            ));
        }
        for (device, number) in [("lanfar0", 1), ("tunfar0", 2)] {
            far.ip(&format!("address add 10.0.{number}.2/24 dev {device}"));
            far.ip(&format!(
                "address add fd00:{number}::2/64 dev {device} nodad"
            ));
        }
        House { net, far }
    }

    /// What the library says to this, in the router's network.
    #[track_caller]
    fn ask(&self, act: &str) -> String {
        Inside::start(&self.net, act).last()
    }

    /// The same without any privilege.
    #[track_caller]
    fn ask_unprivileged(&self, act: &str) -> String {
        Inside::start_unprivileged(&self.net, act).last()
    }
}
