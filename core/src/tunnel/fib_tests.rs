use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::dice::Dice;
use super::*;

/// The devices of the tests, by their index.
const DEVICES: [&str; 5] = ["", "lo", "tun0", "wan0", "br-lan"];
const TUNNEL: u32 = 2;

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a network")
}

/// A number after a word, as in `table 100`.
fn number(words: &[&str], name: &str) -> Option<u32> {
    let at = words.iter().position(|word| *word == name)?;
    words.get(at + 1)?.parse().ok()
}

fn device(name: &str) -> u32 {
    let index = DEVICES.iter().position(|device| *device == name);
    index.unwrap_or_else(|| panic!("no device {name}")) as u32
}

/// A route as `ip route` takes it: `172.16.0.0/16 dev tun0 metric 5 table 100`.
fn entry(line: &str) -> FibEntry {
    let words: Vec<&str> = line.split(' ').collect();
    let (target, network) = match words[0] {
        "blackhole" => (RouteTarget::Nowhere, words[1]),
        "throw" => (RouteTarget::Throw, words[1]),
        network => {
            let at = words.iter().position(|word| *word == "dev");
            let name = words[at.expect("it names a device") + 1];
            (RouteTarget::Device(device(name)), network)
        }
    };
    let network = match network {
        "default" => "0.0.0.0/0",
        network => network,
    };
    FibEntry {
        table: number(&words, "table").unwrap_or(MAIN_TABLE),
        prefix: prefix(network),
        metric: number(&words, "metric").unwrap_or(0),
        target,
    }
}

/// A rule: `100 to 10.0.0.0/8 marked lookup 100`, `200 drop`.
fn rule(line: &str) -> RouteRule {
    let words: Vec<&str> = line.split(' ').collect();
    let to = words.iter().position(|word| *word == "to");
    let action = match number(&words, "lookup") {
        Some(table) => RuleAction::Table(table),
        None if words.contains(&"drop") => RuleAction::Drop,
        None => RuleAction::Goto,
    };
    RouteRule {
        priority: words[0].parse().expect("a priority"),
        to: to.map(|at| prefix(words[at + 1])),
        is_conditional: words.contains(&"marked"),
        min_length: number(&words, "min").unwrap_or(0) as u8,
        action,
    }
}

fn fib(rules: &[&str], routes: &[&str]) -> Fib {
    let all = ["0 lookup 255"]
        .iter()
        .chain(rules)
        .chain(&["32766 lookup 254"]);
    let mut rules: Vec<RouteRule> = all.map(|line| rule(line)).collect();
    rules.sort_by_key(|rule| rule.priority);
    let entries = routes.iter().map(|line| entry(line)).collect();
    Fib { rules, entries }
}

fn words(way: Way) -> String {
    match way.evidence(|index| DEVICES[index as usize].to_string()) {
        RouteStatus::Through => "ok".to_string(),
        RouteStatus::Elsewhere(device) => format!("via {device}"),
        RouteStatus::Missing => "missing".to_string(),
        RouteStatus::Partly(part) => format!("in part: {part}"),
        RouteStatus::Overlapped(part) => format!("but {part}"),
        RouteStatus::Unavailable(why) => why.to_string(),
    }
}

#[track_caller]
fn leads(network: &str, routes: &[&str], expected: &str) {
    let way = fib(&[], routes).way(prefix(network), TUNNEL, None);
    assert_eq!(words(way), expected, "{network} {routes:?}");
}

const SITE: &str = "172.16.0.0/16";
const WAN: &str = "default dev wan0";

#[test]
fn a_route_of_the_network_itself() {
    leads(SITE, &["172.16.0.0/16 dev tun0"], "ok");
    leads(SITE, &["172.16.0.0/16 dev tun0", WAN], "ok");
    leads(SITE, &["172.16.0.0/12 dev tun0", WAN], "ok");
    leads(SITE, &["172.16.0.0/16 dev br-lan", WAN], "via br-lan");
    leads(SITE, &["172.16.0.0/12 dev br-lan", WAN], "via br-lan");
    leads(SITE, &["blackhole 172.16.0.0/16", WAN], "missing");
    leads(SITE, &["throw 172.16.0.0/16", WAN], "missing");
    leads(SITE, &[WAN], "via wan0");
    leads(SITE, &[], "missing");
    leads("fd00:9::/48", &["fd00:9::/48 dev tun0", WAN], "ok");
    leads("fd00:9::/48", &[WAN], "missing");
}

#[test]
fn the_route_of_one_host_is_none_of_the_network() {
    let far_end = "172.16.0.1/32 dev tun0";
    leads(SITE, &[far_end], "missing");
    leads(SITE, &[far_end, WAN], "via wan0");
    leads("172.16.0.1", &[far_end, WAN], "ok");
    leads("172.16.0.0/31", &[far_end, WAN], "via wan0");
    let own = "172.16.1.2/32 dev lo table 255";
    leads(SITE, &[own], "missing");
    leads(SITE, &[own, "172.16.0.0/16 dev tun0"], "ok");
    leads("172.16.1.2", &[own, "172.16.0.0/16 dev tun0"], "via lo");
    // Set by a client so that the tunnel does not carry itself, or by the owner.
    let server = "172.16.9.9/32 dev wan0";
    leads(SITE, &[server, "172.16.0.0/16 dev tun0"], "ok");
    leads(
        "fd00:9::/48",
        &["fd00:9::1/128 dev tun0", "::/0 dev wan0"],
        "via wan0",
    );
}

#[test]
fn a_network_of_which_a_part_leads_elsewhere() {
    let own = "172.16.0.0/16 dev tun0";
    let lan = "172.16.5.0/24 dev br-lan";
    leads(SITE, &[own, lan], "but 172.16.5.0/24 via br-lan");
    leads(
        SITE,
        &[own, "blackhole 172.16.5.0/24"],
        "but 172.16.5.0/24 blocked",
    );
    leads(SITE, &[own, lan, "172.16.5.0/25 dev tun0"], {
        "but 172.16.5.0/24 via br-lan"
    });
    // The narrower route leads nowhere else.
    leads(SITE, &[own, "172.16.5.0/24 dev tun0"], "ok");
    leads(SITE, &[lan], "missing");
    leads(SITE, &[lan, WAN], "via wan0");
}

#[test]
fn a_network_of_which_a_part_lacks_its_route() {
    let lower = "172.16.0.0/17 dev tun0";
    let upper = "172.16.128.0/17 dev tun0";
    leads(SITE, &[lower, upper, WAN], "ok");
    leads(SITE, &[lower, WAN], "in part: 172.16.128.0/17 via wan0");
    leads(SITE, &[lower], "in part: 172.16.128.0/17 missing");
    leads(SITE, &[upper], "in part: 172.16.0.0/17 missing");
    let lan = "172.16.5.0/24 dev br-lan";
    leads(SITE, &[lower, lan], "in part: 172.16.128.0/17 missing");
    let halves = ["172.16.0.0/17 dev wan0", "172.16.128.0/17 dev br-lan"];
    leads(SITE, &halves, "via wan0");
}

#[test]
fn the_default_route_in_the_tunnel() {
    let halves = ["0.0.0.0/1 dev tun0", "128.0.0.0/1 dev tun0", WAN];
    let usual = [
        "8.8.4.0/24 dev wan0",
        "192.168.1.0/24 dev br-lan",
        "10.0.0.0/8 dev br-lan",
        "45.90.28.9/32 dev wan0",
        "127.0.0.0/8 dev lo table 255",
    ];
    for network in ["0.0.0.0/0", SITE, "0.0.0.0/1"] {
        leads(network, &[&usual[..], &halves].concat(), "ok");
        leads(network, &[&usual[..], &["default dev tun0"]].concat(), "ok");
        leads(network, &[&usual[..], &[WAN]].concat(), "via wan0");
    }
    leads("0.0.0.0/0", &[halves[0]], "in part: 128.0.0.0/1 missing");
    leads(
        "0.0.0.0/0",
        &[halves[1], WAN],
        "in part: 0.0.0.0/1 via wan0",
    );
    leads(
        "0.0.0.0/0",
        &[
            "default dev tun0",
            "0.0.0.0/1 dev wan0",
            "128.0.0.0/1 dev wan0",
        ],
        "via wan0",
    );
    // What OpenVPN sets in IPv6 for the same purpose.
    let openvpn = [
        "::/3 dev tun0",
        "2000::/4 dev tun0",
        "3000::/4 dev tun0",
        "fc00::/7 dev tun0",
        "::/0 dev wan0",
        "2a00:1450::/32 dev wan0",
    ];
    leads("::/0", &openvpn, "ok");
    leads("::/0", &["2000::/3 dev tun0"], "ok");
    leads("::/0", &["::/0 dev wan0"], "via wan0");
    leads("::/0", &[], "missing");
}

#[test]
fn the_lower_metric_counts_and_all_hops_of_it() {
    let near = "172.16.0.0/16 dev tun0 metric 5";
    leads(SITE, &[near, "172.16.0.0/16 dev wan0 metric 9"], "ok");
    leads(SITE, &[near, "172.16.0.0/16 dev wan0 metric 1"], "via wan0");
    let hop = "172.16.0.0/16 dev wan0 metric 5";
    leads(SITE, &[near, hop], "via wan0");
    leads(SITE, &[hop, near], "via wan0");
}

#[track_caller]
fn decides(rules: &[&str], own_table: Option<u32>, routes: &[&str], expected: &str) {
    let way = fib(rules, routes).way(prefix(SITE), TUNNEL, own_table);
    assert_eq!(words(way), expected, "{rules:?} {routes:?}");
}

#[test]
fn tables_that_rules_name() {
    let own = "172.16.0.0/16 dev tun0";
    let other = "172.16.0.0/16 dev tun0 table 100";
    let wan = "default dev wan0 table 100";
    decides(&[], None, &[other], "missing");
    decides(&["100 lookup 100"], None, &[other], "ok");
    decides(&["100 lookup 100"], None, &[own, wan], "via wan0");
    decides(&["40000 lookup 100"], None, &[own, wan], "ok");
    decides(&["40000 lookup 100"], None, &[wan], "via wan0");
    decides(&["100 lookup 100 min 1"], None, &[own, wan], "ok");
    decides(&["100 lookup 100 min 1"], None, &[wan], "missing");
    let throw = "throw 172.16.0.0/16 table 100";
    decides(&["100 lookup 100"], None, &[own, wan, throw], "ok");
    decides(&["100 drop"], None, &[own], "missing");
    // Rules for a part of the network, for all of it, and for others.
    let part = "100 to 172.16.128.0/17 lookup 100";
    decides(&[part], None, &[own, wan], "but 172.16.128.0/17 via wan0");
    decides(&[part], None, &[other], "in part: 172.16.0.0/17 missing");
    decides(
        &["100 to 172.16.0.0/12 lookup 100"],
        None,
        &[own, wan],
        "via wan0",
    );
    decides(
        &["100 to 192.168.0.0/16 lookup 100"],
        None,
        &[own, wan],
        "ok",
    );
    decides(
        &["100 to 172.16.5.0/24 drop"],
        None,
        &[own],
        "but 172.16.5.0/24 blocked",
    );
    decides(&["100 to 172.16.5.5/32 drop"], None, &[own], "ok");
}

#[test]
fn the_table_of_the_tunnels_network() {
    let own = "172.16.0.0/16 dev tun0 table 100";
    decides(&["90000 marked lookup 100"], Some(100), &[own, WAN], "ok");
    decides(&[], Some(100), &[own, WAN], "ok");
    decides(&[], Some(100), &["default dev tun0 table 100", WAN], "ok");
    decides(&[], Some(100), &[WAN], "via wan0");
    decides(&[], Some(100), &["172.16.0.0/16 dev tun0", WAN], "ok");
    // Which packets are looked up there, its owner's rules say.
    decides(&["100 marked lookup 100"], Some(100), &[own, WAN], "ok");
}

#[test]
fn a_rule_by_more_than_the_destination() {
    let own = "172.16.0.0/16 dev tun0";
    let wan = "default dev wan0 table 100";
    let unknown = "rule 100 of 'ip rule' decides, by more than the destination";
    let marked = &["100 marked lookup 100"];
    decides(marked, None, &[own, wan], unknown);
    decides(
        marked,
        None,
        &[own, "172.16.5.0/24 dev br-lan table 100"],
        unknown,
    );
    // It decides nothing: its table is empty, or leads the same way.
    decides(marked, None, &[own], "ok");
    decides(marked, None, &[own, "default dev tun0 table 100"], "ok");
    decides(marked, None, &[own, "throw 172.16.0.0/16 table 100"], "ok");
    decides(&["40000 marked lookup 100"], None, &[own, wan], "ok");
    // Neither way is through the tunnel.
    decides(marked, None, &[WAN, wan], "via wan0");
    decides(marked, None, &[wan], "missing");
    decides(marked, None, &["default dev tun0 table 100"], unknown);
    decides(&["100 marked drop"], None, &[own], "ok");
    let part = "100 marked to 172.16.5.0/24 lookup 100";
    decides(&[part], None, &[own, wan], unknown);
    let other = "100 marked to 172.17.0.0/16 lookup 100";
    decides(&[other], None, &[own, wan], "ok");
    decides(&["100 goto"], None, &[own], unknown);
    // A part without a route is one, whatever the rule decides of the rest.
    let half = "172.16.0.0/17 dev tun0";
    decides(
        &["100 marked to 172.16.0.0/17 lookup 100"],
        None,
        &[half, wan],
        "in part: 172.16.128.0/17 missing",
    );
}

/// Both set the main table's narrower routes before what they mark.
#[test]
fn mwan3_and_pbr() {
    let own = "172.16.0.0/16 dev tun0";
    let copied = "172.16.0.0/16 dev tun0 table 1";
    let wan = "default dev wan0 table 1";
    let mwan3 = [
        "1001 marked lookup 1",
        "2001 marked lookup 1",
        "2061 marked drop",
        "2062 marked drop",
    ];
    decides(&mwan3, None, &[own, copied, wan, WAN], "ok");
    decides(&mwan3, None, &[wan, WAN], "via wan0");
    let pbr = ["29998 lookup 254 min 2", "30000 marked lookup 1"];
    decides(&pbr, None, &[own, wan, WAN], "ok");
    decides(&pbr, None, &[wan, WAN], "via wan0");
}

/// The way of packets to one address, looked up as the kernel does it.
fn address_way(fib: &Fib, conditional: Option<usize>, address: Prefix) -> Option<u32> {
    for (number, rule) in fib.rules.iter().enumerate() {
        let applies = rule.to.is_none_or(|to| to.contains(address))
            && (!rule.is_conditional || conditional == Some(number));
        let RuleAction::Table(table) = rule.action else {
            match applies && !rule.is_conditional {
                true => return None,
                false => continue,
            }
        };
        let entries = fib.entries.iter().filter(|entry| {
            applies
                && entry.table == table
                && entry.prefix.contains(address)
                && entry.prefix.length() >= rule.min_length
        });
        let best = entries.max_by_key(|entry| (entry.prefix.length(), u32::MAX - entry.metric));
        match best.map(|entry| entry.target) {
            Some(RouteTarget::Device(index)) => return Some(index),
            Some(RouteTarget::Nowhere) => return None,
            Some(RouteTarget::Throw) | None => {}
        }
    }
    None
}

#[test]
fn each_address_goes_where_it_says() {
    let network = prefix("10.0.0.0/24");
    let mut seen = [0; 5];
    for seed in 1..4000 {
        let mut dice = Dice(seed * 0x9e37);
        let mut number = 0;
        // A metric each, so that no two routes fit as well as each other.
        let mut entry = |dice: &mut Dice| {
            number += 1;
            let length = [16, 24, 24, 25, 25, 26, 27][dice.below(7) as usize];
            let address = [10, 0, 0, dice.below(256) as u8];
            FibEntry {
                table: [100, MAIN_TABLE][dice.below(2) as usize],
                prefix: Prefix::new(address.into(), length).expect("it is no longer"),
                metric: dice.below(4) * 100 + number,
                target: match dice.below(8) {
                    0 => RouteTarget::Nowhere,
                    1 => RouteTarget::Throw,
                    2 => RouteTarget::Device(3),
                    _ => RouteTarget::Device(TUNNEL),
                },
            }
        };
        let count = dice.below(9);
        let entries = (0..count).map(|_| entry(&mut dice)).collect();
        let mut rules = RouteRule::defaults();
        for number in 0..dice.below(3) {
            let at = dice.below(4) as usize;
            let mut rule = RouteRule::of_table(100);
            rule.priority = number;
            rule.is_conditional = dice.below(2) == 0;
            rule.min_length = [0, 0, 25][dice.below(3) as usize];
            rule.to = (dice.below(2) == 0).then(|| {
                let address = [10, 0, 0, dice.below(256) as u8];
                Prefix::new(address.into(), 25).expect("it is no longer")
            });
            if dice.below(6) == 0 {
                rule.action = RuleAction::Drop;
            }
            rules.insert(at, rule);
        }
        let fib = Fib { rules, entries };
        let conditional: Vec<usize> = (0..fib.rules.len())
            .filter(|number| fib.rules[*number].is_conditional)
            .collect();
        let addresses = (0..=255).map(|last| prefix(&format!("10.0.0.{last}")));
        let ways: Vec<(Prefix, Option<u32>, bool)> = addresses
            .map(|address| {
                let way = address_way(&fib, None, address);
                let differs = |rule: &&usize| {
                    let other = address_way(&fib, Some(**rule), address);
                    (other == Some(TUNNEL)) != (way == Some(TUNNEL))
                };
                let is_decided = conditional.iter().find(differs).is_none();
                (address, way, is_decided)
            })
            .collect();
        let found = fib.way(network, TUNNEL, None);
        let all = |test: &dyn Fn(Option<u32>, bool) -> bool| {
            ways.iter()
                .all(|(_, way, is_decided)| test(*way, *is_decided))
        };
        let goes = |part: Prefix, to: Option<u32>| {
            // Parts in it may be routed otherwise still.
            network.contains(part)
                && ways
                    .iter()
                    .any(|(address, way, sure)| part.contains(*address) && *way == to && *sure)
        };
        let is_in_tunnel = |way: Option<u32>| way == Some(TUNNEL);
        let is_right = match found {
            Way::Through => all(&|way, sure| sure && is_in_tunnel(way)),
            Way::Elsewhere(to) => all(&|way, sure| sure && !is_in_tunnel(way)) && goes(network, to),
            Way::Partly(part, to) => {
                goes(part, to)
                    && part.halves().is_some()
                    && !all(&|way, sure| sure && !is_in_tunnel(way))
                    && ways.iter().all(|(address, way, sure)| {
                        !part.contains(*address) || (*sure && *way == to)
                    })
            }
            Way::Overlapped(part, to) => {
                part != network && goes(part, to) && all(&|_, sure| sure) && {
                    ways.iter().any(|(_, way, _)| is_in_tunnel(*way))
                }
            }
            Way::Undecided(_) => !all(&|_, sure| sure),
        };
        assert!(is_right, "{found:?} by {fib:#?}");
        let kind = match found {
            Way::Through => 0,
            Way::Elsewhere(_) => 1,
            Way::Partly(..) => 2,
            Way::Overlapped(..) => 3,
            Way::Undecided(_) => 4,
        };
        seen[kind] += 1;
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn ten_thousand_routes_in_a_network_are_no_burden() {
    let mut entries = Vec::new();
    for number in 0..10_000u32 {
        let address = core::net::Ipv4Addr::from(0x0a00_0000 | (number << 9));
        entries.push(FibEntry {
            table: MAIN_TABLE,
            prefix: Prefix::new(address.into(), 24).expect("it is no longer"),
            metric: 0,
            target: RouteTarget::Device(TUNNEL),
        });
    }
    entries.push(entry("10.0.0.0/8 dev tun0"));
    let mut fib = Fib {
        rules: RouteRule::defaults(),
        entries,
    };
    assert_eq!(fib.way(prefix("10.0.0.0/8"), TUNNEL, None), Way::Through);
    fib.entries[7777].target = RouteTarget::Device(3);
    let part = fib.entries[7777].prefix;
    let way = fib.way(prefix("10.0.0.0/8"), TUNNEL, None);
    assert_eq!(way, Way::Overlapped(part, Some(3)));
}
