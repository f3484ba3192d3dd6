//! `source 'static'`: an address from the configuration, which must be public.

use crate::{aborts, confirms};
use wansync_test_support::Router;

#[test]
fn a_public_address_is_sent() {
    confirms(&Router::with_address("8.8.4.4"), "8.8.4.4");
}

#[test]
fn a_public_ipv6_address_is_sent() {
    let router = Router::new();
    router.configure(
        &router.home("option source static\noption family ipv6\noption address 2A00:1450::00a1"),
    );
    confirms(&router, "2a00:1450::a1");
}

/// Each refusal says which kind of address it is.
#[test]
fn every_address_that_may_not_be_published_is_named() {
    let router = Router::new();
    for (address, cause) in [
        ("0.0.0.0", "is not an address of any host"),
        ("10.0.0.1", "is a private address"),
        ("172.16.0.1", "is a private address"),
        ("192.168.1.2", "behind another one (double NAT)"),
        ("100.64.0.1", "is a CGNAT address"),
        ("100.127.255.254", "ask the provider for a public one"),
        ("127.0.0.1", "is a loopback address"),
        ("169.254.10.20", "is a link-local address"),
        ("192.0.0.2", "DS-Lite or 464XLAT"),
        ("192.0.2.1", "is an address for documentation"),
        ("198.51.100.7", "is an address for documentation"),
        ("203.0.113.9", "is an address for documentation"),
        ("192.88.99.1", "is an address of a transition mechanism"),
        ("198.18.0.1", "is an address for benchmarks"),
        ("224.0.0.251", "is a multicast address"),
        ("240.0.0.1", "is in a reserved range"),
        ("255.255.255.255", "is the broadcast address"),
        ("::", "is not an address of any host"),
        ("::1", "is a loopback address"),
        ("::ffff:8.8.4.4", "is in a reserved range"),
        ("fe80::1", "is a link-local address"),
        ("fd12::1", "is a unique local address (ULA)"),
        ("ff02::1", "is a multicast address"),
        ("2001:db8::1", "is an address for documentation"),
        ("2001:0:4136::1", "is an address of a transition mechanism"),
        ("2002:808:404::1", "is an address of a transition mechanism"),
    ] {
        let family = if address.contains(':') {
            "ipv6"
        } else {
            "ipv4"
        };
        router.configure(&router.home(&format!(
            "option source static\noption family {family}\noption address '{address}'"
        )));
        aborts(&router, &format!("{address} "));
        aborts(&router, cause);
        let status = router.home_status();
        assert_eq!(status["outcome"], "aborted", "{address}");
        assert_eq!(status["observed"], address);
        assert!(status["confirmed"].is_null());
    }
    assert!(!router.record().exists(), "nothing of it is worth flash");
}

#[test]
fn what_is_no_address_of_the_family_is_an_error_in_its_line() {
    let router = Router::new();
    for (options, cause) in [
        (
            "option address '8.8.4'",
            "line 8: error: section 'home': option 'address': '8.8.4' is not an address",
        ),
        (
            "option address '2a00::1'",
            "'2a00::1' is not an IPv4 address",
        ),
        (
            "option family ipv6\noption address '8.8.4.4'",
            "'8.8.4.4' is not an IPv6 address",
        ),
        ("option enabled 1", "source 'static' needs it"),
    ] {
        router.configure(&router.home(&format!("option source static\n{options}")));
        router.once().expect(78).says(cause);
    }
    assert_eq!(router.updates(), 0);
}
