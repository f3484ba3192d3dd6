//! The clients that make a tunnel: netifd's protocols, which give up now and then, and
//! the real OpenVPN as a service of procd.

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_test_support::tunnel::{
    FAR, Keepalive, NETWORK, OpenVpn, ROUTE, Restart, TUN, Topology, TunnelBed, tunnel_status,
};
use wansync_test_support::waiting::wait_until;

/// The lines that say what restarts OpenVPN.
const SERVICE: &str = "option service openvpn\noption instance vpnki\n";

/// netifd does not try again after a login that was refused.
#[test]
fn netifd_gave_up() {
    let night = Night::with("option on_down restart\noption down_after 2\noption restart_limit 1");
    night.bed.on_restart(Restart::Fails("AUTH_FAILED"));
    night.bed.give_up("AUTH_FAILED");
    night
        .pass_at(0)
        .says("vpnki0 could not log in (AUTH_FAILED), and netifd does not try again")
        .never_says("by hand");
    night
        .pass_at(60)
        .expect(1)
        .says("dacha: down: ")
        .says("restarting its network, 1 of 1");
    assert_eq!(night.bed.restarts(), 1);
    for at in [200, 400, 800] {
        night.pass_at(at).expect(1).says("(AUTH_FAILED)");
    }
    assert_eq!(night.bed.restarts(), 1, "within the budget");
    night.bed.on_restart(Restart::Heals);
    night.pass_at(3700).expect(1).says("restarting its network");
    night.pass_at(3800).expect(0).says("dacha: up: ");
}

#[test]
fn a_protocol_that_blocks_its_restart_is_started() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.give_up("CONNECT_FAILED");
    daemon.until("call of up", |_| night.bed.restarts() >= 1);
    night.is(&mut daemon, "up");
    holds(&daemon.log(), "CONNECT_FAILED");
    assert_eq!(night.restarts(), 1);
}

/// A router with OpenVPN, whose server does not ping its clients, and a tunnel with these
/// lines. netifd has a network for it if the lines name one.
fn openvpn(topology: Topology, lines: &str) -> (Night, OpenVpn) {
    let bed = TunnelBed::without_tunnel();
    let vpn = bed.start_openvpn(topology, Keepalive::Absent);
    bed.add_service(&vpn);
    if lines.contains("option network") {
        bed.add_proto_none();
    }
    let tunnel = format!(
        "config tunnel 'dacha'\noption vpnki 'account'\noption name 'user356'\n\
         option ping '{FAR}'\noption route '{ROUTE}'\n{QUICK_OPTIONS}{SERVICE}{lines}\n"
    );
    bed.sections(&format!("{}{tunnel}", bed.account("")));
    (Night::on(bed), vpn)
}

/// The server has forgotten the client, which does not notice; another process of it
/// brings the tunnel and its routes back.
#[track_caller]
fn is_restarted_by_procd(night: &Night, vpn: &OpenVpn) {
    let has_route = |night: &Night| night.bed.ip("route").contains(ROUTE);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    vpn.server.stop();
    vpn.server.resume();
    daemon.until("another process", |_| vpn.client.starts() > 1);
    night.is(&mut daemon, "up");
    daemon.until("the route", |_| has_route(night));
    daemon.until("traffic", |_| night.bed.exchange());
    assert_eq!(vpn.client.starts(), 2, "{}", daemon.log());
    assert_eq!(
        night.restarts() + night.bed.restarts(),
        0,
        "netifd has no part in it"
    );
    assert_eq!(night.tunnel()["evidence"]["route"], "ok");
}

#[test]
fn openvpn_with_a_network_of_proto_none() {
    let (night, vpn) = openvpn(Topology::P2p, &format!("option network {NETWORK}"));
    is_restarted_by_procd(&night, &vpn);
}

#[test]
fn openvpn_without_a_network() {
    let (night, vpn) = openvpn(Topology::Subnet, &format!("option device {TUN}"));
    is_restarted_by_procd(&night, &vpn);
}

/// A process that hangs takes no SIGTERM.
#[test]
fn an_openvpn_that_hangs_is_killed() {
    let (night, vpn) = openvpn(Topology::P2p, &format!("option device {TUN}"));
    night.pass_at(0).expect(0).says("dacha: up: ");
    vpn.client.hang();
    night.pass_at(100);
    night
        .pass_at(200)
        .expect(1)
        .says("restarting its service, 1 of 3 in an hour");
    assert_eq!(vpn.client.starts(), 1);
    night
        .pass_at(400)
        .expect(1)
        .says("restarting its service, 2 of 3 in an hour");
    wait_until("OpenVPN is back", || {
        vpn.client.starts() > 1 && night.bed.exchange()
    });
    night.pass_at(600).expect(0).says("dacha: up: ");
}

/// procd starts it again, and it may take its time to connect.
#[test]
fn an_openvpn_that_ends_may_come_back_by_itself() {
    let (night, vpn) = openvpn(Topology::P2p, &format!("option device {TUN}"));
    night.pass_at(0).expect(0).says("dacha: up: ");
    vpn.server.stop();
    vpn.client.crash();
    wait_until("the device goes", || !night.bed.has_tun());
    night.pass_at(100);
    for at in [102, 130] {
        night
            .pass_at(at)
            .expect(1)
            .says("the device tun0 is missing; its service has ")
            .says(" s more to bring it back by itself");
    }
    assert_eq!(vpn.client.signals(), 0);
    night.pass_at(200).expect(1).says("restarting its service");
}

/// OpenVPN's owner has stopped it; it comes back by itself, or the service does nothing.
#[test]
fn the_device_of_openvpn_is_gone() {
    for link in ["option network vpnki0", "option device tun0"] {
        let (night, vpn) = openvpn(Topology::P2p, link);
        let mut daemon = night.daemon();
        night.is(&mut daemon, "up");
        vpn.client.stop();
        night.is(&mut daemon, "down");
        let finding = night.finds(&mut daemon, "device");
        holds(&finding, "down: ");
        vpn.client.resume();
        night.is(&mut daemon, "up");
    }
}

/// Its routes are OpenVPN's: netifd would take them away with its side of the tunnel.
#[test]
fn a_network_of_proto_none_is_not_taken_down() {
    let night = Night::with("option on_down restart\noption down_after 2\n");
    let mut status = tunnel_status(NETWORK);
    status["proto"] = "none".into();
    night.bed.ubus.set_interface(NETWORK, status);
    night.pass_at(0).expect(0).says("dacha: up: ");
    night.bed.stall();
    night.pass_at(60);
    for at in [120, 180, 600] {
        night
            .pass_at(at)
            .expect(1)
            .says("172.16.0.1 has not answered for ")
            .says("; netifd does not run what makes its device ('option service' says what does)");
    }
    assert_eq!(night.bed.ubus.called("down", NETWORK), 0);
    assert!(night.bed.ip("route").contains(ROUTE));
}
