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
use wansync_core::ubus::netifd::{Network, explain};

/// The longest that a program may take.
const COMMAND_PATIENCE: Duration = Duration::from_secs(10);
/// The longest that one page may take; there may be others to try.
const WEB_PATIENCE: Duration = Duration::from_secs(10);
/// An address has 45 characters at most; a page may add some blanks.
const WEB_LIMIT: usize = 256;

/// Asks sources, and none of them twice in a pass: a thousand sections may
/// have the same page.
pub struct Observer<'a> {
    ubus: &'a Path,
    client: &'a HttpClient,
    networks: OnceCell<Result<Vec<Network>, String>>,
    /// The answers of pages and programs.
    answers: RefCell<Vec<(Asked, Observation)>>,
}

/// All that an answer depends on.
#[derive(PartialEq, Eq)]
struct Asked {
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
    pub fn seeing(networks: Result<Vec<Network>, String>, client: &'a HttpClient) -> Observer<'a> {
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
            Source::Network(name) => self.of_network(name, family),
            Source::Interface(device) => interfaces::addresses(device, family),
            Source::Web(urls) => self.once(section, || self.of_web(urls, section)),
            Source::Command { program, arguments } => {
                self.once(section, || of_command(program, arguments))
            }
            Source::Static(address) => Ok(vec![Candidate::from(*address)]),
        }
    }

    fn once(&self, section: &Skydns, ask: impl FnOnce() -> Observation) -> Observation {
        let asked = Asked {
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
            None => Err(unbound(format!("the network has none: {}", explain(found)))),
        }
    }

    fn of_network(&self, name: &str, family: Family) -> Observation {
        let network = self.network(name)?;
        let mut addresses = network.addresses.clone();
        // netifd puts the IPv6 side of a PPP or 4G WAN on a network that it
        // makes itself, named after the first.
        if family == Family::Ipv6
            && let Ok(side) = self.network(&format!("{name}_6"))
        {
            addresses.extend(side.addresses.iter().cloned());
        }
        match addresses.iter().any(|c| family.has(c.address)) {
            true => Ok(addresses),
            false => Err(format!(
                "network '{name}' has no {family} address: {}",
                explain(network)
            )),
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
        self.networks()?
            .iter()
            .find(|network| network.name == name)
            .ok_or_else(|| format!("netifd knows no network '{name}'"))
    }

    fn of_web(&self, urls: &[ServiceUrl], section: &Skydns) -> Observation {
        let way_out = self.way_out(section.bind.as_deref());
        let device = way_out.map_err(|e| e.to_string())?;
        let mut failures = Vec::new();
        for url in urls {
            match self.of_page(url, device.as_deref(), section.policy.family) {
                Ok(address) => return Ok(vec![Candidate::from(address)]),
                Err(why) => failures.push(format!("{}: {why}", without_query(url))),
            }
        }
        Err(failures.join("; "))
    }

    fn of_page(
        &self,
        url: &ServiceUrl,
        device: Option<&str>,
        family: Family,
    ) -> Result<IpAddr, String> {
        let request = Get {
            url: url.as_str(),
            device,
            family: Some(family),
            limit: WEB_LIMIT,
            timeout: WEB_PATIENCE,
            accept: "text/plain",
        };
        let reply = self.client.get(&request).map_err(|e| e.to_string())?;
        if reply.status != 200 {
            return Err(format!("HTTP status {}", reply.status));
        }
        // A page that merely contains an address may well contain another's.
        std::str::from_utf8(&reply.body)
            .ok()
            .and_then(one_address)
            .ok_or_else(|| "the page is not one address and nothing else".to_owned())
    }
}

fn of_command(program: &str, arguments: &[String]) -> Observation {
    process::first_line(program, arguments, COMMAND_PATIENCE)
        .and_then(|line| one_address(&line).ok_or_else(|| "did not print an address".to_owned()))
        .map(|address| vec![Candidate::from(address)])
        .map_err(|why| format!("the command {program} {why}"))
}

/// A text that is one address and nothing else.
fn one_address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

fn without_query(url: &ServiceUrl) -> &str {
    url.as_str().split('?').next().unwrap_or_default()
}
