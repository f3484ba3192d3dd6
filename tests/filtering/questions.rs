//! The one question that `check` asks the service's resolver.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::House;
use wansync_test_support::Ran;
use wansync_test_support::netns::FarSim;
use wansync_test_support::resolver::Resolver;

const AT: &str = "193.58.251.251:53";
const TEST: &str = "option test_name 'bad.example'";
const BLOCKS: &str = "193.58.251.251:53 --block bad.example";

/// A house whose service is the simulator, and whose resolver may listen at SkyDNS's
/// address.
fn house(options: &str) -> (House, FarSim) {
    let house = House::new();
    house.net.ip("address add 193.58.251.251/32 dev lo");
    let sim = FarSim::start(&house.net, "127.0.0.1");
    configure(&house, &sim, options);
    (house, sim)
}

fn configure(house: &House, sim: &FarSim, options: &str) {
    let options = format!(
        "option source 'static'\noption address '8.8.4.4'\nlist resolver '193.58.251.251'\n{options}"
    );
    house.router.configure_raw(sim.home(&options).as_bytes());
}

/// Nothing that the resolver says is an error.
fn check(house: &House) -> Ran {
    house.run(&["check"]).expect(0)
}

fn profile_test(house: &House) -> Value {
    house.status()["skydns"][0]["profile_test"].clone()
}

#[test]
fn a_profile_that_is_in_force() {
    let (house, _sim) = house(TEST);
    for page in ["193.58.251.1", "193.58.251.11"] {
        let resolver = Resolver::start(&house.net, &format!("{BLOCKS} --page {page}"));
        check(&house).says(&format!(
            "ok    home: 193.58.251.251 answers for bad.example: {page}, which is its block page: \
             this household's profile is in force\n"
        ));
        assert_eq!(resolver.questions(), ["193.58.251.251 bad.example"]);
    }
}

#[test]
fn a_profile_that_is_not_in_force() {
    let (house, _sim) = house(TEST);
    for (words, came) in [
        (
            "",
            "9.9.9.80, which is not its block page: the profile is not in force",
        ),
        (
            "--fault nxdomain",
            "no such name (NXDOMAIN), which is not its block page",
        ),
        ("--fault servfail", "SERVFAIL, which is not"),
        ("--fault refused", "REFUSED, which is not"),
        ("--fault empty", "no address, which is not"),
        ("--fault truncated", "no address, which is not"),
        ("--fault loop", "9.9.9.80, which is not"),
    ] {
        let _resolver = Resolver::start(&house.net, &format!("{AT} {words}"));
        check(&house).says(&format!(
            "warn  home: 193.58.251.251 answers for bad.example: {came}"
        ));
        assert_eq!(profile_test(&house)["state"], "not-in-force", "{words}");
    }
    let _resolver = Resolver::start(&house.net, AT);
    check(&house).says(
        "Either this address is not bound to it yet, or it does not block that name, or another \
         resolver on the way answers in its place\n",
    );
}

/// It is asked in a network that may have its address, where dnsmasq's files count.
#[test]
fn the_resolver_is_no_program_of_the_routers() {
    let (house, _sim) = house(TEST);
    house.dnsmasq("option noresolv '1'\nlist server '193.58.251.251'");
    let _resolver = Resolver::start(&house.net, BLOCKS);
    house.says("all", "all DNS questions go to SkyDNS");
}

/// Being bound is not being filtered: the address is confirmed all the while.
#[test]
fn the_status_shows_the_answer_and_asks_nothing() {
    let (house, _sim) = house(TEST);
    house.run(&["once"]).expect(0);
    assert_eq!(profile_test(&house), Value::Null);
    let resolver = Resolver::start(&house.net, BLOCKS);
    check(&house);
    assert_eq!(resolver.questions().len(), 1);
    let test = profile_test(&house);
    assert_eq!(test["state"], "in-force");
    assert_eq!(
        (&test["resolver"], &test["name"]),
        (&"193.58.251.251".into(), &"bad.example".into())
    );
    assert!(test["age_s"].as_u64().expect("an age") < 600);
    let status = house.run(&["status"]).expect(0);
    status
        .says("this household's profile is in force (")
        .says(" ago)\n");
    let metrics = house.run(&["status", "--format", "prometheus"]).expect(0);
    metrics
        .says("wansync_profile_test{section=\"home\",state=\"in-force\"} 1\n")
        .says("wansync_profile_test{section=\"home\",state=\"no-answer\"} 0\n")
        .says("wansync_profile_test_age_seconds{section=\"home\"} ");
    house.run(&["once"]).expect(0);
    house.run(&["check", "--offline"]).expect(0);
    assert_eq!(resolver.questions().len(), 1, "only check asks");
    house.router.reboot();
    assert_eq!(profile_test(&house), Value::Null);
}

/// What was asked under another configuration is no longer shown.
#[test]
fn another_question_makes_the_answer_worthless() {
    let (house, sim) = house(TEST);
    let _resolver = Resolver::start(&house.net, BLOCKS);
    check(&house);
    configure(&house, &sim, "option test_name 'other.example'");
    assert_eq!(profile_test(&house), Value::Null);
    configure(&house, &sim, TEST);
    assert_eq!(profile_test(&house)["state"], "in-force");
    // A file that is damaged counts as none.
    fs::write(
        house.router.path("run/filtering.home.json"),
        "{\"boot_id\":",
    )
    .expect("a file");
    assert_eq!(profile_test(&house), Value::Null);
}

#[test]
fn without_a_test_name_it_is_asked_for_the_service() {
    let (house, _sim) = house("");
    let resolver = Resolver::start(&house.net, AT);
    check(&house).says("ok    home: 193.58.251.251 answers for www.skydns.ru: 9.9.9.80\n");
    assert_eq!(resolver.questions(), ["193.58.251.251 www.skydns.ru"]);
    assert_eq!(profile_test(&house)["state"], "answers");
}

#[test]
fn nothing_is_asked_offline_or_of_an_unknown_service() {
    let (house, sim) = house(TEST);
    let resolver = Resolver::start(&house.net, BLOCKS);
    house.run(&["check", "--offline"]).expect(0);
    assert!(!house.router.path("run").exists());
    let relay = sim
        .home("option source 'static'\noption address '8.8.4.4'\noption test_name 'bad.example'");
    house.router.configure_raw(relay.as_bytes());
    check(&house);
    assert_eq!(resolver.questions(), [""; 0]);
    assert!(!house.router.path("run").exists());
}

#[test]
fn a_resolver_that_does_not_answer() {
    let (house, _sim) = house(TEST);
    let says = "warn  home: 193.58.251.251 does not answer DNS questions: ";
    check(&house).says(&format!("{says}Connection refused\n"));
    for (fault, cause) in [
        ("silent", "nothing came within 5 s\n"),
        ("wrong-id", "nothing came within 5 s\n"),
        ("wrong-name", "nothing came within 5 s\n"),
        ("rubbish", "nothing came within 5 s\n"),
        ("flood", "what came is no answer to the question\n"),
    ] {
        let _resolver = Resolver::start(&house.net, &format!("{BLOCKS} --fault {fault}"));
        let begun = Instant::now();
        check(&house).says(&format!("{says}{cause}"));
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{fault}: only a hang takes so long"
        );
        assert_eq!(profile_test(&house)["state"], "no-answer");
    }
    house.net.ip("address del 193.58.251.251/32 dev lo");
    check(&house).says(&format!("{says}Network "));
}

#[test]
fn a_question_that_is_lost_is_asked_once_more() {
    let (house, _sim) = house(TEST);
    let resolver = Resolver::start(&house.net, &format!("{BLOCKS} --fault lose-first"));
    check(&house).says("profile is in force");
    assert!(resolver.datagrams().len() >= 2);
    assert_eq!(resolver.questions(), ["193.58.251.251 bad.example"]);
}

/// The second resolver is asked where the first is silent, and sections share an answer.
#[test]
fn several_resolvers_and_several_sections() {
    let (house, sim) = house("");
    house.net.ip("address add 193.58.251.252/32 dev lo");
    let options = format!(
        "option source 'static'\noption address '8.8.4.4'\nlist resolver '193.58.251.251'\nlist resolver '193.58.251.252'\n{TEST}"
    );
    let home = sim.home(&options);
    let other = home
        .split_once("config skydns")
        .expect("a section")
        .1
        .replace("'home'", "'other'");
    let text = format!("{home}config skydns{other}option hostname 'x'\n");
    house.router.configure_raw(text.as_bytes());
    let resolver = Resolver::start(&house.net, "193.58.251.252:53 --block bad.example");
    let check = check(&house);
    for name in ["home", "other"] {
        let line = format!("ok    {name}: 193.58.251.252 answers for bad.example: 193.58.251.1");
        assert!(check.stdout.contains(&line), "{}", check.stdout);
    }
    assert_eq!(resolver.questions(), ["193.58.251.252 bad.example"]);
    let status = house.status();
    for index in [0, 1] {
        assert_eq!(status["skydns"][index]["profile_test"]["state"], "in-force");
    }
}

/// The question leaves through the device of `bind`, although the default route does not.
#[test]
fn it_is_asked_through_the_network_of_bind() {
    let house = House::new();
    let ubus = house.router.ubus();
    let ways = [("eth1", 100), ("eth2", 200)].map(|(device, metric)| {
        let internet = house.net.beside();
        house.net.join(device, &internet, "customer");
        house
            .net
            .ip(&format!("address add 8.8.4.{metric}/32 dev {device}"));
        house
            .net
            .ip(&format!("route add default dev {device} metric {metric}"));
        internet.ip("route add default dev customer");
        for address in ["193.58.251.251", "9.9.9.10"] {
            internet.ip(&format!("address add {address}/32 dev customer"));
        }
        let resolver = Resolver::start(&internet, BLOCKS);
        (internet, resolver)
    });
    let sim = FarSim::start(&ways[1].0, "9.9.9.10");
    let wan = |device: &str| {
        json!({
            "up": true, "available": true, "autostart": true, "l3_device": device,
            "proto": "static", "device": device,
            "ipv4-address": [{"address": "8.8.4.200", "mask": 32}],
        })
    };
    ubus.set_interface("wan", wan("eth2"));
    configure(&house, &sim, &format!("{TEST}\noption bind 'wan'"));
    check(&house).says("this household's profile is in force");
    let asked = ways
        .each_ref()
        .map(|(_, resolver)| resolver.questions().len());
    assert_eq!(asked, [0, 1]);
    // Not at all rather than through another device.
    ubus.set_interface("wan", wan("eth9"));
    let ran = house.run(&["check"]);
    ran.says("does not answer DNS questions: cannot be bound to device eth9: No such device");
    let asked = ways
        .each_ref()
        .map(|(_, resolver)| resolver.questions().len());
    assert_eq!(asked, [0, 1]);
}

/// Everything is sent whatever the resolver does, and whatever the files say.
#[test]
fn no_sending_depends_on_it() {
    let (house, sim) = house(TEST);
    house.dhcp("config dnsmasq 'a\n");
    house.run(&["once"]).expect(0).says("confirmed");
    assert_eq!(sim.updates().len(), 1);
}
