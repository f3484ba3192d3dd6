//! The text for people, who must see in it which piece is broken.

use serde_json::{Value, json};

use crate::{DACHA, Watched, ago, seen, traffic};

/// The lines of the tunnels, whose ages may be a few seconds more by now.
fn lines(watched: &Watched) -> Vec<String> {
    let text = watched.text();
    let (_, rest) = text
        .split_once("no skydns section is enabled\n")
        .expect(&text);
    rest.lines().map(str::to_owned).collect()
}

/// Numbers of seconds differ from run to run.
fn without_seconds(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let unit = |word: Option<&&str>| {
        word.is_some_and(|word| matches!(word.trim_end_matches([')', ';', ',']), "s"))
    };
    let masked = words
        .iter()
        .enumerate()
        .map(|(at, word)| match unit(words.get(at + 1)) {
            true if word.starts_with('(') => "(N",
            true => "N",
            false => word,
        });
    masked.collect::<Vec<&str>>().join(" ")
}

#[test]
fn a_tunnel_that_is_fine() {
    let watched = Watched::new();
    watched.remember(json!({}), json!({"since": ago(7200 + 60)}));
    let lines: Vec<String> = lines(&watched).iter().map(|l| without_seconds(l)).collect();
    assert_eq!(
        lines,
        [
            "dacha  up           for 2 h 1 min  tunnel user356, network vpnki0",
            "       172.16.0.1 answers",
            "       VPNKI active (N s ago); vpnki0 up on l2tp-vpnki0 (N s ago); \
             route 172.16.0.0/16 ok (N s ago); 172.16.0.1 answered in 12 ms (N s ago); \
             last byte in N s ago",
            "       next look in N s; 0 of 3 restarts within the last hour",
        ]
    );
}

#[test]
fn each_broken_piece_is_named() {
    let table = [
        (
            "wan",
            json!({"Down": "the WAN 'wan' is dialling"}),
            "the WAN 'wan' is dialling (",
        ),
        (
            "wan",
            json!({"Silent": "ubusd is not there"}),
            "the WAN cannot be looked at: ubusd is",
        ),
        ("service", json!("Inactive"), "VPNKI not active ("),
        (
            "service",
            json!("Unlisted"),
            "VPNKI has no tunnel user356 (",
        ),
        (
            "service",
            json!({"Ambiguous": "user357 or user358"}),
            "VPNKI's user356 may be user357 or user358 (",
        ),
        (
            "service",
            json!({"Silent": "HTTP status 503"}),
            "VPNKI silent: HTTP status 503 (",
        ),
        (
            "device",
            json!({"Pending": {"since": ago(7200), "why": "is dialling"}}),
            "vpnki0 is dialling, for 2 h",
        ),
        (
            "device",
            json!({"Down": "has no device (NO_DEVICE)"}),
            "vpnki0 has no device (NO_DEVICE) (",
        ),
        ("device", json!("Off"), "vpnki0 was taken down on purpose ("),
        (
            "device",
            json!({"Gone": "ppp0"}),
            "vpnki0 up on ppp0, which does not exist (",
        ),
        ("device", json!("Missing"), "netifd has no network vpnki0 ("),
        (
            "device",
            json!({"Silent": "no ubus"}),
            "vpnki0 cannot be looked at: no ubus (",
        ),
        ("route", json!("Missing"), "route 172.16.0.0/16 missing ("),
        (
            "route",
            json!({"Elsewhere": "eth1"}),
            "route 172.16.0.0/16 goes through eth1 (",
        ),
        (
            "route",
            json!({"Silent": "refused"}),
            "route 172.16.0.0/16 unknown: refused (",
        ),
        (
            "ping",
            json!({"Lost": {"since": ago(7200), "missed": ago(60)}}),
            "172.16.0.1 silent for 2 h",
        ),
        (
            "ping",
            json!({"Silent": "no ppp0"}),
            "no echo to 172.16.0.1 could be sent: no ppp0 (",
        ),
        (
            "handshake",
            json!({"At": ago(7200)}),
            "last handshake 2 h ago (",
        ),
        ("handshake", json!("Never"), "no handshake yet ("),
        (
            "handshake",
            json!({"Unavailable": "that needs CAP_NET_ADMIN"}),
            "last handshake not known: that needs CAP_NET_ADMIN (",
        ),
        (
            "traffic",
            traffic(Some(ago(130)), 20000),
            ", 20000 bytes out since\n",
        ),
    ];
    let watched = Watched::new();
    for (name, found, expected) in table {
        watched.remember(
            json!({name: seen(found.clone(), 3)}),
            json!({"state": "down"}),
        );
        let text = watched.text();
        assert!(text.contains("\ndacha  down         for "), "{text}");
        assert!(text.contains(expected), "no '{expected}' in {text}");
    }
}

#[test]
fn what_is_not_asked_for_is_not_mentioned() {
    let watched = Watched::new();
    watched.configure(
        "config tunnel 'dacha'\noption name a\noption network b\noption ping 10.0.0.1\n",
    );
    let rest = json!({"wan": null, "service": null, "route": null, "traffic": null});
    watched.remember(rest, json!({"reason": "10.0.0.1 answers"}));
    let lines: Vec<String> = lines(&watched).iter().map(|l| without_seconds(l)).collect();
    assert_eq!(
        lines[1..],
        [
            "       10.0.0.1 answers",
            "       b up on l2tp-vpnki0 (N s ago); 10.0.0.1 answered in 12 ms (N s ago)",
            "       next look in N s",
        ]
    );
}

#[test]
fn tunnels_stand_under_the_sections_in_the_same_columns() {
    let watched = Watched::new();
    let router = &watched.router;
    let long = router.section(
        "a_long_name",
        "option source static\noption address 8.8.4.4",
    );
    watched.configure(&format!("{long}{DACHA}"));
    let text = watched.text();
    let places: Vec<usize> = ["no pass yet", "unknown"]
        .iter()
        .map(|word| {
            let line = text.lines().find(|line| line.contains(word)).expect(&text);
            line.find(word).expect("just found")
        })
        .collect();
    assert_eq!(places, [13, 13], "{text}");
    assert!(
        text.contains("\n             not looked at yet; 'wansync daemon' looks"),
        "{text}"
    );
}

#[test]
fn what_a_service_says_cannot_steer_the_terminal() {
    let watched = Watched::new();
    let evil = "\u{1b}[2Jgone\u{7}\nroot#";
    watched.remember(
        json!({"service": seen(json!({"Silent": evil}), 3)}),
        json!({"reason": evil}),
    );
    let text = watched.text();
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{7}'),
        "{text:?}"
    );
    assert_eq!(lines(&watched).len(), 4, "{text}");
    assert_eq!(watched.tunnel()["reason"], Value::from(evil));
}

#[test]
fn wansync_is_disabled() {
    let watched = Watched::new();
    let text =
        format!("config wansync\noption enabled 0\nconfig vpnki account\noption key k\n{DACHA}");
    watched.router.configure_raw(text.as_bytes());
    assert!(watched.text().contains("\ndisabled: option enabled '0'\n"));
}
