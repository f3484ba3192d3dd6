//! The far end, and who speaks for it.

use std::time::Duration;

use super::{RESTARTED, WATCHED};
use crate::night::Night;
use wansync_test_support::clocks::at_wall;
use wansync_test_support::netns::behind;
use wansync_test_support::tunnel::{NEAR, NETWORK, Restart, tunnel_status};

const SILENT: &str = "172.16.0.1 does not answer through vpnki0: the tunnel is dead, or that \
                      address answers no echoes";

#[test]
fn an_address_that_never_answers() {
    let night = Night::new();
    night.bed.filter_echoes();
    night.bed.config(RESTARTED);
    let never = "172.16.0.1 has never answered (is 'option ping' right?)";
    night.blames(0, (75, SILENT), (75, never));
}

#[test]
fn an_address_of_the_router_itself() {
    let night = Night::new();
    let tunnel = night
        .bed
        .bare_tunnel(&format!("{RESTARTED}option ping '{NEAR}'"));
    night
        .bed
        .sections(&format!("{}{tunnel}", night.bed.account("")));
    let own = "'option ping' is an address of this router";
    let pass = format!("though 172.16.1.2 could not be asked: {own}");
    night.blames(0, (75, own), (0, &pass));
}

#[test]
fn an_address_that_answers_no_longer_while_there_is_traffic() {
    let night = Night::with("option on_down restart\n");
    night.bed.filter_echoes();
    let _traffic = night.bed.exchange_every(Duration::from_millis(100));
    // What was received in the very round of the first missed echo proves nothing.
    night.pass_at(0).expect(0).never_says("restarting");
    let doubt = "ago, though 172.16.0.1 has not answered for ";
    night.blames(60, (75, SILENT), (0, doubt));
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_far_end_that_is_dead() {
    let night = Night::with(WATCHED);
    night.bed.stall();
    let dead = "VPNKI lists user356 as active, but 172.16.0.1 has not answered for ";
    night.blames(0, (75, SILENT), (1, dead));
}

#[test]
fn another_device_with_the_login() {
    let night = Night::with(RESTARTED);
    night.bed.on_restart(Restart::Useless);
    night.bed.stall();
    night.pass_at(0).expect(1).never_says("another device");
    let taken = "(is another device connected as user356?); restarting its network, 2 of 3";
    night.blames(200, (75, SILENT), (1, taken));
}

#[test]
fn packets_that_are_too_large() {
    let night = Night::with(&format!("{RESTARTED}option ping_size 1372"));
    night.bed.far_ip("link set vpn0 mtu 1300");
    let check = "172.16.0.1 answers through vpnki0, but echoes with 1372 bytes of data are lost";
    let lost = "though echoes with 1372 bytes of data are lost: is the MTU of vpnki0 too large?";
    night.blames(0, (0, check), (0, lost));
    assert_eq!(night.restarts(), 0);
}

#[test]
fn no_right_to_send_an_echo() {
    let mut night = Night::with(RESTARTED);
    night.wrap = |command| behind(&["setpriv", "--bounding-set", "-net_raw"], command);
    night.bed.vpnki_fails("status=503");
    let needs = "no echo may be sent: that needs root (CAP_NET_RAW)";
    night.check_blames(4000, (69, needs));
    night.bed.services_work();
    night.check_blames(4000, (75, needs));
    night.bed.vpnki_fails("status=503");
    let pass = format!("172.16.0.1 could not be asked: {needs}");
    night.blames(4000, (69, needs), (75, &pass));
}

#[test]
fn a_clock_that_is_not_set() {
    let mut night = Night::new();
    night.named("user356");
    night.wrap = |command| at_wall(command, "@2020-01-01 00:00:00");
    let check = "the clock is not set, it says 2020-01-01 00:00:0";
    let pass =
        "VPNKI could not be asked: TLS with 45.90.28.1 failed: the router's clock is not set";
    night.blames(0, (75, check), (75, pass));
}

/// netifd has a WireGuard network whose device is none of the kernel's.
#[test]
fn a_wireguard_device_without_the_kernel_s_module() {
    let night = Night::with(RESTARTED);
    let mut status = tunnel_status(NETWORK);
    status["proto"] = "wireguard".into();
    night.bed.ubus.set_interface(NETWORK, status);
    let check = "the last handshake on vpnki0 is not known: vpnki0 is no WireGuard device of";
    night.blames(0, (0, check), (0, "172.16.0.1 answers on vpnki0 in "));
    let status = night.run_at(1, &["status"]).expect(0);
    status.says("last handshake not known: vpnki0 is no WireGuard device of the kernel");
    assert_eq!(night.restarts(), 0);
}
