use super::*;
use crate::address::Candidate;
use crate::ubus::netifd::DefaultRoute;

const fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

/// A network that is down.
fn network(name: &str) -> Network {
    Network {
        name: name.to_owned(),
        available: true,
        autostart: true,
        ..Network::default()
    }
}

/// A network that is up with this address, on a device of its name with `-dev` behind it.
fn up(name: &str, address: &str) -> Network {
    let address: core::net::IpAddr = address.parse().expect("an address");
    Network {
        up: true,
        dynamic: name.ends_with("_4") || name.ends_with("_6"),
        l3_device: Some(format!("{name}-dev")),
        addresses: vec![Candidate::from(address)],
        ..network(name)
    }
}

/// A network that is up, with a default route of this metric.
fn way_out(name: &str, address: &str, metric: u32) -> Network {
    Network {
        default_routes: vec![DefaultRoute {
            is_apart: false,
            is_ipv6: address.contains(':'),
            metric,
        }],
        ..up(name, address)
    }
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn another_address_is_another_wan() {
    let mut state = TunnelState::default();
    let mut observe = |networks: &[Network], secs: i64| {
        let context = NetworkContext {
            networks: Ok(networks),
            watched: &[],
        };
        let status = wan_status(&context, &texts(&["wan", "wwan"]), &mut state, at(secs));
        state.evidence.wan = Some(Finding {
            value: status.clone(),
            at: at(secs),
        });
        status
    };
    let (wan, wwan) = (up("wan", "8.8.4.4"), up("wwan_4", "8.8.8.8"));
    let since = |secs| WanStatus::Up(at(secs));
    assert_eq!(observe(core::slice::from_ref(&wan), 10), since(10));
    assert_eq!(observe(&[wan.clone(), wwan.clone()], 20), since(10));
    assert_eq!(observe(&[up("wan", "8.8.4.9")], 30), since(30));
    // A fail-over, and back.
    assert_eq!(observe(&[network("wan"), wwan.clone()], 40), since(40));
    assert_eq!(observe(&[network("wan"), wwan], 50), since(40));
    assert_eq!(observe(core::slice::from_ref(&wan), 60), since(60));
    assert!(matches!(observe(&[network("wan")], 70), WanStatus::Down(_)));
    assert_eq!(observe(&[wan], 80), since(80));
    let unknown = observe(&[network("lan")], 90);
    assert!(matches!(unknown, WanStatus::Missing(_)));
}

#[test]
fn the_wan_that_a_tunnel_runs_over() {
    let tunnels = [
        TunnelLink::Network("vpnki0".to_owned()),
        TunnelLink::Device("tun0".to_owned()),
    ];
    let (lan, wan) = (up("lan", "192.168.1.1"), way_out("wan", "8.8.4.4", 0));
    let (lte, bare_wan) = (way_out("wwan_4", "100.64.7.7", 20), up("wan", "8.8.4.4"));
    let vpnki = way_out("vpnki0", "172.16.1.2", 0);
    let other_vpn = Network {
        l3_device: Some("tun0".to_owned()),
        ..way_out("ovpn", "10.8.0.2", 0)
    };
    let wan6 = way_out("wan6", "2a00::1", 0);
    let apart = |mut network: Network| {
        network.default_routes[0].is_apart = true;
        network
    };
    let table: &[(&[&str], &[&Network], &str)] = &[
        // The best default route.
        (&[], &[&lan, &wan, &lte], "wan"),
        (&[], &[&lan, &network("wan"), &lte], "wwan_4"),
        (&[], &[&way_out("wan", "8.8.4.4", 30), &lte], "wwan_4"),
        (&[], &[&wan6, &lte], "wwan_4"),
        (&[], &[&lan, &wan6], "wan6"),
        (&[], &[&apart(way_out("a", "8.8.8.8", 0)), &lte], "wwan_4"),
        (&[], &[&apart(way_out("a", "8.8.8.8", 0))], "a"),
        // Not through a tunnel.
        (&[], &[&vpnki, &other_vpn, &lte], "wwan_4"),
        // netifd knows of no route.
        (&[], &[&lan, &bare_wan], "wan"),
        (&[], &[&network("wan"), &up("wan_4", "8.8.4.4")], "wan_4"),
        // Those that are named.
        (&["wwan"], &[&wan, &lte], "wwan_4"),
        (&["wan", "wwan"], &[&lte, &bare_wan], "wwan_4"),
        (
            &["wan", "wwan"],
            &[&up("wwan_4", "8.8.8.8"), &bare_wan],
            "wan",
        ),
        (&["wwan", "wan"], &[&network("wwan"), &bare_wan], "wan"),
        // None.
        (&[], &[&lan], "Down no network has a default route"),
        (
            &[],
            &[&vpnki, &other_vpn],
            "Down no network has a default route",
        ),
        (&[], &[&lan, &network("wan")], "Down the WAN 'wan' is down"),
        (
            &["wan"],
            &[&network("wan"), &lte],
            "Down the WAN 'wan' is down",
        ),
        (
            &["wan", "wwan", "wan2"],
            &[&network("wan"), &network("wwan")],
            "Down no WAN is up: wan is down, wwan is down, netifd has no network wan2",
        ),
        (&["wan2"], &[&wan], "Missing netifd has no network 'wan2'"),
        (
            &["wan2", "wan3"],
            &[&wan],
            "Missing netifd has none of the networks wan2, wan3",
        ),
    ];
    for (names, networks, expected) in table {
        let networks: Vec<Network> = networks.iter().map(|n| (*n).clone()).collect();
        let found = match find_wan(&networks, &texts(names), &tunnels) {
            Ok(network) => network.name.clone(),
            Err(WanStatus::Down(why)) => format!("Down {why}"),
            Err(WanStatus::Missing(why)) => format!("Missing {why}"),
            Err(WanStatus::Unavailable(_) | WanStatus::Up(_)) => panic!("it is said not to be"),
        };
        assert_eq!(found, *expected, "{names:?} {networks:?}");
    }
    // A network of that name is not a child if its owner made it.
    let own = Network {
        dynamic: false,
        ..up("wan_4", "8.8.4.4")
    };
    let networks = [network("wan"), own];
    assert!(find_wan(&networks, &texts(&["wan"]), &[]).is_err());
}

#[test]
fn the_device_of_a_tunnel() {
    let vpnki0 = TunnelLink::Network("vpnki0".to_owned());
    let with = |code: &str, network: Network| Network {
        errors: vec![code.to_owned()],
        ..network
    };
    let down = || network("vpnki0");
    let pending = Network {
        pending: true,
        proto: Some("pptp".to_owned()),
        ..down()
    };
    let off = Network {
        autostart: false,
        ..down()
    };
    let no_device = with(
        "NO_DEVICE",
        Network {
            available: false,
            proto: Some("none".to_owned()),
            ..down()
        },
    );
    let no_l3_device = Network { up: true, ..down() };
    let first_seen = DeviceStatus::Pending {
        since: at(5),
        why: Reason::default(),
    };
    let dialling = DeviceStatus::Pending {
        since: at(5),
        why: "is dialling".into(),
    };
    let is_down = |why: &str| DeviceStatus::Down(why.into());
    let on = |device: &str| DeviceStatus::Up(device.to_owned());
    let gone = |device: &str| DeviceStatus::Gone(device.to_owned());
    let table = [
        (up("vpnki0", "172.16.1.2"), on("vpnki0-dev")),
        (up("vpnki0_4", "172.16.1.2"), on("vpnki0_4-dev")),
        (no_l3_device, is_down("is up without a device")),
        (pending, dialling),
        (down(), is_down("is down")),
        (no_device, is_down("has no device (NO_DEVICE)")),
        (off.clone(), DeviceStatus::Off),
        (with("USER_REQUEST", off.clone()), DeviceStatus::Off),
        (
            with("AUTH_FAILED", off),
            is_down("could not log in (AUTH_FAILED), and netifd does not try again"),
        ),
    ];
    let status = |networks: &Networks<'_>, link: &TunnelLink, exists, at_boot, before| {
        let before = Finding {
            value: before,
            at: at(8),
        };
        device_status(
            networks,
            link,
            |_| exists,
            |_| at_boot,
            Some(&before),
            at(9),
        )
    };
    for (network, expected) in table {
        let networks = [network];
        let found = status(&Ok(&networks), &vpnki0, true, true, first_seen.clone());
        assert_eq!(found, expected, "{networks:?}");
    }
    let networks = [up("vpnki0", "172.16.1.2"), network("lan")];
    let found = status(&Ok(&networks), &vpnki0, false, true, on("vpnki0-dev"));
    assert_eq!(found, gone("vpnki0-dev"));
    // What was made at run time is gone with its device.
    let lan = &networks[1..];
    let found = |before| status(&Ok(lan), &vpnki0, true, true, before);
    assert_eq!(found(DeviceStatus::Missing), DeviceStatus::Missing);
    let over = is_down("is gone: netifd has it no longer");
    assert_eq!(found(on("vpnki0-dev")), over);
    assert_eq!(found(over.clone()), over);
    let stopped = [Network {
        autostart: false,
        ..down()
    }];
    let found = status(&Ok(&stopped), &vpnki0, true, false, on("vpnki0-dev"));
    assert_eq!(found, DeviceStatus::NotStarted);
    let no_ubus = || Err("no ubus".into());
    assert_eq!(
        status(&no_ubus(), &vpnki0, true, true, DeviceStatus::Off),
        DeviceStatus::Unavailable("no ubus".into())
    );
    // netifd is not asked about a device.
    let tun0 = TunnelLink::Device("tun0".to_owned());
    let found = |exists| status(&no_ubus(), &tun0, exists, true, DeviceStatus::Off);
    assert_eq!(found(true), on("tun0"));
    assert_eq!(found(false), gone("tun0"));
}

#[test]
fn a_table_of_its_own() {
    let networks = [
        up("wan", "8.8.4.4"),
        Network {
            ip4table: Some(100),
            ..up("vpnki0", "172.16.1.2")
        },
    ];
    let table = |device, prefix: &str| own_table(&networks, device, prefix.parse().expect("one"));
    assert_eq!(table("vpnki0-dev", "172.16.0.0/16"), Some(100));
    assert_eq!(table("vpnki0-dev", "fd00::/8"), None);
    assert_eq!(table("wan-dev", "172.16.0.0/16"), None);
}
