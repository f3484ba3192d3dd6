//! Reasons why no address is sent.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::address::Family;
use crate::prefix::Prefix;
use crate::reason;
use crate::reason::{Code, Reason, show_as_reason};
use crate::text::width::clean;
use crate::time::{Civil, Wall};

/// The reason why a pass decided upon no address, or must not send one now.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbortReason {
    /// None of the addresses that the source found may be published.
    Unpublishable(Unpublishable),
    /// netifd cannot be asked; the cause.
    Netifd(Reason),
    /// An address of which it is not known whether strangers share it, since netifd cannot
    /// be asked; the cause.
    SharingUnknown(IpAddr, Reason),
    /// netifd has no network of this name.
    UnknownNetwork(UnknownNetwork),
    /// The network has no address at all; its state, behind its name.
    NoAddress {
        /// The network.
        network: String,
        /// `is down`, `is waiting for DHCP`, …
        state: Reason,
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
        states: Vec<(String, Reason)>,
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
    NoDeviceOf(Reason),
    /// There is no way out to ask pages through; the cause.
    NoWayOut(Reason),
    /// No page had an address that may be published.
    Pages(Vec<(String, PageFault)>),
    /// The program had no address.
    Command(CommandFailure),
    /// The clock is earlier than this program, so no certificate can be checked.
    ClockNotSet(Wall),
    /// The key cannot be read by a process that is not root; what is the matter, and the
    /// number of its user.
    KeyOfUser(Reason, u32),
    /// What is about to be sent cannot be remembered; the cause.
    CannotRemember(Reason),
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
    /// The request failed; the failure.
    Request(Reason),
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
    /// It did not start; the kernel's words.
    NotStarted(String),
    /// It cannot be listened to; the kernel's words.
    Unheard(String),
    /// It ended otherwise than with success; how.
    Failed(String),
    /// The file is there, and the kernel says that it is not.
    NoInterpreter,
    /// It did not end within so many seconds.
    Timeout(u32),
    /// It printed nothing.
    Silent,
    /// It printed this, which is no address.
    NotAnAddress(String),
}

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

impl From<&AbortReason> for Reason {
    fn from(reason: &AbortReason) -> Reason {
        match reason {
            AbortReason::Unpublishable(cause) => cause.into(),
            AbortReason::Netifd(cause) | AbortReason::NoWayOut(cause) => cause.clone(),
            AbortReason::Kernel(error) => reason!(SourceNoAddressList, error = error),
            AbortReason::KeyOfUser(problem, number) => {
                reason!(PassKeyOfUser, cause = problem, user = *number)
            }
            // What is not remembered could be sent without end.
            AbortReason::CannotRemember(cause) => reason!(PassCannotRemember, cause = cause),
            AbortReason::SharingUnknown(address, cause) => {
                reason!(SourceSharingUnknown, address = *address, cause = cause)
            }
            AbortReason::UnknownNetwork(unknown) => unknown.into(),
            AbortReason::NoAddress {
                network,
                state,
                other,
            } => reason!(
                SourceNoAddress,
                network = network,
                state = state,
                hint = other_network(other.as_deref())
            ),
            AbortReason::NoAddressOf {
                network,
                family,
                other,
            } => reason!(
                SourceNoAddressOfFamily,
                network = network,
                family = *family,
                hint = other_network(other.as_deref())
            ),
            AbortReason::NoneHasAddress { family, states } => {
                let named = |(name, state): &(String, Reason)| {
                    reason!(NetworkNamed, network = name, state = state)
                };
                let states: Vec<Reason> = states.iter().map(named).collect();
                reason!(SourceNoneHasAddress, family = *family, states = states)
            }
            AbortReason::OnlyPrefix {
                network,
                prefix,
                lan: Some(lan),
            } => reason!(
                SourceOnlyPrefix,
                prefix = *prefix,
                network = network,
                lan = lan
            ),
            AbortReason::OnlyPrefix {
                network,
                prefix,
                lan: None,
            } => reason!(SourcePrefixUnused, prefix = *prefix, network = network),
            AbortReason::NoDeviceOf(state) => reason!(SourceNetworkWithoutDevice, state = state),
            AbortReason::NoDevice(device) => reason!(SourceNoDevice, device = device),
            AbortReason::Pages(faults) => {
                let page = |(url, fault): &(String, PageFault)| {
                    reason!(PageFault, url = url, cause = Reason::from(fault))
                };
                let pages: Vec<Reason> = faults.iter().map(page).collect();
                reason!(SourcePages, pages = pages)
            }
            AbortReason::Command(failure) => failure.into(),
            AbortReason::ClockNotSet(wall) => {
                reason!(PassClockNotSet, date = Civil::at(*wall).date())
            }
        }
    }
}

fn other_network(other: Option<&str>) -> Option<Reason> {
    other.map(|network| reason!(SourceOtherNetwork, network = network))
}

impl From<&Unpublishable> for Reason {
    fn from(cause: &Unpublishable) -> Reason {
        match cause {
            Unpublishable::None(family) => reason!(AddressNone, family = *family),
            Unpublishable::NotPublic(address, kind) => kind.reason(*address),
            Unpublishable::Deprecated(address) => reason!(AddressDeprecated, address = *address),
            Unpublishable::Temporary(address) => reason!(AddressTemporary, address = *address),
            Unpublishable::Shared(address, sharing) => sharing.reason(*address),
        }
    }
}

impl NotPublic {
    /// The reason for which this address of the kind is not sent.
    pub fn reason(self, address: IpAddr) -> Reason {
        let code = match self {
            NotPublic::Unspecified => Code::AddressUnspecified,
            NotPublic::Private => Code::AddressPrivate,
            NotPublic::CarrierNat => Code::AddressCgnat,
            NotPublic::Loopback => Code::AddressLoopback,
            NotPublic::LinkLocal => Code::AddressLinkLocal,
            NotPublic::UniqueLocal => Code::AddressUniqueLocal,
            NotPublic::Documentation => Code::AddressDocumentation,
            NotPublic::Benchmarking => Code::AddressBenchmarking,
            NotPublic::ProtocolAssignment => Code::AddressProtocol,
            NotPublic::Transition => Code::AddressTransition,
            NotPublic::Multicast => Code::AddressMulticast,
            NotPublic::Broadcast => Code::AddressBroadcast,
            NotPublic::Reserved => Code::AddressReserved,
        };
        Reason::of(code).with(address)
    }
}

impl Sharing {
    /// The reason for which this address is not sent.
    fn reason(&self, address: IpAddr) -> Reason {
        match self {
            Sharing::Ports { network, proto } => reason!(
                AddressSharedPorts,
                address = address,
                proto = proto,
                network = network
            ),
            Sharing::CarrierNat {
                network,
                address: inside,
                kind,
            } => {
                let code = match kind {
                    NotPublic::CarrierNat => Code::AddressSharedCgnat,
                    _ => Code::AddressSharedProtocol,
                };
                Reason::of(code).with(address).with(network).with(*inside)
            }
        }
    }
}

impl From<&UnknownNetwork> for Reason {
    fn from(unknown: &UnknownNetwork) -> Reason {
        let name = &unknown.name;
        match &unknown.meaning {
            None => reason!(NetworkUnknown, network = name),
            Some(NameMeaning::Similar(meant)) => {
                reason!(NetworkMisspelt, network = name, meant = meant)
            }
            Some(NameMeaning::DeviceOf(network)) => {
                reason!(NetworkIsDevice, network = name, meant = network)
            }
        }
    }
}

impl From<&RivalSection> for Reason {
    fn from(rival: &RivalSection) -> Reason {
        reason!(
            AddressOfRival,
            section = &rival.section,
            address = rival.address,
            ident = &rival.ident
        )
    }
}

impl From<&PageFault> for Reason {
    fn from(fault: &PageFault) -> Reason {
        match fault {
            PageFault::Request(failure) => failure.clone(),
            PageFault::Status(status) => reason!(PageStatus, status = u32::from(*status)),
            PageFault::Text(fault) => reason_of_text(*fault),
            PageFault::OtherFamily(address) => reason!(PageOtherFamily, address = *address),
            PageFault::Unpublishable(cause) => cause.into(),
        }
    }
}

fn reason_of_text(fault: TextFault) -> Reason {
    match fault {
        TextFault::Html => reason!(PageHtml),
        TextFault::NoMember => reason!(PageNoMember),
        TextFault::Other => reason!(PageNotAnAddress),
    }
}

impl From<&CommandFailure> for Reason {
    fn from(failure: &CommandFailure) -> Reason {
        let program = &failure.program;
        let stderr = (!failure.stderr.is_empty())
            .then(|| reason!(SourceCommandError, line = excerpt(&failure.stderr)));
        match &failure.fault {
            CommandFault::NotStarted(error) => reason!(
                SourceCommandNotStarted,
                program = program,
                error = error,
                stderr = stderr
            ),
            CommandFault::Unheard(error) => reason!(
                SourceCommandUnheard,
                program = program,
                error = error,
                stderr = stderr
            ),
            CommandFault::Failed(exit) => reason!(
                SourceCommandFailed,
                program = program,
                exit = exit,
                stderr = stderr
            ),
            CommandFault::NoInterpreter => {
                reason!(
                    SourceCommandNoInterpreter,
                    program = program,
                    stderr = stderr
                )
            }
            CommandFault::Timeout(seconds) => reason!(
                SourceCommandTimeout,
                program = program,
                seconds = *seconds,
                stderr = stderr
            ),
            CommandFault::Silent => {
                reason!(SourceCommandSilent, program = program, stderr = stderr)
            }
            CommandFault::NotAnAddress(line) => reason!(
                SourceCommandNotAnAddress,
                program = program,
                line = excerpt(line),
                stderr = stderr
            ),
        }
    }
}

show_as_reason!(
    AbortReason,
    Unpublishable,
    UnknownNetwork,
    RivalSection,
    PageFault,
    CommandFailure,
);

/// The beginning of what a program printed, without what would harm a terminal.
fn excerpt(text: &str) -> String {
    const MAX_LENGTH: usize = 100;
    let end = text.char_indices().nth(MAX_LENGTH).map(|(end, _)| end);
    let mut shown = clean(&text[..end.unwrap_or(text.len())]).into_owned();
    shown.push_str(if end.is_some() { "…" } else { "" });
    shown
}
