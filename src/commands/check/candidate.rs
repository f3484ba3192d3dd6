//! `wansync check --file`: a configuration that is not in place yet, as a page has it
//! checked before it saves it.
//!
//! It may come from someone who may not become root: so none of its programs is run, none
//! of its key files is opened, nothing that it names is asked over the network, and it
//! shows no text of any file but its own. Of the router, netifd alone is asked, for the
//! names of its networks.

use std::path::Path;

use super::configuration::check_configuration;
use super::filtering::check_household;
use super::findings::Findings;
use super::source::check_networks;
use crate::agent::observe::Observer;
use crate::agent::paths::Paths;
use crate::commands::output::Output;
use crate::exit::Exit;
use crate::sys::http::HttpClient;
use crate::sys::{files, terminal};
use wansync_core::reason;
use wansync_core::rpcd::MAX_CONFIG;

/// The name of one that has no file.
const UNNAMED: &str = "standard input";

/// Checks the configuration in a file, or `-` for standard input.
pub fn run(paths: &Paths, file: &str, is_json: bool, out: &Output) -> Exit {
    let (name, text) = match file {
        "-" => (UNNAMED, terminal::read_standard_input(MAX_CONFIG)),
        _ => (file, files::read(Path::new(file), MAX_CONFIG)),
    };
    match text {
        Ok(text) => check(paths, name, &text, is_json, out),
        Err(why) => {
            let mut findings = Findings::all(out, is_json);
            findings.bad(
                Exit::Config,
                reason!(FileUnusable, file = name, cause = why),
            );
            findings.exit
        }
    }
}

/// Checks the text of a configuration of this name.
pub fn check(paths: &Paths, name: &str, text: &[u8], is_json: bool, out: &Output) -> Exit {
    let mut findings = Findings::all(out, is_json);
    let config = match paths.parse_candidate(text, name) {
        Ok(config) => config,
        Err(why) => {
            findings.bad(Exit::Config, why);
            return findings.exit;
        }
    };
    findings.set_config(&config);
    check_configuration(paths, &config, Some(name), &mut findings);
    check_household(paths, &config, &findings);
    // It is asked for netifd's networks alone.
    let client = HttpClient::new(Path::new(""), false);
    let observer = Observer::new(&paths.ubus, &client);
    for (section, content) in config.ready_sections() {
        findings.set_subject(section);
        check_networks(content, &observer, &mut findings);
    }
    findings.exit
}
