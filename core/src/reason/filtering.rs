//! Why a household is filtered, or is not, and what the resolver's answer means.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::filtering::profile_test::{ProfileTest, TestState};
use crate::filtering::{Filtering, Verdict};
use crate::reason;
use crate::reason::{Code, Reason, show_as_reason};
use crate::text::width::clean;

/// A way that questions take, or why it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilteringReason {
    /// dnsmasq asks another resolver.
    Asks {
        /// The instance of dnsmasq, if it has a name.
        instance: Option<String>,
        /// The resolver.
        address: String,
        /// The place where it is named.
        origin: Origin,
    },
    /// dnsmasq asks a program on this router.
    AsksProgram {
        /// The program's address.
        address: String,
        /// Its port.
        port: u16,
        /// Its name, if it is to be seen.
        program: Option<String>,
        /// The domains that it is asked for; empty for all.
        domains: String,
    },
    /// Not dnsmasq, but another program answers clients.
    OtherProgram {
        /// Its name, if it is to be seen.
        program: Option<String>,
    },
    /// Clients are told to ask another resolver.
    Told {
        /// The section of `/etc/config/dhcp`.
        section: String,
        /// The resolver.
        address: String,
        /// The option that says so.
        option: &'static str,
    },
    /// Clients are told whatever the provider tells.
    Relayed {
        /// The section of `/etc/config/dhcp`.
        section: String,
    },
    /// So many ways more.
    More(usize),
    /// There is no `/etc/config/dhcp`.
    NotOpenWrt,
    /// It cannot be read, or is no UCI.
    BadFile {
        /// The fault of the file.
        cause: Reason,
    },
    /// The service's resolvers are not known.
    NoServiceResolver {
        /// The host of `base_url`.
        host: String,
    },
    /// dnsmasq has nobody to ask.
    NoResolver {
        /// The place that names none, if it is not netifd's file.
        place: Option<String>,
    },
    /// Neither dnsmasq nor another program answers clients.
    NobodyAnswers,
}

/// The place where a resolver of dnsmasq's is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `list server`
    Server {
        /// The domains that it is asked for; empty for all.
        domains: String,
    },
    /// The provider, over this network.
    GivenTo {
        /// The network's name.
        network: String,
    },
    /// `list dns` of this network.
    SetIn {
        /// The network's name.
        network: String,
    },
    /// A file of resolvers.
    File(String),
}

impl From<&FilteringReason> for Reason {
    fn from(reason: &FilteringReason) -> Reason {
        match reason {
            FilteringReason::Asks {
                instance,
                address,
                origin,
            } => {
                let (resolver, origin) = (clean(address), Reason::from(origin));
                match instance {
                    None => reason!(FilteringAsks, resolver = &*resolver, origin = origin),
                    Some(instance) => reason!(
                        FilteringInstanceAsks,
                        instance = instance,
                        resolver = &*resolver,
                        origin = origin
                    ),
                }
            }
            FilteringReason::AsksProgram {
                address,
                port,
                program,
                domains,
            } => {
                let resolver = clean(address);
                let domains =
                    (!domains.is_empty()).then(|| reason!(FilteringFor, names = &*clean(domains)));
                match program {
                    Some(program) => reason!(
                        FilteringAsksProgram,
                        program = &*clean(program),
                        resolver = &*resolver,
                        port = u32::from(*port),
                        domains = domains
                    ),
                    None => {
                        let usual = usual_program(*port);
                        let usual = usual.map(|usual| reason!(FilteringUsually, program = usual));
                        reason!(
                            FilteringAsksAProgram,
                            resolver = &*resolver,
                            port = u32::from(*port),
                            hint = usual,
                            domains = domains
                        )
                    }
                }
            }
            FilteringReason::OtherProgram { program } => match program {
                Some(program) => reason!(FilteringProgramAnswers, program = &*clean(program)),
                None => reason!(FilteringOtherAnswers),
            },
            FilteringReason::Told {
                section,
                address,
                option,
            } => reason!(
                FilteringTold,
                resolver = &*clean(address),
                option = *option,
                section = section
            ),
            FilteringReason::Relayed { section } => reason!(FilteringRelayed, section = section),
            FilteringReason::More(count) => reason!(FilteringMore, count = *count),
            FilteringReason::NotOpenWrt => reason!(FilteringNotOpenwrt),
            FilteringReason::BadFile { cause } => {
                reason!(FilteringBadFile, cause = cause)
            }
            FilteringReason::NoServiceResolver { host } => {
                reason!(FilteringServiceUnknown, host = host)
            }
            FilteringReason::NoResolver { place: None } => reason!(FilteringNoResolver),
            FilteringReason::NoResolver { place: Some(place) } => {
                reason!(FilteringNoneNamed, file = &*clean(place))
            }
            FilteringReason::NobodyAnswers => reason!(FilteringNobodyAnswers),
        }
    }
}

/// The program that OpenWrt's package of it puts on this port.
fn usual_program(port: u16) -> Option<&'static str> {
    Some(match port {
        5053..=5059 => "https-dns-proxy",
        5453 => "stubby",
        1053 => "unbound",
        6053 => "smartdns",
        _ => return None,
    })
}

impl From<&Origin> for Reason {
    fn from(origin: &Origin) -> Reason {
        match origin {
            Origin::Server { domains } if domains.is_empty() => reason!(FilteringOfServer),
            Origin::Server { domains } => {
                reason!(FilteringOfServerFor, names = &*clean(domains))
            }
            Origin::GivenTo { network } => reason!(FilteringGiven, network = &*clean(network)),
            Origin::SetIn { network } => reason!(FilteringSetIn, network = &*clean(network)),
            Origin::File(path) => reason!(FilteringOfFile, file = &*clean(path)),
        }
    }
}

fn addresses(all: &[IpAddr]) -> Vec<Reason> {
    all.iter()
        .map(|address| reason!(AttemptAddress, address = *address))
        .collect()
}

/// The verdict with its reasons, in one sentence.
impl From<&Filtering> for Reason {
    fn from(filtering: &Filtering) -> Reason {
        let code = match filtering.verdict {
            Verdict::All => Code::FilteringAll,
            Verdict::Some => Code::FilteringSome,
            Verdict::None => Code::FilteringNone,
            Verdict::Local => Code::FilteringLocal,
            Verdict::Unknown => Code::FilteringUnknown,
        };
        let places = (!filtering.resolvers.is_empty())
            .then(|| reason!(FailurePlaces, places = addresses(&filtering.resolvers)));
        let causes: Vec<Reason> = filtering.reasons.iter().map(Reason::from).collect();
        let causes = (!causes.is_empty()).then(|| reason!(FilteringCauses, causes = causes));
        Reason::of(code)
            .with(filtering.service)
            .with(places)
            .with(causes)
    }
}

/// The answer, and what it means.
impl From<&ProfileTest> for Reason {
    fn from(test: &ProfileTest) -> Reason {
        let resolver = test.resolver;
        let whose = resolver.map(|resolver| reason!(ProfileResolver, address = resolver));
        if test.state == TestState::NoAnswer {
            let cause = clean(&test.cause);
            return reason!(ProfileSilent, whose = whose, error = &*cause);
        }
        let places = addresses(&test.addresses);
        let what = match test.code {
            0 if places.is_empty() => reason!(ProfileNoAddress),
            0 => reason!(ProfileAddresses, places = places),
            2 => reason!(ProfileServfail, places = places),
            3 => reason!(ProfileNoName, places = places),
            5 => reason!(ProfileRefused, places = places),
            code => reason!(ProfileError, number = code, places = places),
        };
        let code = match test.state {
            TestState::InForce => Code::ProfileInForce,
            TestState::NotInForce => Code::ProfileNotInForce,
            TestState::Answers | TestState::NoAnswer => Code::ProfileAnswers,
        };
        Reason::of(code).with(whose).with(&test.name).with(what)
    }
}

show_as_reason!(Filtering, ProfileTest);
