//! Whether the household is filtered: what `check` and `status` say of a router's files,
//! and what the resolver answers.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

wansync_test_support::simulator!();

mod dnsmasq;
mod questions;
mod ways;

use std::fs;

use serde_json::Value;
use wansync_test_support::netns::Netns;
use wansync_test_support::{Ran, Router, STATUS, ran};

/// A router in a network of its own, in which nobody but the test listens.
struct House {
    router: Router,
    net: Netns,
}

const ISP: &str = "# Interface wan\nnameserver 10.0.0.1\n";

impl House {
    fn new() -> House {
        let house = House {
            router: Router::new(),
            net: Netns::new(),
        };
        house.skydns("");
        house
    }

    /// The configuration: a section `home` with these options.
    fn skydns(&self, options: &str) {
        let text =
            format!("config skydns 'home'\noption ident 'user1'\noption key 'k'\n{options}\n");
        self.router.configure_raw(text.as_bytes());
    }

    /// `/etc/config/dhcp`; RESOLV in it is the file of resolvers.
    fn dhcp(&self, text: &str) {
        let resolv = self.router.path("resolv.conf.auto");
        let resolv = resolv.to_str().expect("UTF-8");
        let text = text.replace("RESOLV", resolv);
        fs::write(self.router.path("dhcp"), text).expect("a file");
    }

    /// A dnsmasq with these lines, whose file of resolvers is RESOLV.
    fn dnsmasq(&self, lines: &str) {
        self.dhcp(&format!(
            "config dnsmasq\noption resolvfile 'RESOLV'\n{lines}\n"
        ));
    }

    fn resolv(&self, text: &str) {
        fs::write(self.router.path("resolv.conf.auto"), text).expect("a file");
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.net.run(&self.router, words)
    }

    fn check_offline(&self) -> Ran {
        self.run(&["check", "--offline"]).expect(0)
    }

    /// `filtering` of the status.
    fn filtering(&self) -> Value {
        self.status()["filtering"].clone()
    }

    fn status(&self) -> Value {
        self.run(STATUS).expect(0).json()
    }

    /// The verdict in every form; in words it is this.
    #[track_caller]
    fn says(&self, verdict: &str, words: &str) {
        let filtering = self.filtering();
        let reason = filtering["reason"].as_str().expect("a reason");
        assert_eq!(filtering["verdict"], verdict, "{reason}");
        assert!(reason.contains(words), "no '{words}' in {reason}");
        let mark = if verdict == "all" { "ok    " } else { "warn  " };
        self.check_offline().says(&format!("{mark}{reason}\n"));
        self.run(&["status"]).expect(0).says(reason);
        let metrics = self.run(&["status", "--format", "prometheus"]).expect(0);
        metrics.says(&format!("wansync_filtering{{verdict=\"{verdict}\"}} 1\n"));
    }
}

/// Runs a program in the router's network, and gives what it printed.
#[track_caller]
fn output(house: &House, command: &std::process::Command) -> Ran {
    ran(house.net.enter(command).output().expect("it runs"))
}
