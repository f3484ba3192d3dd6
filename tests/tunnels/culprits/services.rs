//! OpenVPN as a service of procd.

use std::fs;

use serde_json::{Value, json};

use super::RESTARTED;
use crate::night::Night;
use wansync_sim::ubus::procd;
use wansync_test_support::tunnel::{NETWORK, tunnel_status};

const SERVICE: &str = "option service 'openvpn'\noption instance 'vpnki'\n";
/// While the tunnel works, whoever would restart it is for `check` alone.
const WELL: (i32, &str) = (0, "172.16.0.1 answers on vpnki0 in ");

impl Night {
    fn instance(&self, name: &str, status: Value) {
        self.bed.ubus.set_instance("openvpn", name, status);
    }
}

#[test]
fn nobody_would_bring_it_back() {
    let night = Night::with(RESTARTED);
    let mut status = tunnel_status(NETWORK);
    status["proto"] = "none".into();
    night.bed.ubus.set_interface(NETWORK, status);
    let check = "on_down 'restart' cannot bring 'vpnki0' back: netifd does not run what makes the \
                 device of a network of proto 'none'; option service 'openvpn' with option \
                 instance 'NAME' would, or on_down 'command'";
    night.blames(0, (78, check), WELL);

    night.bed.config(&format!("{RESTARTED}{SERVICE}"));
    let check = "instance 'vpnki' of service 'openvpn': procd does not answer: ubus has no object";
    night.blames(60, (75, check), WELL);

    let runs = || procd::running(7, Some([3600, 5, 0]));
    night.bed.ubus.set_instance("openvpns", "office", runs());
    let check = "procd runs no service 'openvpn' (did you mean 'openvpns'?)";
    night.blames(120, (78, check), WELL);

    night.instance("vpnk", runs());
    let check = "service 'openvpn' has no instance 'vpnki' (did you mean 'vpnk'?); option \
                 'instance' must be one of: vpnk";
    night.blames(180, (78, check), WELL);

    night.instance("vpnki", procd::running(7, None));
    let check = "instance 'vpnki' of service 'openvpn' has no respawn: procd would not start it \
                 again after a restart";
    night.blames(240, (78, check), WELL);
    assert_eq!(night.restarts(), 0);
}

#[test]
fn it_does_not_run() {
    let night = Night::new();
    night.instance("vpnki", json!({"running": false}));
    night.link(&format!("{RESTARTED}{SERVICE}"), "option device 'tun0'");
    let check = "instance 'vpnki' of service 'openvpn' does not run, and procd does not start it \
                 again: it has no respawn, or ended too often; '/etc/init.d/openvpn restart' \
                 starts it";
    let missing = "VPNKI lists user356 as active, but the device tun0 is missing";
    night.blames(0, (75, check), (1, missing));

    let respawn = json!({"threshold": 3600, "timeout": 5, "retry": 0});
    night.instance("vpnki", json!({"running": false, "respawn": respawn}));
    let check = "instance 'vpnki' of service 'openvpn' does not run; procd is about to start it";
    night.blames(60, (75, check), (1, missing));
}

#[test]
fn the_migration_passed_over_it() {
    let night = Night::with(RESTARTED);
    night.instance("office", procd::running(7, Some([3600, 5, 0])));
    night.bed.config(&format!("{RESTARTED}{SERVICE}"));
    for (name, text) in [
        ("openvpn", "config openvpn 'vpnki'\noption enabled '1'\n"),
        ("network", "config interface 'vpnki'\noption proto 'none'\n"),
    ] {
        fs::write(night.bed.router.path(name), text).expect("the file is written");
    }
    let check = "'vpnki' of /etc/config/openvpn is run by nobody: the migration to netifd's \
                 protocol 'openvpn' passes over a section with the name of a network; give one of \
                 them another name";
    night.blames(0, (78, check), WELL);
    assert_eq!(night.restarts(), 0);
}
