//! `source 'interface'`: the addresses of a device, in a namespace of the test's
//! own.

use serde_json::json;

use crate::network::up;
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

    /// Nothing that may be published is found, after something was.
    #[track_caller]
    fn aborted(&self, reason: &str) {
        self.once().expect(75).says("home: aborted: ").says(reason);
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

/// Who does not know the name of the device sees which ones there are.
#[test]
fn check_names_the_devices_that_could_be_meant() {
    let house = House::new("");
    house.net.add_device("lan0", &["192.168.1.1/24"]);
    house
        .net
        .add_device("pppoe-wan", &["8.8.4.4/32", "2a00::1/64"]);
    let proposal = "8.8.4.4 is on device pppoe-wan: option device 'pppoe-wan'";
    let check = || house.net.run(&house.router, &["check"]);
    let missing = check().expect(75).says("there is no device wan0");
    missing
        .says(proposal)
        .never_says("lan0")
        .never_says("2a00::1");
    house.net.add_device("wan0", &["10.0.0.2/24"]);
    let private = check().expect(75);
    private.says("10.0.0.2 is a private address").says(proposal);
    house.net.ip("address add 8.8.8.8/24 dev wan0");
    check().expect(0).never_says("option device");
}

/// A label is a name that `ifconfig` and some PPP scripts give an address.
#[test]
fn an_address_with_a_label_is_the_devices() {
    let house = House::new("");
    house.net.add_device("wan0", &[]);
    house
        .net
        .ip("address add 8.8.4.4/24 dev wan0 label wan0:isp");
    house.confirms("8.8.4.4");
    house.net.ip("address add 10.0.0.1/24 dev wan0");
    house.once().expect(0).says("unchanged");
    house.net.add_device("wan1", &["9.9.9.9/24"]);
    house.net.ip("address del 8.8.4.4/24 dev wan0");
    house.aborted("10.0.0.1 is a private address");
}

#[test]
fn a_label_or_a_network_in_the_place_of_a_device() {
    let router = Router::new();
    for (device, reason) in [
        (
            "wan0:isp",
            "'wan0:isp' is the label of an address: the device is 'wan0'",
        ),
        (
            "@wan",
            "'@wan' is no device: it means the network 'wan', which belongs into source 'network'",
        ),
        (":", "is no name of a network device"),
    ] {
        router.configure(&router.home(&format!(
            "option source interface\noption device '{device}'"
        )));
        for command in [&["check", "--offline"][..], &["once"]] {
            let ran = router.run(command).expect(78);
            ran.says(&format!(
                "line 8: error: section 'home': option 'device': '{device}' "
            ))
            .says(reason);
        }
    }
    assert_eq!(router.updates(), 0);
}

/// The far end of a point-to-point line is another's address.
#[test]
fn the_own_end_of_a_line_counts() {
    let house = House::new("");
    house.net.add_device("wan0", &[]);
    house.net.ip("address add 8.8.4.4 peer 9.9.9.9/32 dev wan0");
    house.confirms("8.8.4.4");
}

#[test]
fn an_ipv4_address_that_is_deprecated_is_not_sent() {
    let house = House::new("");
    house.net.add_device("wan0", &[]);
    house
        .net
        .ip("address add 8.8.4.4/24 dev wan0 valid_lft 600 preferred_lft 0");
    house.aborts("8.8.4.4 is deprecated");
    // The second of a network is no less an address.
    house.net.ip("address add 8.8.8.8/24 dev wan0");
    house.net.ip("address add 8.8.8.9/24 dev wan0");
    house.net.ip("address del 8.8.4.4/24 dev wan0");
    house.confirms("8.8.8.8");
}

/// netifd knows more of a device than the kernel does.
#[test]
fn what_netifd_knows_of_the_device() {
    let house = House::new("");
    house.net.add_device("wan0", &["8.8.4.4/24"]);
    let ubus = house.router.ubus();
    let mut map = up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]}));
    map["l3_device"] = "wan0".into();
    map["proto"] = "map".into();
    ubus.set_interface("wan6_4", map.clone());
    house.aborts("8.8.4.4 is shared with the provider's other customers");
    map["proto"] = "static".into();
    ubus.set_interface("wan6_4", map);
    house.confirms("8.8.4.4");
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
