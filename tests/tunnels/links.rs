//! The network or device that a tunnel is, where netifd does not simply have it up.

use std::fs;
use std::sync::mpsc;

use serde_json::json;

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_sim::ubus::procd;
use wansync_test_support::tunnel::{NETWORK, tunnel_status};

#[test]
fn a_network_that_is_not_started_at_boot() {
    let night = Night::with(QUICK_OPTIONS);
    let network = format!("config interface '{NETWORK}'\noption proto 'l2tp'\n");
    let path = night.bed.router.path("network");
    fs::write(&path, format!("{network}option auto '0'\n")).expect("the file is written");
    night.bed.set_down(json!({"autostart": false}));
    let started = "vpnki0 is not started at boot (auto '0'); 'ifup vpnki0' brings it up";
    night.pass_at(0).says(started);
    let status = night.run_at(1, &["status"]).expect(0);
    status.says("vpnki0 is not started at boot");
    fs::write(&path, network).expect("the file is written");
    night
        .pass_at(60)
        .says("vpnki0 was taken down by hand; 'ifup vpnki0' brings it back");
    assert_eq!(night.restarts(), 0);
}

/// One that a program added at run time goes away with its device.
#[test]
fn a_network_that_netifd_has_no_longer() {
    let night = Night::with("option interval 5\noption down_after 2");
    let mut status = tunnel_status(NETWORK);
    status["dynamic"] = true.into();
    night.bed.ubus.set_interface(NETWORK, status);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.vanish_unnoticed();
    night.bed.ubus.remove_interface(NETWORK);
    night.is(&mut daemon, "down");
    let finding = night.finds(&mut daemon, "no longer");
    holds(&finding, "vpnki0 is gone: netifd has it no longer");
    night.bed.come_back_as("ppp7");
    night.is(&mut daemon, "up");
}

/// A firewall zone with `tun+` is all that netifd's side has of many a tunnel.
#[test]
fn a_device_that_netifd_does_not_know() {
    let night = Night::new();
    let bed = &night.bed;
    bed.ubus.remove_interface(NETWORK);
    let options = "option interval 5\noption down_after 2";
    let tunnel = bed
        .tunnel(options)
        .replace("option network", "option device");
    bed.sections(&format!("{}{tunnel}", bed.account("")));
    night.was_well();
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    let status = night.run_at(1, &["status"]).expect(0);
    status.says("tunnel user356, device vpnki0");
    bed.vanish_unnoticed();
    night.is(&mut daemon, "down");
    holds(&night.finding(), "but the device vpnki0 is missing");
}

/// The far end's line takes smaller packets than the router thinks, and nothing says so.
#[test]
fn large_packets_are_lost() {
    let night = Night::with("option ping_size 1372\noption down_after 2");
    let lost = "though echoes with 1372 bytes of data are lost: is the MTU of vpnki0 too large?";
    let bed = &night.bed;
    night.pass_at(0).expect(0).never_says("bytes of data");
    assert_eq!(night.tunnel()["evidence"]["large_ping"], "ok");
    bed.far_ip("link set vpn0 mtu 1300");
    night.pass_at(60).expect(0).says("dacha: up: ").says(lost);
    assert_eq!(night.tunnel_at(61)["evidence"]["large_ping"], "lost");
    let status = night.run_at(61, &["status"]).expect(0);
    status.says("echoes with 1372 bytes of data lost (");
    night.run_at(62, &["check"]).says(
        "warn  dacha: 172.16.0.1 answers through vpnki0, but echoes with 1372 bytes of data are lost",
    );
    bed.far_ip("link set vpn0 mtu 1500");
    night.pass_at(120).expect(0).never_says("bytes of data");
    assert_eq!(night.restarts(), 0);
}

/// The log says why a service could not be restarted, and the budget is used up all the
/// same.
#[test]
fn a_service_that_cannot_be_restarted() {
    let night = Night::with(
        "option down_after 2\noption on_down restart\noption service openvpn\n\
         option instance vpnki",
    );
    let bed = &night.bed;
    bed.stall();
    night.pass_at(0);
    let cannot = "cannot restart instance 'vpnki' of service 'openvpn': ";
    night
        .pass_at(60)
        .says("restarting its service, 1 of 3 in an hour")
        .says(&format!(
            "{cannot}procd does not answer: ubus has no object service"
        ));
    let status = procd::running(356, Some([3600, 5, 0]));
    let ended = json!({"running": false, "term_timeout": 5, "exit_code": 1});
    bed.ubus.set_instance("openvpn", "vpnki", ended);
    bed.ubus.set_instance("openvpn", "other", status.clone());
    night
        .pass_at(200)
        .says("restarting its service, 2 of 3 in an hour")
        .says(&format!("{cannot}procd runs no process of it"));
    // procd remembers the number of a process that has ended, and would signal that.
    let signalled = || {
        bed.ubus
            .journal()
            .iter()
            .any(|call| call.method == "signal")
    };
    assert!(!signalled());
    bed.ubus.set_instance("openvpn", "vpnki", status);
    let (signals, got) = mpsc::channel();
    bed.ubus.on_signal("openvpn", "vpnki", move |signal| {
        signals.send(signal).expect("the test waits");
    });
    night
        .pass_at(500)
        .says("restarting its service, 3 of 3 in an hour")
        .never_says("cannot restart");
    assert_eq!(got.try_recv(), Ok(9), "SIGKILL, where SIGTERM did not help");
    assert_eq!(night.restarts(), 0, "netifd has no part in it");
}
