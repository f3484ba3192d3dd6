//! Reasons why no address is sent.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use crate::address::Family;
use crate::prefix::Prefix;
use crate::reason::write_joined;
use crate::text::width::clean;
use crate::time::{Civil, Wall};

/// The reason why a pass decided upon no address, or must not send one now.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbortReason {
    /// None of the addresses that the source found may be published.
    Unpublishable(Unpublishable),
    /// netifd cannot be asked; the cause, in words.
    Netifd(String),
    /// An address of which it is not known whether strangers share it, since netifd cannot
    /// be asked; the cause, in words.
    SharingUnknown(IpAddr, String),
    /// netifd has no network of this name.
    UnknownNetwork(UnknownNetwork),
    /// The network has no address at all; its state, behind its name.
    NoAddress {
        /// The network.
        network: String,
        /// `is down`, `is waiting for DHCP`, …
        state: String,
        /// Another network that has one, if this one is up.
        other: Option<String>,
    },
    /// The network has none of the family.
    NoAddressOf {
        /// The network.
        network: String,
        /// The family that is wanted.
        family: Family,
        /// Another network that has one.
        other: Option<String>,
    },
    /// None of several networks has one; each with its state.
    NoneHasAddress {
        /// The family that is wanted.
        family: Family,
        /// The networks that netifd knows, and the state of each.
        states: Vec<(String, String)>,
    },
    /// The WAN has a prefix for other networks, and no address for itself.
    OnlyPrefix {
        /// The network that the prefix is delegated to.
        network: String,
        /// The prefix.
        prefix: Prefix,
        /// The network that has an address of it.
        lan: Option<String>,
    },
    /// The kernel has no such device.
    NoDevice(String),
    /// The kernel does not list addresses; its words.
    Kernel(String),
    /// The network to send through has no device; its state.
    NoDeviceOf(String),
    /// There is no way out to ask pages through; the cause, in words.
    NoWayOut(String),
    /// No page had an address that may be published.
    Pages(Vec<(String, PageFault)>),
    /// The program had no address.
    Command(CommandFailure),
    /// The clock is earlier than this program, so no certificate can be checked.
    ClockNotSet(Wall),
    /// The key cannot be read by a process that is not root; what is the matter, and the
    /// number of its user.
    KeyOfUser(String, u32),
    /// What is about to be sent cannot be remembered; the cause, in words.
    CannotRemember(String),
}

/// The reason why no candidate may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpublishable {
    /// There was no address of the wanted family at all.
    None(Family),
    /// This one came nearest, but it is not public.
    NotPublic(IpAddr, NotPublic),
    /// This one came nearest, but its prefix is being withdrawn.
    Deprecated(IpAddr),
    /// This one came nearest, but it is a privacy address.
    Temporary(IpAddr),
    /// This one came nearest, but strangers have it, too.
    Shared(IpAddr, Rc<Sharing>),
}

/// The kind of an address that is not a public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotPublic {
    /// 0.0.0.0/8, `::`
    Unspecified,
    /// 10/8, 172.16/12, 192.168/16
    Private,
    /// 100.64/10
    CarrierNat,
    /// 127/8, `::1`
    Loopback,
    /// 169.254/16, fe80::/10
    LinkLocal,
    /// fc00::/7
    UniqueLocal,
    /// 192.0.2/24, 198.51.100/24, 203.0.113/24, 2001:db8::/32, 3fff::/20
    Documentation,
    /// 198.18/15, 2001:2::/48
    Benchmarking,
    /// 192.0.0/24: the inside of DS-Lite and 464XLAT among others
    ProtocolAssignment,
    /// 192.88.99/24, 2002::/16, 2001::/32
    Transition,
    /// 224/4, ff00::/8
    Multicast,
    /// 255.255.255.255
    Broadcast,
    /// 240/4, and IPv6 outside of 2000::/3
    Reserved,
}

/// The reason to think that an address is that of strangers, too.
#[derive(Debug, PartialEq, Eq)]
pub enum Sharing {
    /// The network's protocol gives each customer some ports of an address.
    Ports {
        /// The network.
        network: String,
        /// netifd's name of the protocol.
        proto: String,
    },
    /// The WAN itself has an address of the provider's inside.
    CarrierNat {
        /// The network.
        network: String,
        /// The network's own address.
        address: IpAddr,
        /// The kind of that address.
        kind: NotPublic,
    },
}

/// A name that is no network's.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownNetwork {
    /// The name.
    pub name: String,
    /// The probable meaning of the name.
    pub meaning: Option<NameMeaning>,
}

/// The probable meaning of a name that is no network's.
#[derive(Debug, PartialEq, Eq)]
pub enum NameMeaning {
    /// The network of a similar name.
    Similar(String),
    /// The network that is on the device of this name.
    DeviceOf(String),
}

/// The reason why a page is of no use.
#[derive(Debug, PartialEq, Eq)]
pub enum PageFault {
    /// The request failed; the failure, in words.
    Request(String),
    /// The page came with another status than 200.
    Status(u16),
    /// The page is no address.
    Text(TextFault),
    /// The page's address is of the family that is not asked for.
    OtherFamily(IpAddr),
    /// The page's address may not be published.
    Unpublishable(Unpublishable),
}

/// The reason why a text is not taken for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFault {
    /// It is HTML.
    Html,
    /// It is JSON without a member that would be one.
    NoMember,
    /// Anything else.
    Other,
}

/// The failure of the program of `source 'command'`.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandFailure {
    /// The program's path.
    pub program: String,
    /// The fault.
    pub fault: CommandFault,
    /// The first line that it wrote to its standard error; empty if there was none.
    pub stderr: String,
}

/// The fault of a program.
#[derive(Debug, PartialEq, Eq)]
pub enum CommandFault {
    /// It did not start, or it cannot be listened to; in words.
    Failed(String),
    /// The file is there, and the kernel says that it is not.
    NoInterpreter,
    /// It did not end within so many seconds.
    Timeout(u64),
    /// It printed nothing.
    Silent,
    /// It printed this, which is no address.
    NotAnAddress(String),
}

/// The consequence of one address for two users, in words.
pub const TAKEN_ADDRESS: &str = "SkyDNS takes an address from one user when it is sent for another";

/// Another section that has the same address for another user of the same service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RivalSection {
    /// The section.
    pub section: String,
    /// The section's user.
    pub ident: String,
    /// The address of both.
    pub address: IpAddr,
}

impl fmt::Display for AbortReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AbortReason::Unpublishable(cause) => cause.fmt(f),
            AbortReason::Netifd(cause)
            | AbortReason::Kernel(cause)
            | AbortReason::NoWayOut(cause) => f.write_str(cause),
            AbortReason::KeyOfUser(problem, number) => {
                write!(f, "{problem} (number {number}, not root)")
            }
            // What is not remembered could be sent without end.
            AbortReason::CannotRemember(cause) => {
                write!(f, "{cause}; until it can be written, nothing is sent")
            }
            AbortReason::SharingUnknown(address, cause) => write!(
                f,
                "netifd cannot say whether {address} is shared with strangers (CGNAT): {cause}"
            ),
            AbortReason::UnknownNetwork(unknown) => unknown.fmt(f),
            AbortReason::NoAddress {
                network,
                state,
                other,
            } => {
                write!(f, "network '{network}' {state}")?;
                write_other(f, other.as_deref())
            }
            AbortReason::NoAddressOf {
                network,
                family,
                other,
            } => {
                write!(f, "network '{network}' has no {family} address")?;
                write_other(f, other.as_deref())
            }
            AbortReason::NoneHasAddress { family, states } => {
                write!(f, "no network has an {family} address: ")?;
                write_joined(f, ", ", states, &|f, (name, state)| {
                    write!(f, "'{name}' {state}")
                })
            }
            AbortReason::OnlyPrefix {
                network,
                prefix,
                lan,
            } => {
                write!(
                    f,
                    "only a prefix is delegated ({prefix}), and '{network}' has no address of its \
                     own: "
                )?;
                match lan {
                    Some(lan) => write!(
                        f,
                        "take the LAN's network (source 'network', option network '{lan}')"
                    ),
                    None => f.write_str(
                        "give some of it to the LAN (option ip6assign '60' in \
                         /etc/config/network), and take the LAN's network",
                    ),
                }
            }
            AbortReason::NoDeviceOf(state) => write!(f, "the network has none: it {state}"),
            AbortReason::NoDevice(device) => write!(f, "there is no device {device}"),
            AbortReason::Pages(faults) => write_joined(f, "; ", faults, &|f, (page, fault)| {
                write!(f, "{page}: {fault}")
            }),
            AbortReason::Command(failure) => failure.fmt(f),
            AbortReason::ClockNotSet(wall) => write!(
                f,
                "the clock is not set (it says {}), so no certificate can be checked; \
                 this waits for NTP",
                Civil::at(*wall).date()
            ),
        }
    }
}

fn write_other(f: &mut fmt::Formatter<'_>, other: Option<&str>) -> fmt::Result {
    match other {
        Some(other) => write!(f, "; network '{other}' has one (option network '{other}')"),
        None => Ok(()),
    }
}

impl fmt::Display for Unpublishable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unpublishable::None(family) => write!(f, "there is no {family} address"),
            Unpublishable::NotPublic(address, cause) => write!(f, "{address} {cause}"),
            Unpublishable::Deprecated(address) => write!(
                f,
                "{address} is deprecated: its prefix is being withdrawn and no other has come yet"
            ),
            Unpublishable::Temporary(address) => {
                write!(
                    f,
                    "{address} is a temporary (privacy) address, which changes by design"
                )
            }
            Unpublishable::Shared(address, sharing) => write!(f, "{address} {sharing}"),
        }
    }
}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotPublic::Unspecified => "is not an address of any host",
            NotPublic::Private => {
                "is a private address: this router is behind another one (double NAT); \
                 use source 'web' with a page of the Internet, or let the other router pass its address on (bridge mode)"
            }
            NotPublic::CarrierNat => {
                "is a CGNAT address (100.64.0.0/10), which the provider's other customers share; \
                 ask the provider for a public one"
            }
            NotPublic::Loopback => "is a loopback address",
            NotPublic::LinkLocal => {
                "is a link-local address: the WAN was given no other; look at its DHCP or PPPoE"
            }
            NotPublic::UniqueLocal => {
                "is a unique local address (ULA), which is private to this site"
            }
            NotPublic::Documentation => "is an address for documentation, not a real one",
            NotPublic::Benchmarking => "is an address for benchmarks, not a real one",
            NotPublic::ProtocolAssignment => {
                "is an address for the inside of DS-Lite or 464XLAT: \
                 this router shares its public IPv4 address with others"
            }
            NotPublic::Transition => {
                "is an address of a transition mechanism (6to4, Teredo), not of this WAN"
            }
            NotPublic::Multicast => "is a multicast address",
            NotPublic::Broadcast => "is the broadcast address",
            NotPublic::Reserved => "is in a reserved range",
        })
    }
}

/// In words that follow on the address.
impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is shared with the provider's other customers, ")?;
        match self {
            Sharing::Ports { network, proto } => write!(
                f,
                "each of whom has some of its ports (protocol {proto} of network '{network}')"
            )?,
            Sharing::CarrierNat {
                network,
                address,
                kind,
            } => {
                let kind = match kind {
                    NotPublic::CarrierNat => "a CGNAT address (100.64.0.0/10)",
                    _ => "one for the inside of DS-Lite or 464XLAT",
                };
                write!(f, "since network '{network}' itself has {address}, {kind}")?;
            }
        }
        f.write_str(
            "; ask the provider for a public one, or, if it is yours alone, \
             set option shared_address '1'",
        )
    }
}

impl fmt::Display for UnknownNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(f, "netifd knows no network '{name}'")?;
        match &self.meaning {
            None => Ok(()),
            Some(NameMeaning::Similar(meant)) => write!(f, " (did you mean '{meant}'?)"),
            Some(NameMeaning::DeviceOf(network)) => {
                write!(f, ": {name} is the device of network '{network}'")
            }
        }
    }
}

impl fmt::Display for RivalSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RivalSection {
            section,
            ident,
            address,
        } = self;
        write!(
            f,
            "section '{section}' has {address} for user '{ident}': {TAKEN_ADDRESS}"
        )
    }
}

impl fmt::Display for PageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageFault::Request(failure) => f.write_str(failure),
            PageFault::Status(status) => write!(f, "HTTP status {status}"),
            PageFault::Text(fault) => fault.fmt(f),
            PageFault::OtherFamily(address) => {
                write!(f, "it says {address}, which is of the other family")
            }
            PageFault::Unpublishable(cause) => cause.fmt(f),
        }
    }
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TextFault::Html => {
                "the page is HTML and not an address: does this line want a login first?"
            }
            TextFault::NoMember => {
                "the page is JSON without an address in 'ip', 'address', 'query' or 'origin'"
            }
            TextFault::Other => "the page is not one address and nothing else",
        })
    }
}

impl fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the command {} ", self.program)?;
        match &self.fault {
            CommandFault::Failed(words) => f.write_str(words)?,
            CommandFault::NoInterpreter => f.write_str(
                "cannot be run: the interpreter in its first line is missing; \
                 does that line end in CR LF?",
            )?,
            CommandFault::Timeout(seconds) => write!(f, "took longer than {seconds} s")?,
            CommandFault::Silent => f.write_str("printed nothing")?,
            CommandFault::NotAnAddress(line) => {
                write!(f, "did not print an address, but '{}'", Excerpt(line))?;
            }
        }
        match self.stderr.is_empty() {
            true => Ok(()),
            false => write!(f, "; its standard error: {}", Excerpt(&self.stderr)),
        }
    }
}

/// The beginning of what a program printed, without what would harm a terminal.
struct Excerpt<'a>(&'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_LENGTH: usize = 100;
        let end = self.0.char_indices().nth(MAX_LENGTH).map(|(end, _)| end);
        f.write_str(&clean(&self.0[..end.unwrap_or(self.0.len())]))?;
        f.write_str(if end.is_some() { "…" } else { "" })
    }
}
