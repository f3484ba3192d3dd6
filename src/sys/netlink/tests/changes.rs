//! What the monitor hears, and what it does not.

use std::collections::BTreeSet;

use super::inside::Inside;
use wansync_test_support::netns::Netns;
use wansync_test_support::waiting::wait_until;

/// A router and a monitor in its network. IPv6 is left out of what comes by
/// itself, since its addresses come up late.
struct Heard {
    net: Netns,
    inside: Inside,
}

impl Heard {
    fn new(act: &str) -> Heard {
        let net = Netns::new();
        for device in ["tun0", "probe0"] {
            let far = format!("{device}-far");
            net.ip(&format!("link add {device} type veth peer name {far}"));
            for end in [device, &far] {
                net.ip(&format!("link set {end} addrgenmode none"));
                net.ip(&format!("link set {end} up"));
            }
        }
        // The kernel may take a second to say so.
        wait_until("all four are up", || {
            let up = net.ip("-oneline link show up type veth");
            up.matches("state UP").count() == 4
        });
        let inside = Inside::start_unprivileged(&net, act);
        assert_eq!(inside.next().as_deref(), Some("listening"));
        Heard { net, inside }
    }

    /// All kinds of changes that it hears until one of this kind.
    #[track_caller]
    fn until(&self, kind: &str) -> BTreeSet<String> {
        let mut heard = BTreeSet::new();
        while !heard.contains(kind) {
            heard.insert(self.inside.next().expect("it listens until it is killed"));
        }
        heard
    }

    /// Nothing was heard before a route that nobody else adds.
    #[track_caller]
    fn nothing(&self) {
        self.net.ip("route add blackhole 192.0.2.0/24");
        assert_eq!(Vec::from_iter(self.until("routes")), ["routes"]);
        self.net.ip("route del blackhole 192.0.2.0/24");
        self.until("routes");
    }
}

#[test]
fn addresses_links_and_routes_that_come_and_go() {
    let heard = Heard::new("monitor routes");
    heard.net.ip("address add 10.0.2.1/32 dev tun0");
    heard.until("addresses");
    heard.net.ip("route add 172.16.0.0/16 dev tun0");
    assert_eq!(Vec::from_iter(heard.until("routes")), ["routes"]);
    heard.net.ip("route del 172.16.0.0/16 dev tun0");
    assert_eq!(Vec::from_iter(heard.until("routes")), ["routes"]);
    for family in ["-4", "-6"] {
        for what in ["add", "del"] {
            heard
                .net
                .ip(&format!("{family} rule {what} fwmark 1 lookup 100"));
            assert_eq!(Vec::from_iter(heard.until("routes")), ["routes"]);
        }
    }
    heard.net.ip("address del 10.0.2.1/32 dev tun0");
    heard.until("addresses");
    heard.net.ip("-6 address add fd00:2::1/64 dev tun0 nodad");
    heard.until("addresses");
    heard.net.ip("link set tun0 down");
    heard.until("links");
    heard.net.ip("link set tun0 name tun1");
    heard.until("links");
    heard.net.ip("link del tun1");
    heard.until("links");
}

#[test]
fn a_far_end_that_goes_down_takes_the_carrier_away() {
    let heard = Heard::new("monitor routes");
    heard.net.ip("link set tun0-far down");
    heard.until("links");
}

#[test]
fn what_is_no_change() {
    let heard = Heard::new("monitor routes");
    let ipv4 = "address replace 10.0.2.1/32 dev tun0 valid_lft";
    let ipv6 = "-6 address replace fd00:2::1/64 dev tun0 nodad noprefixroute valid_lft";
    heard.net.ip(&format!("{ipv4} 4000 preferred_lft 3000"));
    heard.net.ip(&format!("{ipv6} 4000 preferred_lft 3000"));
    // The kernel reports it once more when it may be used, with a lock that the
    // route below needs too.
    wait_until("the address may be used", || {
        let tentative = heard.net.ip("-6 address show dev tun0 tentative");
        tentative.trim().is_empty()
    });
    heard.net.ip("link set tun0 mtu 1400");
    // No route yet: up to the first one, all has been met.
    heard.net.ip("route add blackhole 198.51.100.0/24");
    let met = heard.until("routes");
    assert_eq!(Vec::from_iter(met), ["addresses", "links", "routes"]);
    heard.net.ip(&format!("{ipv4} 5000 preferred_lft 3500"));
    heard.net.ip(&format!("{ipv6} 5000 preferred_lft 3500"));
    heard.net.ip("link set tun0 mtu 1300");
    heard.net.ip("link set tun0 promisc on");
    heard.net.ip("link set tun0 alias dacha");
    heard
        .net
        .ip("neigh add 10.0.2.7 lladdr 02:00:00:00:00:07 dev tun0");
    heard.nothing();
    heard.net.ip(&format!("{ipv6} 5000 preferred_lft 0"));
    heard.until("addresses");
}

#[test]
fn routes_do_not_wake_those_who_do_not_ask_for_them() {
    let heard = Heard::new("monitor none");
    heard.net.ip("route add 172.16.0.0/16 dev probe0");
    heard.net.ip("address add 10.0.2.1/32 dev tun0");
    assert_eq!(Vec::from_iter(heard.until("addresses")), ["addresses"]);
}

#[test]
fn what_was_thrown_away_counts_as_everything() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, alarm) = (folder.path().join("batch"), folder.path().join("alarm"));
    let heard = Heard::new(&format!("monitor_asleep {}", alarm.display()));
    let batch: String = (0..3000)
        .map(|n| format!("route add blackhole 10.{}.{}.0/24\n", n / 250, n % 250))
        .collect();
    std::fs::write(&file, batch).expect("it is ours");
    heard.net.ip(&format!("-batch {}", file.display()));
    std::fs::write(alarm, "").expect("it is ours");
    assert_eq!(heard.inside.next().as_deref(), Some("addresses"));
    assert_eq!(heard.inside.next().as_deref(), Some("links"));
    assert_eq!(heard.inside.next().as_deref(), Some("routes"));
}
