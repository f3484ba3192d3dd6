//! `wansync check`: what is wrong, piece by piece, from the configuration to
//! the services' answers.

mod service;
mod tunnels;

use super::once::println_quietly;
use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of, warning_of_key_file};
use crate::agent::publish::redacted;
use crate::cli::Check;
use crate::exit::Exit;
use crate::sys::http::{Client, Get, check_ca_file};
use crate::sys::{clock, files};
use wansync_core::address::choose;
use wansync_core::config::secret::Secret;
use wansync_core::config::{Config, Content, Section, Skydns};
use wansync_core::failure::Failure;
use wansync_core::service::skydns;
use wansync_core::time::Civil;

/// Prints findings, and keeps the first exit code that is not 0.
struct Findings {
    exit: Exit,
    /// Whether what is fine, or hardly wrong, is told.
    tells_all: bool,
}

impl Findings {
    fn all() -> Findings {
        Findings {
            exit: Exit::Done,
            tells_all: true,
        }
    }

    fn errors_only() -> Findings {
        Findings {
            tells_all: false,
            ..Findings::all()
        }
    }

    fn good(&mut self, text: impl AsRef<str>) {
        self.tell("ok    ", text.as_ref());
    }

    fn warn(&mut self, text: impl AsRef<str>) {
        self.tell("warn  ", text.as_ref());
    }

    fn tell(&mut self, mark: &str, text: &str) {
        if self.tells_all {
            println_quietly(&format!("{mark}{text}"));
        }
    }

    fn bad(&mut self, exit: Exit, text: impl AsRef<str>) {
        println_quietly(&format!("FAIL  {}", text.as_ref()));
        if self.exit == Exit::Done {
            self.exit = exit;
        }
    }
}

/// Runs it.
pub fn run(paths: &Paths, check: &Check) -> Exit {
    let mut findings = Findings::all();
    let config = match paths.load() {
        Ok(config) => config,
        Err(why) => {
            findings.bad(Exit::Config, why);
            return findings.exit;
        }
    };
    if check.service {
        return service::run(paths, &config);
    }
    configuration(paths, &config, &mut findings);
    if !check.offline {
        let client = Client::new(config.main.ca_file.as_ref(), clock::now().clock_is_set());
        clock_and_ca_file(&config, &mut findings);
        let observer = Observer::new(&paths.ubus, &client);
        for (name, section) in config.ready() {
            skydns_section(name, section, &client, &observer, &mut findings);
        }
        tunnels::check(&config, &client, &observer, &mut findings);
    }
    findings.exit
}

fn configuration(paths: &Paths, config: &Config, findings: &mut Findings) {
    let file = paths.config.display();
    let of_skydns = config.ready().map(|(name, section)| (name, &section.key));
    let of_vpnki = config
        .ready_accounts()
        .map(|(name, account)| (name, &account.key));
    let of_keys = of_skydns.chain(of_vpnki).flat_map(|(name, source)| {
        let wrong = key_of(name, source).err();
        wrong.or_else(|| warning_of_key_file(name, source))
    });
    for problem in config.problems.iter().cloned().chain(of_keys) {
        let text = format!("{file}, {problem}");
        match problem.is_error() {
            true => findings.bad(Exit::Config, text),
            false => findings.warn(text),
        }
    }
    for (name, program) in programs(config) {
        if let Err(why) = files::check_program(program.as_ref()) {
            findings.bad(Exit::Config, format!("{name}: the program {program} {why}"));
        }
    }
    if !config.main.enabled {
        findings.warn(format!("{file}: wansync is disabled (option enabled '0')"));
    }
    let tunnels = Count::of(&config.tunnels);
    let skydns = Count::of(&config.skydns);
    // Whoever has tunnels need not have the other service.
    if skydns.ready == 0 && (tunnels.ready == 0 || skydns.all > 0) {
        findings.warn(format!("{file}: no skydns section is in use"));
    }
    if findings.exit == Exit::Done {
        let tunnels = match tunnels.all {
            0 => String::new(),
            _ => format!("; {}", tunnels.told("tunnel")),
        };
        findings.good(format!("{file}: {}{tunnels}", skydns.told("skydns")));
    }
}

/// The programs that are run, by the names of their sections. Whether that of
/// a source is good is seen when it is asked.
fn programs(config: &Config) -> impl Iterator<Item = (&str, &str)> {
    let of_skydns = config
        .ready()
        .filter_map(|(name, section)| Some((name, section.notify.as_deref()?)));
    let of_tunnels = config.ready_tunnels().flat_map(|(name, tunnel)| {
        let command = tunnel.command.as_ref().map(|(program, _)| program.as_str());
        let programs = [command, tunnel.notify.as_deref()];
        programs
            .into_iter()
            .flatten()
            .map(move |program| (name, program))
    });
    of_skydns.chain(of_tunnels)
}

/// How many sections of a type there are.
struct Count {
    all: usize,
    ready: usize,
    disabled: usize,
}

impl Count {
    fn of<T>(sections: &[Section<T>]) -> Count {
        let count = |is: fn(&Content<T>) -> bool| {
            let found = sections.iter().filter(|section| is(&section.content));
            found.count()
        };
        Count {
            all: sections.len(),
            ready: count(|content| matches!(content, Content::Ready(_))),
            disabled: count(|content| matches!(content, Content::Disabled)),
        }
    }

    fn told(&self, kind: &str) -> String {
        let Count {
            all,
            ready,
            disabled,
        } = self;
        format!("{all} {kind} sections, {ready} in use, {disabled} disabled")
    }
}

fn clock_and_ca_file(config: &Config, findings: &mut Findings) {
    let now = clock::now();
    let time = Civil::at(now.wall);
    match now.clock_is_set() {
        true => findings.good(format!("the clock says {time}")),
        false => findings.bad(
            Exit::Later,
            format!("the clock is not set, it says {time}: wait for NTP, or look at its servers"),
        ),
    }
    let ca_file = &config.main.ca_file;
    match check_ca_file(ca_file.as_ref()) {
        Ok(count) => findings.good(format!("{ca_file} holds {count} certificates")),
        Err(why) => findings.bad(
            Exit::Config,
            format!("the CA file {ca_file}: {why}; on OpenWrt it comes with the package ca-bundle"),
        ),
    }
}

/// Name resolution, TLS, key, ident and profile, by one request that changes
/// nothing; the failure of each has words of its own.
fn skydns_section(
    name: &str,
    section: &Skydns,
    client: &Client,
    observer: &Observer<'_>,
    findings: &mut Findings,
) {
    let Ok(key) = key_of(name, &section.key) else {
        return;
    };
    let observation = observer.observe(section);
    match observation
        .and_then(|c| choose(&c, section.policy.family, None).map_err(|e| e.to_string()))
    {
        Ok(address) => findings.good(format!("{name}: the WAN address is {address}")),
        Err(why) => findings.bad(Exit::Later, format!("{name}: {why}")),
    }
    let host = section.base_url.host();
    match profiles(section, key.as_ref(), client, observer) {
        Ok(profiles) => {
            findings.good(format!(
                "{name}: {host} knows the key and the user {}",
                section.ident
            ));
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
                findings.bad(
                    Exit::Config,
                    format!("{name}: the user has no profile {profile}, but: {known}"),
                );
            }
        }
        Err(failure) => {
            let text = format!("{name}: {}", failure.at(host));
            match skydns::is_of_a_relay(&failure) {
                true => findings.warn(text),
                false => findings.bad(Exit::of_call(&failure), text),
            }
        }
    }
}

fn profiles(
    section: &Skydns,
    key: Option<&Secret>,
    client: &Client,
    observer: &Observer<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    let device = observer.way_out(section.bind.as_deref())?;
    let url = skydns::profiles(section, key);
    let data = client
        .get(&Get::json(&url, device.as_deref(), skydns::BODY_LIMIT))
        .and_then(|reply| skydns::data(&reply, clock::now().wall))
        .map_err(|failure| redacted(failure, key))?;
    Ok(skydns::decode_profiles(&data))
}
