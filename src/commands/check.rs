//! `wansync check`: what is wrong, piece by piece, from the configuration to
//! the services' answers.

mod access;
pub mod background;
pub mod candidate;
mod configuration;
mod filtering;
mod findings;
mod names;
mod service;
mod source;
mod tunnels;

use configuration::check_configuration;
use findings::Findings;
use names::check_names;
use source::{check_claims, check_source};
pub use tunnels::fetch_names;

use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of};
use crate::agent::publish::redact_failure;
use crate::cli::{CheckArguments, TextOrJson};
use crate::commands::output::Output;
use crate::exit::Exit;
use crate::sys::clock;
use crate::sys::http::{CaFile, Get, HttpClient, check_ca_file};
use wansync_core::address::PublicAddress;
use wansync_core::config::secret::Secret;
use wansync_core::config::{Config, Skydns};
use wansync_core::failure::Failure;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::service::skydns;
use wansync_core::source::claims::Claims;
use wansync_core::time::Civil;

/// Runs it.
pub fn run(paths: &Paths, check: &CheckArguments, out: &Output) -> Exit {
    let is_json = check.format == TextOrJson::Json;
    let kinds = [
        check.file.is_some(),
        check.start,
        check.result,
        check.offline,
    ];
    if kinds.into_iter().filter(|is_asked| *is_asked).count() > 1 {
        log::error!("--offline, --file, --start and --result exclude each other");
        return Exit::Usage;
    }
    if let Some(file) = &check.file {
        return candidate::run(paths, file, is_json, out);
    }
    match check {
        _ if check.start => background::start(paths, is_json, out),
        _ if check.result => background::result(paths, is_json, out),
        _ if check.work => background::work(paths),
        _ if check.service => run_for_service(paths, out),
        _ => run_here(paths, check.offline, &mut Findings::all(out, is_json)),
    }
}

fn run_for_service(paths: &Paths, out: &Output) -> Exit {
    match paths.load() {
        Ok(config) => service::run(paths, &config, out),
        Err(why) => {
            let mut findings = Findings::all(out, false);
            findings.bad(Exit::Config, why);
            findings.exit
        }
    }
}

/// The check itself; offline, of the files alone.
fn run_here(paths: &Paths, is_offline: bool, findings: &mut Findings<'_>) -> Exit {
    let config = match paths.load() {
        Ok(config) => config,
        Err(why) => {
            findings.bad(Exit::Config, why);
            return findings.exit;
        }
    };
    findings.set_config(&config);
    check_configuration(paths, &config, None, findings);
    filtering::check_household(paths, &config, findings);
    if !is_offline {
        access::check_folders(paths, findings);
        let client = HttpClient::new(config.main.ca_file.as_ref(), clock::now().clock_is_set());
        check_clock_and_ca_file(&config, findings);
        let observer = Observer::new(&paths.ubus, &client);
        let mut claims = Claims::default();
        for (name, section) in config.ready_sections() {
            findings.set_subject(name);
            let address = check_skydns_section(name, section, &client, &observer, findings);
            claims.add(name, section, address.map(PublicAddress::get));
        }
        check_claims(&config, &claims, findings);
        filtering::test_profiles(paths, &config, &observer, findings);
        tunnels::check(paths, &config, &client, &observer, findings);
        check_names(&config, findings);
    }
    findings.exit
}

fn check_clock_and_ca_file(config: &Config, findings: &mut Findings<'_>) {
    let now = clock::now();
    let time = Civil::at(now.wall).to_string();
    match now.clock_is_set() {
        true => findings.good(reason!(CheckClock, date = time)),
        false => findings.bad(Exit::Later, reason!(CheckClockNotSet, date = time)),
    }
    let ca_file = &config.main.ca_file;
    match check_ca_file(ca_file.as_ref()) {
        Ok(found) => describe_ca_file(ca_file, &found, now.clock_is_set(), findings),
        Err(why) => {
            let why = reason!(CheckCaBundle, cause = Reason::from(&why));
            findings.bad(Exit::Config, why);
        }
    }
}

fn describe_ca_file(ca_file: &str, found: &CaFile, clock_is_set: bool, findings: &mut Findings) {
    let count = found.count;
    match found.out_of_date {
        // By a clock that is not set, all of them are.
        out_of_date if out_of_date == 0 || !clock_is_set => {
            findings.good(reason!(CheckCaFile, file = ca_file, count = count));
        }
        out_of_date if out_of_date < count => findings.good(reason!(
            CheckCaFileSomeOld,
            file = ca_file,
            count = count,
            number = out_of_date
        )),
        _ => {
            let why = reason!(CheckCaFileAllOld, file = ca_file, count = count);
            findings.bad(Exit::Config, why);
        }
    }
    if found.has_key {
        findings.warn(reason!(CheckCaFileKey, file = ca_file));
    }
}

/// The source, then name resolution, TLS, key, ident and profile, by one request that
/// changes nothing; the failure of each has words of its own. Gives the source's address.
fn check_skydns_section(
    name: &str,
    section: &Skydns,
    client: &HttpClient,
    observer: &Observer<'_>,
    findings: &mut Findings<'_>,
) -> Option<PublicAddress> {
    let key = key_of(name, &section.key).ok()?;
    let address = check_source(section, observer, findings);
    let host = section.base_url.host();
    match fetch_profiles(section, key.as_ref(), client, observer) {
        Ok(profiles) => {
            let ident = &section.ident;
            findings.good(reason!(CheckUserKnown, host = host, ident = ident));
            if let Some(profile) = &section.profile
                && !profiles.iter().any(|(id, _)| id == profile)
            {
                let known: Vec<String> = profiles
                    .iter()
                    .map(|(id, name)| format!("{id} ({name})"))
                    .collect();
                let known = known.join(", ");
                // The service may quote the key here as well.
                let known = key.as_ref().map_or(known.clone(), |key| key.redact(&known));
                let why = reason!(CheckNoProfile, profile = profile, names = known);
                findings.bad(Exit::Config, why);
            }
        }
        Err(failure) => {
            let text = failure.reason_at(host);
            match skydns::is_of_a_relay(&failure) {
                true => findings.warn(text),
                false => findings.bad(Exit::of_call(&failure), text),
            }
        }
    }
    address
}

/// The ids and names of the profiles of a section's user.
pub fn fetch_profiles(
    section: &Skydns,
    key: Option<&Secret>,
    client: &HttpClient,
    observer: &Observer<'_>,
) -> Result<Vec<(String, String)>, Box<Failure>> {
    let device = observer.way_out(section.bind.as_deref())?;
    let url = skydns::profiles(section, key);
    let data = client
        .get(&Get::json(
            &url,
            device.as_deref(),
            section.transport,
            skydns::BODY_LIMIT,
        ))
        .and_then(|reply| skydns::data(&reply, clock::now().wall))
        .map_err(|failure| redact_failure(failure, key))?;
    Ok(skydns::decode_profiles(&data))
}
