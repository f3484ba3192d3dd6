//! The test router with a tunnel does what its methods say, whatever the program
//! makes of it.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use wansync_sim::ubus::blob::{self, Blob};
use wansync_sim::ubus::message::{Message, id, kind};

use rustix::process::Signal;
use wansync_test_support::clocks::booted_ago;
use wansync_test_support::ran;
use wansync_test_support::tunnel::{
    FAR, Keepalive, NAME, NEAR, NETWORK, Restart, TUN, Topology, TunnelBed,
};

wansync_test_support::simulator!();

/// Calls netifd as a program on the router would; what came.
fn call(bed: &TunnelBed, method: &str, network: &str) -> Value {
    let mut stream = UnixStream::connect(bed.ubus.path()).unwrap();
    Message::read(&mut stream).unwrap();
    let path = format!("network.interface.{network}");
    let lookup = Message::of(kind::LOOKUP, 1, 0).with_text(id::OBJPATH, &path);
    let object = ask(&mut stream, &lookup)[0].number(id::OBJID).unwrap();
    let invoke = Message::of(kind::INVOKE, 2, object)
        .with_number(id::OBJID, object)
        .with_text(id::METHOD, method)
        .with_fields(id::DATA, &Vec::<(String, Blob)>::new());
    let answers = ask(&mut stream, &invoke);
    let data = answers[0].fields(id::DATA);
    data.map_or(Value::Null, |fields| blob::fields_to_json(&fields))
}

fn ask(stream: &mut UnixStream, request: &Message) -> Vec<Message> {
    stream.write_all(&request.encode()).unwrap();
    let mut answers = vec![Message::read(stream).unwrap()];
    while answers.last().unwrap().kind != kind::STATUS {
        answers.push(Message::read(stream).unwrap());
    }
    answers
}

fn restart(bed: &TunnelBed) -> Value {
    call(bed, "down", NETWORK);
    call(bed, "up", NETWORK);
    call(bed, "status", NETWORK)
}

/// The packets received and sent over a ping, and true if it came back.
fn pinged(bed: &TunnelBed) -> (bool, bool, bool) {
    let before = bed.counters();
    let answered = bed.pings();
    let after = bed.counters();
    (answered, after.0 > before.0, after.1 > before.1)
}

const FINE: (bool, bool, bool) = (true, true, true);
const UNANSWERED: (bool, bool, bool) = (false, false, true);

#[test]
fn the_tunnel_answers_and_stalls_and_drops() {
    let bed = TunnelBed::new();
    assert_eq!(bed.counters(), (0, 0), "nothing goes over it by itself");
    assert_eq!(pinged(&bed), FINE);
    let far = |bed: &TunnelBed| bed.far_ip("-s link show vpn0");

    bed.stall();
    assert_eq!(pinged(&bed), UNANSWERED);
    bed.heal();
    assert_eq!(pinged(&bed), FINE);

    bed.drop_replies();
    let before = far(&bed);
    assert_eq!(pinged(&bed), UNANSWERED);
    assert_ne!(far(&bed), before, "what is sent arrives");
    bed.heal();
    assert_eq!(pinged(&bed), FINE);

    // The far end has a route of its own, as on a PPP link.
    bed.lose_route();
    assert_eq!(pinged(&bed), FINE);
    assert!(bed.ip("route").contains("172.16.0.1 dev vpnki0"));
    assert!(!bed.ip("route").contains("172.16.0.0/16"));
    bed.restore_route();
    assert!(bed.ip("route").contains("172.16.0.0/16 dev vpnki0"));
    assert_eq!(bed.restarts(), 0);
}

#[test]
fn the_device_goes_and_comes_back() {
    let bed = TunnelBed::new();
    bed.vanish_unnoticed();
    assert!(!bed.ip("link").contains(NETWORK));
    assert_eq!(call(&bed, "status", NETWORK)["l3_device"], NETWORK);
    bed.vanish();
    let status = call(&bed, "status", NETWORK);
    assert_eq!(
        (&status["up"], &status["errors"][0]["code"]),
        (&false.into(), &"NO_DEVICE".into())
    );
    bed.come_back_as("ppp7");
    assert_eq!(bed.device().as_deref(), Some("ppp7"));
    assert_eq!(call(&bed, "status", NETWORK)["l3_device"], "ppp7");
    assert_eq!(pinged(&bed), FINE);
}

#[test]
fn restarts_end_as_they_were_set() {
    let bed = TunnelBed::new();
    bed.stall();
    bed.on_restart(Restart::Useless);
    assert_eq!(restart(&bed)["up"], true);
    assert_eq!(pinged(&bed), UNANSWERED);
    bed.on_restart(Restart::Heals);
    assert_eq!(restart(&bed)["up"], true);
    assert_eq!(pinged(&bed), FINE);

    bed.on_restart(Restart::Moves("ppp1"));
    assert_eq!(restart(&bed)["l3_device"], "ppp1");
    assert_eq!(pinged(&bed), FINE);

    bed.on_restart(Restart::Fails("AUTH_FAILED"));
    assert_eq!(restart(&bed)["errors"][0]["code"], "AUTH_FAILED");
    assert!(!bed.pings());
    bed.on_restart(Restart::Hangs);
    assert_eq!(restart(&bed)["pending"], true);
    bed.on_restart(Restart::HealsAfter(Duration::from_secs(5)));
    assert_eq!(restart(&bed)["pending"], true);
    bed.wait("the network comes up", |bed| {
        call(bed, "status", NETWORK)["up"] == true
    });
    assert_eq!(pinged(&bed), FINE);

    bed.vanish();
    bed.on_restart(Restart::Useless);
    assert_eq!(restart(&bed)["errors"][0]["code"], "NO_DEVICE");
    bed.on_restart(Restart::Heals);
    assert_eq!(restart(&bed)["l3_device"], NETWORK);
    assert_eq!(pinged(&bed), FINE);
    assert_eq!(bed.restarts(), 8);
}

#[test]
fn the_wan_goes_and_the_default_route_moves() {
    let bed = TunnelBed::new();
    bed.sections(&bed.home("option network wan"));
    bed.once().expect(0).says("8.8.4.4 is confirmed");
    bed.wan_down();
    bed.once().expect(75);
    assert_eq!(call(&bed, "status", "wan")["pending"], true);
    bed.set_wan("8.8.4.5");
    bed.once().expect(0).says("8.8.4.5 is confirmed");
    bed.default_route_in_tunnel();
    bed.run(&["once", "--force"]).expect(0);
    bed.default_route_in_wan();
    bed.run(&["once", "--force"]).expect(0);
    let pair = |from: &str, address: &str| (from.to_owned(), address.to_owned());
    let expected = [
        pair("8.8.4.4", "8.8.4.4"),
        pair("8.8.4.5", "8.8.4.5"),
        pair(NEAR, "8.8.4.5"),
        pair("8.8.4.5", "8.8.4.5"),
    ];
    assert_eq!(bed.updates(), expected);
}

#[test]
fn the_services_are_scripted() {
    let bed = TunnelBed::new();
    bed.sections(&bed.account(""));
    let active = |bed: &TunnelBed| {
        let ran = bed.run(&["vpnki", "active"]);
        (ran.code, ran.stdout.contains(NAME))
    };
    bed.vpnki_lists(&[&[NAME], &[]]);
    assert_eq!(active(&bed), (Some(0), true));
    assert_eq!(active(&bed), (Some(0), false));
    assert_eq!(active(&bed), (Some(0), false));
    bed.vpnki_knows(&[("other", "172.16.9.9")]);
    bed.run(&["vpnki", "tunnels"])
        .expect(0)
        .says("other")
        .never_says(NAME);
    bed.vpnki_lists(&[&[NAME, "other"]]);
    bed.vpnki("envelope=1.x&rows=strings");
    assert_eq!(active(&bed), (Some(0), true));
    let answered = bed.vpnki_requests();
    assert_eq!(
        answered,
        ["active", "active", "active", "tunnels", "active"]
    );

    bed.vpnki_fails("status=503");
    assert_ne!(active(&bed).0, Some(0));
    bed.services_work();
    assert_eq!(active(&bed), (Some(0), true));
    bed.services_unreachable();
    assert_ne!(active(&bed).0, Some(0));
    bed.services_reachable();
    assert_eq!(active(&bed), (Some(0), true));
}

#[test]
fn the_clock_since_boot_can_be_moved_on_it() {
    let bed = TunnelBed::new();
    let mut uptime = Command::new("cat");
    let uptime = booted_ago(uptime.arg("/proc/uptime"), 500_000);
    let said = ran(bed.inside(&uptime).output().unwrap()).expect(0);
    assert!(said.stdout.starts_with("5000"), "{}", said.stdout);
    bed.sections(&bed.home("option network wan"));
    bed.once_at(600_000).expect(0).says("8.8.4.4 is confirmed");
}

#[test]
fn it_runs_programs_for_as_long_as_it_lasts() {
    let bed = TunnelBed::new();
    let mut running = bed.spawn(&["--help"]);
    running.says("once");
    assert_eq!(running.ended(), Some(0));
    assert!(bed.ip("address").contains(NEAR) && bed.far_ip("address").contains(FAR));
}

#[test]
fn traffic_goes_where_it_is_said_to() {
    let bed = TunnelBed::new();
    bed.filter_echoes();
    assert_eq!(pinged(&bed), UNANSWERED);
    let moved = |bed: &TunnelBed, least: u64, before: (u64, u64)| {
        let (received, sent) = bed.counters();
        (received - before.0 >= least, sent - before.1 >= least)
    };
    let before = bed.counters();
    assert!(bed.exchange());
    assert_eq!(moved(&bed, 1000, before), (true, true));

    let pause = Duration::from_millis(10);
    let before = bed.counters();
    let there_and_back = bed.exchange_every(pause);
    bed.wait("traffic both ways", |bed| {
        moved(bed, 20_000, before) == (true, true)
    });
    drop(there_and_back);

    let before = bed.counters();
    let out = bed.send_every(pause);
    bed.wait("traffic out", |bed| moved(bed, 20_000, before).1);
    assert_eq!(bed.counters().0, before.0, "nothing comes back");
    drop(out);

    let before = bed.counters();
    bed.send(20);
    bed.wait("a burst", |bed| moved(bed, 20_000, before).1);
    assert_eq!(bed.counters().0, before.0, "nothing comes back");

    let before = bed.counters();
    let _in = bed.receive_every(pause);
    bed.wait("traffic in", |bed| moved(bed, 20_000, before).0);
    assert_eq!(bed.counters().1, before.1, "nothing goes back");
    bed.stall();
    assert!(!bed.pings());
    bed.heal();
    bed.answer_echoes();
    assert!(bed.pings());
}

#[test]
fn the_other_wan_takes_over() {
    let bed = TunnelBed::new();
    bed.add_wwan();
    let way = |bed: &TunnelBed| bed.ip("route get 45.90.28.1");
    assert!(way(&bed).contains("dev wan0"), "{}", way(&bed));
    bed.wan_down();
    assert!(way(&bed).contains("dev wwan0"), "{}", way(&bed));
    assert_eq!(call(&bed, "status", "wwan_4")["dynamic"], true);
    bed.set_wan("8.8.4.5");
    bed.wwan_down();
    assert!(way(&bed).contains("dev wan0"), "{}", way(&bed));
    bed.wwan_up();
    bed.wan_down();
    assert!(way(&bed).contains("dev wwan0"), "{}", way(&bed));
}

#[test]
fn netifd_gives_up() {
    let bed = TunnelBed::new();
    bed.give_up("AUTH_FAILED");
    let status = call(&bed, "status", NETWORK);
    assert_eq!(
        (&status["up"], &status["autostart"]),
        (&false.into(), &false.into())
    );
    assert_eq!(status["errors"][0]["code"], "AUTH_FAILED");
    call(&bed, "up", NETWORK);
    assert_eq!(pinged(&bed), FINE);
}

/// With its routes, the second time as well.
#[test]
fn openvpn_is_a_service() {
    for topology in [Topology::P2p, Topology::Subnet] {
        let bed = TunnelBed::without_tunnel();
        let vpn = bed.start_openvpn(topology, Keepalive::Pushed);
        bed.add_proto_none();
        assert_eq!(call(&bed, "status", NETWORK)["l3_device"], TUN);
        let has_route = |bed: &TunnelBed| bed.ip("route").contains("172.16.0.0/16");
        let routes = bed.ip("route");
        let has_peer = routes.lines().any(|line| line.starts_with("172.16.0.1 "));
        assert_eq!(has_peer, topology == Topology::P2p, "{routes}");
        assert!(has_route(&bed) && bed.exchange());

        // netifd's side of it is not the tunnel's.
        restart(&bed);
        assert!(!has_route(&bed));
        assert_eq!(vpn.client.starts(), 1);

        assert!(vpn.client.signal(Signal::TERM));
        bed.wait("another process", |_| vpn.client.starts() == 2);
        bed.wait("the route", has_route);
        bed.wait("traffic", TunnelBed::pings);
        bed.wait("netifd", |bed| call(bed, "status", NETWORK)["up"] == true);

        vpn.client.stop();
        bed.wait("netifd", |bed| {
            call(bed, "status", NETWORK)["available"] == false
        });
        assert!(!bed.has_tun() && !bed.pings());
        vpn.client.resume();
        bed.wait("traffic", |bed| bed.has_tun() && bed.pings());

        // A client whose server went and came back is there again by itself.
        vpn.server.stop();
        bed.wait("the end of traffic", |bed| !bed.pings());
        vpn.server.resume();
        bed.wait("traffic", TunnelBed::pings);
        assert_eq!(vpn.client.starts(), 3);
    }
}
