//! `source 'interface'`: the addresses of a device, in a namespace of the test's
//! own.

use wansync_test_support::netns::{FarSim, Netns};
use wansync_test_support::{Ran, Router};

/// A router in a network of its own, with the services on its loopback.
struct House {
    router: Router,
    sim: FarSim,
    net: Netns,
}

impl House {
    /// One that publishes device `wan0`, with these further options.
    fn new(options: &str) -> House {
        let net = Netns::new();
        let sim = FarSim::start(&net, "127.0.0.1");
        let router = Router::new();
        let text = sim.home(&format!(
            "option source interface\noption device wan0\n{options}"
        ));
        router.configure_raw(text.as_bytes());
        House { router, sim, net }
    }

    fn once(&self) -> Ran {
        self.net.run(&self.router, &["once"])
    }

    #[track_caller]
    fn aborts(&self, reason: &str) {
        self.once().expect(75).says("home: aborted: ").says(reason);
        assert_eq!(
            self.sim.log().len(),
            0,
            "nothing was sent: {:?}",
            self.sim.log()
        );
    }

    #[track_caller]
    fn confirms(&self, address: &str) {
        self.once()
            .expect(0)
            .says(&format!("home: confirmed: {address} is confirmed"));
        let published = self.sim.updates();
        assert_eq!(published.last().map(|(_, ip)| ip.as_str()), Some(address));
    }
}

#[test]
fn the_address_of_the_device_is_sent() {
    let house = House::new("");
    house.net.add_device("lan0", &["9.9.9.9/24"]);
    house.net.add_device("wan0", &["8.8.4.4/24"]);
    house.confirms("8.8.4.4");
    house.once().expect(0).says("unchanged");
    house.net.ip("address del 8.8.4.4/24 dev wan0");
    house.net.ip("address add 8.8.8.8/24 dev wan0");
    house
        .once()
        .expect(0)
        .says("8.8.8.8 is confirmed; before it was 8.8.4.4");
}

#[test]
fn no_device_and_no_address_are_told_apart() {
    let house = House::new("");
    house.aborts("there is no device wan0");
    house.net.add_device("wan0", &[]);
    house.aborts("there is no IPv4 address");
    house.net.ip("address add 2a00:1450::5/64 dev wan0");
    house.aborts("there is no IPv4 address");
    house.net.ip("address add 169.254.7.7/16 dev wan0");
    house.aborts("169.254.7.7 is a link-local address");
    house.net.ip("address del 169.254.7.7/16 dev wan0");
    house.net.ip("link set wan0 down");
    house.aborts("there is no IPv4 address");
    house.net.ip("link del wan0");
    house.aborts("there is no device wan0");
}

/// Of several addresses the public one counts, wherever it stands.
#[test]
fn the_public_one_of_several() {
    let house = House::new("");
    house
        .net
        .add_device("wan0", &["192.168.1.2/24", "100.64.0.9/10"]);
    house.aborts("192.168.1.2 is a private address");
    house.net.ip("address add 8.8.4.4/24 dev wan0");
    house.confirms("8.8.4.4");
    // A second one is no reason to change.
    house.net.ip("address del 192.168.1.2/24 dev wan0");
    house.net.ip("address add 8.8.8.8/32 dev wan0");
    house.once().expect(0).says("unchanged");
}

#[test]
fn an_ipv6_address_that_is_not_fit_is_named() {
    let house = House::new("option family ipv6");
    house.net.add_device("wan0", &["8.8.4.4/24"]);
    // The kernel gives every device that is up one such, a moment later.
    house.net.ip("address add fe80::5/64 dev wan0 nodad");
    house.aborts("is a link-local address");
    house.net.ip("address add fd00::5/64 dev wan0 nodad");
    house.aborts("fd00::5 is a unique local address");
    house.net.ip("address del fd00::5/64 dev wan0");
    house
        .net
        .ip("address add 2a00:1450:1::5/64 dev wan0 nodad preferred_lft 0");
    house.aborts("2a00:1450:1::5 is deprecated");
    house.net.ip("address add 2a00:1450:2::5/64 dev wan0 nodad");
    house.confirms("2a00:1450:2::5");
}

/// The kernel makes temporary (privacy) addresses beside one that manages them.
#[test]
fn a_temporary_address_is_passed_over() {
    let house = House::new("option family ipv6");
    house.net.add_device("wan0", &[]);
    house
        .net
        .command("sysctl", "-qw net.ipv6.conf.wan0.use_tempaddr=2");
    let stable = "2a00:1450::5/64 dev wan0";
    house
        .net
        .ip(&format!("address add {stable} nodad mngtmpaddr"));
    let shown = house.net.ip("-6 -oneline address show dev wan0 temporary");
    assert!(
        shown.contains("2a00:1450:"),
        "there is a temporary one: {shown}"
    );
    house.confirms("2a00:1450::5");
}

/// Until the kernel has seen that no other host has it, an address is no use.
#[test]
fn a_tentative_address_is_not_sent() {
    let house = House::new("option family ipv6");
    house.net.add_device("wan0", &[]);
    // So many probes, a second each, that it stays tentative.
    house
        .net
        .command("sysctl", "-qw net.ipv6.conf.wan0.dad_transmits=600");
    house.net.ip("address add 2a00:1450::5/64 dev wan0");
    house.aborts("2a00:1450::5 ");
}
