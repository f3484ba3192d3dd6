//! Broken set-ups, each with one culprit. `wansync check` names it, and so do a pass and
//! `wansync status`, in words for somebody who is woken by it.

mod account;
mod far_end;
mod networks;
mod routes;
mod services;
mod wan;

use std::net::IpAddr;

use crate::night::Night;
use wansync_sim::VPNKI_KEY;
use wansync_test_support::tunnel::{NAME, NETWORK};

/// The tunnel's state is what the first look finds, and nothing is done.
const WATCHED: &str = "option down_after 1\n";
/// The same, but what is down is restarted.
const RESTARTED: &str = "option down_after 1\noption on_down restart\n";

/// An exit code, and a part of the sentence that names the culprit.
type Blame<'a> = (i32, &'a str);

impl Night {
    /// At this second `check` names the culprit, and so do a pass and `status` after it.
    /// A tunnel that is not down is not restarted.
    #[track_caller]
    fn blames(&self, at: i64, check: Blame<'_>, pass: Blame<'_>) {
        self.check_blames(at, check);
        let (code, culprit) = pass;
        let before = self.restarts();
        let ran = self.run_at(at, &["once"]).expect(code).says(culprit);
        assert!(code == 1 || self.restarts() == before, "{}", ran.said());
        ran.never_says(VPNKI_KEY);
        let status = self.run_at(at + 1, &["status"]).expect(0).stdout;
        let mut lines = status.lines();
        lines.find(|line| line.starts_with("dacha"));
        let reason = lines.next().unwrap_or_default();
        assert!(reason.contains(culprit), "no '{culprit}' in:\n{status}");
        is_sound(reason);
    }

    /// Some finding of `check` names the culprit, and none says that this is well.
    #[track_caller]
    fn check_blames(&self, at: i64, (code, culprit): Blame<'_>) {
        let ran = self.run_at(at, &["check"]).expect(code);
        let (good, faults): (Vec<&str>, Vec<&str>) =
            ran.stdout.lines().partition(|line| line.starts_with("ok "));
        let is_blamed = faults.iter().any(|line| line.contains(culprit));
        assert!(is_blamed, "no '{culprit}' in:\n{}", ran.stdout);
        let fails = faults.iter().any(|line| line.starts_with("FAIL "));
        assert_eq!(fails, code != 0, "{}", ran.stdout);
        assert!(!good.is_empty(), "{}", ran.stdout);
        faults.into_iter().for_each(is_sound);
        ran.never_says(VPNKI_KEY);
    }

    /// The configuration has the account, and this in place of the tunnel's network.
    fn link(&self, options: &str, link: &str) {
        let network = format!("option network '{NETWORK}'");
        let tunnel = self.bed.tunnel(options).replace(&network, link);
        self.bed
            .sections(&format!("{}{tunnel}", self.bed.account("")));
    }

    /// The configuration has the account, and a tunnel of this name for which VPNKI alone
    /// speaks.
    fn named(&self, name: &str) {
        let tunnel = self.bed.bare_tunnel(RESTARTED);
        let tunnel = tunnel.replace(&format!("'{NAME}'"), &format!("'{name}'"));
        self.bed
            .sections(&format!("{}{tunnel}", self.bed.account("")));
    }
}

/// Fails if a sentence says one thing twice, or of one thing that it is up and down.
#[track_caller]
fn is_sound(line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    for pair in words.windows(2) {
        let [first, second] = [pair[0], pair[1]].map(|word| word.trim_end_matches([':', ',', ';']));
        // A host that is named by its address has both.
        let is_host = first.parse::<IpAddr>().is_ok();
        assert!(first != second || is_host, "{line}");
    }
    for pair in [
        "is down: up",
        "is down (up",
        "is up, is down",
        "missing: up",
    ] {
        assert!(!line.contains(pair), "{line}");
    }
    let mut clauses: Vec<&str> = line.split([':', ';', ',', '(']).map(str::trim).collect();
    clauses.retain(|clause| clause.contains(' '));
    clauses.sort_unstable();
    for pair in clauses.windows(2) {
        assert_ne!(pair[0], pair[1], "{line}");
    }
}
