use super::*;

const INET: u8 = 2;

fn networks() -> [Prefix; 2] {
    ["172.16.0.0/16", "fd00::/8"].map(|text| text.parse().expect("a network"))
}

/// A message with a structure of these first bytes and flags, and these attributes.
fn body(start: [u8; 8], flags: u32, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let structure = [&start[..], &flags.to_ne_bytes()].concat();
    let request = NetlinkRequest::new(0, 0, 0, &structure);
    let add = |request: NetlinkRequest, (kind, value): &(u16, &[u8])| request.with(*kind, value);
    // The header of a message is longer than the structure of none.
    attributes.iter().fold(request, add).bytes()[16..].to_vec()
}

fn routes(body: &[u8]) -> Vec<FibEntry> {
    let mut entries = Vec::new();
    let _ = parse_route(body, &networks(), &mut entries);
    entries
}

fn rules(body: &[u8]) -> Vec<RouteRule> {
    let mut rules = Vec::new();
    let _ = parse_rule(body, &mut rules);
    rules
}

#[test]
fn routes_of_each_kind() {
    let site: (u16, &[u8]) = (1, &[172, 16, 0, 0]);
    let tun: (u16, &[u8]) = (4, &7u32.to_ne_bytes());
    let table: (u16, &[u8]) = (15, &1000u32.to_ne_bytes());
    let route = |kind, flags, attributes: &[(u16, &[u8])]| {
        let found = routes(&body([INET, 16, 0, 0, 254, 3, 0, kind], flags, attributes));
        let found = found.iter().map(|entry| (entry.table, entry.target));
        found.collect::<Vec<_>>()
    };
    let through = |index| RouteTarget::Device(index);
    assert_eq!(route(1, 0, &[site, tun]), [(254, through(7))]);
    assert_eq!(route(1, 0, &[site, tun, table]), [(1000, through(7))]);
    assert_eq!(route(2, 0, &[site, tun]), [(254, through(1))]);
    for kind in 6..9 {
        assert_eq!(route(kind, 0, &[site, tun]), [(254, RouteTarget::Nowhere)]);
    }
    assert_eq!(route(9, 0, &[site]), [(254, RouteTarget::Throw)]);
    for kind in [0, 3, 4, 5, 10] {
        assert_eq!(route(kind, 0, &[site, tun]), []);
    }
    // One that is dead, one that is cached, and one that has no device.
    assert_eq!(route(1, 0x1, &[site, tun]), []);
    assert_eq!(route(1, 0x200, &[site, tun]), []);
    assert_eq!(route(1, 0x10, &[site, tun]), [(254, through(7))]);
    assert_eq!(route(1, 0, &[site]), []);
    // To other networks, for some packets only, and cut off.
    assert_eq!(route(1, 0, &[(1, &[172, 17, 0, 0]), tun]), []);
    let tos = body([INET, 16, 0, 8, 254, 3, 0, 1], 0, &[site, tun]);
    assert_eq!(routes(&tos), []);
    assert_eq!(routes(&tos[..11]), []);
}

#[test]
fn the_default_route_and_a_metric() {
    let tun: (u16, &[u8]) = (4, &7u32.to_ne_bytes());
    let metric: (u16, &[u8]) = (6, &100u32.to_ne_bytes());
    for (family, network) in [(INET, "0.0.0.0/0"), (10, "::/0")] {
        let found = routes(&body([family, 0, 0, 0, 254, 3, 0, 1], 0, &[tun, metric]));
        let expected = FibEntry {
            table: 254,
            prefix: network.parse().expect("a network"),
            metric: 100,
            target: RouteTarget::Device(7),
        };
        assert_eq!(found, [expected]);
    }
}

#[test]
fn a_route_over_several_devices() {
    let hop = |length: u16, flags: u8, index: u32| {
        let mut hop = length.to_ne_bytes().to_vec();
        hop.extend([flags, 0]);
        hop.extend(index.to_ne_bytes());
        hop.resize(usize::from(length).max(8), 0);
        hop
    };
    let devices = |hops: &[u8]| {
        let found = routes(&body([INET, 0, 0, 0, 254, 3, 0, 1], 0, &[(9, hops)]));
        let found = found.iter().map(|entry| entry.target);
        found.collect::<Vec<_>>()
    };
    let hops = [hop(16, 0, 7), hop(8, 1, 8), hop(8, 0, 9)].concat();
    let both = [RouteTarget::Device(7), RouteTarget::Device(9)];
    assert_eq!(devices(&hops), both);
    // One that lies about its length is read once.
    assert_eq!(devices(&hop(0, 0, 7)), both[..1]);
    assert_eq!(devices(&hops[..7]), []);
}

#[test]
fn rules_and_whom_they_are_for() {
    let table: (u16, &[u8]) = (15, &100u32.to_ne_bytes());
    let priority: (u16, &[u8]) = (6, &5000u32.to_ne_bytes());
    let none: (u16, &[u8]) = (14, &u32::MAX.to_ne_bytes());
    let by_boot: (u16, &[u8]) = (21, &[2]);
    let usual = [table, priority, none, by_boot];
    let rule = |lengths: [u8; 2], flags, more: &[(u16, &[u8])]| {
        let attributes = [&usual[..], more].concat();
        let [to, from] = lengths;
        let mut rules = rules(&body([INET, to, from, 0, 252, 0, 0, 1], flags, &attributes));
        rules.pop()
    };
    let plain = RouteRule {
        priority: 5000,
        ..RouteRule::of_table(100)
    };
    let conditional = RouteRule {
        is_conditional: true,
        ..plain.clone()
    };
    let site: (u16, &[u8]) = (1, &[172, 16, 0, 0]);
    assert_eq!(rule([0, 0], 1, &[]), Some(plain.clone()));
    let to = RouteRule {
        to: Some(networks()[0]),
        ..plain.clone()
    };
    assert_eq!(rule([16, 0], 0, &[site]), Some(to));
    let short = RouteRule {
        min_length: 1,
        ..plain.clone()
    };
    assert_eq!(rule([0, 0], 0, &[(14, &[0; 4])]), Some(short));
    let lan: (u16, &[u8]) = (2, &[192, 168, 1, 0]);
    let mark: [(u16, &[u8]); 2] = [(10, &[1, 0, 0, 0]), (16, &[255; 4])];
    let selectors: [&[(u16, &[u8])]; 7] = [
        &[lan],
        &mark,
        &[(3, b"lan0\0")],
        &[(20, &[0; 8])],
        &[(22, &[6])],
        &[(24, &[0; 4])],
        &[(30, &[0; 4])],
    ];
    for selector in selectors {
        let found = rule([0, 24], 0, selector);
        assert_eq!(found, Some(conditional.clone()), "{selector:?}");
    }
    // For packets from one address, or bound to a device.
    assert_eq!(rule([0, 32], 0, &[lan]), None);
    assert_eq!(rule([0, 0], 0, &[(17, b"lan0\0")]), None);
    assert_eq!(rule([0, 0], 0, &[(19, &[1])]), None);
    assert_eq!(rule([0, 0], 0x8, &[(3, b"gone0\0")]), None);
    // All but those.
    assert_eq!(rule([16, 0], 2, &[site]), Some(conditional.clone()));
    assert_eq!(rule([0, 32], 2, &[lan]), Some(conditional.clone()));
    let action = |action| {
        let found = rules(&body([INET, 0, 0, 0, 100, 0, 0, action], 0, &[]));
        found.first().map(|rule| rule.action)
    };
    assert_eq!(action(1), Some(RuleAction::Table(100)));
    assert_eq!(action(2), Some(RuleAction::Goto));
    for drop in 6..9 {
        assert_eq!(action(drop), Some(RuleAction::Drop));
    }
    assert_eq!(action(3), None);
    let tos = rules(&body([INET, 0, 0, 8, 100, 0, 0, 1], 0, &[]));
    assert!(tos[0].is_conditional);
}

#[test]
fn this_machine_has_routes() {
    let loopback = "127.0.0.0/8".parse().expect("a network");
    let routes = Routes::read(loopback, &[loopback]).expect("anybody may ask");
    assert_eq!(routes.status(loopback, "lo", None), RouteStatus::Through);
}
