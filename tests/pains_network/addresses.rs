//! 9: addresses that others share. 10: the wrong one of several IPv6 addresses.

use serde_json::{Value, json};

use crate::network;
use wansync_test_support::Router;
use wansync_test_support::netns::{FarSim, Netns};

/// “My provider gave me a CGNAT address, and the updater published it: it now
/// filters strangers.”
#[test]
fn pain_09_no_source_gets_a_shared_or_private_address_published() {
    let addresses = [
        ("100.64.0.9", "CGNAT"),
        ("100.127.255.1", "CGNAT"),
        ("10.20.30.40", "private"),
        ("172.20.0.1", "private"),
        ("192.168.1.2", "private"),
        ("192.0.0.2", "DS-Lite"),
    ];
    let router = Router::new();
    let ubus = router.ubus();
    for (address, word) in addresses {
        ubus.set_interface("wan", network("eth1", &[address]));
        router.sim.set_echo(address);
        for source in [
            "option source network".to_owned(),
            format!("option source static\noption address {address}"),
            format!("option source command\noption command /bin/echo\nlist arg {address}"),
            format!("option source web\nlist url '{}'", router.sim.echo_url()),
        ] {
            router.configure(&router.home(&source));
            let ran = router.run(&["once", "--force"]).expect(75);
            ran.says(&format!("home: aborted: {address} is "))
                .says(word);
            assert_eq!(router.home_status()["outcome"], "aborted", "{source}");
        }
    }
    assert_eq!(router.updates(), 0);
    assert!(!router.record().exists());
}

/// The addresses of a device of the kernel.
#[test]
fn pain_09_no_device_gets_a_shared_or_private_address_published() {
    let net = Netns::new();
    let sim = FarSim::start(&net, "127.0.0.1");
    let router = Router::new();
    router.configure_raw(
        sim.home("option source interface\noption device wan0")
            .as_bytes(),
    );
    net.add_device("wan0", &[]);
    for (address, word) in [
        ("100.64.0.9", "CGNAT"),
        ("10.20.30.40", "private"),
        ("192.168.1.2", "private"),
        ("192.0.0.2", "DS-Lite"),
    ] {
        net.ip(&format!("address add {address}/24 dev wan0"));
        let ran = net.run(&router, &["once", "--force"]).expect(75);
        ran.says(&format!("home: aborted: {address} is "))
            .says(word);
        net.ip("address flush dev wan0");
    }
    assert_eq!(sim.log().len(), 0, "{:?}", sim.log());
}

/// “I had a good address; then the provider put me behind CGNAT.” What is
/// confirmed stays, and the reason is said.
#[test]
fn pain_09_moving_behind_cgnat_changes_nothing_at_the_service() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    router.set_address("100.64.0.9");
    router
        .once()
        .expect(75)
        .says("100.64.0.9 is a CGNAT address");
    let status = router.home_status();
    assert_eq!(
        (&status["observed"], &status["confirmed"]),
        (&json!("100.64.0.9"), &json!("8.8.4.4"))
    );
    assert_eq!(
        (router.updates(), router.bound()),
        (1, vec!["8.8.4.4".to_owned()])
    );
}

/// “It published an address of the old prefix, which nobody can reach.”
#[test]
fn pain_10_a_withdrawn_prefix_is_left_as_soon_as_there_is_another() {
    let router = Router::new();
    router.configure(&router.home("option network wan\noption family ipv6"));
    let ubus = router.ubus();
    let set = |list: Value| {
        let mut wan = network("eth1", &["8.8.4.4"]);
        wan["ipv6-address"] = list;
        ubus.set_interface("wan", wan);
    };
    let one = |address: &str, preferred: u32| json!({"address": address, "mask": 64, "preferred": preferred, "valid": 3600});
    set(json!([one("2a00:1450:1::5", 1800), one("fd00::5", 1800)]));
    router.once().expect(0).says("2a00:1450:1::5 is confirmed");
    // Two good ones: the confirmed one stays.
    set(json!([
        one("2a00:1450:2::5", 1800),
        one("2a00:1450:1::5", 1800)
    ]));
    router.once().expect(0).says("unchanged");
    // Renumbering: the old one is on its way out, the new one not there yet.
    set(json!([one("2a00:1450:1::5", 0), one("fd00::5", 1800)]));
    router
        .once()
        .expect(75)
        .says("2a00:1450:1::5 is deprecated");
    set(json!([
        one("2a00:1450:1::5", 0),
        one("fd00::5", 1800),
        one("2a00:1450:2::5", 1800)
    ]));
    router
        .once()
        .expect(0)
        .says("2a00:1450:2::5 is confirmed; before it was 2a00:1450:1::5");
    assert_eq!(router.updates(), 2);
}

/// “It published my privacy address, and an hour later another, and another.”
#[test]
fn pain_10_a_privacy_address_is_never_published() {
    let net = Netns::new();
    let sim = FarSim::start(&net, "127.0.0.1");
    let router = Router::new();
    let options = "option source interface\noption device wan0\noption family ipv6";
    router.configure_raw(sim.home(options).as_bytes());
    net.add_device("wan0", &[]);
    net.command("sysctl", "-qw net.ipv6.conf.wan0.use_tempaddr=2");
    net.ip("address add fd00::5/64 dev wan0 nodad");
    net.ip("address add 2a00:1450:1::5/64 dev wan0 nodad mngtmpaddr");
    let shown = net.ip("-6 -oneline address show dev wan0 temporary");
    assert!(
        shown.contains("2a00:1450:1:"),
        "there is a temporary one: {shown}"
    );
    net.run(&router, &["once"])
        .expect(0)
        .says("2a00:1450:1::5 is confirmed");
    net.run(&router, &["once"]).expect(0).says("unchanged");
}
