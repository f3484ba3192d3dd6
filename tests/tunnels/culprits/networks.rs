//! The tunnel's network, and its device.

use std::fs;

use serde_json::json;

use super::WATCHED;
use crate::night::Night;
use wansync_test_support::tunnel::{NETWORK, Restart, tunnel_status};

#[test]
fn netifd_gave_up() {
    let night = Night::with(WATCHED);
    for (code, words) in [
        ("AUTH_FAILED", "could not log in (AUTH_FAILED)"),
        ("CONNECT_FAILED", "is down (CONNECT_FAILED)"),
    ] {
        night.bed.give_up(code);
        let given_up = format!("{words}, and netifd does not try again");
        let check = format!("its network 'vpnki0' {given_up}");
        night.blames(0, (75, &check), (1, &format!("vpnki0 {given_up}")));
    }
}

#[test]
fn nobody_started_it() {
    let night = Night::with("option down_after 1\noption on_down restart");
    night.bed.set_down(json!({"autostart": false}));
    let by_hand = "was taken down by hand; 'ifup vpnki0' brings it back";
    let check = format!("its network 'vpnki0' {by_hand}");
    night.blames(0, (75, &check), (75, &format!("vpnki0 {by_hand}")));

    let network = "config interface 'vpnki0'\noption proto 'l2tp'\noption auto '0'\n";
    fs::write(night.bed.router.path("network"), network).expect("the file is written");
    let auto = "is not started at boot (auto '0'); 'ifup vpnki0' brings it up";
    let check = format!("its network 'vpnki0' {auto}");
    night.blames(60, (75, &check), (75, &format!("vpnki0 {auto}")));
    assert_eq!(night.restarts(), 0);
}

#[test]
fn it_is_being_set_up_for_ever() {
    let night = Night::with("option down_after 1\noption on_down restart");
    night.bed.on_restart(Restart::Hangs);
    night
        .bed
        .set_down(json!({"pending": true, "proto": "pptp"}));
    let check = "its network 'vpnki0' is dialling";
    night.blames(0, (75, check), (75, "vpnki0 is dialling"));
    night.blames(100, (75, check), (1, "but vpnki0 has not come up for "));
    night
        .run_at(101, &["status"])
        .says(": it is dialling; restarting");
}

#[test]
fn its_device_is_missing() {
    let night = Night::with(WATCHED);
    let bed = &night.bed;
    bed.ubus.set_interface(NETWORK, tunnel_status("ppp7"));
    let check = "its device 'ppp7' is missing";
    night.blames(0, (75, check), (1, "the device ppp7 of vpnki0 is gone"));

    // OpenVPN is dead, and netifd has noticed that its device is.
    bed.set_down(json!({"proto": "none", "device": "tun0", "available": false}));
    let none = "has no device tun0";
    let check = format!("its network 'vpnki0' {none}");
    night.blames(60, (75, &check), (1, &format!("vpnki0 {none}")));

    night.link(WATCHED, "option device 'tun0'");
    let check = "its device 'tun0' is missing";
    night.blames(120, (75, check), (1, "the device tun0 is missing"));
}

#[test]
fn it_has_another_name() {
    let night = Night::new();
    night.link(WATCHED, "option network 'vpnki1'");
    let check = "netifd knows no network 'vpnki1' (did you mean 'vpnki0'?)";
    let pass = "netifd has no network 'vpnki1': check 'option network'";
    night.blames(0, (78, check), (78, pass));
}

#[test]
fn a_device_is_named_as_network() {
    let night = Night::new();
    night.bed.come_back_as("tun0");
    night.link(WATCHED, "option network 'tun0'");
    let check = "netifd knows no network 'tun0': tun0 is the device of network 'vpnki0'";
    let pass = "netifd has no network 'tun0': check 'option network'";
    night.blames(0, (78, check), (78, pass));
}

#[test]
fn nobody_knows_the_networks() {
    let night = Night::with("option down_after 1\noption on_down restart");
    night.bed.stall();
    night.bed.ubus.stop_netifd();
    let why = "netifd is not running: ubus has no object network.interface";
    let check = format!("the networks of the tunnels: {why}");
    let pass = format!("netifd does not say whether the WAN is up: {why}");
    night.blames(0, (75, &check), (75, &pass));
    night.bed.ubus.stop_ubusd();
    let why = "ubusd is not running: nobody listens at";
    let check = format!("the networks of the tunnels: {why}");
    let pass = format!("netifd does not say whether the WAN is up: {why}");
    night.blames(60, (75, &check), (75, &pass));
    assert_eq!(night.restarts(), 0);
}
