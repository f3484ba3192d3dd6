//! Configurations as people have them, and the way that questions take there.

use super::*;

const ISP: &str = "# Interface wan\nnameserver 10.0.0.1\n";
const SKYDNS_GIVEN: &str = "# Interface wan\nnameserver 193.58.251.251\n";
const BOTH: &str =
    "# Interface wan\nnameserver 193.58.251.251\n# Interface wan6\nnameserver 2a00::53\n";
const NETWORK: &str = "config interface 'lan'\n option ipaddr '192.168.1.1/24'\n\
    config interface 'wan'\n option peerdns '0'\n list dns '193.58.251.251'\n list dns '8.8.8.8'\n";

fn verdict_of(dhcp: &str, resolv: &str, programs: &[(u16, &str)]) -> Filtering {
    let household = Household {
        service: "SkyDNS",
        resolvers: &[[193, 58, 251, 251].into()],
        networks: &NetworkFile::parse(NETWORK.as_bytes()),
        read: &|path| match path {
            "/tmp/resolv.conf.auto" => Vec::new(),
            "/etc/resolv.ours" => b"nameserver 1.1.1.1\n".to_vec(),
            _ => resolv.into(),
        },
        is_own: &|address| address == IpAddr::from([192, 168, 9, 1]),
        listeners: &|port| {
            let on_port = programs.iter().filter(|(on, _)| *on == port);
            on_port.map(|(_, name)| (*name).to_owned()).collect()
        },
    };
    judge(&household, dhcp.as_bytes())
}

/// A dnsmasq with these lines; `'` stands around each value.
fn dnsmasq(lines: &[&str]) -> String {
    let lines = lines.iter().map(|line| format!("\t{line}\n"));
    format!("config dnsmasq\n{}", lines.collect::<String>())
}

const NORESOLV: &str = "option noresolv '1'";
const SERVER: &str = "list server '193.58.251.251'";

#[test]
fn what_dnsmasq_asks() {
    let table: &[(&[&str], &str, &str, &str)] = &[
        (
            &[],
            ISP,
            "none",
            "dnsmasq asks 10.0.0.1, which network 'wan' was given by its provider",
        ),
        (&[], SKYDNS_GIVEN, "all", ""),
        (
            &[],
            BOTH,
            "some",
            "dnsmasq asks 2a00::53, which network 'wan6' was given",
        ),
        (
            &[],
            "# Interface wan\nnameserver 8.8.8.8\n",
            "none",
            "8.8.8.8 (list dns of network 'wan')",
        ),
        (
            &[],
            "nameserver 8.8.4.4\n",
            "none",
            "8.8.4.4 (/tmp/resolv.conf.d/resolv.conf.auto)",
        ),
        (&[], "", "unknown", "no resolver to ask; is the WAN up?"),
        (
            &["option resolvfile '/etc/resolv.ours'"],
            SKYDNS_GIVEN,
            "none",
            "1.1.1.1 (/etc/resolv.ours)",
        ),
        (&[SERVER], ISP, "some", "10.0.0.1"),
        (&[SERVER], "", "all", ""),
        (&[NORESOLV, SERVER], ISP, "all", ""),
        (
            &["option noresolv 'true'", "list server '193.58.251.251#53'"],
            ISP,
            "all",
            "",
        ),
        (
            &[NORESOLV, "list server '193.58.251.251@eth1'"],
            ISP,
            "all",
            "",
        ),
        (
            &[NORESOLV],
            ISP,
            "unknown",
            "no resolver to ask: 'list server' names none",
        ),
        // OpenWrt reads lists alone.
        (
            &[NORESOLV, "option server '193.58.251.251'"],
            ISP,
            "unknown",
            "no resolver to ask",
        ),
        (
            &[NORESOLV, SERVER, "list server '8.8.8.8'"],
            ISP,
            "some",
            "dnsmasq asks 8.8.8.8 (list server)",
        ),
        (
            &[NORESOLV, SERVER, "list server '/example.com/8.8.8.8'"],
            ISP,
            "some",
            "8.8.8.8 for example.com",
        ),
        (
            &[NORESOLV, SERVER, "list server '/a.com/b.com/8.8.8.8#5353'"],
            ISP,
            "some",
            "8.8.8.8 for a.com, b.com",
        ),
        (
            &[NORESOLV, SERVER, "list server '/#/8.8.8.8'"],
            ISP,
            "some",
            "8.8.8.8 (list server)",
        ),
        (
            &[NORESOLV, SERVER, "list server '/office.example/10.8.0.1'"],
            ISP,
            "all",
            "",
        ),
        (
            &[
                NORESOLV,
                SERVER,
                "list server '/mask.icloud.com/'",
                "list server '/x/#'",
            ],
            ISP,
            "all",
            "",
        ),
        (
            &[NORESOLV, SERVER, "list server '//8.8.8.8'"],
            ISP,
            "all",
            "",
        ),
        (
            &[NORESOLV, "list server '/example.com/193.58.251.251'"],
            ISP,
            "unknown",
            "no resolver",
        ),
        (
            &[NORESOLV, SERVER, "list server '2001:4860:4860::8888'"],
            ISP,
            "some",
            "2001:4860:4860::8888",
        ),
        (
            &[NORESOLV, SERVER, "list server 'fe80::1%eth1'"],
            ISP,
            "some",
            "fe80::1%eth1",
        ),
        (
            &[NORESOLV, SERVER, "list server 'dns.google'"],
            ISP,
            "some",
            "dns.google",
        ),
        (
            &[NORESOLV, "list server '127.0.0.1#5053'"],
            ISP,
            "local",
            "https-dns-proxy at 127.0.0.1#5053",
        ),
        (
            &[NORESOLV, "list server '127.0.0.1#5453'"],
            ISP,
            "local",
            "a program at 127.0.0.1#5453 (usually stubby)",
        ),
        (
            &[NORESOLV, "list server '::1#5335'"],
            ISP,
            "local",
            "a program at ::1#5335",
        ),
        (
            &[NORESOLV, "list server '192.168.9.1#5335'"],
            ISP,
            "local",
            "at 192.168.9.1#5335",
        ),
        (&["list server '127.0.0.1#5053'"], ISP, "some", "10.0.0.1"),
        (
            &[NORESOLV, SERVER, "list server '127.0.0.1#5053'"],
            ISP,
            "local",
            "5053",
        ),
        // dnsmasq does not ask itself.
        (
            &[NORESOLV, SERVER, "list server '127.0.0.1'"],
            ISP,
            "all",
            "",
        ),
        (
            &[NORESOLV, SERVER, "list server '192.168.9.1'"],
            ISP,
            "all",
            "",
        ),
        (&[SERVER], "nameserver 192.168.1.1\n", "all", ""),
        (
            &[NORESOLV, "list server '127.0.0.42'"],
            ISP,
            "local",
            "a program at 127.0.0.42#53",
        ),
        (
            &[
                NORESOLV,
                SERVER,
                "list server '/a.com/b.com/127.0.0.1#5053'",
            ],
            ISP,
            "local",
            "asks https-dns-proxy at 127.0.0.1#5053 for a.com, b.com",
        ),
        (
            &[
                NORESOLV,
                SERVER,
                "list server '/a.com/192.168.1.1#5335'",
                "list server '/onion/127.0.0.1#9053'",
            ],
            ISP,
            "local",
            "SkyDNS (193.58.251.251): dnsmasq asks a program at 192.168.1.1#5335 for a.com",
        ),
        // No site has such a name.
        (
            &[
                NORESOLV,
                SERVER,
                "list server '/onion/127.0.0.1#9053'",
                "list server '/168.192.in-addr.arpa/lan/8.8.8.8'",
            ],
            ISP,
            "all",
            "",
        ),
        (
            &[NORESOLV, "list server '::ffff:193.58.251.251'"],
            ISP,
            "all",
            "",
        ),
        (
            &[NORESOLV, SERVER, "list server '::ffff:8.8.8.8'"],
            ISP,
            "some",
            "::ffff:8.8.8.8",
        ),
        (
            &["option resolvfile '/etc/resolv.none'"],
            "",
            "unknown",
            "no resolver to ask: /etc/resolv.none names none",
        ),
        (
            &["option port '0'"],
            ISP,
            "unknown",
            "does not answer on port 53",
        ),
        (&["option port '53'", NORESOLV, SERVER], ISP, "all", ""),
        (
            &["option disabled '1'"],
            ISP,
            "unknown",
            "does not answer on port 53",
        ),
    ];
    for (lines, resolv, verdict, part) in table {
        let found = verdict_of(&dnsmasq(lines), resolv, &[(5053, "https-dns-proxy")]);
        let said = found.to_string();
        assert_eq!(found.verdict.word(), *verdict, "{lines:?} {resolv}: {said}");
        assert!(said.contains(part), "{lines:?}: no '{part}' in {said}");
        let is_mended = !matches!(*verdict, "all" | "local") && !part.contains("port 53");
        assert_eq!(
            !found.mends.is_empty(),
            is_mended,
            "{lines:?}: {:?}",
            found.mends
        );
    }
}

#[test]
fn who_answers_on_port_53() {
    let plain = dnsmasq(&[NORESOLV, SERVER]);
    let moved = dnsmasq(&["option port '54'", NORESOLV, SERVER]);
    let to_loopback = dnsmasq(&[NORESOLV, "list server '127.0.0.42'"]);
    let to_itself = dnsmasq(&[NORESOLV, SERVER, "list server '192.168.1.1'"]);
    type Case<'a> = (&'a str, &'a [(u16, &'a str)], &'a str, &'a str);
    let table: &[Case<'_>] = &[
        (&plain, &[(53, "dnsmasq")], "all", ""),
        (&plain, &[(53, "")], "all", ""),
        (&plain, &[(53, "unbound"), (53, "dnsmasq")], "all", ""),
        (
            &to_loopback,
            &[(53, "dnsmasq"), (53, "sing-box")],
            "local",
            "dnsmasq asks sing-box at 127.0.0.42#53",
        ),
        (&to_itself, &[(53, "dnsmasq")], "all", ""),
        (
            &to_itself,
            &[(53, "dnsmasq"), (53, "AdGuardHome")],
            "local",
            "dnsmasq asks AdGuardHome at 192.168.1.1#53",
        ),
        (
            &plain,
            &[(53, "AdGuardHome")],
            "local",
            "not dnsmasq but AdGuardHome answers",
        ),
        (
            &moved,
            &[(53, "AdGuardHome")],
            "local",
            "not dnsmasq but AdGuardHome answers",
        ),
        (&moved, &[(53, "")], "local", "another program"),
        (&moved, &[], "unknown", "nor does another program"),
        ("", &[(53, "unbound")], "local", "unbound"),
        (
            "config dhcp 'lan'\n",
            &[],
            "unknown",
            "nor does another program",
        ),
    ];
    for (dhcp, programs, verdict, part) in table {
        let found = verdict_of(dhcp, ISP, programs);
        let said = found.to_string();
        assert_eq!(found.verdict.word(), *verdict, "{dhcp}: {said}");
        assert!(said.contains(part), "{dhcp}: {said}");
    }
}

#[test]
fn what_clients_are_told() {
    let lan = "config dhcp 'lan'\n option interface 'lan'\n";
    let table: &[(&str, &str, &str)] = &[
        ("", "all", ""),
        ("list dhcp_option '3,192.168.1.1'", "all", ""),
        ("list dhcp_option '6,192.168.1.1'", "all", ""),
        ("list dhcp_option '6,192.168.9.1'", "all", ""),
        ("list dhcp_option '6,0.0.0.0'", "all", ""),
        ("list dhcp_option '6'", "all", ""),
        ("list dhcp_option '6,193.58.251.251'", "all", ""),
        (
            "list dhcp_option '6,8.8.8.8'",
            "none",
            "told to ask 8.8.8.8 (dhcp_option of 'lan')",
        ),
        (
            "list dhcp_option '6,193.58.251.251,8.8.8.8'",
            "some",
            "8.8.8.8",
        ),
        (
            "list dhcp_option '6, 192.168.1.1 , 8.8.8.8'",
            "some",
            "8.8.8.8",
        ),
        (
            "option dhcp_option '3,192.168.1.1 6,8.8.8.8'",
            "none",
            "8.8.8.8",
        ),
        (
            "list dhcp_option 'option:dns-server,1.1.1.1'",
            "none",
            "1.1.1.1",
        ),
        ("list dhcp_option 'tag:kids,6,1.1.1.1'", "none", "1.1.1.1"),
        (
            "list dhcp_option_force '6,1.1.1.1'",
            "none",
            "dhcp_option_force",
        ),
        (
            "list dhcp_option 'option6:dns-server,[2a00::53]'",
            "some",
            "2a00::53",
        ),
        // What is neither a number nor an option is a tag.
        ("list dhcp_option 'kids,6,1.1.1.1'", "none", "1.1.1.1"),
        (
            "list dhcp_option 'net:a,kids,option:DNS-Server,1.1.1.1'",
            "none",
            "1.1.1.1",
        ),
        ("list dhcp_option '06,1.1.1.1'", "none", "1.1.1.1"),
        ("list dhcp_option 'vendor:PXEClient,6,8.8.8.8'", "all", ""),
        ("list dhcp_option '119,lan,6,8.8.8.8'", "all", ""),
        ("list dhcp_option '46,8.8.8.8'", "all", ""),
        (
            "option ignore '1'\n list dhcp_option '6,8.8.8.8'",
            "all",
            "",
        ),
        (
            "option dhcpv4 'disabled'\n list dhcp_option '6,8.8.8.8'",
            "all",
            "",
        ),
        (
            "option ra 'server'\n list dns '2a00::53'",
            "some",
            "2a00::53 (dns of 'lan')",
        ),
        (
            "option dhcpv6 'server'\n list dns '2a00::53'\n list dns '2a00::54'",
            "some",
            "2a00::54",
        ),
        (
            "option ra 'server'\n option dns '2a00::53 2a00::54'",
            "some",
            "2a00::54",
        ),
        ("list dns '2a00::53'", "all", ""),
        (
            "option ra 'server'\n option ra_dns '0'\n list dns '2a00::53'",
            "all",
            "",
        ),
        (
            "option ra 'server'\n option ra_dns '0'\n option dhcpv6 'server'\n list dns '2a00::53'",
            "some",
            "2a00::53",
        ),
        ("option dhcpv4 'server'\n list dns '8.8.8.8'", "all", ""),
        (
            "option dhcpv4 'server'\n list dns '8.8.8.8'\nconfig odhcpd\n option maindhcp '1'",
            "some",
            "8.8.8.8",
        ),
        ("option ra 'disabled'\n list dns '2a00::53'", "all", ""),
        ("option ra 'server'\n list dns 'fd00::1'", "some", "fd00::1"),
        (
            "option ra 'relay'\n option dhcpv6 'relay'",
            "some",
            "'lan' is a relay",
        ),
        ("option ra 'relay'\n option master '1'", "all", ""),
        (
            "option ra 'relay'\n list dns '2a00::53'",
            "some",
            "2a00::53",
        ),
        ("option ra 'relay'\n list dns '::'", "all", ""),
        (
            "option ignore '1'\n option ra 'server'\n list dns '2a00::53'",
            "some",
            "2a00::53",
        ),
    ];
    for (lines, verdict, part) in table {
        let dhcp = format!("{}{lan} {lines}\n", dnsmasq(&[NORESOLV, SERVER]));
        let found = verdict_of(&dhcp, ISP, &[]);
        let said = found.to_string();
        assert_eq!(found.verdict.word(), *verdict, "{lines}: {said}");
        assert!(said.contains(part), "{lines}: no '{part}' in {said}");
        assert_eq!(
            found.mends.is_empty(),
            *verdict == "all",
            "{lines}: {:?}",
            found.mends
        );
    }
}

/// Where all clients are told somebody else, whom dnsmasq asks is no matter, unless
/// something is mended that leads them back to it.
#[test]
fn who_asks_the_router() {
    let plain = dnsmasq(&[]);
    let told = "config dhcp 'lan'\n list dhcp_option '6,193.58.251.251'\n";
    assert_eq!(
        verdict_of(&format!("{plain}{told}"), ISP, &[]).verdict,
        Verdict::All
    );
    let ipv6 = format!("{plain}{told} option ra 'server'\n");
    assert_eq!(verdict_of(&ipv6, ISP, &[]).verdict, Verdict::Some);
    let quiet = format!("{ipv6} option dns_service '0'\n");
    assert_eq!(verdict_of(&quiet, ISP, &[]).verdict, Verdict::All);
    let silent = format!("{ipv6} option ra_dns '0'\n");
    assert_eq!(verdict_of(&silent, ISP, &[]).verdict, Verdict::All);
    let guest = format!("{plain}{told}config dhcp 'guest'\n");
    assert_eq!(verdict_of(&guest, ISP, &[]).verdict, Verdict::Some);
    let tag = format!(
        "{}config tag 'kids'\n list dhcp_option '6,8.8.8.8'\n",
        dnsmasq(&[NORESOLV, SERVER])
    );
    assert_eq!(verdict_of(&tag, ISP, &[]).verdict, Verdict::Some);
    let elsewhere = format!("{ipv6} list dns '2a00::53'\n");
    assert_eq!(
        verdict_of(&elsewhere, ISP, &[]).mends,
        [
            "uci del_list dhcp.lan.dns='2a00::53'",
            "uci set dhcp.@dnsmasq[0].noresolv='1'",
            "uci add_list dhcp.@dnsmasq[0].server='193.58.251.251'",
        ]
    );
}

#[test]
fn the_commands_that_mend_it() {
    let other = "list server '8.8.8.8'";
    let table: &[(String, &str, &[&str])] = &[
        (
            dnsmasq(&[]),
            ISP,
            &[
                "uci set dhcp.@dnsmasq[0].noresolv='1'",
                "uci add_list dhcp.@dnsmasq[0].server='193.58.251.251'",
            ],
        ),
        (
            dnsmasq(&[SERVER]),
            ISP,
            &["uci set dhcp.@dnsmasq[0].noresolv='1'"],
        ),
        (
            dnsmasq(&[NORESOLV, SERVER, other]),
            ISP,
            &["uci del_list dhcp.@dnsmasq[0].server='8.8.8.8'"],
        ),
        (
            dnsmasq(&[NORESOLV, other]),
            ISP,
            &[
                "uci del_list dhcp.@dnsmasq[0].server='8.8.8.8'",
                "uci add_list dhcp.@dnsmasq[0].server='193.58.251.251'",
            ],
        ),
        // What netifd was given filters, so the list need not.
        (
            dnsmasq(&[other]),
            SKYDNS_GIVEN,
            &["uci del_list dhcp.@dnsmasq[0].server='8.8.8.8'"],
        ),
        // The tool makes an item of what stands there.
        (
            dnsmasq(&[NORESOLV, "option server '8.8.8.8'"]),
            ISP,
            &[
                "uci delete dhcp.@dnsmasq[0].server",
                "uci add_list dhcp.@dnsmasq[0].server='193.58.251.251'",
            ],
        ),
        // A shell would not take it.
        (
            dnsmasq(&[NORESOLV, SERVER, "list server \"8.8.8.8'; reboot; '\""]),
            ISP,
            &[
                "uci delete dhcp.@dnsmasq[0].server",
                "uci add_list dhcp.@dnsmasq[0].server='193.58.251.251'",
            ],
        ),
        (
            format!("config dnsmasq 'main'\n {NORESOLV}\n {SERVER}\nconfig dnsmasq\n"),
            ISP,
            &[
                "uci set dhcp.@dnsmasq[1].noresolv='1'",
                "uci add_list dhcp.@dnsmasq[1].server='193.58.251.251'",
            ],
        ),
        (
            format!("config dnsmasq 'guest'\n {NORESOLV}\n {other}\n"),
            ISP,
            &[
                "uci del_list dhcp.guest.server='8.8.8.8'",
                "uci add_list dhcp.guest.server='193.58.251.251'",
            ],
        ),
        (
            dnsmasq(&[NORESOLV, SERVER])
                + "config dhcp 'lan'\n list dhcp_option 'tag:a,6,8.8.8.8'\n",
            ISP,
            &[
                "uci del_list dhcp.lan.dhcp_option='tag:a,6,8.8.8.8'",
                "uci add_list dhcp.lan.dhcp_option='tag:a,6,193.58.251.251'",
            ],
        ),
        (
            dnsmasq(&[NORESOLV, SERVER])
                + "config dhcp\n option dhcp_option '3,10.0.0.1 6,8.8.8.8'\n",
            ISP,
            &[
                "uci delete dhcp.@dhcp[0].dhcp_option",
                "uci add_list dhcp.@dhcp[0].dhcp_option='3,10.0.0.1'",
                "uci add_list dhcp.@dhcp[0].dhcp_option='6,193.58.251.251'",
            ],
        ),
        (
            dnsmasq(&[NORESOLV, SERVER]) + "config dhcp 'lan'\n option ra 'relay'\n",
            ISP,
            &["uci set dhcp.lan.ra='server'"],
        ),
    ];
    for (dhcp, resolv, mends) in table {
        assert_eq!(verdict_of(dhcp, resolv, &[]).mends, *mends, "{dhcp}");
    }
}

/// The type of a section becomes part of a command.
#[test]
fn a_section_of_a_type_that_nobody_reads_is_passed_over() {
    let odd = dnsmasq(&[NORESOLV, SERVER]) + "config $(reboot)\n list dhcp_option '6,8.8.8.8'\n";
    let found = verdict_of(&odd, ISP, &[]);
    assert_eq!((found.verdict, found.mends), (Verdict::All, vec![]));
}

#[test]
fn thousands_of_servers_are_a_few_words() {
    let lines: Vec<String> = (0..10_000)
        .map(|n| format!("list server '9.9.{}.{}'", n / 250, n % 250))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let found = verdict_of(&dnsmasq(&lines), ISP, &[]);
    let said = found.to_string();
    assert!(
        said.len() < 1000 && said.ends_with("; and 9993 more"),
        "{said}"
    );
    assert_eq!(found.verdict, Verdict::None);
    assert_eq!(found.mends.len(), 3, "{:?}", found.mends);
}

#[test]
fn a_file_that_is_no_uci() {
    for text in ["config dnsmasq 'a\n", "optoin x y\n", "\0"] {
        let found = verdict_of(text, ISP, &[]);
        assert_eq!(found.verdict, Verdict::Unknown);
        let said = found.to_string();
        assert!(said.contains(": /etc/config/dhcp: "), "{said}");
    }
}

#[test]
fn the_services_resolvers() {
    let table = [
        ("option key 'k'", Ok(("SkyDNS", 1))),
        ("option base_url 'https://SKYDNS.ru./x/'", Ok(("SkyDNS", 1))),
        (
            "option base_url 'https://www.safedns.com/provider_api/'",
            Ok(("SafeDNS", 2)),
        ),
        (
            "option base_url 'https://relay.example.net/'",
            Err("relay.example.net"),
        ),
        (
            "option base_url 'https://notskydns.ru/'",
            Err("notskydns.ru"),
        ),
        (
            "option base_url 'https://relay.example.net/'\n list resolver '9.9.9.9'",
            Ok(("SkyDNS", 1)),
        ),
        (
            "option key 'k'\n list resolver '9.9.9.9'\n list resolver '9.9.9.10'",
            Ok(("SkyDNS", 2)),
        ),
    ];
    for (lines, expected) in table {
        let text = format!("config skydns 'a'\n option ident 'u'\n {lines}\n");
        let config = Config::parse(text.as_bytes()).unwrap();
        let found = resolvers_of(&config).map(|(service, all)| (service, all.len()));
        let expected = expected.map_err(|host| FilteringReason::NoServiceResolver {
            host: host.to_owned(),
        });
        assert_eq!(found, expected, "{lines}");
    }
    let two = "config skydns 'a'\n option ident 'u'\n option key 'k'\n\
        config skydns 'b'\n option ident 'v'\n option key 'k'\n option hostname 'x'\n\
        config skydns 'c'\n option ident 'w'\n option base_url 'https://relay.example.net/'\n";
    let config = Config::parse(two.as_bytes()).unwrap();
    assert_eq!(resolvers_of(&config).map(|(_, all)| all.len()), Ok(1));
}

/// A section: its type, its name, and its lines, each an option's name, whether it is a
/// list, and a value.
type Lines = (
    &'static str,
    Option<&'static str>,
    Vec<(String, bool, String)>,
);

fn text_of(sections: &[Lines]) -> String {
    let mut text = String::new();
    for (kind, name, lines) in sections {
        text += &format!("config {kind} {}\n", name.unwrap_or_default());
        for (option, is_list, value) in lines {
            let keyword = if *is_list { "list" } else { "option" };
            let value = value.replace('\'', "'\\''");
            text += &format!(" {keyword} {option} '{value}'\n");
        }
    }
    text
}

/// Does what `uci` does with one of the commands.
fn apply(command: &str, sections: &mut [Lines]) {
    let (verb, change) = command
        .strip_prefix("uci ")
        .unwrap()
        .split_once(' ')
        .unwrap();
    let (path, value) = change.split_once('=').unwrap_or((change, ""));
    let value = value.replace("'\\''", "\n");
    let value = value.trim_matches('\'');
    assert!(!value.contains('\''), "{command}");
    let value = value.replace('\n', "'");
    let (section, option) = path
        .strip_prefix("dhcp.")
        .unwrap()
        .rsplit_once('.')
        .unwrap();
    let mut seen = Vec::new();
    let section = sections.iter_mut().find(|(kind, name, _)| {
        let index = seen.iter().filter(|one| *one == kind).count();
        seen.push(*kind);
        *name == Some(section) || section == format!("@{kind}[{index}]")
    });
    let (_, _, lines) = section.expect("the section is there");
    let is_same = |line: &(String, bool, String)| line.0 == option;
    match verb {
        "delete" => {
            assert!(lines.iter().any(is_same), "{command}: no such entry");
            lines.retain(|line| !is_same(line));
        }
        "del_list" => {
            let before = lines.len();
            lines.retain(|line| !(is_same(line) && line.1 && line.2 == value));
            assert!(lines.len() < before, "{command}: no such item");
        }
        "set" => {
            lines.retain(|line| !is_same(line));
            lines.push((option.to_owned(), false, value.to_owned()));
        }
        "add_list" => {
            for line in lines.iter_mut().filter(|line| is_same(line)) {
                line.1 = true;
            }
            lines.push((option.to_owned(), true, value.to_owned()));
        }
        _ => panic!("{command}"),
    }
}

/// Whatever stands in the file: what leads elsewhere is gone once they are done.
#[test]
fn the_commands_mend_it() {
    const DNSMASQ: &[(&str, &[&str])] = &[
        ("option noresolv", &["0", "1", "1", "1"]),
        ("option resolvfile", &["/etc/resolv.ours", "/etc/none"]),
        ("option port", &["53", "0", "54"]),
        ("option server", &["8.8.8.8", "193.58.251.251"]),
        (
            "list server",
            &[
                "193.58.251.251",
                "8.8.8.8",
                "/example.com/8.8.8.8",
                "/lan/",
                "//10.0.0.1",
                "127.0.0.1#5053",
                "/example.org/127.0.0.1#5053",
                "192.168.1.1",
                "::ffff:8.8.4.4",
                "it's 8.8.8.8",
                " 1.1.1.1",
            ],
        ),
        ("list dhcp_option", &["6,8.8.8.8", "option6:23,[2a00::53]"]),
    ];
    const DHCP: &[(&str, &[&str])] = &[
        ("option ignore", &["1"]),
        ("option master", &["1"]),
        ("option ra", &["server", "relay", "hybrid", "disabled"]),
        ("option dhcpv6", &["server", "relay", "hybrid", "disabled"]),
        ("option dhcpv4", &["server", "disabled"]),
        ("option ra_dns", &["0"]),
        ("option dns_service", &["0"]),
        ("option dns", &["2a00::53", "2a00::53 192.168.1.1"]),
        ("list dns", &["2a00::54", "192.168.1.1", "193.58.251.251"]),
        (
            "option dhcp_option",
            &["6,8.8.8.8 3,10.0.0.9", "6,193.58.251.251"],
        ),
        (
            "list dhcp_option",
            &[
                "6,8.8.8.8",
                "kids,6,1.1.1.1,193.58.251.251",
                "3,10.0.0.9",
                "tag:a,option:dns-server,9.9.9.9",
                "option6:dns-server,[2a00::53]",
                "6,192.168.1.1",
                "6",
                "it's,6,8.8.8.8",
            ],
        ),
        ("list dhcp_option_force", &["6,8.8.8.8", "6,9.9.9.9"]),
    ];
    let mut number = 1_u32;
    let mut below = |limit: usize| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (number >> 8) as usize % limit
    };
    for _ in 0..5_000 {
        let mut sections: Vec<Lines> = Vec::new();
        for name in ["a", "b", "c", "d"].into_iter().take(1 + below(4)) {
            let (kind, pool) = [("dnsmasq", DNSMASQ), ("dhcp", DHCP)][below(2)];
            let name = (below(2) == 0).then_some(name);
            let mut lines: Vec<(String, bool, String)> = Vec::new();
            for _ in 0..below(7) {
                let (what, values) = pool[below(pool.len())];
                let (keyword, option) = what.split_once(' ').unwrap();
                let is_list = keyword == "list";
                if !lines
                    .iter()
                    .any(|line| line.0 == option && !(line.1 && is_list))
                {
                    let value = values[below(values.len())];
                    lines.push((option.to_owned(), is_list, value.to_owned()));
                }
            }
            sections.push((kind, name, lines));
        }
        if below(4) == 0 {
            let main = ("maindhcp".to_owned(), false, "1".to_owned());
            sections.push(("odhcpd", None, vec![main]));
        }
        let resolv = [ISP, SKYDNS_GIVEN, BOTH, ""][below(4)];
        let before = text_of(&sections);
        let found = verdict_of(&before, resolv, &[]);
        for command in &found.mends {
            apply(command, &mut sections);
        }
        let after = text_of(&sections);
        let mended = verdict_of(&after, resolv, &[]);
        let case = format!("{before}{resolv}{:#?}\n{after}", found.mends);
        assert!(mended.mends.is_empty(), "{case}{:#?}", mended.mends);
        let is_good = match mended.verdict {
            Verdict::All | Verdict::Local => true,
            Verdict::Some | Verdict::None => false,
            Verdict::Unknown => mended.reasons == [FilteringReason::NobodyAnswers],
        };
        assert!(is_good, "{case}{mended}");
    }
}
