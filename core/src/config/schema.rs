//! From sections of text to values; the options are those of [`option_table`].

mod filtering;
mod service;
mod source;
mod tunnel;
mod tunnel_names;
mod values;
mod vpnki;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use log::LevelFilter;

use service::{base_url, key, transport};
use source::source;
use tunnel::{KnownAccounts, tunnel};
use values::{check_name, login, network_name, number, path, short_text};
use vpnki::vpnki;

pub use values::{SKYDNS_URL, VPNKI_URL};

use super::duration;
use super::option_table;
use super::options::{Options, shorten};
use super::problem::{Problem, Severity};
use super::suggest::did_you_mean;
use super::uci::{self, Package};
use super::url::ServiceUrl;
use super::{Config, Content, Main, Mode, Section, Skydns, Tunnel, TunnelLink, Vpnki};
use crate::address::Family;
use crate::places::Places;
use crate::reason;
use crate::reason::{Code, Reason};
use crate::reconcile::Policy;
use crate::time::DAY;
use core::time::Duration;

const DEFAULT_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5 * 60);
const DEFAULT_REFRESH: Duration = Duration::from_secs(72 * 3600);
const DEFAULT_DAILY_LIMIT: u32 = 24;
/// The longest time after a boot that routers may spread their first sends over.
const MAX_SPREAD: Duration = DAY;
/// A send every five minutes for a day.
const MAX_DAILY_LIMIT: u32 = 288;

impl Default for Main {
    fn default() -> Self {
        Main {
            enabled: true,
            log_level: LevelFilter::Info,
            ca_file: DEFAULT_CA_FILE.to_owned(),
            interval: DEFAULT_INTERVAL,
            mode: Mode::Hook,
            textfile: None,
        }
    }
}

impl Config {
    /// Gives the sections that spread their sends the router's own number, which is asked
    /// for if there is one.
    pub fn set_router_number(&mut self, number: impl FnOnce() -> u32) {
        let spreads = |section: &Section<Skydns>| match &section.content {
            Content::Ready(skydns) => !skydns.policy.spread.is_zero(),
            _ => false,
        };
        if !self.skydns.iter().any(spreads) {
            return;
        }
        let number = number();
        for section in &mut self.skydns {
            if let Content::Ready(skydns) = &mut section.content {
                skydns.policy.router_number = number;
            }
        }
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// An error of UCI's syntax: then nothing in the file can be trusted. Problems
    /// above the syntax are in [`Config::problems`].
    ///
    /// ```
    /// use wansync_core::config::Config;
    ///
    /// let config = Config::parse(b"config wansync 'main'\n\toption mode 'cron'\n").unwrap();
    /// assert_eq!(
    ///     config.problems[0].to_string(),
    ///     "line 2: error: section 'main': option 'mode': 'cron' is neither hook nor daemon"
    /// );
    /// assert!(Config::parse(b"config skydns 'home\n").is_err());
    /// ```
    pub fn parse(text: &[u8]) -> Result<Config, uci::ParseError> {
        Ok(Config::read(&uci::parse(text)?))
    }

    fn read(package: &Package<'_>) -> Config {
        let mut config = Config {
            main: Main::default(),
            main_is_wrong: false,
            skydns: Vec::new(),
            vpnki: Vec::new(),
            tunnels: Vec::new(),
            problems: Vec::new(),
        };
        let mut main_line = None;
        let mut tunnels = Vec::new();
        for section in &package.sections {
            match &*section.kind {
                "wansync" => match main_line {
                    None => {
                        main_line = Some(section.line);
                        (config.main, config.main_is_wrong) = main(section, &mut config.problems);
                    }
                    Some(first) => config.problems.push(warning(
                        section.line,
                        &section.name,
                        reason!(ConfigSecondMain, line_number = first),
                    )),
                },
                "skydns" => config.skydns.push(Section {
                    name: section.name.clone().into_owned(),
                    line: section.line,
                    content: skydns(section, &mut config.problems),
                }),
                "vpnki" => config.vpnki.push(Section {
                    name: section.name.clone().into_owned(),
                    line: section.line,
                    content: vpnki(section, &mut config.problems),
                }),
                // Each names an account, which may stand below it.
                "tunnel" => tunnels.push(section),
                other => config.problems.push(unknown_type(section, other)),
            }
        }
        let accounts = KnownAccounts::new(&config.vpnki);
        for section in tunnels {
            config.tunnels.push(Section {
                name: section.name.clone().into_owned(),
                line: section.line,
                content: tunnel(section, &accounts, &mut config.problems),
            });
        }
        warn_of_rivals(&config.skydns, &mut config.problems);
        warn_of_shared_sources(&config.skydns, &mut config.problems);
        tunnel::warn_of_shared_links(&config.tunnels, &mut config.problems);
        tunnel_names::warn_of_doubtful_names(&config.tunnels, &mut config.problems);
        config.problems.sort_by_key(|problem| problem.line);
        config
    }

    /// The types of the sections that are acted upon, and of those that are not, by their
    /// names.
    pub fn section_types(&self) -> Vec<(String, &'static str)> {
        let skydns = self.skydns.iter().map(|s| (s.name.clone(), "skydns"));
        let accounts = self.vpnki.iter().map(|s| (s.name.clone(), "vpnki"));
        let tunnels = self.tunnels.iter().map(|s| (s.name.clone(), "tunnel"));
        skydns.chain(accounts).chain(tunnels).collect()
    }

    /// The first error of the section of this name.
    pub fn first_error(&self, section: &str) -> Option<&Problem> {
        let mut problems = self.problems.iter();
        problems.find(|problem| problem.is_error() && problem.section.as_deref() == Some(section))
    }

    /// The `skydns` sections that can be acted upon.
    pub fn ready_sections(&self) -> impl Iterator<Item = (&str, &Skydns)> {
        ready(&self.skydns)
    }

    /// The `tunnel` sections that can be acted upon.
    pub fn ready_tunnels(&self) -> impl Iterator<Item = (&str, &Tunnel)> {
        ready(&self.tunnels)
    }

    /// The `skydns` section of this name, if it can be acted upon.
    #[inline(never)]
    pub fn ready_section(&self, name: &str) -> Option<&Skydns> {
        let found = self.ready_sections().find(|(known, _)| *known == name);
        found.map(|(_, section)| section)
    }

    /// The `tunnel` section of this name, if it can be acted upon.
    #[inline(never)]
    pub fn ready_tunnel(&self, name: &str) -> Option<&Tunnel> {
        let found = self.ready_tunnels().find(|(known, _)| *known == name);
        found.map(|(_, tunnel)| tunnel)
    }

    /// The `vpnki` section of this name, if it can be acted upon.
    #[inline(never)]
    pub fn ready_account(&self, name: &str) -> Option<&Vpnki> {
        let found = self.ready_accounts().find(|(known, _)| *known == name);
        found.map(|(_, account)| account)
    }

    /// The links of all tunnels.
    pub fn tunnel_links(&self) -> Vec<TunnelLink> {
        let links = self.ready_tunnels().map(|(_, tunnel)| tunnel.link.clone());
        links.collect()
    }

    /// The `vpnki` sections that can be acted upon.
    pub fn ready_accounts(&self) -> impl Iterator<Item = (&str, &Vpnki)> {
        ready(&self.vpnki)
    }
}

/// SkyDNS has one address for a user's hostname, and one for none.
fn warn_of_rivals(sections: &[Section<Skydns>], problems: &mut Vec<Problem>) {
    let mut owners = Places::default();
    for (index, section) in sections.iter().enumerate() {
        let Some(place) = place(section) else {
            continue;
        };
        let owner = owners.first_place(place.into(), index);
        if owner != index {
            let owner = &sections[owner];
            let reason = reason!(
                ConfigSameUser,
                section = &owner.name,
                line_number = owner.line
            );
            problems.push(warning(section.line, &section.name, reason));
        }
    }
}

/// SkyDNS has one user for an address.
fn warn_of_shared_sources(sections: &[Section<Skydns>], problems: &mut Vec<Problem>) {
    let mut owners = Places::default();
    for (index, section) in sections.iter().enumerate() {
        let Content::Ready(skydns) = &section.content else {
            continue;
        };
        let place = format!("{}\n{}", skydns.base_url.as_str(), skydns.source_key());
        let owner = owners.first_place(place.into(), index);
        let owner = &sections[owner];
        if let Content::Ready(first) = &owner.content
            && first.ident != skydns.ident
        {
            let reason = reason!(
                ConfigSameSource,
                section = &owner.name,
                line_number = owner.line
            );
            problems.push(warning(section.line, &section.name, reason));
        }
    }
}

fn ready<T>(sections: &[Section<T>]) -> impl Iterator<Item = (&str, &T)> {
    sections
        .iter()
        .filter_map(|section| match &section.content {
            Content::Ready(content) => Some((section.name.as_str(), &**content)),
            _ => None,
        })
}

fn unknown_type(section: &uci::Section<'_>, kind: &str) -> Problem {
    let reason = reason!(
        ConfigUnknownType,
        name = shorten(kind),
        hint = did_you_mean(kind, &option_table::SECTION_NAMES)
    );
    warning(section.line, &section.name, reason)
}

fn warning(line: u32, section: &str, reason: Reason) -> Problem {
    Problem::of_section(Severity::Warning, line, section, reason)
}

/// The section, and true if it has an error.
fn main(section: &uci::Section<'_>, problems: &mut Vec<Problem>) -> (Main, bool) {
    let mut options = Options::new(section, &option_table::WANSYNC_OPTIONS, problems);
    options.warn_unknown();
    let main = Main {
        enabled: options.boolean("enabled", true),
        log_level: log_level(&mut options),
        ca_file: path(&mut options, "ca_file").unwrap_or_else(|| DEFAULT_CA_FILE.to_owned()),
        interval: options.duration("interval", DEFAULT_INTERVAL),
        mode: mode(&mut options),
        textfile: textfile(&mut options),
    };
    (main, options.failed)
}

fn log_level(options: &mut Options<'_, '_>) -> LevelFilter {
    match options.text("log_level") {
        None => LevelFilter::Info,
        Some((text, line)) => text.parse().unwrap_or_else(|_| {
            let why = reason!(ValueNoneOf, names = "error, warn, info, debug, off");
            options.bad_value_for("log_level", line, text, why);
            LevelFilter::Info
        }),
    }
}

/// The init script writes it into a crontab, and a node exporter reads nothing else.
fn textfile(options: &mut Options<'_, '_>) -> Option<String> {
    let (text, line) = options.text("textfile")?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-".contains(&b);
    if !text.starts_with('/') || !text.ends_with(".prom") || !text.bytes().all(is_plain) {
        options.bad_value("textfile", line, text, Code::ValueNoTextfile);
        return None;
    }
    Some(text.to_owned())
}

fn mode(options: &mut Options<'_, '_>) -> Mode {
    match options.text("mode") {
        None | Some(("hook", _)) => Mode::Hook,
        Some(("daemon", _)) => Mode::Daemon,
        Some((text, line)) => {
            options.neither("mode", line, text, ["hook", "daemon"]);
            Mode::Hook
        }
    }
}

/// Every option is read even after an error, so that all problems are reported at once.
fn skydns(section: &uci::Section<'_>, problems: &mut Vec<Problem>) -> Content<Skydns> {
    let mut options = Options::new(section, &option_table::SKYDNS_OPTIONS, problems);
    let enabled = options.boolean("enabled", true);
    if !enabled {
        // A section that waits to be filled in is no trouble.
        options.forget_problems();
        return Content::Disabled;
    }
    options.warn_unknown();
    check_name(&mut options, section);
    let base_url = base_url(&mut options, SKYDNS_URL, ServiceUrl::into_base);
    let ident = login(&mut options, "ident");
    if ident.is_none() && options.line_of("ident").is_none() {
        options.missing_option("ident", Code::NeedIdent);
    }
    let key = key(&mut options, SKYDNS_URL, base_url.as_ref());
    let family = family(&mut options);
    let source = source(&mut options, family);
    let hostname = short_text(&mut options, "hostname");
    let profile = profile(&mut options);
    let bind = network_name(&mut options, "bind");
    let shared_address = options.boolean("shared_address", false);
    let transport = transport(&mut options, base_url.as_ref());
    let refresh = options.duration("refresh", DEFAULT_REFRESH);
    let daily_limit = number(
        &mut options,
        "daily_limit",
        1..=MAX_DAILY_LIMIT,
        DEFAULT_DAILY_LIMIT,
    );
    let spread = spread(&mut options);
    let resolvers = filtering::resolvers(&mut options);
    let test_name = filtering::test_name(&mut options);
    let notify = path(&mut options, "notify");
    match (options.failed, base_url, ident, source) {
        (false, Some(base_url), Some(ident), Some(source)) => {
            let tls = base_url.is_https();
            let policy = Policy {
                family,
                refresh,
                daily_limit,
                spread,
                router_number: 0,
                tls,
            };
            Content::Ready(Box::new(Skydns {
                base_url,
                ident,
                key,
                source,
                hostname,
                profile,
                bind,
                shared_address,
                transport,
                policy,
                resolvers,
                test_name,
                notify,
            }))
        }
        _ => Content::Wrong,
    }
}

fn family(options: &mut Options<'_, '_>) -> Family {
    match options.text("family") {
        None | Some(("ipv4", _)) => Family::Ipv4,
        Some(("ipv6", _)) => Family::Ipv6,
        Some((text, line)) => {
            options.neither("family", line, text, ["ipv4", "ipv6"]);
            Family::Ipv4
        }
    }
}

fn profile(options: &mut Options<'_, '_>) -> Option<String> {
    let (text, line) = options.text("profile")?;
    if text.len() > 18 || !text.bytes().all(|b| b.is_ascii_digit()) {
        options.bad_value("profile", line, text, Code::ValueNoProfile);
        return None;
    }
    Some(text.to_owned())
}

fn spread(options: &mut Options<'_, '_>) -> Duration {
    let Some((text, line)) = options.text("spread") else {
        return Duration::ZERO;
    };
    match duration::parse(text) {
        Some(spread) if spread <= MAX_SPREAD => spread,
        _ => {
            options.bad_value("spread", line, text, Code::ValueNoSpread);
            Duration::ZERO
        }
    }
}

/// The name that an address is bound to at the service; no part of it holds a line end.
fn place(section: &Section<Skydns>) -> Option<String> {
    let Content::Ready(skydns) = &section.content else {
        return None;
    };
    let base_url = skydns.base_url.as_str();
    let hostname = skydns.hostname.as_deref().unwrap_or("\n");
    Some(format!("{}\n{base_url}\n{hostname}", skydns.ident))
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
