//! Asking the source of a section what the WAN address is.

use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::sys::http::{Get, HttpClient};
use crate::sys::{interfaces, process, ubus};
use wansync_core::address::{Candidate, Family};
use wansync_core::config::url::ServiceUrl;
use wansync_core::config::{Skydns, Source};
use wansync_core::failure::Failure;
use wansync_core::reconcile::Observation;
use wansync_core::ubus::netifd::{Network, explain, find};

/// The longest that a program may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that one page may take; there may be others to try.
const WEB_TIMEOUT: Duration = Duration::from_secs(10);
/// An address has 45 characters at most; a page may add some blanks.
const MAX_WEB_BODY: usize = 256;

/// Asks sources, and none of them twice in a pass: a thousand sections may
/// have the same page.
pub struct Observer<'a> {
    ubus: &'a Path,
    client: &'a HttpClient,
    networks: OnceCell<Result<Vec<Network>, String>>,
    /// The answers of pages and programs.
    answers: RefCell<Vec<(AnswerKey, Observation)>>,
}

/// All that an answer depends on.
#[derive(PartialEq, Eq)]
struct AnswerKey {
    source: Source,
    bind: Option<String>,
    family: Family,
}

impl<'a> Observer<'a> {
    /// An observer for one pass.
    pub fn new(ubus: &'a Path, client: &'a HttpClient) -> Observer<'a> {
        Observer {
            ubus,
            client,
            networks: OnceCell::new(),
            answers: RefCell::default(),
        }
    }

    /// An observer for one pass, with netifd's networks known already.
    pub fn with_networks(
        networks: Result<Vec<Network>, String>,
        client: &'a HttpClient,
    ) -> Observer<'a> {
        Observer {
            ubus: Path::new(""),
            client,
            networks: OnceCell::from(networks),
            answers: RefCell::default(),
        }
    }

    /// The answer of the section's source now.
    pub fn observe(&self, section: &Skydns) -> Observation {
        let family = section.policy.family;
        match &section.source {
            Source::Network(name) => self.observe_network(name, family),
            Source::Interface(device) => interfaces::addresses(device, family),
            Source::Web(urls) => self.ask_once(section, || self.observe_web(urls, section)),
            Source::Command { program, arguments } => {
                self.ask_once(section, || observe_command(program, arguments))
            }
            Source::Static(address) => Ok(vec![Candidate::from(*address)]),
        }
    }

    fn ask_once(&self, section: &Skydns, ask: impl FnOnce() -> Observation) -> Observation {
        let asked = AnswerKey {
            source: section.source.clone(),
            bind: section.bind.clone(),
            family: section.policy.family,
        };
        let known = self.answers.borrow();
        if let Some((_, known)) = known.iter().find(|(other, _)| *other == asked) {
            return known.clone();
        }
        drop(known);
        let answer = ask();
        self.answers.borrow_mut().push((asked, answer.clone()));
        answer
    }

    /// The kernel's device that a request must leave through: that of the logical
    /// network of `option bind`, if there is one.
    pub fn way_out(&self, bind: Option<&str>) -> Result<Option<String>, Failure> {
        bind.map(|network| self.device_of(network)).transpose()
    }

    fn device_of(&self, network: &str) -> Result<String, Failure> {
        let unbound = |cause: String| Failure::Bind {
            device: format!("of network '{network}'"),
            cause,
        };
        let found = self.network(network).map_err(unbound)?;
        match &found.l3_device {
            Some(device) => Ok(device.clone()),
            None => Err(unbound(format!(
                "the network has none: it {}",
                explain(found)
            ))),
        }
    }

    fn observe_network(&self, name: &str, family: Family) -> Observation {
        let network = self.network(name)?;
        let mut addresses = network.addresses.clone();
        // netifd puts the IPv6 side of a PPP or 4G WAN on a network that it
        // makes itself, named after the first.
        if family == Family::Ipv6
            && let Ok(side) = self.network(&format!("{name}_6"))
        {
            addresses.extend(side.addresses.iter().cloned());
        }
        match addresses.iter().any(|c| family.includes(c.address)) {
            true => Ok(addresses),
            false if network.addresses.is_empty() => {
                Err(format!("network '{name}' {}", explain(network)))
            }
            false => Err(format!("network '{name}' has no {family} address")),
        }
    }

    /// All networks of the router, as netifd sees them.
    pub fn networks(&self) -> Result<&[Network], String> {
        let networks = self
            .networks
            .get_or_init(|| ubus::dump_networks(self.ubus).map_err(|e| e.to_string()));
        Ok(networks.as_ref().map_err(Clone::clone)?)
    }

    fn network(&self, name: &str) -> Result<&Network, String> {
        find(self.networks()?, name).ok_or_else(|| format!("netifd knows no network '{name}'"))
    }

    fn observe_web(&self, urls: &[ServiceUrl], section: &Skydns) -> Observation {
        let way_out = self.way_out(section.bind.as_deref());
        let device = way_out.map_err(|e| e.to_string())?;
        let mut failures = Vec::new();
        for url in urls {
            match self.read_page(url, device.as_deref(), section.policy.family) {
                Ok(address) => return Ok(vec![Candidate::from(address)]),
                Err(why) => failures.push(format!("{}: {why}", without_query(url))),
            }
        }
        Err(failures.join("; "))
    }

    fn read_page(
        &self,
        url: &ServiceUrl,
        device: Option<&str>,
        family: Family,
    ) -> Result<IpAddr, String> {
        let request = Get {
            url: url.as_str(),
            device,
            family: Some(family),
            limit: MAX_WEB_BODY,
            timeout: WEB_TIMEOUT,
            accept: "text/plain",
        };
        let reply = self.client.get(&request).map_err(|e| e.to_string())?;
        if reply.status != 200 {
            return Err(format!("HTTP status {}", reply.status));
        }
        // A page that merely contains an address may well contain another's.
        std::str::from_utf8(&reply.body)
            .ok()
            .and_then(parse_address)
            .ok_or_else(|| "the page is not one address and nothing else".to_owned())
    }
}

fn observe_command(program: &str, arguments: &[String]) -> Observation {
    process::first_line(program, arguments, COMMAND_TIMEOUT)
        .and_then(|line| parse_address(&line).ok_or_else(|| "did not print an address".to_owned()))
        .map(|address| vec![Candidate::from(address)])
        .map_err(|why| format!("the command {program} {why}"))
}

/// A text that is one address and nothing else.
fn parse_address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

fn without_query(url: &ServiceUrl) -> &str {
    url.as_str().split('?').next().unwrap_or_default()
}
