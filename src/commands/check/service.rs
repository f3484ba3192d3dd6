//! `wansync check --service`: the facts that OpenWrt's init script has to know
//! ([`init`]).
//!
//! A configuration with an error has only the findings of `check --offline`,
//! and its exit code; unless it is disabled as a whole, since a section that
//! is wrong must not keep it from being switched off.

use super::access::wireguard_test;
use super::configuration::check_configuration;
use super::findings::Findings;
use crate::agent::paths::Paths;
use crate::commands::output::Output;
use crate::exit::Exit;
use crate::sys::identity;
use wansync_core::config::Config;
use wansync_core::text::init;

/// Prints the facts.
pub fn run(paths: &Paths, config: &Config, out: &Output) -> Exit {
    if !config.main.enabled && !config.main_is_wrong {
        out.line("mode off");
        return Exit::Done;
    }
    let mut findings = Findings::errors_only(out);
    check_configuration(paths, config, None, &mut findings);
    if findings.exit == Exit::Done {
        let is_wireguard = wireguard_test(paths);
        for fact in init::facts(config, &is_wireguard, identity::router_number()) {
            out.line(&fact);
        }
    }
    findings.exit
}
