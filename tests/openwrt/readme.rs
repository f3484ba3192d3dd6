//! A person with only `openwrt/README.md`: what it says to type is typed, and what
//! it says comes back has to come back.

use std::fs;

use wansync_sim::KEY;

use crate::online::Online;
use wansync_test_support::netifd::up;
use wansync_test_support::waiting::comes_true;

/// The whole text.
pub const README: &str = include_str!("../../openwrt/README.md");
const PROMPT: &str = "root@OpenWrt:~# ";

/// A part of the README, from its heading to the next one.
pub fn part(heading: &str) -> &'static str {
    let (_, rest) = README
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("the README has no part '{heading}'"));
    rest.split("\n## ").next().expect("a text")
}

/// The commands that are typed at a prompt, each with its output.
fn dialogue(text: &str) -> Vec<(String, String)> {
    let blocks = text.split("```").skip(1).step_by(2);
    let mut turns: Vec<(String, String)> = Vec::new();
    for line in blocks
        .filter(|block| block.contains(PROMPT))
        .flat_map(str::lines)
    {
        match line.strip_prefix(PROMPT) {
            Some(command) => turns.push((command.to_owned(), String::new())),
            None if line.is_empty() => {}
            None => {
                let (_, said) = turns.last_mut().expect("a command comes first");
                said.push_str(&format!("{line}\n"));
            }
        }
    }
    turns
}

/// A text without what is another each time: the clock, the certificates, ages.
fn lasting(text: &str) -> String {
    let line = |line: &str| match line {
        clock if clock.contains("the clock says") => "the clock".to_owned(),
        bundle if bundle.contains("ca-certificates.crt holds") => "the bundle".to_owned(),
        // A pass every five minutes; a busy machine shows it some seconds later.
        next if next.trim_start().starts_with("next in 4 min ") => {
            let (_, rest) = next.split_once(';').expect("what is left");
            format!("      next in 5 min;{rest}")
        }
        line => {
            let age = |word: &str| {
                word.strip_prefix('(')
                    .is_some_and(|n| n.parse::<u32>().is_ok())
            };
            let words = line
                .split(' ')
                .map(|word| if age(word) { "(0" } else { word });
            words.collect::<Vec<_>>().join(" ")
        }
    };
    // glibc, which no router has, takes a name of /etc/hosts without an IPv6 address for
    // one that does not exist.
    let of_glibc = |text: &&str| !text.contains("no IPv6 address: the name does not exist");
    let lines = text.lines().filter(of_glibc);
    lines.map(|text| line(text) + "\n").collect()
}

/// The command that the table of the README gives for a manager.
fn install_command(manager: &str) -> &'static str {
    let line = README
        .lines()
        .find(|line| line.starts_with("| from a file") && line.contains(&format!("`{manager} ")))
        .unwrap_or_else(|| panic!("no line for {manager}"));
    let commands = line.split('`').skip(1).step_by(2);
    let mut commands = commands.filter(|command| command.starts_with(manager));
    commands.next().expect("a command")
}

/// A router on which the README was followed as far as its last prompt.
fn set_up(manager: &str) -> Online {
    let online = Online::bare();
    let ending = if manager == "opkg" {
        "_*.ipk"
    } else {
        "-*.apk*"
    };
    online
        .run(&format!("cp -r /pkg/1/wansync{ending} /tmp"))
        .expect(0);
    online.run(install_command(manager)).expect(0);
    let turns = dialogue(part("The first five minutes"));
    assert!(turns.len() >= 8, "{turns:?}");
    for (command, expected) in turns {
        let said = online.type_in(&command, KEY).expect(0).said();
        assert_eq!(lasting(&said), lasting(&expected), "{manager}: {command}");
    }
    online
}

/// From a file to a confirmed address, and to the next one.
#[test]
fn the_first_five_minutes() {
    for manager in ["opkg", "apk"] {
        let online = set_up(manager);
        assert_eq!(online.published(), ["8.8.4.4"], "{manager}");
        let lines = online.staged.cron_lines();
        assert_eq!(lines.len(), 1, "{manager}");
        // Another address, as netifd reports it; and cron's line as it stands there.
        online.ubus.set_interface("wan", up("8.8.8.8"));
        let event = "ACTION=ifup INTERFACE=wan DEVICE=eth1 hotplug-call iface";
        online.run(event).expect(0);
        online
            .run("wansync status")
            .expect(0)
            .says("confirmed 8.8.8.8");
        online.run(&online.staged.cron_command()).expect(0);
        assert_eq!(online.published(), ["8.8.4.4", "8.8.8.8"], "{manager}");
        assert_eq!(online.staged.mode("etc/wansync/skydns.key"), 0o600);
        assert_eq!(online.staged.mode("etc/config/wansync"), 0o600);
    }
}

/// The other mode: procd runs the daemon, which hears netifd by itself.
#[test]
fn the_same_with_the_daemon() {
    let online = set_up("opkg");
    let child = online.spawn(
        "mkdir -p /tmp/procd; touch /tmp/procd/live; uci set wansync.main.mode=daemon; \
         uci commit wansync; /etc/init.d/wansync reload; \
         until [ -e /tmp/over ]; do sleep 0.1; done; /etc/init.d/wansync stop",
    );
    let until = |what: &str, is_so: &dyn Fn() -> bool| {
        let log = || online.staged.read("tmp/daemon.log");
        assert!(comes_true(is_so), "{what}: {}", log());
    };
    until("it runs", &|| online.ubus.subscriptions() > 0);
    assert_eq!(online.staged.cron_lines().len(), 0);
    online.ubus.set_interface("wan", up("8.8.8.8"));
    until("the new address", &|| online.published().len() == 2);
    fs::write(online.staged.path("tmp/over"), "").expect("a file");
    child.wait_with_output().expect("it ends");
    assert_eq!(online.published(), ["8.8.4.4", "8.8.8.8"]);
}

/// A provider's image, and the token that comes to the router on the bench.
#[test]
fn a_router_of_a_provider() {
    let online = Online::bare();
    let staged = &online.staged;
    staged.write(
        "etc/uci-defaults/96-provider",
        include_str!("../../openwrt/relay/uci-defaults"),
    );
    let label = "get_mac_label() { echo AA:BB:CC:00:11:22; }\n";
    staged.write("lib/functions/system.sh", label);
    online
        .run("opkg install /pkg/1/wansync_*.ipk; (. /etc/uci-defaults/96-provider)")
        .expect(0);
    online.run("/etc/init.d/wansync boot");
    online
        .run("wansync check")
        .expect(78)
        .says("the key file /etc/wansync/skydns.key does not exist");
    assert_eq!(online.published().len(), 0);
    let (_, command) = README
        .split_once("`ssh root@192.168.1.1 '")
        .expect("the bench");
    let command = command.split('\'').next().expect("an end");
    online.type_in(command, KEY).expect(0);
    assert_eq!(online.published(), ["8.8.4.4"]);
    assert_eq!(online.staged.cron_lines().len(), 1);
}
