//! Why a household is filtered, or is not, and what the resolver's answer means.

use alloc::string::String;
use core::fmt::{self, Display, Formatter, Write};

use crate::filtering::profile_test::{ProfileTest, TestState};
use crate::filtering::{Filtering, Verdict};
use crate::reason::write_joined;
use crate::text::width::clean;

/// The limits of every verdict, said once.
pub const LIMITS: &str =
    "not to be seen from here: DNS over HTTPS in a browser or an app, a resolver set on a device";

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
        /// In words that follow on its name.
        cause: String,
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

impl Display for FilteringReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FilteringReason::Asks {
                instance,
                address,
                origin,
            } => {
                f.write_str("dnsmasq ")?;
                if let Some(instance) = instance {
                    write!(f, "'{instance}' ")?;
                }
                write!(f, "asks {}{origin}", clean(address))
            }
            FilteringReason::AsksProgram {
                address,
                port,
                program,
                domains,
            } => {
                let name = program.as_deref().unwrap_or("a program");
                write!(
                    f,
                    "dnsmasq asks {} at {}#{port}",
                    clean(name),
                    clean(address)
                )?;
                match usual_program(*port) {
                    Some(usual) if program.is_none() => write!(f, " (usually {usual})")?,
                    _ => {}
                }
                write_domains(f, domains)
            }
            FilteringReason::OtherProgram { program } => {
                let name = clean(program.as_deref().unwrap_or("another program"));
                write!(f, "not dnsmasq but {name} answers on port 53")
            }
            FilteringReason::Told {
                section,
                address,
                option,
            } => {
                let address = clean(address);
                write!(
                    f,
                    "clients are told to ask {address} ({option} of '{section}')"
                )
            }
            FilteringReason::Relayed { section } => write!(
                f,
                "clients are told the provider's IPv6 resolvers ('{section}' is a relay)"
            ),
            FilteringReason::More(count) => write!(f, "and {count} more"),
            FilteringReason::NotOpenWrt => {
                f.write_str("there is no /etc/config/dhcp, so this is not OpenWrt")
            }
            FilteringReason::BadFile { cause } => write!(f, "/etc/config/dhcp: {}", clean(cause)),
            FilteringReason::NoServiceResolver { host } => {
                write!(
                    f,
                    "the resolvers behind {host} are not known; 'list resolver' names them"
                )
            }
            FilteringReason::NoResolver { place: None } => {
                f.write_str("dnsmasq has no resolver to ask; is the WAN up?")
            }
            FilteringReason::NoResolver { place: Some(place) } => {
                write!(
                    f,
                    "dnsmasq has no resolver to ask: {} names none",
                    clean(place)
                )
            }
            FilteringReason::NobodyAnswers => {
                f.write_str("dnsmasq does not answer on port 53, nor does another program")
            }
        }
    }
}

fn write_domains(f: &mut Formatter<'_>, domains: &str) -> fmt::Result {
    match domains {
        "" => Ok(()),
        _ => write!(f, " for {}", clean(domains)),
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

impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Server { domains } => {
                write_domains(f, domains)?;
                f.write_str(" (list server)")
            }
            Origin::GivenTo { network } => {
                write!(
                    f,
                    ", which network '{}' was given by its provider",
                    clean(network)
                )
            }
            Origin::SetIn { network } => write!(f, " (list dns of network '{}')", clean(network)),
            Origin::File(path) => write!(f, " ({})", clean(path)),
        }
    }
}

/// The verdict with its reasons, in one sentence.
impl Display for Filtering {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let head = match self.verdict {
            Verdict::All => "all DNS questions go to ",
            Verdict::Some => "not all DNS questions go to ",
            Verdict::None => "no DNS question goes to ",
            Verdict::Local => {
                "a local program, which wansync cannot see into, decides whether DNS questions go to "
            }
            Verdict::Unknown => "it cannot be told whether DNS questions go to ",
        };
        write!(f, "{head}{}", self.service)?;
        if !self.resolvers.is_empty() {
            f.write_str(" (")?;
            write_joined(f, ", ", &self.resolvers, &|f, r| write!(f, "{r}"))?;
            f.write_char(')')?;
        }
        if !self.reasons.is_empty() {
            f.write_str(": ")?;
        }
        write_joined(f, "; ", &self.reasons, &|f, r| write!(f, "{r}"))
    }
}

/// The answer, and what it means.
impl Display for ProfileTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(resolver) = self.resolver {
            write!(f, "{resolver} ")?;
        }
        if self.state == TestState::NoAnswer {
            return write!(f, "does not answer DNS questions: {}", clean(&self.cause));
        }
        write!(f, "answers for {}: ", self.name)?;
        match self.code {
            0 if self.addresses.is_empty() => f.write_str("no address")?,
            0 => {}
            2 => f.write_str("SERVFAIL")?,
            3 => f.write_str("no such name (NXDOMAIN)")?,
            5 => f.write_str("REFUSED")?,
            code => write!(f, "error {code}")?,
        }
        write_joined(f, ", ", &self.addresses, &|f, a| write!(f, "{a}"))?;
        f.write_str(match self.state {
            TestState::InForce => ", which is its block page: this household's profile is in force",
            TestState::NotInForce => {
                ", which is not its block page: the profile is not in force. Either this address \
                 is not bound to it yet, or it does not block that name, or another resolver on \
                 the way answers in its place"
            }
            TestState::Answers | TestState::NoAnswer => "",
        })
    }
}
