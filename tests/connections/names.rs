//! A and AAAA, of which one is not answered, or not honestly.

use crate::bed::{Bed, DEAD_V4, V4, V6, is_soon};

const FAULTS: [&str; 7] = [
    "servfail", "refused", "notimp", "nxdomain", "dropped", "loop", "junk",
];

/// One after the other, since each has the name server for itself.
fn sends_over_ipv4_whatever_aaaa_is(bed: &Bed) {
    for fault in FAULTS {
        bed.serve(V4, fault, &[(V4, "all"), (V6, "all")]);
        bed.sends();
        assert_eq!(bed.visited(), [V4], "AAAA: {fault}");
    }
}

#[test]
fn a_is_answered_and_aaaa_is_not() {
    sends_over_ipv4_whatever_aaaa_is(&Bed::new());
}

#[test]
fn a_is_answered_and_aaaa_is_not_behind_dnsmasq() {
    sends_over_ipv4_whatever_aaaa_is(&Bed::with_dnsmasq());
}

#[test]
fn aaaa_is_answered_and_a_is_not() {
    let bed = Bed::new();
    for fault in FAULTS {
        bed.serve(fault, V6, &[(V4, "all"), (V6, "all")]);
        bed.sends();
        assert_eq!(bed.visited(), [V6], "A: {fault}");
    }
}

#[test]
fn both_are_answered() {
    let bed = Bed::with_dnsmasq();
    bed.serve(V4, V6, &[(V4, "all"), (V6, "all")]);
    // Which of them has the first turn is shown beside the race (`src/sys/http/race.rs`):
    // a machine that is busy may hear of the IPv6 address too late.
    bed.sends();
}

/// The half that failed is said where the other one does not help. SERVFAIL is an answer
/// to glibc; musl asks again until the time is over.
#[test]
fn a_failed_half_is_named() {
    let bed = Bed::new();
    bed.serve(V4, "servfail", &[]);
    bed.fails("no connection to www.skydns.ru: 45.90.28.1: Connection refused; ")
        .says("no IPv6 address: no name server g");
    // One that comes too late costs 5 s.
    bed.serve(V4, "dropped", &[]);
    is_soon(|| {
        bed.fails("no connection to www.skydns.ru: 45.90.28.1: Connection refused; ")
            .says("no IPv6 address: no name server gave an answer within 5 s");
    });
    bed.serve("nxdomain", "nxdomain", &[]);
    bed.fails("name resolution of www.skydns.ru failed: the name does not exist");
    bed.serve("nxdomain", "servfail", &[]);
    bed.fails(
        "name resolution of www.skydns.ru failed: no IPv4 address: the name does not exist; ",
    )
    .says("no IPv6 address: no name server g");
    bed.serve("nodata", "nodata", &[]);
    bed.fails("name resolution of www.skydns.ru failed: it has no address");
}

/// `check` says it where the other half does help.
#[test]
fn check_names_the_half_that_fails() {
    let bed = Bed::new();
    bed.serve(V4, V6, &[(V4, "all"), (V6, "all")]);
    bed.run(&["check"]).expect(0).never_says(" address: ");
    bed.serve(V4, "nodata", &[(V4, "all")]);
    bed.run(&["check"]).expect(0).never_says(" address: ");
    for (a, aaaa, half, other) in [
        (V4, "dropped", "IPv6", "IPv4"),
        ("nxdomain", V6, "IPv4", "IPv6"),
    ] {
        bed.serve(a, aaaa, &[(V4, "all"), (V6, "all")]);
        let ran = bed.run(&["check"]).expect(0);
        let warned = format!("warn  home: www.skydns.ru: no {half} address: ");
        ran.says(&warned).says(&format!("; {other} is used"));
    }
}

#[test]
fn neither_half_is_answered() {
    let bed = Bed::new();
    bed.serve("dropped", "dropped", &[]);
    bed.fails("name resolution of www.skydns.ru failed: no name server gave an answer within 15 s");
}

#[test]
fn thousands_of_addresses() {
    for bed in [Bed::new(), Bed::with_dnsmasq()] {
        bed.serve(&format!("flood:{V4}"), V6, &[(V4, "all")]);
        bed.sends();
        assert_eq!(bed.visited(), [V4]);
    }
}

#[test]
fn thousands_of_dead_addresses() {
    let bed = Bed::new();
    bed.serve(&format!("flood:{DEAD_V4}"), "nodata", &[]);
    bed.fails("the connection of www.skydns.ru took longer than 24 s (")
        .says(" more addresses");
}
