//! The addresses that the relay passes: those that the agent would publish.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::*;
use wansync_core::address::PublicAddress;
use wansync_test_support::random::Random;

/// The first and the last address of the ranges that somebody has marked.
const RANGES: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "100::/64",
    "2000::/3",
    "2001::/32",
    "2001:2::/48",
    "2001:3::/32",
    "2001:20::/28",
    "2001:1ff::/32",
    "2001:200::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "4000::/2",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// An address as a number, and back.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn like(family: IpAddr, number: u128) -> IpAddr {
    match family {
        IpAddr::V4(_) => Ipv4Addr::from(number as u32).into(),
        IpAddr::V6(_) => Ipv6Addr::from(number).into(),
    }
}

/// The ends of a range, and the addresses beside them.
fn edges(range: &str) -> impl Iterator<Item = IpAddr> {
    let (first, length) = range.split_once('/').expect(range);
    let family: IpAddr = first.parse().expect(range);
    let bits = if family.is_ipv4() { 32 } else { 128 };
    let host = bits - length.parse::<u32>().expect(range);
    let first = number(family);
    let last = first | (1u128 << host).wrapping_sub(1);
    let numbers = [first.wrapping_sub(1), first, last, last.wrapping_add(1)];
    numbers.into_iter().map(move |number| like(family, number))
}

#[test]
fn what_the_agent_publishes_passes_and_nothing_else() {
    let mut random = Random::new(13);
    let mut number = || u128::from(random.number()) << 64 | u128::from(random.number());
    let mut addresses: Vec<IpAddr> = RANGES.iter().flat_map(|range| edges(range)).collect();
    for _ in 0..40 {
        addresses.push(Ipv4Addr::from(number() as u32).into());
        addresses.push(Ipv6Addr::from(number() >> 3 | 1 << 125).into());
    }
    let texts = addresses.iter().flat_map(|address| match address {
        IpAddr::V4(_) => vec![address.to_string()],
        IpAddr::V6(v6) => {
            let groups = v6.segments().map(|group| format!("{group:04X}"));
            let text = address.to_string();
            vec![
                text.replace(':', "%3A"),
                text.replace(':', "%3a"),
                groups.join(":"),
            ]
        }
    });
    compare(&texts.collect::<Vec<_>>());
}

/// Texts that are no address, or one to some readers only.
const STRANGE: &[&str] = &[
    "999.999.999.999",
    "256.8.4.4",
    "8.8.4",
    "8.8.4.4.",
    ".8.8.4.4",
    "8.8.4.4.4",
    "08.8.4.4",
    "8.8.4.04",
    "8.8.4.00",
    "0x8.8.4.4",
    "134743044",
    "8.8.1028",
    "8..4.4",
    "+8.8.4.4",
    "0010.0.0.1",
    "127.1",
    "::ffff:8.8.4.4",
    "::ffff:808:404",
    "::808:404",
    "::8.8.4.4",
    "64:ff9b::8.8.4.4",
    "2a00::8.8.4.4",
    "2a00:::1",
    "2a00::1:",
    "2a00::1::2",
    ":2a00::1",
    "2a00:1:2:3:4:5:6:7:8",
    "2a00:1:2:3:4:5:6",
    "2a00:1:2:3:4:5:6:",
    "2a00:1:2:3:4:5:6:7:",
    "2a00",
    "2a00:",
    "2a00:1",
    "2a00::12345",
    "2a00::g",
    "02a00::1",
    "2a00::1%25eth0",
    "[2a00::1]",
    "2a00::1/64",
    "8.8.4.4/32",
    "8.8.4.4:80",
    "2a0::1",
    "2::1",
    "20::1",
    ":",
    "::",
    "\u{664}.8.4.4",
    "8.8.4.4%0a",
];

#[test]
fn what_is_no_address_does_not_pass() {
    let strange = STRANGE.iter().map(|text| (*text).to_owned());
    let mut random = Random::new(26);
    // An address with a slip.
    let slips = (0..150).map(|_| {
        let mut text =
            (*random.one_of(&["2a00:1450::8844", "8.8.4.4", "2a00:1:2:3:4:5:6:7"])).to_owned();
        for _ in 0..1 + random.below(2) {
            let at = random.below(text.len());
            match random.below(3) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, *random.one_of(&[':', '.', '0', '1', 'f'])),
                _ => {
                    let other: char = *random.one_of(&[':', '.', '0', '9', 'f']);
                    text.replace_range(at..=at, &other.to_string());
                }
            }
        }
        text
    });
    compare(&strange.chain(slips).collect::<Vec<_>>());
}

/// The relay's verdict on each text is the agent's.
#[track_caller]
fn compare(texts: &[String]) {
    let sim = Sim::start(Default::default());
    let tokens = tokens(texts.len());
    let site = Site {
        tokens: &tokens,
        // Otherwise each waits for its turn.
        edits: &[("rate=50r/s", "rate=10000r/s")],
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let requests: Vec<_> = (0..)
        .zip(texts)
        .map(|(n, text)| format!("update_ip?key={}&ip={text}", token(n)))
        .collect();
    let answers = Client::of(&relay).get_all(&requests);
    let mut passed = Vec::new();
    for (text, answer) in texts.iter().zip(answers) {
        let plain = text.replace("%3A", ":").replace("%3a", ":");
        let address = plain.parse::<IpAddr>().ok();
        let address = address.filter(|address| PublicAddress::new(*address).is_ok());
        let said = &answer.text;
        match (address, answer.status) {
            (Some(address), 200) => passed.push(address),
            // What the agent never writes may be refused as well.
            (Some(address), 400) => assert_ne!(address.to_string(), plain, "{said}"),
            (None, status) => assert_eq!(status, 400, "{text}: {said}"),
            (Some(_), _) => panic!("{text}: {said}"),
        }
    }
    let asked = asked(&sim);
    let asked: Vec<IpAddr> = asked
        .iter()
        .map(|r| r.param("ip").expect("ip").parse().expect("one"))
        .collect();
    assert_eq!(asked, passed);
}
