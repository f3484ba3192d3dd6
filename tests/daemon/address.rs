//! The WAN address: every change is heard, and on the wire at once.

use crate::{daemon, pending, router, up};

#[test]
fn a_change_is_heard_and_sent() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("home: confirmed: 8.8.4.4 is confirmed");
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("home: confirmed: 9.9.9.9 is confirmed");
    assert_eq!(router.bound(), ["9.9.9.9"]);
    assert_eq!(router.updates(), 2);
    assert!(daemon.end().success());
}

#[test]
fn it_waits_for_the_wan() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", pending());
    let mut daemon = daemon(&router);
    daemon.says("home: aborted: network 'wan' has no IPv4 address: pending: waiting for DHCP");
    ubus.set_interface("wan", up("8.8.4.4"));
    daemon.says("home: confirmed: 8.8.4.4 is confirmed");
    assert!(daemon.end().success());
}
