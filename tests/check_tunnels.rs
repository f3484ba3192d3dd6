//! `wansync check` of tunnels: their networks, their far ends, and what VPNKI
//! knows of them.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use wansync_sim::ubus::{UbusSim, procd};
use wansync_sim::{Envelope, Rows, Style, Times, VPNKI_KEY};
use wansync_test_support::netns::Netns;
use wansync_test_support::{Ran, Router};

/// A router whose one tunnel runs over `lo`, with netifd.
struct World {
    router: Router,
    ubus: UbusSim,
}

fn up(device: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "l3_device": device, "proto": "dhcp",
        "ipv4-address": [{"address": "8.8.4.4", "mask": 24}],
    })
}

impl World {
    fn new() -> World {
        let router = Router::new();
        let ubus = router.ubus();
        ubus.set_interface("wan", up("eth1"));
        ubus.set_interface("vpnki0", up("lo"));
        let world = World { router, ubus };
        world.configure(&world.account(""), &tunnel(""));
        world
    }

    fn account(&self, options: &str) -> String {
        let url = self.router.sim.vpnki_url();
        format!(
            "config vpnki 'account'\noption base_url '{url}'\noption key '{VPNKI_KEY}'\n{options}\n"
        )
    }

    fn configure(&self, account: &str, tunnel: &str) {
        self.router.configure(&format!("{account}{tunnel}"));
    }

    fn with_tunnel(&self, options: &str) {
        self.configure(&self.account(""), &tunnel(options));
    }

    /// Nothing but lists was asked, and nothing was written.
    #[track_caller]
    fn check(&self) -> Ran {
        let ran = self.router.run(&["check"]);
        for request in self.router.sim.requests() {
            let resource = request.param("resource").unwrap_or("");
            assert!(["tunnels", "active"].contains(&resource), "{resource}");
        }
        assert!(!self.router.path("run").exists() && !self.router.path("etc").exists());
        ran.never_says(VPNKI_KEY)
    }

    #[track_caller]
    fn fails(&self, code: i32, part: &str) {
        let ran = self.check();
        assert_eq!(ran.code, Some(code), "{part}: {}", ran.said());
        let mut lines = ran.stdout.lines();
        let found = lines.any(|line| line.starts_with("FAIL  ") && line.contains(part));
        assert!(found, "no '{part}' in a FAIL of:\n{}", ran.said());
    }

    fn fault(&self, text: &str) {
        let fault = text.parse().expect(text);
        self.router.sim.fault(fault, Times::Next(1));
    }
}

fn tunnel(options: &str) -> String {
    let name = match options.contains("option name") {
        true => "",
        false => "option name 'user356'",
    };
    format!(
        "config tunnel 'dacha'\noption vpnki 'account'\noption network 'vpnki0'\n\
         {name}\n{options}\n"
    )
}

#[test]
fn a_tunnel_that_is_well() {
    let world = World::new();
    world.with_tunnel("option route '127.0.0.0/8'");
    let ran = world.check().expect(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines.iter().all(|line| line.starts_with("ok    ")),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stderr, "");
    assert_eq!(lines.len(), 8, "{}", ran.stdout);
    ran.says("0 skydns sections, 0 in use, 0 disabled; 1 tunnel sections, 1 in use, 0 disabled")
        .says("account: 127.0.0.1 knows the key, and 2 tunnels by name")
        .says("dacha: network 'wan', which it runs over, is up on eth1")
        .says("dacha: its network 'vpnki0' is up on lo")
        .says("dacha: packets to 127.0.0.0/8 go through lo")
        .says("dacha: VPNKI lists 'user356', and it is active");
    assert_eq!(world.router.sim.requests().len(), 2);
    assert_eq!(world.ubus.calls(), ["network.interface dump"]);
}

#[test]
fn offline_asks_no_service() {
    let world = World::new();
    world.with_tunnel("option notify '/no/such/program'");
    let ran = world.router.run(&["check", "--offline"]).expect(78);
    ran.says("FAIL  dacha: option 'notify': the program /no/such/program does not exist");
    assert_eq!(world.router.sim.requests().len(), 0);
    assert_eq!(world.ubus.calls(), [""; 0]);
}

#[test]
fn names_that_vpnki_does_not_know() {
    let world = World::new();
    for &rows in Rows::ALL {
        if matches!(rows, Rows::Null | Rows::False) {
            continue;
        }
        for &envelope in Envelope::ALL {
            world.router.sim.set_vpnki_style(Style {
                rows,
                envelope,
                ..Style::default()
            });
            world.with_tunnel("option name 'usr356'");
            let message = "dacha: VPNKI lists no tunnel 'usr356' (did you mean 'user356'?), \
                        but: user356, user357";
            world.fails(78, message);
        }
    }
    world.with_tunnel("option name 'dacha'");
    world.fails(
        78,
        "dacha: VPNKI lists no tunnel 'dacha', but: user356, user357",
    );
}

#[test]
fn names_that_are_not_the_login() {
    let world = World::new();
    for (name, meant) in [
        ("Дача", "'Дача' as user356, 172.16.10.2"),
        ("172.16.10.2", "'172.16.10.2' as user356, Дача"),
        ("дача", "'дача' as user356, Дача, 172.16.10.2"),
    ] {
        world.router.sim.script_active(&[&["user356"]]);
        world.with_tunnel(&format!("option name '{name}'"));
        let line = format!("ok    dacha: VPNKI lists {meant}, and it is active");
        world.check().expect(0).says(&line);
        world.router.sim.script_active(&[&["user357"]]);
        world.fails(
            75,
            &format!("dacha: VPNKI lists {meant}, but it is not active"),
        );
    }
    world.router.sim.script_active(&[&["user356"]]);
    world.with_tunnel("option name 'USER356'");
    world
        .check()
        .expect(0)
        .says("warn  dacha: 'USER356' is taken for VPNKI's 'user356' (did you mean that?)")
        .says("section 'dacha': option 'name': 'USER356' is no login of VPNKI (did you mean 'user356'?)");
    let mut tunnels = world.router.sim.tunnels();
    tunnels[1].comment = "дача".to_owned();
    world.router.sim.set_tunnels(tunnels);
    world.with_tunnel("option name 'Дача'");
    world.check().expect(0);
    world.with_tunnel("option name 'ДАЧА'");
    world.fails(
        78,
        "dacha: VPNKI lists several tunnels 'ДАЧА': user356, user357; 'option name' must be the \
         login of one",
    );
}

#[test]
fn many_names_are_not_all_listed() {
    let world = World::new();
    let known = world.router.sim.tunnels()[0].clone();
    let tunnels = (0..50).map(|n| wansync_sim::Tunnel {
        name: format!("user{n}"),
        ..known.clone()
    });
    world.router.sim.set_tunnels(tunnels.collect());
    world.fails(78, "user18, user19 and 30 more");
    world.router.sim.set_fill(10_000);
    world.fails(
        1,
        "account: 127.0.0.1: the reply is larger than 262144 bytes",
    );
}

#[test]
fn a_tunnel_that_is_not_active() {
    let world = World::new();
    world.router.sim.script_active(&[&["user357"]]);
    world.fails(75, "dacha: VPNKI lists 'user356', but it is not active");
    world.with_tunnel("option address '172.16.10.3'");
    world.check().expect(0);
}

#[test]
fn accounts_that_do_not_answer() {
    let world = World::new();
    for (fault, code, part) in [
        ("tls-wrong-ca", 69, "not trusted by"),
        ("tls-reset", 69, "account: TLS with 127.0.0.1"),
        ("status=503", 69, "account: 127.0.0.1: HTTP status 503"),
        ("status=403", 77, "account: 127.0.0.1: HTTP status 403"),
        (
            "html",
            1,
            "account: 127.0.0.1: the reply is not JSON but an HTML page",
        ),
        (
            "body=[]",
            1,
            "account: 127.0.0.1: the reply is not understood: an empty list",
        ),
        (
            "body={\"state\":\"closed\"}",
            1,
            "nothing in it looks like a tunnel",
        ),
    ] {
        world.fault(fault);
        world.fails(code, part);
    }
    let account = world.account("").replace(VPNKI_KEY, "wrong-key");
    world.configure(&account, &tunnel(""));
    world.fails(77, "account: 127.0.0.1 says: API Key Not Found");
    world.configure(&world.account(""), &tunnel(""));
    world.fault(&format!("error=code,text=no such key: {VPNKI_KEY}"));
    world.fails(77, "no such key: ***");
    assert_eq!(world.router.sim.faults_waiting(), 0);
}

#[test]
fn services_that_are_not_there() {
    let world = World::new();
    for (url, part) in [
        (
            "https://no-such-host.invalid/",
            "account: name resolution of no-such-host.invalid failed",
        ),
        (
            "https://127.0.0.1:1/",
            "account: no connection to 127.0.0.1",
        ),
    ] {
        let account = world
            .account("")
            .replace(&world.router.sim.vpnki_url(), url);
        world.configure(&account, &tunnel(""));
        world.fails(69, part);
    }
}

#[test]
fn an_account_that_must_not_leave_through_another_network() {
    let world = World::new();
    world.configure(&world.account("option bind 'wan2'"), &tunnel(""));
    world.fails(1, "netifd knows no network 'wan2'");
    assert_eq!(world.router.sim.requests().len(), 0);
}

#[test]
fn an_account_that_is_not_in_use() {
    let world = World::new();
    world.configure(
        &world.account("option enabled '0'"),
        &tunnel("option ping '10.9.0.2'"),
    );
    let ran = world.check();
    ran.says("the account 'account' is disabled: VPNKI is not asked");
    assert_eq!(world.router.sim.requests().len(), 0);
}

#[test]
fn networks_that_are_not_there() {
    let world = World::new();
    let down = json!({"up": false, "pending": true, "available": true, "proto": "l2tp"});
    world.ubus.set_interface("vpnki0", down);
    world.fails(75, "dacha: its network 'vpnki0' is dialling");
    world.ubus.remove_interface("vpnki0");
    world.ubus.set_interface("vpnki", up("lo"));
    world.fails(
        78,
        "dacha: netifd knows no network 'vpnki0' (did you mean 'vpnki'?)",
    );
    world.ubus.set_interface("vpnki0", up("lo"));
    world
        .ubus
        .set_interface("wan", json!({"up": true, "l3_device": "eth1"}));
    world.fails(75, "dacha: the WAN 'wan' is up without an address");
    world.with_tunnel("option wan 'wwan'");
    world.fails(
        78,
        "dacha: netifd knows no network 'wwan' (did you mean 'wan'?)",
    );
}

#[test]
fn without_netifd_the_rest_is_reported() {
    let World { router, ubus } = World::new();
    drop(ubus);
    let ran = router.run(&["check"]).expect(75);
    ran.says("FAIL  the networks of the tunnels: ")
        .says("ok    dacha: VPNKI lists 'user356', and it is active");
}

#[test]
fn a_device_that_is_not_there() {
    let world = World::new();
    world.ubus.set_interface("vpnki0", up("nosuch0"));
    world.with_tunnel("option ping '10.9.0.2'");
    world.fails(75, "dacha: its device 'nosuch0' is missing");
}

/// A router with a tunnel on `tun0` to 10.9.0.2, and the WAN on `eth1`.
struct Joined {
    world: World,
    net: Netns,
    _far: Netns,
}

impl Joined {
    fn new() -> Joined {
        let world = World::new();
        let net = Netns::new();
        let far = net.beside();
        net.join("tun0", &far, "tun0");
        net.ip("addr add 10.9.0.1/24 dev tun0");
        far.ip("addr add 10.9.0.2/24 dev tun0");
        net.add_device("eth1", &["10.8.0.1/24"]);
        world.ubus.set_interface("vpnki0", up("tun0"));
        Joined {
            world,
            net,
            _far: far,
        }
    }

    #[track_caller]
    fn check(&self, route: &str, ping: &str, code: i32) -> Ran {
        let text = tunnel(&format!("option ping '{ping}'\noption route '{route}'"));
        let world = &self.world;
        world.configure("", &text.replace("option vpnki 'account'\n", ""));
        self.net.run(&world.router, &["check"]).expect(code)
    }
}

#[test]
fn far_ends_and_routes() {
    let joined = Joined::new();
    joined
        .check("10.9.0.0/24", "10.9.0.2", 0)
        .says("ok    dacha: 10.9.0.2 answers through tun0")
        .says("ok    dacha: packets to 10.9.0.0/24 go through tun0");
    joined
        .check("10.9.0.0/24", "10.9.0.3", 75)
        .says("FAIL  dacha: 10.9.0.3 does not answer through tun0")
        .says("ok    dacha: packets to 10.9.0.0/24 go through tun0");
    joined
        .check("10.8.0.0/24", "10.9.0.2", 75)
        .says("FAIL  dacha: packets to 10.8.0.0/24 go through eth1 instead of tun0");
}

#[test]
fn a_route_that_is_missing() {
    Joined::new()
        .check("172.16.0.0/16", "10.9.0.2", 75)
        .says("FAIL  dacha: there is no route to 172.16.0.0/16; it should go through tun0");
}

#[test]
fn programs_and_key_files() {
    let world = World::new();
    let (program, key_file) = (world.router.path("program"), world.router.path("key"));
    let (program, key_file) = (program.display(), key_file.display());
    let account = world.account("").replace(
        &format!("option key '{VPNKI_KEY}'"),
        &format!("option key_file '{key_file}'"),
    );
    let options = format!("option on_down 'command'\noption command '{program}'");
    world.configure(&account, &tunnel(&options));
    world.fails(
        78,
        &format!("dacha: option 'command': the program {program} does not exist"),
    );
    world.fails(
        78,
        &format!("section 'account': the key file {key_file} does not exist"),
    );
    fs::write(world.router.path("key"), VPNKI_KEY).expect("a key file");
    let mode = |name: &str, mode| {
        let path = world.router.path(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
    };
    mode("key", 0o644);
    fs::write(world.router.path("program"), "#!/bin/sh\n").expect("a program");
    mode("program", 0o644);
    world.fails(
        78,
        &format!("dacha: option 'command': the program {program} is not executable"),
    );
    mode("program", 0o755);
    let ran = world.check().expect(0);
    ran.says("warn  ")
        .says(&format!("every user may read the key in {key_file}"));
    mode("key", 0o600);
    world.check().expect(0).never_says("warn");
    fs::remove_file(world.router.path("program")).expect("removed");
    fs::create_dir(world.router.path("program")).expect("a folder");
    world.fails(
        78,
        &format!("dacha: option 'command': the program {program} is a directory"),
    );
}

/// OpenVPN as a service of procd: what a restart would do to it.
#[test]
fn a_tunnel_that_is_a_service() {
    let world = World::new();
    let service = "option on_down restart\noption service openvpn\noption instance vpnki";
    world.with_tunnel(service);
    world.fails(
        75,
        "dacha: instance 'vpnki' of service 'openvpn': procd does",
    );
    let running = |respawn| procd::running(356, respawn);
    let respawns = Some([3600, 5, 0]);
    world.ubus.set_instance("openvpm", "x", running(respawns));
    world.fails(
        78,
        "dacha: procd runs no service 'openvpn' (did you mean 'openvpm'?)",
    );
    world
        .ubus
        .set_instance("openvpn", "vpnk", running(respawns));
    world.fails(
        78,
        "dacha: service 'openvpn' has no instance 'vpnki' (did you mean 'vpnk'?); option 'instance' \
             must be one of: vpnk",
    );
    world.ubus.set_instance("openvpn", "vpnki", running(None));
    world.fails(
        78,
        "dacha: instance 'vpnki' of service 'openvpn' has no respawn: procd would not start it \
         again after a restart",
    );
    // It ended too often.
    let ended = json!({"running": false, "term_timeout": 5, "exit_code": 1});
    world.ubus.set_instance("openvpn", "vpnki", ended.clone());
    world.fails(75, "does not run, and procd does not start it again");
    let mut waits = running(respawns);
    waits["running"] = false.into();
    world.ubus.set_instance("openvpn", "vpnki", waits);
    world.fails(75, "does not run; procd is about to start it again");
    world
        .ubus
        .set_instance("openvpn", "vpnki", running(respawns));
    world
        .check()
        .expect(0)
        .says("ok    dacha: instance 'vpnki' of service 'openvpn' runs, and procd starts it again");
    let ends = running(Some([3600, 5, 5]));
    world.ubus.set_instance("openvpn", "vpnki", ends);
    world
        .check()
        .expect(0)
        .says("warn  dacha: procd no longer starts instance 'vpnki' of service 'openvpn' again")
        .says("once it has ended more than 5 times");
    // netifd has no part in it.
    let device = tunnel(service).replace("option network 'vpnki0'", "option device 'lo'");
    world.configure(&world.account(""), &device);
    let ran = world.check().expect(0);
    ran.says("ok    dacha: its device 'lo' is there");
    world.configure(&world.account(""), &device.replace("'lo'", "'tun0'"));
    world.fails(75, "dacha: its device 'tun0' is missing");
}

#[test]
fn a_restart_that_cannot_bring_it_back() {
    let world = World::new();
    let mut status = up("lo");
    status["proto"] = "none".into();
    world.ubus.set_interface("vpnki0", status);
    world.with_tunnel("option on_down none");
    world.check().expect(0);
    world.with_tunnel("option on_down restart");
    world.fails(
        78,
        "dacha: on_down 'restart' cannot bring 'vpnki0' back: netifd does not run what makes the \
         device of a network of proto 'none'; option service 'openvpn' with option instance 'NAME' \
         would, or on_down 'command'",
    );
}

/// The migration to netifd's OpenVPN passes over a section with the name of a network.
#[test]
fn an_instance_that_the_migration_left_out() {
    let world = World::new();
    let write = |name: &str, text: &str| {
        fs::write(world.router.path(name), text).expect("the file is written");
    };
    write("openvpn", "config openvpn 'vpnki0'\n\toption enabled '1'\n");
    world.check().expect(0);
    write(
        "network",
        "config interface 'vpnki0'\n\toption proto 'none'\n",
    );
    world.check().expect(0);
    let other = procd::running(1, Some([3600, 5, 0]));
    world.ubus.set_instance("openvpn", "other", other.clone());
    world.fails(
        78,
        "dacha: 'vpnki0' of /etc/config/openvpn is run by nobody: the migration to netifd's \
         protocol 'openvpn' passes over a section with the name of a network; give one of them \
         another name",
    );
    world.ubus.set_instance("openvpn", "vpnki0", other);
    world.check().expect(0);
}

/// LTE has its address on a dynamic child of its network.
#[test]
fn several_wans() {
    let world = World::new();
    let down = json!({"up": false, "pending": false, "available": true, "proto": "dhcp"});
    world.ubus.set_interface("wan", down);
    world.ubus.set_interface(
        "wwan",
        json!({"up": true, "l3_device": "wwan0", "proto": "qmi"}),
    );
    let mut child = up("wwan0");
    child["dynamic"] = true.into();
    let default = json!([{"target": "0.0.0.0", "mask": 0, "nexthop": "8.8.4.1"}]);
    child["route"] = default;
    world.ubus.set_interface("wwan_4", child);
    for wans in ["", "list wan wan\nlist wan wwan"] {
        world.with_tunnel(wans);
        let ran = world.check().expect(0);
        ran.says("dacha: network 'wwan_4', which it runs over, is up on wwan0");
    }
    world.ubus.remove_interface("wwan_4");
    world.fails(
        75,
        "dacha: no WAN is up: wan is down, wwan is up without an address",
    );
    world.with_tunnel("");
    world.fails(75, "dacha: the WAN 'wan' is down");
    world.ubus.remove_interface("wan");
    world.fails(75, "dacha: no network has a default route");
}
