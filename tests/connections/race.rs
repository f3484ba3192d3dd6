//! Several addresses, of which some are dead: the others do not wait for them.

use wansync_sim::ubus::UbusSim;

use crate::bed::{Bed, DEAD_V4, DEAD_V6, OTHER_V4, V4, V6, wan};

#[test]
fn the_first_address_is_a_black_hole() {
    let bed = Bed::new();
    bed.serve(V4, DEAD_V6, &[(V4, "all")]);
    bed.sends();
    bed.serve(&format!("{DEAD_V4},{DEAD_V4}"), V6, &[(V6, "all")]);
    bed.sends();
    bed.hosts(&[DEAD_V4, V4]);
    bed.serve("nodata", "nodata", &[(V4, "all")]);
    bed.sends();
}

/// Wherever it stops, and that it does is not known before the next one has won.
#[test]
fn the_first_address_stalls_at_any_byte_of_tls() {
    let bed = Bed::new();
    for bytes in [
        "0", "1", "4", "5", "6", "60", "120", "127", "128", "300", "500",
    ] {
        bed.serve(V4, V6, &[(V6, bytes), (V4, "all")]);
        bed.sends();
        // A machine that is busy may hear of the IPv6 address too late to begin with it.
        let visited = bed.visited();
        assert!(
            visited.iter().any(|at| at == V4),
            "{bytes} bytes: {visited:?}"
        );
    }
}

#[test]
fn the_first_address_refuses() {
    let bed = Bed::new();
    // A reset where nothing listens, one in the middle, an unreachable host.
    bed.serve(V4, V6, &[(V4, "all")]);
    bed.sends();
    bed.serve(V4, V6, &[(V4, "all"), (V6, "reset")]);
    bed.sends();
    bed.internet.sysctl("net.ipv6.conf.all.forwarding=1");
    for kind in ["unreachable", "prohibit"] {
        bed.internet
            .ip(&format!("route replace {kind} {DEAD_V6}/128"));
        bed.serve(V4, DEAD_V6, &[(V4, "all")]);
        bed.sends();
    }
    // An IPv6 address, and no way for it.
    bed.net.ip("-6 route del default");
    bed.serve(V4, V6, &[(V4, "all")]);
    bed.sends();
    bed.net.sysctl("net.ipv6.conf.all.disable_ipv6=1");
    bed.sends();
}

#[test]
fn a_certificate_that_is_wrong_at_one_address_does_not_decide() {
    let bed = Bed::new();
    bed.sim
        .admin(&bed.internet, "fault?set=tls-expired&times=1");
    bed.hosts(&[V6, V4]);
    bed.serve(V4, V6, &[(V4, "all"), (V6, "all")]);
    bed.sends_at_last();
    // In either order: a machine that is busy may hear of the IPv6 address too late.
    let mut visited = bed.visited();
    visited.sort();
    assert_eq!(visited, [V6, V4]);
}

/// A bed whose section is bound to its WAN.
fn bound_bed() -> (Bed, UbusSim) {
    let bed = Bed::new();
    let ubus = bed.router.ubus();
    ubus.set_interface("wan", wan());
    bed.configure("option bind wan");
    (bed, ubus)
}

/// One sentence names each address and what became of it, and the device.
#[test]
fn each_address_fails_in_its_own_way() {
    let (bed, _ubus) = bound_bed();
    bed.serve(V4, DEAD_V6, &[]);
    bed.fails("no connection to www.skydns.ru through wan0: ")
        .says("45.90.28.1: Connection refused")
        .says("2a07:a8c0::dead: no answer");
}

#[test]
fn no_address_answers() {
    let (bed, _ubus) = bound_bed();
    bed.serve(DEAD_V4, DEAD_V6, &[]);
    bed.fails("the connection of www.skydns.ru took longer than 24 s (")
        .says(DEAD_V4)
        .says(DEAD_V6)
        .says(", through wan0)");
}

#[test]
fn tls_stands_still_at_every_address() {
    let (bed, _ubus) = bound_bed();
    let doors = [(V4, "200"), (OTHER_V4, "0")];
    bed.serve(&format!("{V4},{OTHER_V4}"), "nodata", &doors);
    bed.fails("the TLS handshake of www.skydns.ru took longer than 24 s (")
        .says(V4)
        .says(OTHER_V4)
        .says(", through wan0)");
}

/// Each attempt is bound to the device, or there is none.
#[test]
fn every_attempt_is_bound() {
    let (bed, _ubus) = bound_bed();
    bed.net.join("vpn0", &bed.internet, "far0");
    bed.net.ip("address add 9.9.9.9/24 dev vpn0");
    bed.internet.ip("address add 9.9.9.1/24 dev far0");
    bed.net.ip("route replace default via 9.9.9.1 dev vpn0");
    bed.net
        .ip("route add default via 8.8.4.1 dev wan0 metric 100");
    bed.serve(V4, DEAD_V6, &[(V4, "all")]);
    let before = bed.net.counters("vpn0").expect("a device").1;
    bed.sends();
    // What went there are questions of names.
    let sent = bed.net.counters("vpn0").expect("a device").1 - before;
    assert!(sent < 2000, "{sent} bytes went through the other device");
    bed.hosts(&[V4, V6]);
    bed.net.ip("link del wan0");
    let ran = bed.run(&["once", "--force"]).expect(1);
    ran.says("could not be bound to device wan0: No such device");
}
