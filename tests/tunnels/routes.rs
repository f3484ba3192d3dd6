//! The route that must lead through the tunnel.

use serde_json::{Value, json};

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_test_support::tunnel::{FAR, NETWORK, ROUTE, tunnel_status};

/// The tunnel goes down at the first round in which it is, and its route is restored.
const AT_ONCE: &str = "option down_after 1\noption fix_route 1";

impl Night {
    /// The route as `status` has it.
    #[track_caller]
    fn route(&self) -> Value {
        self.tunnel()["evidence"]["route"].clone()
    }

    /// Asserts that `status` for people says this.
    #[track_caller]
    fn shows(&self, seconds: i64, text: &str) {
        self.run_at(seconds, &["status"]).expect(0).says(text);
    }

    /// The far end's route of its own, which a PPP or OpenVPN client leaves there.
    fn far_end_has_a_route(&self) -> bool {
        let routes = self.bed.ip("route");
        routes.contains(&format!("{FAR} dev {NETWORK}"))
    }
}

#[test]
fn a_missing_route_is_restored() {
    let night = Night::with(&format!("{QUICK_OPTIONS}option fix_route 1"));
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.lose_route();
    assert!(night.far_end_has_a_route(), "{}", night.bed.ip("route"));
    daemon.says("dacha: the missing route is restored");
    let routes = night.bed.ip("route");
    assert!(routes.contains(&format!("{ROUTE} dev vpnki0")), "{routes}");
    night.is(&mut daemon, "up");
    holds(&daemon.log(), "172.16.0.1 answers on vpnki0 in ");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_missing_route_without_the_option() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.lose_route();
    daemon.until("a reason", |_| {
        night
            .finding()
            .contains("but the route 172.16.0.0/16 leads to wan0")
    });
    assert_eq!(night.tunnel()["evidence"]["route"], "via wan0");
    daemon.says("a restart would cut its traffic, so nothing is done");
    night.bed.restore_route();
    night.is(&mut daemon, "up");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_route_elsewhere() {
    let night = Night::with("option down_after 1\noption fix_route 1");
    night.bed.ip(&format!("route replace {ROUTE} dev wan0"));
    night
        .pass_at(0)
        .expect(1)
        .says("but the route 172.16.0.0/16 leads to wan0")
        .says("cannot be added through vpnki0: there is one already, through wan0");
    assert_eq!(night.tunnel_at(1)["evidence"]["route"], "via wan0");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn the_route_of_the_far_end_is_none_of_the_network() {
    let night = Night::with("option down_after 1");
    night.bed.lose_route();
    assert!(night.far_end_has_a_route(), "{}", night.bed.ip("route"));
    night
        .pass_at(0)
        .expect(1)
        .says("but the route 172.16.0.0/16 leads to wan0, not through vpnki0");
    assert_eq!(night.route(), "via wan0");
    night
        .run_at(0, &["check"])
        .expect(75)
        .says("FAIL  dacha: packets to 172.16.0.0/16 go through wan0 instead of vpnki0");
    // No way at all leads there.
    night.bed.ip("route add unreachable 172.16.0.0/12");
    night
        .pass_at(60)
        .expect(1)
        .says("but the route 172.16.0.0/16 is missing");
    assert_eq!(night.tunnel_at(61)["evidence"]["route"], "missing");
    night
        .run_at(61, &["check"])
        .expect(75)
        .says("FAIL  dacha: there is no route to 172.16.0.0/16");
}

#[test]
fn the_default_route_in_the_tunnel_is_a_route_too() {
    let night = Night::with(AT_ONCE);
    night.bed.lose_route();
    night.bed.ip(&format!("route add 0.0.0.0/1 dev {NETWORK}"));
    night
        .bed
        .ip(&format!("route add 128.0.0.0/1 dev {NETWORK}"));
    // As a client sets it, so that the tunnel does not carry itself.
    night.bed.ip("route add 45.90.28.1 via 8.8.4.1 dev wan0");
    night.pass_at(0).expect(0).says("dacha: up: ");
    assert_eq!(night.route(), "ok");
    let routes = night.bed.ip("route");
    assert!(!routes.contains(ROUTE), "{routes}");
}

#[test]
fn another_route_in_the_network_is_no_fault_of_the_tunnel() {
    let night = Night::with("option down_after 1\noption fix_route 1\noption on_down restart");
    night.bed.ip("route add 172.16.5.0/24 dev wan0");
    let part = "172.16.5.0/24 via wan0";
    for at in [0, 60, 120] {
        let up = format!("though there is another route in 172.16.0.0/16: {part}");
        night.pass_at(at).expect(0).says("dacha: up: ").says(&up);
    }
    assert_eq!(
        night.tunnel_at(121)["evidence"]["route"],
        format!("partly: {part}")
    );
    night.shows(121, &format!("route 172.16.0.0/16 ok, but {part}"));
    let but = format!("warn  dacha: packets to 172.16.0.0/16 go through vpnki0, but for {part}");
    night.run_at(121, &["check"]).expect(0).says(&but);
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_part_of_the_network_without_a_route() {
    let night = Night::with(AT_ONCE);
    night.bed.lose_route();
    night
        .bed
        .ip(&format!("route add 172.16.0.0/17 dev {NETWORK}"));
    let part = "172.16.128.0/17 via wan0";
    night
        .pass_at(0)
        .expect(1)
        .says(&format!(
            "but the route 172.16.0.0/16 is incomplete: {part}"
        ))
        .says("dacha: the missing route is restored");
    assert_eq!(night.route(), format!("partly: {part}"));
    night.shows(0, &format!("route 172.16.0.0/16 incomplete: {part}"));
    night.pass_at(60).expect(0).says("dacha: up: ");
    assert_eq!(night.tunnel_at(61)["evidence"]["route"], "ok");
}

#[test]
fn a_table_that_a_rule_names() {
    let night = Night::with("option down_after 1");
    night.bed.lose_route();
    night
        .bed
        .ip(&format!("route add {ROUTE} dev {NETWORK} table 100"));
    night.pass_at(0).expect(1).says("leads to wan0");
    night.bed.ip(&format!("rule add to {ROUTE} lookup 100"));
    night.pass_at(60).expect(0).says("dacha: up: ");
    assert_eq!(night.tunnel_at(61)["evidence"]["route"], "ok");
}

#[test]
fn a_rule_by_mark_decides() {
    let night = Night::with("option down_after 1\noption fix_route 1\noption on_down restart");
    night.bed.ip("route add default dev wan0 table 100");
    night
        .bed
        .ip("rule add fwmark 0x100/0x3f00 lookup 100 priority 2001");
    for at in [0, 60, 120] {
        night.pass_at(at).expect(0).says("dacha: up: ");
    }
    assert_eq!(night.tunnel_at(121)["evidence"]["route"], Value::Null);
    let unknown = "unknown: rule 2001 of 'ip rule' decides, by more than the destination";
    night.shows(121, &format!("route 172.16.0.0/16 {unknown}"));
    night.run_at(121, &["check"]).expect(0).says("rule 2001 of");
    assert_eq!(night.restarts(), 0);
    // Without its route the packets do not go there, marked or not.
    night.bed.lose_route();
    night.pass_at(180).expect(1).says("leads to wan0");
}

#[test]
fn the_table_of_the_tunnels_network() {
    let night = Night::with(AT_ONCE);
    let mut status = tunnel_status(NETWORK);
    status["ip4table"] = json!(100);
    night.bed.ubus.set_interface(NETWORK, status);
    night.bed.lose_route();
    let in_table = || night.bed.ip("route list table all");
    night
        .pass_at(0)
        .expect(1)
        .says("leads to wan0")
        .says("dacha: the missing route is restored");
    let route = format!("{ROUTE} dev {NETWORK} table 100");
    assert!(in_table().contains(&route), "{}", in_table());
    assert!(!night.bed.ip("route").contains(ROUTE));
    night.pass_at(60).expect(0).says("dacha: up: ");
    assert_eq!(night.tunnel_at(61)["evidence"]["route"], "ok");
}
