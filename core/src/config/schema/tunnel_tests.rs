use super::*;
use crate::config::Config;

/// Lines 1 to 5; what a test adds begins in line 6.
const GOOD: &str = "config vpnki 'account'\n\toption key 'example-key'\n\
    config tunnel 'dacha'\n\toption name 'user356'\n\toption network 'vpnki0'\n";
const ASKED: &str = "option vpnki 'account'\n";

fn config(text: &str) -> Config {
    Config::parse(text.as_bytes()).expect("UCI syntax")
}

#[track_caller]
fn only(config: &Config) -> &Tunnel {
    match &config.tunnels[0].content {
        Content::Ready(tunnel) => tunnel,
        _ => panic!("{:?}", config.problems),
    }
}

fn problems(text: &str) -> Vec<String> {
    let problems = config(text).problems;
    problems.iter().map(|problem| problem.to_string()).collect()
}

#[test]
fn defaults() {
    let config = config(&format!("{GOOD}{ASKED}"));
    assert_eq!(config.problems, []);
    let expected = Tunnel {
        vpnki: Some("account".into()),
        name: "user356".into(),
        address: None,
        link: TunnelLink::Network("vpnki0".into()),
        service: None,
        wans: vec![],
        ping: None,
        ping_size: None,
        route: None,
        command: None,
        notify: None,
        policy: RecoveryPolicy {
            on_down: OnDown::Nothing,
            has_command: false,
            restarts_service: false,
            fix_route: false,
            down_after: 3,
            restart_limit: 3,
            interval: Duration::from_secs(20),
        },
    };
    assert_eq!(*only(&config), expected);
}

#[test]
fn every_option() {
    let config = config(&format!(
        "{GOOD}option ping 172.16.0.1\noption address 172.16.1.2\nlist wan wan6\n\
         list wan wwan\noption ping_size 1372\noption service openvpn\noption instance vpnki\n\
         option route 172.16.0.0/16\noption fix_route 1\noption on_down restart\n\
         option command /bin/on-down\nlist arg '-4 $x'\nlist arg ''\noption down_after 100\n\
         option restart_limit 0\noption interval 5s\noption notify /bin/tell\n"
    ));
    assert_eq!(config.problems, []);
    let expected = Tunnel {
        vpnki: None,
        name: "user356".into(),
        address: Some("172.16.1.2".into()),
        link: TunnelLink::Network("vpnki0".into()),
        service: Some(ServiceInstance {
            service: "openvpn".into(),
            instance: "vpnki".into(),
        }),
        wans: vec!["wan6".into(), "wwan".into()],
        ping: Some([172, 16, 0, 1].into()),
        ping_size: Some(1372),
        route: "172.16.0.0/16".parse().ok(),
        command: Some(("/bin/on-down".into(), vec!["-4 $x".into(), "".into()])),
        notify: Some("/bin/tell".into()),
        policy: RecoveryPolicy {
            on_down: OnDown::Restart,
            has_command: true,
            restarts_service: true,
            fix_route: true,
            down_after: 100,
            restart_limit: 0,
            interval: Duration::from_secs(5),
        },
    };
    assert_eq!(*only(&config), expected);
}

#[test]
fn an_account_may_stand_below_its_tunnel() {
    let config = config(
        "config tunnel\noption name a\noption network b\noption vpnki c\n\
         config vpnki 'c'\noption key k\n",
    );
    assert_eq!(config.problems, []);
    assert_eq!(only(&config).vpnki.as_deref(), Some("c"));
}

#[test]
fn bad_values_name_their_line() {
    let table = [
        (
            "option ping 'far'",
            "6: error: 'ping': 'far' is not an address",
        ),
        (
            "option ping '172.16.0.0/16'",
            "6: error: 'ping': '172.16.0.0/16' is not an address",
        ),
        (
            "option ping '0.0.0.0'",
            "6: error: 'ping': '0.0.0.0' is no address of a host",
        ),
        (
            "option ping '224.0.0.1'",
            "6: error: 'ping': '224.0.0.1' is no address of a host",
        ),
        (
            "option address 'user356'",
            "6: error: 'address': 'user356' is not an address",
        ),
        (
            "option route 'dacha'",
            "6: error: 'route': 'dacha' is no network, such as",
        ),
        (
            "option route '172.16.0.1/16'",
            "6: error: 'route': '172.16.0.1/16' is an address in a network",
        ),
        ("option wan 'a b'", "6: error: 'wan': 'a b' is no name"),
        (
            "list wan 'wwan'\nlist wan 'a b'",
            "7: error: 'wan': 'a b' is no name",
        ),
        (
            "list wan 'wwan'\nlist wan 'vpnki0'",
            "5: error: 'network': 'vpnki0' is the network that the tunnel runs over",
        ),
        (
            "option device 'tun0'",
            "6: error: 'device' and, in line 5, 'network': a tunnel has one of them",
        ),
        (
            "option instance 'vpnki'",
            "6: warning: 'instance' does nothing without 'service'",
        ),
        (
            "option service 'openvpn'",
            "6: warning: 'service' does nothing without on_down 'restart'",
        ),
        (
            "option service 'openvpn'\noption on_down command\noption command /bin/x",
            "6: warning: 'service' does nothing without on_down 'restart'",
        ),
        (
            "option ping_size '1372'",
            "6: warning: 'ping_size' does nothing without 'ping'",
        ),
        (
            "option ping_size '63'\noption ping 10.0.0.1",
            "6: error: 'ping_size': '63' is not a number from 64 to 9000",
        ),
        (
            "option ping_size '9001'\noption ping 10.0.0.1",
            "6: error: 'ping_size': '9001' is not a number from 64 to 9000",
        ),
        (
            "option wan 'vpnki0'",
            "5: error: 'network': 'vpnki0' is the network that the tunnel runs over",
        ),
        (
            "option on_down 'rstart'",
            "6: error: 'on_down': 'rstart' is unknown (did you mean 'restart'?)",
        ),
        (
            "option on_down 'cry'",
            "6: error: 'on_down': 'cry' is none of: none, restart, command",
        ),
        (
            "option on_down 'command'",
            "3: error: 'command' is missing: on_down 'command' runs it",
        ),
        (
            "option on_down 'command'\noption command 'reboot'",
            "7: error: 'command': 'reboot' is not an absolute path",
        ),
        (
            "option on_down 'command'\noption command ''",
            "3: error: 'command' is missing: on_down 'command' runs it",
        ),
        (
            "option notify 'tell'",
            "6: error: 'notify': 'tell' is not an absolute path",
        ),
        (
            "option down_after '0'",
            "6: error: 'down_after': '0' is not a number from 1 to 100",
        ),
        (
            "option down_after '101'",
            "6: error: 'down_after': '101' is not a number from 1 to 100",
        ),
        (
            "option restart_limit '21'",
            "6: error: 'restart_limit': '21' is not a number from 0 to 20",
        ),
        (
            "option restart_limit '-1'",
            "6: error: 'restart_limit': '-1' is not a number from 0 to 20",
        ),
        (
            "option interval '4s'",
            "6: error: 'interval': '4s' is too short: it must be 5s or more",
        ),
        (
            "option interval '0'",
            "6: error: 'interval': '0' is too short: it must be 1s or more",
        ),
        (
            "option interval 'often'",
            "6: error: 'interval': 'often' is no duration",
        ),
        (
            "option fix_route 'maybe'\noption route 10.0.0.0/8",
            "6: error: 'fix_route': 'maybe' is neither",
        ),
        (
            "list ping 'a'",
            "6: error: 'ping' is a list, but takes one value",
        ),
        (
            "option pnig '10.0.0.1'",
            "6: warning: 'pnig' is unknown (did you mean 'ping'?)",
        ),
        (
            "option fix_route 1",
            "6: warning: 'fix_route' does nothing without 'route'",
        ),
        (
            "list arg x",
            "6: warning: 'arg' does nothing without 'command'",
        ),
        (
            "option command /bin/x",
            "6: warning: 'command' does nothing with on_down 'none'",
        ),
    ];
    for (lines, expected) in table {
        let messages = problems(&format!("{GOOD}{lines}\n{ASKED}"));
        assert_eq!(messages.len(), 1, "{lines}: {messages:?}");
        let (line, text) = expected.split_once(": ").expect("a line");
        let (severity, text) = text.split_once(": ").expect("a severity");
        let message = messages[0].replace(": option '", ": '");
        let expected = format!("line {line}: {severity}: section 'dacha': {text}");
        assert!(message.starts_with(&expected), "{lines}: {message}");
    }
}

#[test]
fn a_device_in_place_of_a_network() {
    let tunnel = |lines: &str| format!("config tunnel 't'\noption name a\n{lines}\n");
    let good = config(&tunnel("option device tun0\noption ping 10.0.0.1"));
    assert_eq!(good.problems, []);
    assert_eq!(only(&good).link, TunnelLink::Device("tun0".into()));
    let served = "option device tun0\noption ping 10.0.0.1\noption on_down restart\n\
                  option service vpnc";
    let served = config(&tunnel(served));
    assert_eq!(served.problems, []);
    let instance = only(&served).service.as_ref().map(|s| s.instance.as_str());
    assert_eq!(instance, Some("instance1"), "procd's own name for it");
    let table = [
        (
            "option device '@wan'",
            "'@wan' is no device: it means the network 'wan', which",
        ),
        (
            "option device 'a b'",
            "'a b' is no name of a network device",
        ),
        (
            "option device 'a/b'",
            "'a/b' is no name of a network device",
        ),
        ("option device '..'", "'..' is no name of a network device"),
        (
            "option device 'longer-than-15b0'",
            "'longer-than-15b0' is no name of a network device",
        ),
    ];
    for (line, expected) in table {
        let messages = problems(&tunnel(&format!("{line}\noption ping 10.0.0.1")));
        assert_eq!(messages.len(), 1, "{line}: {messages:?}");
        let expected = format!("line 3: error: section 't': option 'device': {expected}");
        assert!(messages[0].starts_with(&expected), "{line}: {messages:?}");
    }
    let lines = "option device tun0\noption ping 10.0.0.1\noption on_down restart";
    assert_eq!(
        problems(&tunnel(lines)),
        [
            "line 5: error: section 't': option 'on_down': 'restart' has nothing to restart: \
          netifd does not know a 'device'; option 'service' and 'instance' name what runs it, \
          or on_down 'command' runs a program"
        ]
    );
}

#[test]
fn what_must_be_there() {
    let table = [
        (
            "option network 'b'\noption ping 10.0.0.1",
            "'name' is missing: what VPNKI calls",
        ),
        (
            "option name 'a'\noption ping 10.0.0.1",
            "'network' is missing: the tunnel's network in /etc/config/network, or, where it \
             has none, option 'device'",
        ),
        (
            "option name 'a'\noption network 'b'",
            "'vpnki' is missing, and 'ping' as well",
        ),
        // One account alone is not guessed to be the one.
        (
            "option name 'a'\noption network 'b'\nconfig vpnki\noption key k",
            "'vpnki' is missing",
        ),
    ];
    for (lines, expected) in table {
        let messages = problems(&format!("config tunnel 't'\n{lines}\n"));
        assert_eq!(messages.len(), 1, "{lines}: {messages:?}");
        let expected = format!("line 1: error: section 't': option {expected}");
        assert!(messages[0].starts_with(&expected), "{lines}: {messages:?}");
    }
}

#[test]
fn an_account_that_cannot_be_asked() {
    let tunnel = |vpnki: &str, lines: &str| {
        format!(
            "config tunnel 't'\noption name a\noption network b\noption vpnki {vpnki}\n{lines}\n"
        )
    };
    let off = "config vpnki 'account'\noption enabled 0";
    let wrong = "config vpnki 'account'\noption key k\noption interval x";
    let other = "config skydns 'account'\noption enabled 0";
    let ping = "option ping 10.0.0.1\n";
    let table = [
        (
            "account",
            off,
            "warning: section 't': the account 'account' is disabled: VPNKI is not",
        ),
        (
            "account",
            wrong,
            "warning: section 't': the account 'account' has an error: VPNKI is",
        ),
        (
            "acount",
            off,
            "error: section 't': option 'vpnki': 'acount' is no section of type vpnki (did you mean 'account'?)",
        ),
        (
            "account",
            other,
            "error: section 't': option 'vpnki': 'account' is no section of type vpnki",
        ),
    ];
    for (name, account, expected) in table {
        let messages = problems(&tunnel(name, &format!("{ping}{account}")));
        let expected = format!("line 4: {expected}");
        assert!(messages[0].starts_with(&expected), "{messages:?}");
    }
    let config = self::config(&tunnel("account", &format!("{ping}{off}")));
    assert_eq!(only(&config).vpnki, None);
    for (account, why) in [(off, "is disabled"), (wrong, "has an error")] {
        let messages = problems(&tunnel("account", account));
        let expected = format!(
            "line 4: error: section 't': option 'vpnki': 'account' {why}, and without 'ping'"
        );
        assert!(messages[0].starts_with(&expected), "{messages:?}");
    }
}

#[test]
fn one_bad_tunnel_stops_only_itself_and_all_problems_are_reported() {
    let text = format!(
        "config tunnel 'bad'\noption ping far\noption route far\noption interval 1s\n\
         config tunnel 'off'\noption enabled 0\noption ping far\noption colour red\n{GOOD}{ASKED}"
    );
    let config = config(&text);
    let messages = problems(&text);
    assert_eq!(messages.len(), 5, "{messages:?}");
    assert!(
        messages
            .iter()
            .all(|line| line.contains("error: section 'bad'"))
    );
    let ready: Vec<&str> = config.ready_tunnels().map(|(name, _)| name).collect();
    assert_eq!(ready, ["dacha"]);
    assert!(matches!(config.tunnels[0].content, Content::Wrong));
    assert!(matches!(config.tunnels[1].content, Content::Disabled));
}

#[test]
fn a_name_must_fit_into_that_of_a_file() {
    let long = "x".repeat(201);
    for name in ["account", "dacha"] {
        let text = GOOD.replace(name, &long);
        let messages = problems(&format!("{text}option ping 10.0.0.1\n"));
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(
            messages[0].ends_with("longer than 200 bytes"),
            "{messages:?}"
        );
    }
}

#[test]
fn tunnels_that_restart_each_other() {
    let pair = |first: &str, second: &str| {
        let tunnel = |name: &str, lines: &str| {
            format!("config tunnel '{name}'\noption name a\noption ping 10.0.0.1\n{lines}\n")
        };
        problems(&(tunnel("dacha", first) + &tunnel("other", second)))
    };
    let (net, tun) = ("option network vpnki0", "option device tun0");
    let service = "option on_down restart\noption service openvpn\noption instance";
    let table = [
        (net, net, Some("'network'")),
        (tun, tun, Some("'device'")),
        (
            &*format!("{net}\n{service} a"),
            &*format!("{tun}\n{service} a"),
            Some("'service' and 'instance'"),
        ),
        (
            &*format!("{net}\n{service} a"),
            &*format!("{tun}\n{service} b"),
            None,
        ),
        (net, "option network vpnki1", None),
        ("option network tun0", tun, None),
        (net, "option network vpnki0\noption enabled 0", None),
    ];
    for (first, second, expected) in table {
        let messages = pair(first, second);
        let expected = expected.map(|options| {
            let line = 5 + first.matches('\n').count();
            format!(
                "line {line}: warning: section 'other': section 'dacha' in line 1 has the same \
                 {options}: what restarts one tunnel restarts the other"
            )
        });
        assert_eq!(
            messages,
            expected.into_iter().collect::<Vec<_>>(),
            "{first} {second}"
        );
    }
}

#[test]
fn the_fingerprint_covers_all_that_is_watched() {
    let of = |lines: &str| {
        only(&config(&format!("{GOOD}{ASKED}{lines}\n"))).fingerprint(crate::config::sha256)
    };
    let plain = of("");
    assert_eq!(plain.len(), 16);
    for lines in [
        "option interval 1m",
        "option notify /x",
        "option on_down restart",
        "option on_down restart\noption service openvpn",
        // What 0.1.0 took for its default.
        "option wan wan",
    ] {
        assert_eq!(plain, of(lines), "{lines}");
    }
    let mut seen = vec![plain];
    for lines in [
        "option name x",
        "option network x",
        "option wan x",
        "list wan x\nlist wan y",
        "option ping 10.0.0.1",
        "option ping 10.0.0.1\noption ping_size 1372",
        "option address 10.0.0.1",
        "option route 10.0.0.1",
        "config vpnki 'b'\noption key k\nconfig tunnel 'dacha'\noption vpnki b",
    ] {
        let other = of(lines);
        assert!(!seen.contains(&other), "{lines}");
        seen.push(other);
    }
    let device = format!("{GOOD}{ASKED}").replace("network 'vpnki0'", "device 'vpnki0'");
    let device = only(&config(&device)).fingerprint(crate::config::sha256);
    assert!(!seen.contains(&device));
}

/// An upgrade keeps what was learnt of a tunnel.
#[test]
fn the_fingerprint_is_that_of_0_1_0() {
    let all = format!(
        "{GOOD}{ASKED}option wan wan6\noption ping 172.16.0.1\noption address 172.16.1.2\n\
         option route 172.16.0.0/16\n"
    );
    for (text, expected) in [
        (format!("{GOOD}{ASKED}"), "c2b6240d9cf0121b"),
        (all, "9a9a3fb46c99dcb2"),
    ] {
        let fingerprint = only(&config(&text)).fingerprint(crate::config::sha256);
        assert_eq!(fingerprint, expected, "{text}");
    }
}
