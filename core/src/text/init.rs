//! The facts that OpenWrt's init script has to know, so that it reads no UCI of its
//! own. One fact a line:
//!
//! | line | |
//! | --- | --- |
//! | `mode hook`, `mode daemon`, `mode off` | how to run; `off` where nothing is in use |
//! | `interval SECONDS` | the pause between two re-checks |
//! | `cron LINE` | the beginning of a crontab's line for it: the five fields, at a minute of the router's own, and a `sleep` to its own second |
//! | `ca_file PATH` | what has to be readable |
//! | `textfile PATH` | where cron is to write the metrics, if it is |
//! | `network NAME` | each network that a section in use names, once |
//! | `key PATH` | each key file, once |
//! | `needs echo`, `needs route`, `needs handshake`, `needs service`, `needs programs` | what takes privileges: echoes to a far end, `fix_route`, a WireGuard tunnel, restarts of a service, programs of the owner |
//!
//! ```
//! use wansync_core::config::Config;
//! use wansync_core::text::init;
//!
//! let config = Config::parse(b"config skydns home\n option ident user1\n option key_file /k\n").unwrap();
//! let facts = init::facts(&config, &|_| false, 8);
//! assert_eq!(facts[0], "mode hook");
//! assert_eq!(facts[4..], ["network wan", "key /k"]);
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::config::secret::KeySource;
use crate::config::{Config, DEFAULT_WAN, Mode, Source};
use crate::cron::{self, Schedule};
use crate::tunnel::recovery::OnDown;

/// The facts of a configuration, for the router of this number (see [`crate::cron`]);
/// `is_wireguard` says whether a network, or a device, of this name is WireGuard's.
pub fn facts(config: &Config, is_wireguard: &dyn Fn(&str) -> bool, router: u32) -> Vec<String> {
    let mode = match is_used(config) {
        true => config.main.mode.name(),
        false => "off",
    };
    let main = &config.main;
    let mut facts = vec![
        format!("mode {mode}"),
        format!("interval {}", main.interval.as_secs()),
        format!(
            "cron {} sleep {};",
            Schedule::new(main.interval, router),
            cron::second(router)
        ),
        format!("ca_file {}", main.ca_file),
    ];
    let lists = [
        ("textfile", main.textfile.as_deref().into_iter().collect()),
        ("network", networks(config)),
        ("key", keys(config)),
        ("needs", needs(config, is_wireguard)),
    ];
    for (kind, words) in lists {
        for word in words {
            facts.push(format!("{kind} {word}"));
        }
    }
    facts
}

fn is_used(config: &Config) -> bool {
    config.ready_sections().next().is_some() || config.ready_tunnels().next().is_some()
}

/// True if the daemon runs as a user of its own, by the facts that the init script goes
/// by: as root it does what only root can, and without a jail no other has privileges.
pub fn has_own_user(config: &Config, is_wireguard: &dyn Fn(&str) -> bool, is_jailed: bool) -> bool {
    let needs = needs(config, is_wireguard);
    let takes_root = |what: &&str| match *what {
        "service" | "programs" => true,
        _ => !is_jailed,
    };
    is_used(config) && config.main.mode == Mode::Daemon && !needs.iter().any(takes_root)
}

fn networks(config: &Config) -> Vec<&str> {
    let mut networks = Words::default();
    for (_, section) in config.ready_sections() {
        if let Source::Network(names) = &section.source {
            networks.add_all(names);
        }
        networks.add(section.bind.as_deref());
    }
    for (_, account) in config.ready_accounts() {
        networks.add(account.bind.as_deref());
    }
    for (_, tunnel) in config.ready_tunnels() {
        networks.add_all(&tunnel.wans);
        networks.add(tunnel.link.network());
        // The most likely one; the daemon hears of the others itself.
        networks.add(tunnel.wans.is_empty().then_some(DEFAULT_WAN));
    }
    networks.0
}

fn keys(config: &Config) -> Vec<&str> {
    let mut paths = Words::default();
    for (_, section) in config.ready_sections() {
        paths.add(key_path(&section.key));
    }
    for (_, account) in config.ready_accounts() {
        paths.add(key_path(&account.key));
    }
    paths.0
}

/// Words, each once, sorted.
#[derive(Default)]
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn add(&mut self, word: Option<&'a str>) {
        if let Some(word) = word
            && let Err(place) = self.0.binary_search(&word)
        {
            self.0.insert(place, word);
        }
    }

    fn add_all(&mut self, words: &'a [String]) {
        for word in words {
            self.add(Some(word));
        }
    }
}

fn key_path(key: &KeySource) -> Option<&str> {
    match key {
        KeySource::File { path, .. } => Some(path),
        _ => None,
    }
}

fn needs(config: &Config, is_wireguard: &dyn Fn(&str) -> bool) -> Vec<&'static str> {
    let (mut echo, mut route, mut handshake, mut service) = (false, false, false, false);
    for (_, tunnel) in config.ready_tunnels() {
        echo |= tunnel.ping.is_some();
        route |= tunnel.policy.fix_route;
        handshake = handshake || is_wireguard(tunnel.link.name());
        service |= tunnel.service.is_some() && tunnel.policy.on_down == OnDown::Restart;
    }
    let mut programs = !programs(config).is_empty();
    for (_, section) in config.ready_sections() {
        programs |= matches!(section.source, Source::Command { .. });
    }
    let mut needs = Vec::new();
    for (what, is_so) in [
        ("echo", echo),
        ("route", route),
        ("handshake", handshake),
        ("service", service),
        ("programs", programs),
    ] {
        if is_so {
            needs.push(what);
        }
    }
    needs
}

/// The programs that are run, each behind its section and its option. Whether that of
/// a source is good is seen when it is asked.
pub fn programs(config: &Config) -> Vec<[&str; 3]> {
    let mut programs = Vec::new();
    for (name, section) in config.ready_sections() {
        programs.extend(
            section
                .notify
                .as_deref()
                .map(|notify| [name, "notify", notify]),
        );
    }
    for (name, tunnel) in config.ready_tunnels() {
        let command = tunnel.command.as_ref().map(|(program, _)| program);
        for (option, program) in [("command", command), ("notify", tunnel.notify.as_ref())] {
            programs.extend(program.map(|program| [name, option, program]));
        }
    }
    programs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_configuration_asks_of_the_service() {
        let base = [
            "interval 300",
            "cron 3-59/5 * * * * sleep 0;",
            "ca_file /etc/ssl/certs/ca-certificates.crt",
        ];
        let home = "config skydns a\noption ident x\noption key_file /k\n";
        let tunnel = "config tunnel b\noption name user356\noption network vpnki0\n\
                      option ping 172.16.0.1\n";
        let table: [(String, &str, &[&str]); 6] = [
            (String::new(), "off", &[]),
            (format!("{home}option enabled 0\n"), "off", &[]),
            (
                format!("{home}option bind wan2\n"),
                "hook",
                &["network wan", "network wan2", "key /k"],
            ),
            (
                format!("config wansync\noption mode daemon\n{tunnel}"),
                "daemon",
                &["network vpnki0", "network wan", "needs echo"],
            ),
            (
                "config tunnel b\noption name user356\noption device tun0\n\
                 list wan wwan\nlist wan wan\noption ping 172.16.0.1\n\
                 option service openvpn\noption on_down restart\n"
                    .to_owned(),
                "hook",
                &["network wan", "network wwan", "needs echo", "needs service"],
            ),
            (
                format!(
                    "{home}option notify /n\n{tunnel}option route 10.0.0.0/8\noption fix_route 1\n"
                ),
                "hook",
                &[
                    "network vpnki0",
                    "network wan",
                    "key /k",
                    "needs echo",
                    "needs route",
                    "needs programs",
                ],
            ),
        ];
        for (text, mode, rest) in table {
            let config = Config::parse(text.as_bytes()).expect("UCI");
            assert!(config.problems.is_empty(), "{:?}", config.problems);
            let mut expected = vec![format!("mode {mode}")];
            expected.extend(base.iter().chain(rest).map(|fact| (*fact).to_owned()));
            assert_eq!(facts(&config, &|_| false, 8), expected, "{text}");
        }
    }

    #[test]
    fn whom_the_daemon_runs_as() {
        let home = "config skydns a\noption ident x\noption key_file /k\n";
        let echo = "config tunnel b\noption name user356\noption network vpnki0\n\
                    option ping 172.16.0.1\n";
        let daemon = "config wansync\noption mode daemon\n";
        for (text, alone, jailed) in [
            (home.to_owned(), false, false),
            (format!("{daemon}{home}option enabled 0\n"), false, false),
            (format!("{daemon}{home}"), true, true),
            (format!("{daemon}{echo}"), false, true),
            (format!("{daemon}{home}option notify /n\n"), false, false),
        ] {
            let config = Config::parse(text.as_bytes()).expect("UCI");
            let is_own = |is_jailed| has_own_user(&config, &|_| false, is_jailed);
            assert_eq!((is_own(false), is_own(true)), (alone, jailed), "{text}");
        }
    }

    #[test]
    fn only_a_wireguard_tunnel_needs_to_be_asked_for_its_handshake() {
        let text = b"config tunnel b\noption name user356\noption network vpnki0\n\
                     option ping 172.16.0.1\n";
        let config = Config::parse(text).expect("UCI");
        for (wireguard, expected) in [("vpnki0", true), ("wan", false)] {
            let facts = facts(&config, &|name| name == wireguard, 8);
            let is_needed = facts.iter().any(|fact| fact == "needs handshake");
            assert_eq!(is_needed, expected, "{wireguard}");
        }
    }
}
