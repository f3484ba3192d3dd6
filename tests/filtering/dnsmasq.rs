//! The real dnsmasq, set up as OpenWrt's script does it: whom it asks is what is said of it.

use std::collections::BTreeSet;

use crate::House;
use wansync_test_support::dnsmasq::Dnsmasq;
use wansync_test_support::netns::FarSim;
use wansync_test_support::resolver::Resolver;
use wansync_test_support::waiting::comes_true;

const RESOLVERS: [&str; 4] = ["193.58.251.251", "10.0.0.1", "8.8.8.8", "10.8.0.1"];

/// A dnsmasq that asks all whom it may ask by these lines of `/etc/config/dhcp`.
fn start(house: &House, lines: &str) -> Dnsmasq {
    let resolv = house.router.path("resolv.conf.auto");
    let mut resolvers = format!("--resolv-file={}", resolv.display());
    let mut words = vec!["--cache-size=0".to_owned(), "--all-servers".to_owned()];
    for line in lines.lines() {
        let (option, value) = line.rsplit_once(' ').expect("three words");
        match option {
            "list server" => words.push(format!("--server={}", value.trim_matches('\''))),
            "option noresolv" => resolvers = "--no-resolv".to_owned(),
            _ => panic!("{line}"),
        }
    }
    words.push(resolvers);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Dnsmasq::start(&house.net, &words)
}

/// Asks dnsmasq for a name of `www{number}`, which wansync itself does.
fn ask(house: &House, sim: &FarSim, name: &str) {
    let options = format!(
        "option source 'static'\noption address '8.8.4.4'\nlist resolver '127.0.0.1'\noption test_name '{name}'"
    );
    house.router.configure_raw(sim.home(&options).as_bytes());
    house.run(&["check"]).expect(0);
}

/// The part of the questions for `www{number}` that came to SkyDNS, so far.
fn answered_by_skydns(resolver: &Resolver, number: usize) -> &'static str {
    let mut asked = BTreeSet::new();
    for line in resolver.questions() {
        let (at, name) = line.split_once(' ').expect("two words");
        if name.starts_with(&format!("www{number}.")) {
            asked.insert(at.to_owned());
        }
    }
    match (asked.remove("193.58.251.251"), asked.is_empty()) {
        (true, true) => "all",
        (true, false) => "some",
        (false, false) => "none",
        (false, true) => "unknown",
    }
}

#[test]
fn dnsmasq_asks_whom_it_is_said_to_ask() {
    let house = House::new();
    let internet = house.net.beside();
    house.net.join("eth1", &internet, "customer");
    house.net.ip("address add 8.8.4.4/32 dev eth1");
    house.net.ip("route add default dev eth1");
    internet.ip("route add default dev customer");
    for address in RESOLVERS {
        internet.ip(&format!("address add {address}/32 dev customer"));
    }
    let sim = FarSim::start(&house.net, "127.0.0.1");
    let all = RESOLVERS.map(|address| format!("{address}:53")).join(" ");
    let resolver = Resolver::start(&internet, &all);
    const SKYDNS: &str = "list server '193.58.251.251'\n";
    let isp = "# Interface wan\nnameserver 10.0.0.1\n";
    let both = "nameserver 193.58.251.251\nnameserver 10.0.0.1\n";
    let table: &[(&str, &str, &str)] = &[
        ("", isp, "none"),
        ("", "nameserver 193.58.251.251\n", "all"),
        ("", both, "some"),
        (SKYDNS, isp, "some"),
        (&format!("{SKYDNS}option noresolv '1'\n"), isp, "all"),
        (
            &format!("{SKYDNS}option noresolv '1'\nlist server '8.8.8.8#53'\n"),
            isp,
            "some",
        ),
        (
            &format!("{SKYDNS}option noresolv '1'\nlist server '/example.com/8.8.8.8'\n"),
            isp,
            "some",
        ),
        (
            &format!("{SKYDNS}option noresolv '1'\nlist server '/#/8.8.8.8'\n"),
            isp,
            "some",
        ),
        (
            &format!("{SKYDNS}option noresolv '1'\nlist server '/example.com/'\n"),
            isp,
            "all",
        ),
        (
            &format!("{SKYDNS}option noresolv '1'\nlist server '/example.com/#'\n"),
            isp,
            "all",
        ),
        (
            &format!("{SKYDNS}option noresolv '1'\nlist server '//8.8.8.8'\n"),
            isp,
            "all",
        ),
        (
            &format!("{SKYDNS}option noresolv '1'\nlist server '127.0.0.1'\n"),
            isp,
            "all",
        ),
        ("list server '/example.com/193.58.251.251'\n", isp, "some"),
        (
            "option noresolv '1'\nlist server '8.8.8.8@eth1'\n",
            isp,
            "none",
        ),
    ];
    for (number, (lines, resolv, verdict)) in table.iter().enumerate() {
        house.resolv(resolv);
        house.dnsmasq(lines);
        let _dnsmasq = start(&house, lines);
        for domain in ["com", "org"] {
            ask(&house, &sim, &format!("www{number}.example.{domain}"));
        }
        // Whoever answers second may not have done so yet.
        let is_done = || answered_by_skydns(&resolver, number) == *verdict;
        assert!(
            comes_true(is_done),
            "dnsmasq with {lines} {resolv}: {:?}",
            resolver.questions()
        );
        house.skydns("");
        assert_eq!(house.filtering()["verdict"], *verdict, "{lines} {resolv}");
    }
    for (number, (lines, resolv, verdict)) in table.iter().enumerate() {
        let done = answered_by_skydns(&resolver, number);
        assert_eq!(done, *verdict, "dnsmasq with {lines} {resolv}");
    }
}
