//! Asking the source of a section what the WAN address is.

use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::sys::http::{Get, HttpClient};
use crate::sys::{netlink, process, ubus};
use wansync_core::address::{Candidate, Family, PublicAddress, choose_address};
use wansync_core::config::url::ServiceUrl;
use wansync_core::config::{Skydns, Source};
use wansync_core::failure::Failure;
use wansync_core::reason::Reason;
use wansync_core::reason::address::{AbortReason, CommandFailure, CommandFault, PageFault};
use wansync_core::reconcile::Observation;
use wansync_core::source::network;
use wansync_core::source::text::address_in;
use wansync_core::ubus::Error;
use wansync_core::ubus::netifd::Network;

/// The longest that a program may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that one page may take; there may be others to try.
const WEB_TIMEOUT: Duration = Duration::from_secs(10);
/// More than the pages have that say an address and where that is.
const MAX_WEB_BODY: usize = 4096;

/// Asks sources, and none of them twice in a pass: a thousand sections may
/// have the same page.
pub struct Observer<'a> {
    ubus: &'a Path,
    client: &'a HttpClient,
    networks: OnceCell<Result<Vec<Network>, Unanswered>>,
    /// The answers of pages and programs, each by its [`Skydns::source_key`].
    answers: RefCell<Vec<(String, Observation)>>,
}

/// The reason why netifd's networks are not known.
struct Unanswered {
    cause: Reason,
    /// True if there is no netifd that this process could ever ask, as on a router
    /// without OpenWrt.
    is_absent: bool,
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
        networks: Result<Vec<Network>, Reason>,
        client: &'a HttpClient,
    ) -> Observer<'a> {
        Observer {
            ubus: Path::new(""),
            client,
            networks: OnceCell::from(networks.map_err(|cause| Unanswered {
                cause,
                is_absent: false,
            })),
            answers: RefCell::default(),
        }
    }

    /// The answer of the section's source now.
    pub fn observe(&self, section: &Skydns) -> Observation {
        let family = section.policy.family;
        match &section.source {
            Source::Network(names) => {
                let networks = self.networks().map_err(AbortReason::Netifd)?;
                network::observe(networks, names, family, section.shared_address)
            }
            Source::Interface(device) => self.observe_device(device, section),
            Source::Web(urls) => {
                let found = self.ask_once(section, &|| self.observe_web(urls, section));
                self.with_sharing(found?, section)
            }
            Source::Command { program, arguments } => {
                let found = self.ask_once(section, &|| observe_command(program, arguments));
                self.with_sharing(found?, section)
            }
            Source::Static(address) => Ok(vec![Candidate::from(*address)]),
        }
    }

    fn ask_once(&self, section: &Skydns, ask: &dyn Fn() -> Observation) -> Observation {
        let asked = section.source_key();
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
    pub fn way_out(&self, bind: Option<&str>) -> Result<Option<String>, Box<Failure>> {
        bind.map(|network| self.device_of(network)).transpose()
    }

    fn device_of(&self, name: &str) -> Result<String, Box<Failure>> {
        let unbound = |cause: Reason| {
            Box::new(Failure::Bind {
                device: format!("of network '{name}'"),
                cause,
            })
        };
        let networks = self.networks().map_err(unbound)?;
        match network::device_of(networks, name) {
            Ok(device) => Ok(device.to_owned()),
            Err(reason) => Err(unbound(Reason::from(&reason))),
        }
    }

    /// The addresses that the kernel has. What they look like to strangers netifd may
    /// know, but need not.
    fn observe_device(&self, device: &str, section: &Skydns) -> Observation {
        let family = section.policy.family;
        let found = netlink::addresses(device, family)?;
        match self.networks() {
            Ok(networks) => {
                network::on_device(networks, device, found, family, section.shared_address)
            }
            Err(_) => Ok(found),
        }
    }

    /// Adds to addresses that were seen from outside who else has them.
    fn with_sharing(&self, mut found: Vec<Candidate>, section: &Skydns) -> Observation {
        for candidate in &mut found {
            let address = candidate.address;
            if section.shared_address || PublicAddress::new(address).is_err() {
                continue;
            }
            match self.ask_networks() {
                Ok(networks) => {
                    let bind = section.bind.as_deref();
                    candidate.sharing = network::sharing_of(networks, bind, address);
                }
                Err(Unanswered {
                    is_absent: true, ..
                }) => {}
                // Another time it may say that strangers would be filtered.
                Err(Unanswered { cause, .. }) => {
                    return Err(AbortReason::SharingUnknown(address, cause.clone()).into());
                }
            }
        }
        Ok(found)
    }

    /// All networks of the router, as netifd sees them.
    pub fn networks(&self) -> Result<&[Network], Reason> {
        self.ask_networks().map_err(|why| why.cause.clone())
    }

    fn ask_networks(&self) -> Result<&[Network], &Unanswered> {
        let networks = self.networks.get_or_init(|| {
            ubus::dump_networks(self.ubus).map_err(|error| Unanswered {
                cause: Reason::from(&*error),
                is_absent: matches!(
                    *error,
                    Error::NotRunning { .. } | Error::NotPermitted { .. } | Error::UnknownUser
                ),
            })
        });
        networks.as_deref()
    }

    /// The address of the first page that has one to publish; else those of all pages, if
    /// each has one.
    fn observe_web(&self, urls: &[ServiceUrl], section: &Skydns) -> Observation {
        let way_out = self.way_out(section.bind.as_deref());
        let device = way_out.map_err(|failure| AbortReason::NoWayOut(Reason::from(&*failure)))?;
        let family = section.policy.family;
        let (mut refused, mut faults) = (Vec::new(), Vec::new());
        for url in urls {
            let fault = match self.read_page(url, device.as_deref(), family) {
                Ok(address) => {
                    let candidate = Candidate::from(address);
                    let found = std::slice::from_ref(&candidate);
                    let Err(cause) = choose_address(found, family, None) else {
                        return Ok(vec![candidate]);
                    };
                    refused.push(candidate);
                    match family.includes(address) {
                        true => PageFault::Unpublishable(cause),
                        false => PageFault::OtherFamily(address),
                    }
                }
                Err(fault) => fault,
            };
            faults.push((without_query(url).to_owned(), fault));
        }
        match refused.len() == faults.len() {
            true => Ok(refused),
            false => Err(AbortReason::Pages(faults).into()),
        }
    }

    fn read_page(
        &self,
        url: &ServiceUrl,
        device: Option<&str>,
        family: Family,
    ) -> Result<IpAddr, PageFault> {
        let request = Get {
            url: url.as_str(),
            device,
            family: Some(family),
            limit: MAX_WEB_BODY,
            timeout: WEB_TIMEOUT,
            accept: "text/plain",
        };
        let reply = self.client.get(&request);
        let reply = reply.map_err(|failure| PageFault::Request(Reason::from(&*failure)))?;
        match reply.status {
            200 => address_in(&reply.body).map_err(PageFault::Text),
            status => Err(PageFault::Status(status)),
        }
    }
}

fn observe_command(program: &str, arguments: &[String]) -> Observation {
    let run = process::run(program, arguments, COMMAND_TIMEOUT);
    let found = run.output.and_then(|output| {
        let address = address_in(output.first_line()).or_else(|_| address_in(output.whole()));
        address.map_err(|_| CommandFault::NotAnAddress(output.to_string()))
    });
    match found {
        Ok(address) => Ok(vec![Candidate::from(address)]),
        Err(fault) => {
            let failure = CommandFailure {
                program: program.to_owned(),
                fault,
                stderr: run.stderr,
            };
            Err(AbortReason::Command(failure).into())
        }
    }
}

fn without_query(url: &ServiceUrl) -> &str {
    url.as_str().split('?').next().unwrap_or_default()
}
