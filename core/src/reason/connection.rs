//! Reasons why no connection to a service was made: its name, and the addresses that
//! were tried.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use crate::address::Family;
use crate::failure::TlsFailure;

/// The most addresses that a sentence names.
const MAX_NAMED: usize = 3;

/// A bound in seconds, as it is spoken of.
pub(crate) fn whole_seconds_up(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0)
}

/// The reason why a name gave no address to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFailure {
    /// Each family that was asked for has none.
    NoAddress(Vec<MissingFamily>),
    /// All that came was an address of no host, or one of this router's own.
    Filtered {
        /// The answer.
        answer: IpAddr,
    },
}

/// One family of addresses that a name has none of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFamily {
    /// The family.
    pub family: Family,
    /// The reason.
    pub reason: LookUpFailure,
}

/// The reason why a look-up of one family of addresses gave none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUpFailure {
    /// The name has addresses of the other family alone, or none.
    NoneOfFamily,
    /// The name server says that there is no such name.
    NoSuchName,
    /// No name server answers, or each says that it failed (SERVFAIL).
    NoAnswer,
    /// The name server refuses to answer, or cannot.
    Refused,
    /// No answer came within this time.
    Late(Duration),
    /// Anything else, in the system's words.
    Failed(String),
}

impl LookUpFailure {
    /// False for a family that the name just does not have.
    pub fn is_fault(&self) -> bool {
        *self != LookUpFailure::NoneOfFamily
    }
}

/// The addresses of a service that were tried, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempts {
    /// The only device that might carry a connection, if there was one.
    pub device: Option<String>,
    /// The first of them.
    pub tried: Vec<Attempt>,
    /// The number of further addresses, tried or not.
    pub more: usize,
    /// The families of addresses whose look-up failed.
    pub missing: Vec<MissingFamily>,
    /// The address of no host, or of this router itself, that the name has beside the
    /// others, as a filter answers.
    pub filtered: Option<IpAddr>,
}

/// One address that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub address: IpAddr,
    /// The end of the attempt.
    pub end: AttemptEnd,
}

/// The end of an attempt that made no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// Nothing came back.
    NoAnswer,
    /// It connected, and TLS stood still.
    Stalled,
    /// The kernel's error.
    Failed(String),
    /// TLS failed.
    Tls(TlsFailure),
}

impl AttemptEnd {
    /// True if there was nobody at the address.
    pub fn is_unconnected(&self) -> bool {
        matches!(self, AttemptEnd::NoAnswer | AttemptEnd::Failed(_))
    }
}

impl Attempts {
    /// True if no attempt failed: each was waited for until the time was over.
    pub fn are_late(&self) -> bool {
        let is_late =
            |attempt: &Attempt| matches!(attempt.end, AttemptEnd::NoAnswer | AttemptEnd::Stalled);
        self.tried.iter().all(is_late)
    }

    /// True if there is nothing to say of them.
    pub(crate) fn is_empty(&self) -> bool {
        self.tried.is_empty() && self.filtered.is_none()
    }

    /// Writes the addresses and the device behind a sentence about `host`, which is not
    /// repeated.
    pub(crate) fn write_places(&self, f: &mut fmt::Formatter<'_>, host: &str) -> fmt::Result {
        let host = host.trim_matches(['[', ']']).parse();
        let mut places = List::new(f, " (", ", ");
        for tried in self.named() {
            if host != Ok(tried.address) {
                places.add(format_args!("{}", tried.address))?;
            }
        }
        self.add_unnamed(&mut places)?;
        if let Some(device) = &self.device {
            places.add(format_args!("through {device}"))?;
        }
        self.add_filtered(&mut places)?;
        match places.is_empty() {
            true => Ok(()),
            false => f.write_str(")"),
        }
    }

    /// Writes the device, if there was one.
    pub(crate) fn write_way(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.device {
            Some(device) => write!(f, " through {device}"),
            None => Ok(()),
        }
    }

    fn named(&self) -> &[Attempt] {
        &self.tried[..self.tried.len().min(MAX_NAMED)]
    }

    /// The number of the others, and the families that are missing.
    fn add_unnamed(&self, parts: &mut List<'_, '_>) -> fmt::Result {
        let more = self.tried.len() - self.named().len() + self.more;
        if more > 0 {
            parts.add(format_args!("and {more} more addresses"))?;
        }
        parts.add_each(&self.missing)
    }

    fn add_filtered(&self, parts: &mut List<'_, '_>) -> fmt::Result {
        let Some(answer) = self.filtered else {
            return Ok(());
        };
        let whose = match answer.to_canonical().is_unspecified() {
            true => "no host",
            false => "this router itself",
        };
        parts.add(format_args!(
            "{answer} is {whose}: does a filter block the name?"
        ))
    }
}

/// Each address with its end, and the families that are missing.
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = List::new(f, "", "; ");
        for Attempt { address, end } in self.named() {
            parts.add(format_args!("{address}: {end}"))?;
        }
        self.add_unnamed(&mut parts)?;
        self.add_filtered(&mut parts)
    }
}

/// Parts of a sentence, written one by one.
struct List<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    /// What is written before the next part.
    before: &'static str,
    between: &'static str,
}

impl<'a, 'f> List<'a, 'f> {
    fn new(f: &'a mut fmt::Formatter<'f>, before: &'static str, between: &'static str) -> Self {
        List { f, before, between }
    }

    fn add(&mut self, part: fmt::Arguments<'_>) -> fmt::Result {
        self.f.write_str(self.before)?;
        self.before = self.between;
        self.f.write_fmt(part)
    }

    fn add_each(&mut self, missing: &[MissingFamily]) -> fmt::Result {
        missing
            .iter()
            .try_for_each(|missing| self.add(format_args!("{missing}")))
    }

    fn is_empty(&self) -> bool {
        self.before != self.between
    }
}

impl fmt::Display for AttemptEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AttemptEnd::NoAnswer => f.write_str("no answer"),
            AttemptEnd::Stalled => f.write_str("the TLS handshake stands still"),
            AttemptEnd::Failed(cause) => f.write_str(cause),
            AttemptEnd::Tls(cause) => write!(f, "{cause}"),
        }
    }
}

impl fmt::Display for NameFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameFailure::NoAddress(missing) => match missing.as_slice() {
                [only] => only.write_alone(f),
                [one, other] if one.reason == other.reason => match one.reason.is_fault() {
                    true => write!(f, "{}", one.reason),
                    false => f.write_str("it has no address"),
                },
                several => List::new(f, "", "; ").add_each(several),
            },
            NameFailure::Filtered { answer } => write!(
                f,
                "a filter on this router or its DNS blocks the name: it answers {answer}"
            ),
        }
    }
}

impl MissingFamily {
    /// Where no other family was asked for.
    fn write_alone(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.is_fault() {
            true => write!(f, "{}", self.reason),
            false => write!(f, "it has no {} address", self.family),
        }
    }
}

impl fmt::Display for MissingFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {} address: {}", self.family, self.reason)
    }
}

impl fmt::Display for LookUpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LookUpFailure::NoneOfFamily => "it has none",
            LookUpFailure::NoSuchName => "the name does not exist",
            LookUpFailure::NoAnswer => "no name server gives an answer",
            LookUpFailure::Refused => "the name server refuses to answer",
            LookUpFailure::Late(limit) => {
                let seconds = whole_seconds_up(*limit);
                return write!(f, "no name server gave an answer within {seconds} s");
            }
            LookUpFailure::Failed(cause) => cause,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn missing(family: Family, reason: LookUpFailure) -> MissingFamily {
        MissingFamily { family, reason }
    }

    #[test]
    fn names_without_an_address() {
        use Family::{Ipv4, Ipv6};
        use LookUpFailure as L;
        let words =
            |missing: &[MissingFamily]| NameFailure::NoAddress(missing.to_vec()).to_string();
        for (found, expected) in [
            (
                vec![missing(Ipv6, L::NoneOfFamily)],
                "it has no IPv6 address",
            ),
            (
                vec![
                    missing(Ipv4, L::NoneOfFamily),
                    missing(Ipv6, L::NoneOfFamily),
                ],
                "it has no address",
            ),
            (
                vec![missing(Ipv4, L::NoSuchName)],
                "the name does not exist",
            ),
            (
                vec![missing(Ipv4, L::NoAnswer), missing(Ipv6, L::NoAnswer)],
                "no name server gives an answer",
            ),
            (
                vec![missing(Ipv4, L::NoneOfFamily), missing(Ipv6, L::Refused)],
                "no IPv4 address: it has none; no IPv6 address: the name server refuses to answer",
            ),
            (
                vec![missing(Ipv4, L::Late(Duration::from_secs(15)))],
                "no name server gave an answer within 15 s",
            ),
        ] {
            assert_eq!(words(&found), expected);
        }
        let answer = IpAddr::from([0, 0, 0, 0]);
        assert_eq!(
            NameFailure::Filtered { answer }.to_string(),
            "a filter on this router or its DNS blocks the name: it answers 0.0.0.0"
        );
    }

    #[test]
    fn addresses_and_ends() {
        let attempt = |last, end| Attempt {
            address: IpAddr::from([192, 0, 2, last]),
            end,
        };
        let refused = || AttemptEnd::Failed("Connection refused".into());
        let two = Attempts {
            tried: vec![attempt(1, AttemptEnd::NoAnswer), attempt(2, refused())],
            missing: vec![missing(Family::Ipv6, LookUpFailure::NoAnswer)],
            ..Attempts::default()
        };
        assert_eq!(
            two.to_string(),
            "192.0.2.1: no answer; 192.0.2.2: Connection refused; \
             no IPv6 address: no name server gives an answer"
        );
        assert!(!two.are_late());
        let many = Attempts {
            tried: (1..=4)
                .map(|last| attempt(last, AttemptEnd::Stalled))
                .collect(),
            more: 3,
            ..Attempts::default()
        };
        assert!(many.are_late());
        let named = "192.0.2.1: the TLS handshake stands still; ".len();
        assert_eq!(&many.to_string()[named * 3..], "and 4 more addresses");
    }
}
