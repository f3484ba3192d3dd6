use super::*;
use crate::tunnel::evidence::HandshakeStatus;
use crate::tunnel::witness::Witness;

const NOW: Boot = at(10_000);

const fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

const NAMES: TunnelNames<'_> = TunnelNames {
    service: "user356",
    network: "vpnki0",
    ping: Some("172.16.0.1"),
    route: Some("172.16.0.0/16"),
    ping_size: None,
};

const NO_PING: TunnelNames<'_> = TunnelNames {
    ping: None,
    ..NAMES
};

/// Evidence in one line: `piece=finding/age`, where the age in seconds is 0 if
/// it is left out. All witnesses have testified for the tunnel, save those that `new`
/// names.
fn evidence(line: &str) -> Evidence {
    let mut evidence = Evidence::default();
    evidence.testimony.recall(&Witness::ALL);
    for word in line.split_whitespace() {
        let (word, age) = word.split_once('/').unwrap_or((word, "0"));
        let (piece, finding) = word.split_once('=').expect(line);
        let at = ago(number(age));
        match piece {
            "wan" => evidence.wan = found(at, wan(finding)),
            "vpnki" => evidence.service = found(at, service(finding)),
            "device" => evidence.device = found(at, device(finding)),
            "route" => evidence.route = found(at, route(finding)),
            "ping" => evidence.ping = found(at, ping(finding)),
            "shook" => evidence.handshake = found(at, handshake(finding)),
            "came" => traffic(&mut evidence).received_at = Some(ago(number(finding))),
            "sent" => unanswered(traffic(&mut evidence), finding),
            "new" => finding
                .split(',')
                .for_each(|who| forget(&mut evidence.testimony, who)),
            "tried" => {}
            "missed" => missed(&mut evidence, ago(number(finding))),
            _ => panic!("{piece}"),
        }
    }
    evidence
}

fn found<T>(at: Boot, value: T) -> Option<Finding<T>> {
    Some(Finding { value, at })
}

fn ago(secs: u64) -> Boot {
    NOW - Duration::from_secs(secs)
}

fn number(text: &str) -> u64 {
    text.parse().expect(text)
}

fn wan(finding: &str) -> WanStatus {
    match finding {
        "up" => WanStatus::Up(at(100)),
        "down" => WanStatus::Down("the WAN 'wan' is down".into()),
        "silent" => WanStatus::Unavailable("no ubus".into()),
        _ => panic!("{finding}"),
    }
}

fn service(finding: &str) -> ServiceStatus {
    match finding {
        "active" => ServiceStatus::Active,
        "inactive" => ServiceStatus::Inactive,
        "unlisted" => ServiceStatus::Unlisted,
        "ambiguous" => ServiceStatus::Ambiguous("user357 or user358".into()),
        "silent" => ServiceStatus::Unavailable("timeout".into()),
        _ => panic!("{finding}"),
    }
}

fn device(finding: &str) -> DeviceStatus {
    match finding {
        "up" => DeviceStatus::Up("l2tp-vpnki0".into()),
        "down" => DeviceStatus::Down("is down (AUTH_FAILED)".into()),
        "off" => DeviceStatus::Off,
        "gone" => DeviceStatus::Gone("l2tp-vpnki0".into()),
        "missing" => DeviceStatus::Missing,
        "silent" => DeviceStatus::Unavailable("no ubus".into()),
        age => DeviceStatus::Pending {
            since: ago(number(age)),
            why: "is dialling".into(),
        },
    }
}

fn route(finding: &str) -> RouteStatus {
    match finding {
        "through" => RouteStatus::Through,
        "missing" => RouteStatus::Missing,
        "eth1" => RouteStatus::Elsewhere("eth1".into()),
        "half" => RouteStatus::Partly("172.16.128.0/17 missing".into()),
        "overlapped" => RouteStatus::Overlapped("172.16.5.0/24 via br-lan".into()),
        "silent" => RouteStatus::Unavailable("no netlink".into()),
        _ => panic!("{finding}"),
    }
}

/// `lost` is lost for 40 s, and missed 22 s ago.
fn ping(finding: &str) -> EchoStatus {
    match finding {
        "lost" => EchoStatus::Lost {
            since: ago(40),
            missed: ago(22),
        },
        "silent" => EchoStatus::Unavailable("cannot bind".into()),
        ms => EchoStatus::Answered(ms.parse().expect(ms)),
    }
}

/// The first echo was lost so long ago, and answered none since.
fn missed(evidence: &mut Evidence, first: Boot) {
    let lost = evidence.ping.as_mut().expect("it is lost");
    lost.value = EchoStatus::Lost {
        since: first,
        missed: first,
    };
}

/// `AGE`, `never` or `silent`
fn handshake(finding: &str) -> HandshakeStatus {
    match finding {
        "never" => HandshakeStatus::Never,
        "silent" => HandshakeStatus::Unavailable("no module".into()),
        age => HandshakeStatus::At(ago(number(age))),
    }
}

fn traffic(evidence: &mut Evidence) -> &mut Traffic {
    let traffic = evidence.traffic.get_or_insert(Finding {
        value: Traffic::default(),
        at: NOW,
    });
    &mut traffic.value
}

/// `KIB-since`
fn unanswered(traffic: &mut Traffic, finding: &str) {
    let (kib, since) = finding.split_once('-').expect(finding);
    traffic.unanswered = 1024 * number(kib);
    traffic.unanswered_since = Some(ago(number(since)));
}

fn forget(testimony: &mut Testimony, witness: &str) {
    match witness {
        "ping" => testimony.ping = None,
        "traffic" => testimony.traffic = None,
        "vpnki" => testimony.service = None,
        "handshake" => testimony.handshake = None,
        _ => panic!("{witness}"),
    }
}

/// The verdict on the evidence of a line; `tried=AGE` is the age of the last restart.
fn of_line(names: &TunnelNames<'_>, line: &str) -> Verdict {
    let mut words = line.split_whitespace();
    let tried = words.find_map(|word| word.strip_prefix("tried="));
    verdict(
        names,
        &evidence(line),
        tried.map(|age| ago(number(age))),
        NOW,
    )
}

type VerdictCase = (&'static str, Health, Cause, &'static str);

fn check(names: &TunnelNames<'_>, table: &[VerdictCase]) {
    for (line, health, cause, reason) in table {
        let got = of_line(names, line);
        assert_eq!(
            (got.health, got.cause),
            (*health, *cause),
            "{line}: {got:?}"
        );
        assert_eq!(got.reason, *reason, "{line}");
    }
}

#[test]
fn with_a_ping() {
    use Cause::{Alive, Configuration, Dead, NoDevice, NoRoute, NoWan, Off, Pending, Unclear};
    use Health::{Down, Unknown, Up};
    #[rustfmt::skip]
    let table = [
        // The WAN.
        ("wan=down device=up ping=lost vpnki=inactive", Unknown, NoWan,
         "the WAN 'wan' is down, so nothing can be said of the tunnel"),
        ("wan=down ping=23/5", Unknown, NoWan,
         "the WAN 'wan' is down, so nothing can be said of the tunnel"),
        ("wan=down/5 ping=23", Unknown, NoWan,
         "the WAN 'wan' is down, so nothing can be said of the tunnel, though 172.16.0.1 answers on vpnki0 in 23 ms: check 'option wan'"),
        ("wan=down device=missing", Unknown, NoWan,
         "the WAN 'wan' is down, so nothing can be said of the tunnel"),
        ("wan=silent ping=23", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        ("ping=23", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        ("wan=down/601 ping=23", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        ("wan=silent ping=23 route=missing", Unknown, NoWan,
         "172.16.0.1 answers on vpnki0 in 23 ms, but the route 172.16.0.0/16 is missing"),
        ("wan=silent ping=lost vpnki=inactive device=down", Unknown, NoWan,
         "netifd does not say whether the WAN is up: no ubus, so nothing can be said of the tunnel"),
        ("ping=lost", Unknown, NoWan,
         "netifd does not say whether the WAN is up: it was not asked, so nothing can be said of the tunnel"),
        ("wan=up/601 ping=lost", Unknown, NoWan,
         "netifd does not say whether the WAN is up: it was not asked, so nothing can be said of the tunnel"),
        ("", Unknown, NoWan,
         "netifd does not say whether the WAN is up: it was not asked, so nothing can be said of the tunnel"),
        // An answer.
        ("wan=up device=up ping=0 vpnki=active route=through", Up, Alive,
         "172.16.0.1 answers on vpnki0 in 1 ms"),
        ("wan=up device=up ping=23 vpnki=inactive", Up, Alive,
         "172.16.0.1 answers on vpnki0 in 23 ms, though VPNKI lists user356 as inactive"),
        ("wan=up device=up ping=23 vpnki=unlisted", Up, Alive,
         "172.16.0.1 answers on vpnki0 in 23 ms, though VPNKI has no tunnel 'user356': check 'option name'"),
        ("wan=up device=up ping=23 vpnki=silent", Up, Alive,
         "172.16.0.1 answers on vpnki0 in 23 ms, though VPNKI could not be asked: timeout"),
        ("wan=up device=up ping=23 vpnki=inactive/901", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        ("wan=up device=silent ping=23", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        ("wan=up ping=23 route=silent", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        ("wan=up ping=23 route=missing", Down, NoRoute,
         "172.16.0.1 answers on vpnki0 in 23 ms, but the route 172.16.0.0/16 is missing"),
        ("wan=up ping=23 route=eth1 vpnki=active", Down, NoRoute,
         "172.16.0.1 answers on vpnki0 in 23 ms, but the route 172.16.0.0/16 leads to eth1, not through vpnki0"),
        ("wan=up ping=23 route=missing/601", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        // An answer that is older than the end of the device.
        ("wan=up ping=23/5 device=down", Down, NoDevice, "vpnki0 is down (AUTH_FAILED)"),
        ("wan=up ping=23 device=down/5", Up, Alive, "172.16.0.1 answers on vpnki0 in 23 ms"),
        ("wan=up ping=23/5 device=off", Unknown, Off,
         "vpnki0 was taken down by hand; 'ifup vpnki0' brings it back"),
        // What cannot be up.
        ("wan=up device=missing ping=lost vpnki=inactive", Unknown, Configuration,
         "netifd has no network 'vpnki0': check 'option network'"),
        ("wan=up device=off vpnki=inactive ping=lost", Unknown, Off,
         "vpnki0 was taken down by hand; 'ifup vpnki0' brings it back"),
        ("wan=up device=up ping=lost vpnki=unlisted", Unknown, Configuration,
         "VPNKI has no tunnel 'user356': check 'option name'"),
        // The device.
        ("wan=up device=59 ping=silent vpnki=inactive", Unknown, Pending,
         "vpnki0 is dialling"),
        ("wan=up device=60 ping=silent vpnki=inactive", Down, Dead,
         "VPNKI lists user356 as inactive and vpnki0 has not come up for 1 min: it is dialling"),
        ("wan=up device=90", Down, Dead, "vpnki0 has not come up for 1 min 30 s: it is dialling"),
        ("wan=up device=down vpnki=active", Down, NoDevice,
         "VPNKI lists user356 as active, but vpnki0 is down (AUTH_FAILED)"),
        ("wan=up device=gone vpnki=silent", Down, NoDevice,
         "the device l2tp-vpnki0 of vpnki0 is gone; VPNKI could not be asked: timeout"),
        // No answer.
        ("wan=up device=up ping=lost vpnki=active route=missing", Down, Dead,
         "VPNKI lists user356 as active, but 172.16.0.1 has not answered for 40 s and the route 172.16.0.0/16 is missing"),
        ("wan=up device=up ping=lost vpnki=inactive route=eth1", Down, Dead,
         "VPNKI lists user356 as inactive, 172.16.0.1 has not answered for 40 s and the route 172.16.0.0/16 leads to eth1, not through vpnki0"),
        ("wan=up device=up ping=lost vpnki=silent", Down, Dead,
         "172.16.0.1 has not answered for 40 s; VPNKI could not be asked: timeout"),
        ("wan=up device=silent ping=lost", Down, Dead, "172.16.0.1 has not answered for 40 s"),
        // Bytes that came after the missed echo, 22 s ago, are life.
        ("wan=up device=up ping=lost vpnki=active came=10", Up, Alive,
         "bytes came through vpnki0 10 s ago, though 172.16.0.1 has not answered for 40 s (is 'option ping' right?)"),
        ("wan=up device=up ping=lost came=4", Up, Alive,
         "bytes came through vpnki0 4 s ago, though 172.16.0.1 has not answered for 40 s (is 'option ping' right?)"),
        ("wan=up device=up ping=lost came=4 vpnki=silent", Up, Alive,
         "bytes came through vpnki0 4 s ago, though 172.16.0.1 has not answered for 40 s (is 'option ping' right?) and VPNKI could not be asked: timeout"),
        ("wan=up device=up ping=lost came=4 route=missing", Down, NoRoute,
         "bytes came through vpnki0 4 s ago, but the route 172.16.0.0/16 is missing"),
        ("wan=up device=up ping=lost missed=300 came=61", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has not answered for 5 min (is 'option ping' right?)"),
        ("wan=up device=up ping=lost missed=300 came=61 vpnki=active", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has not answered for 5 min (is 'option ping' right?)"),
        ("wan=up device=up ping=lost missed=300 came=61 vpnki=inactive", Down, Dead,
         "VPNKI lists user356 as inactive"),
        ("wan=up device=up ping=lost missed=3600 came=600", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has not answered for 1 h (is 'option ping' right?)"),
        ("wan=up device=up ping=lost missed=3600 came=601", Down, Dead,
         "172.16.0.1 has not answered for 1 h"),
        // An address that never answered says nothing against the tunnel.
        ("wan=up device=up ping=lost new=ping", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has never answered (is 'option ping' right?)"),
        ("wan=up device=up ping=lost new=ping vpnki=active", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has never answered (is 'option ping' right?)"),
        ("wan=up device=up ping=lost new=ping vpnki=silent", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has never answered (is 'option ping' right?), VPNKI could not be asked: timeout"),
        ("wan=up device=up ping=lost new=ping came=60", Up, Alive,
         "bytes came through vpnki0 1 min ago, though 172.16.0.1 has never answered (is 'option ping' right?)"),
        ("wan=up device=up ping=lost new=ping came=22", Up, Alive,
         "bytes came through vpnki0 22 s ago, though 172.16.0.1 has never answered (is 'option ping' right?)"),
        ("wan=up device=up ping=lost new=ping vpnki=inactive", Down, Dead,
         "VPNKI lists user356 as inactive"),
        ("wan=up device=up ping=lost new=ping sent=16-60", Down, Dead,
         "16 KiB were sent through vpnki0 in 1 min and nothing was received"),
        ("wan=up device=up ping=lost new=ping sent=16-60 vpnki=active", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has never answered (is 'option ping' right?) and 16 KiB were sent through vpnki0 in 1 min and nothing was received"),
        ("wan=up device=up ping=lost new=ping,vpnki vpnki=inactive", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 has never answered (is 'option ping' right?) and VPNKI lists user356 as inactive, as it always has (is 'option name' right?)"),
        // A fact needs no witness.
        ("wan=up device=down new=ping,traffic,vpnki,handshake", Down, NoDevice, "vpnki0 is down (AUTH_FAILED)"),
        ("wan=up device=gone new=ping,traffic,vpnki,handshake", Down, NoDevice,
         "the device l2tp-vpnki0 of vpnki0 is gone"),
        ("wan=up device=60 new=ping,traffic,vpnki,handshake", Down, Dead,
         "vpnki0 has not come up for 1 min: it is dialling"),
        ("wan=down device=gone ping=lost vpnki=inactive", Unknown, NoWan,
         "the WAN 'wan' is down, so nothing can be said of the tunnel"),
        // A restart of ours did not help, and VPNKI lists another.
        ("wan=up device=up ping=lost vpnki=active tried=60", Down, Dead,
         "VPNKI lists user356 as active, but 172.16.0.1 has not answered for 40 s (is another device connected as user356?)"),
        ("wan=up device=up ping=lost vpnki=active tried=59", Down, Dead,
         "VPNKI lists user356 as active, but 172.16.0.1 has not answered for 40 s"),
        ("wan=up device=up ping=lost vpnki=active/70 tried=60", Down, Dead,
         "VPNKI lists user356 as active, but 172.16.0.1 has not answered for 40 s"),
        ("wan=up device=up ping=lost vpnki=inactive tried=60", Down, Dead,
         "VPNKI lists user356 as inactive and 172.16.0.1 has not answered for 40 s"),
        ("wan=up device=up ping=lost vpnki=active came=20", Down, Dead,
         "VPNKI lists user356 as active, but 172.16.0.1 has not answered for 40 s"),
        ("wan=up device=up ping=lost vpnki=active/901 came=10", Up, Alive,
         "bytes came through vpnki0 10 s ago, though 172.16.0.1 has not answered for 40 s (is 'option ping' right?)"),
        ("wan=up device=up ping=lost vpnki=inactive came=10", Up, Alive,
         "bytes came through vpnki0 10 s ago, though 172.16.0.1 has not answered for 40 s (is 'option ping' right?) and VPNKI lists user356 as inactive"),
        // An echo that could not be sent is no sign of life.
        ("wan=up device=up ping=silent", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 172.16.0.1 could not be asked: cannot bind"),
        ("wan=up device=up ping=23/601", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic"),
        ("wan=up device=up ping=silent came=10", Up, Alive,
         "bytes came through vpnki0 10 s ago, though 172.16.0.1 could not be asked: cannot bind"),
        ("wan=up device=up ping=silent vpnki=active", Up, Alive,
         "vpnki0 is up and VPNKI lists user356 as active, though 172.16.0.1 could not be asked: cannot bind"),
    ];
    check(&NAMES, &table);
}

#[test]
fn without_a_ping() {
    use Cause::{Alive, Configuration, Dead, NoRoute, NoWan, Unclear};
    use Health::{Down, Unknown, Up};
    #[rustfmt::skip]
    let table = [
        ("wan=up device=up came=60", Up, Alive, "bytes came through vpnki0 1 min ago"),
        ("wan=up device=up came=5 vpnki=inactive", Up, Alive,
         "bytes came through vpnki0 5 s ago, though VPNKI lists user356 as inactive"),
        ("wan=up device=up came=5 route=missing", Down, NoRoute,
         "bytes came through vpnki0 5 s ago, but the route 172.16.0.0/16 is missing"),
        ("wan=up device=up sent=16-60", Down, Dead,
         "16 KiB were sent through vpnki0 in 1 min and nothing was received"),
        ("wan=up device=up sent=16-60 vpnki=silent", Down, Dead,
         "16 KiB were sent through vpnki0 in 1 min and nothing was received; VPNKI could not be asked: timeout"),
        ("wan=up device=up sent=16-60 vpnki=inactive", Down, Dead,
         "VPNKI lists user356 as inactive and 16 KiB were sent through vpnki0 in 1 min and nothing was received"),
        // A stream that nobody answers: a camera, syslog.
        ("wan=up device=up sent=20-90 vpnki=active", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 20 KiB were sent through vpnki0 in 1 min 30 s and nothing was received"),
        ("wan=up device=up sent=20-90 new=traffic", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: 20 KiB were sent through vpnki0 in 1 min 30 s and nothing was received"),
        ("wan=up device=up sent=16-59", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic; 'option ping' would"),
        ("wan=up device=up sent=16-59 vpnki=active", Up, Alive, "vpnki0 is up and VPNKI lists user356 as active"),
        ("wan=up device=up sent=15-600 vpnki=active", Up, Alive, "vpnki0 is up and VPNKI lists user356 as active"),
        // What VPNKI says counts if it ever listed the tunnel as active, until bytes come.
        ("wan=up device=up vpnki=inactive new=vpnki", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: VPNKI lists user356 as inactive, as it always has (is 'option name' right?)"),
        ("wan=up device=up vpnki=inactive/240 came=120", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: VPNKI lists user356 as inactive"),
        ("wan=up device=up vpnki=inactive/120 came=240", Down, Dead, "VPNKI lists user356 as inactive"),
        ("wan=up device=up vpnki=inactive/900 came=601", Down, Dead, "VPNKI lists user356 as inactive"),
        ("wan=up device=up came=5 vpnki=unlisted", Up, Alive,
         "bytes came through vpnki0 5 s ago, though VPNKI has no tunnel 'user356': check 'option name'"),
        ("wan=up device=up vpnki=unlisted sent=20-90", Unknown, Configuration,
         "VPNKI has no tunnel 'user356': check 'option name'"),
        ("wan=up device=up ping=lost sent=20-90 vpnki=ambiguous", Unknown, Configuration,
         "VPNKI's 'user356' may be user357 or user358: 'option name' must be the login of one"),
        ("wan=up device=silent vpnki=inactive", Down, Dead, "VPNKI lists user356 as inactive"),
        ("wan=down vpnki=inactive sent=20-90", Unknown, NoWan,
         "the WAN 'wan' is down, so nothing can be said of the tunnel"),
        // WireGuard.
        ("wan=up device=up shook=181 sent=1-15 vpnki=active", Down, Dead,
         "VPNKI lists user356 as active, but no peer has shaken hands for 3 min 1 s"),
        ("wan=up device=up shook=248 sent=1-60", Down, Dead, "no peer has shaken hands for 4 min 8 s"),
        ("wan=up device=up shook=248 sent=1-60 new=handshake", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: no peer has shaken hands for 4 min 8 s"),
        ("wan=up device=up shook=180 sent=1-60 vpnki=active", Up, Alive,
         "vpnki0 is up and VPNKI lists user356 as active"),
        ("wan=up device=up shook=900 sent=1-14 vpnki=active", Up, Alive,
         "vpnki0 is up and VPNKI lists user356 as active"),
        ("wan=up device=up shook=900 vpnki=active", Up, Alive,
         "vpnki0 is up and VPNKI lists user356 as active"),
        ("wan=up device=up shook=900 came=30", Up, Alive, "bytes came through vpnki0 30 s ago"),
        ("wan=up device=up shook=never sent=1-15 new=handshake vpnki=active", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: no peer has ever shaken hands"),
        ("wan=up device=up shook=never sent=1-15", Down, Dead, "no peer has ever shaken hands"),
        ("wan=up device=up shook=silent sent=1-60 vpnki=active", Up, Alive,
         "vpnki0 is up and VPNKI lists user356 as active"),
        ("wan=up device=up shook=900/601 sent=1-60 vpnki=active", Up, Alive,
         "vpnki0 is up and VPNKI lists user356 as active"),
        ("wan=up device=up came=61 vpnki=active route=through", Up, Alive,
         "vpnki0 is up and VPNKI lists user356 as active"),
        ("wan=up device=up vpnki=active route=eth1", Down, NoRoute,
         "vpnki0 is up and VPNKI lists user356 as active, but the route 172.16.0.0/16 leads to eth1, not through vpnki0"),
        ("wan=up device=up vpnki=inactive", Down, Dead, "VPNKI lists user356 as inactive"),
        ("wan=up device=up vpnki=inactive route=missing", Down, Dead,
         "VPNKI lists user356 as inactive and the route 172.16.0.0/16 is missing"),
        ("wan=up device=up vpnki=inactive/901", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic; 'option ping' would"),
        ("wan=up device=silent vpnki=active", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: netifd could not be asked: no ubus"),
        ("wan=up device=up vpnki=silent", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic: VPNKI could not be asked: timeout"),
        ("wan=up device=up", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic; 'option ping' would"),
        ("wan=up device=up ping=lost", Unknown, Unclear,
         "nothing says whether the tunnel carries traffic; 'option ping' would"),
    ];
    check(&NO_PING, &table);
}

#[test]
fn a_route_without_the_option_does_not_matter() {
    let names = TunnelNames {
        route: None,
        ..NAMES
    };
    let got = of_line(&names, "wan=up ping=23 route=missing");
    assert_eq!(got.health, Health::Up);
}

#[test]
fn a_route_in_part() {
    #[rustfmt::skip]
    let table = [
        ("wan=up ping=23 route=half", Health::Down, Cause::NoRoute,
         "172.16.0.1 answers on vpnki0 in 23 ms, but the route 172.16.0.0/16 is incomplete: 172.16.128.0/17 missing"),
        ("wan=up ping=23 route=overlapped", Health::Up, Cause::Alive,
         "172.16.0.1 answers on vpnki0 in 23 ms, though there is another route in 172.16.0.0/16: 172.16.5.0/24 via br-lan"),
        ("wan=up device=up ping=lost route=overlapped", Health::Down, Cause::Dead,
         "172.16.0.1 has not answered for 40 s"),
    ];
    check(&NAMES, &table);
}

#[test]
fn an_unavailable_service_alone_never_makes_a_tunnel_down() {
    for wan in ["", "wan=up", "wan=silent", "wan=down"] {
        for rest in [
            "",
            "device=up",
            "device=silent",
            "device=off",
            "device=missing",
        ] {
            for ping in ["", "ping=silent", "ping=23"] {
                let line = format!("{wan} {rest} {ping} vpnki=silent");
                for names in [&NAMES, &NO_PING] {
                    let got = of_line(names, &line);
                    assert_ne!(got.health, Health::Down, "{line}");
                }
            }
        }
    }
}

#[test]
fn times_that_are_no_times_do_no_harm() {
    for at in [i64::MIN, i64::MAX].map(at) {
        let mut evidence =
            evidence("wan=up vpnki=active device=90 route=missing ping=lost sent=20-90");
        evidence.ping = found(
            at,
            EchoStatus::Lost {
                since: at,
                missed: at,
            },
        );
        for now in [i64::MIN, 0, i64::MAX] {
            let now = Boot::from_secs(now);
            verdict(&NAMES, &evidence, Some(at), now);
        }
    }
}

/// A router on the way that has a smaller MTU and does not say so.
#[test]
fn large_packets_are_lost() {
    let names = TunnelNames {
        ping_size: Some(1372),
        ..NAMES
    };
    let table = [
        (
            "wan=up device=up ping=23",
            Some(true),
            "172.16.0.1 answers on vpnki0 in 23 ms",
        ),
        (
            "wan=up device=up ping=23",
            None,
            "172.16.0.1 answers on vpnki0 in 23 ms",
        ),
        (
            "wan=up device=up ping=23 vpnki=active",
            Some(false),
            "172.16.0.1 answers on vpnki0 in 23 ms, though echoes with 1372 bytes of data are lost: \
             is the MTU of vpnki0 too large?",
        ),
    ];
    for (line, large, reason) in table {
        let mut evidence = evidence(line);
        evidence.large_ping = large.map(|value| Finding { value, at: NOW });
        let got = verdict(&names, &evidence, None, NOW);
        assert_eq!((got.health, got.reason), (Health::Up, reason.into()));
    }
    // Where nothing answers it is not the size.
    let mut evidence = evidence("wan=up device=up ping=lost");
    evidence.large_ping = Some(Finding {
        value: false,
        at: NOW,
    });
    let got = verdict(&names, &evidence, None, NOW);
    assert!(!got.reason.contains("1372"), "{}", got.reason);
}
