//! Reasons why no connection to a service was made: its name, and the addresses that
//! were tried.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::address::Family;
use crate::failure::TlsFailure;
use crate::reason;
use crate::reason::{Reason, show_as_reason};

/// The most addresses that a sentence names.
const MAX_NAMED: usize = 3;

/// A bound in seconds, as it is spoken of.
pub(crate) fn whole_seconds_up(limit: Duration) -> u32 {
    let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
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
    /// Anything else.
    Failed(Reason),
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

    /// What is said of the addresses and the device behind a sentence about `host`, which
    /// is not repeated.
    pub(crate) fn places(&self, host: &str) -> Vec<Reason> {
        let host = host.trim_matches(['[', ']']).parse();
        let mut places = Vec::new();
        for tried in self.named() {
            if host != Ok(tried.address) {
                places.push(reason!(AttemptAddress, address = tried.address));
            }
        }
        self.add_unnamed(&mut places);
        if let Some(device) = &self.device {
            places.push(reason!(AttemptThrough, device = device));
        }
        places.extend(self.filtered());
        places
    }

    /// Each address with its end, and the families that are missing.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        for Attempt { address, end } in self.named() {
            reasons.push(reason!(
                AttemptFailed,
                address = *address,
                cause = Reason::from(end)
            ));
        }
        self.add_unnamed(&mut reasons);
        reasons.extend(self.filtered());
        reasons
    }

    fn named(&self) -> &[Attempt] {
        &self.tried[..self.tried.len().min(MAX_NAMED)]
    }

    /// The number of the others, and the families that are missing.
    fn add_unnamed(&self, reasons: &mut Vec<Reason>) {
        let more = self.tried.len() - self.named().len() + self.more;
        if more > 0 {
            reasons.push(reason!(AttemptMore, count = more));
        }
        reasons.extend(self.missing.iter().map(Reason::from));
    }

    fn filtered(&self) -> Option<Reason> {
        let answer = self.filtered?;
        Some(match answer.to_canonical().is_unspecified() {
            true => reason!(AttemptNoHost, address = answer),
            false => reason!(AttemptOwnHost, address = answer),
        })
    }
}

impl From<&AttemptEnd> for Reason {
    fn from(end: &AttemptEnd) -> Reason {
        match end {
            AttemptEnd::NoAnswer => reason!(AttemptNoAnswer),
            AttemptEnd::Stalled => reason!(AttemptStalled),
            AttemptEnd::Failed(error) => Reason::words(error),
            AttemptEnd::Tls(cause) => cause.into(),
        }
    }
}

impl NameFailure {
    /// Why it gave none, family by family unless that is the same for both.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        let missing = match self {
            NameFailure::NoAddress(missing) => missing.as_slice(),
            NameFailure::Filtered { answer } => {
                return [reason!(NameFiltered, address = *answer)].into();
            }
        };
        let common = match missing {
            [only] if !only.reason.is_fault() => {
                reason!(NameNoneOfFamily, family = only.family)
            }
            [one, other] if one.reason == other.reason && !one.reason.is_fault() => {
                reason!(NameNone)
            }
            [one] => Reason::from(&one.reason),
            [one, other] if one.reason == other.reason => Reason::from(&one.reason),
            several => return several.iter().map(Reason::from).collect(),
        };
        [common].into()
    }
}

impl From<&MissingFamily> for Reason {
    fn from(missing: &MissingFamily) -> Reason {
        let cause = Reason::from(&missing.reason);
        reason!(NameNoFamily, family = missing.family, cause = cause)
    }
}

impl From<&LookUpFailure> for Reason {
    fn from(failure: &LookUpFailure) -> Reason {
        match failure {
            LookUpFailure::NoneOfFamily => reason!(NameHasNone),
            LookUpFailure::NoSuchName => reason!(NameUnknown),
            LookUpFailure::NoAnswer => reason!(NameNoAnswer),
            LookUpFailure::Refused => reason!(NameRefused),
            LookUpFailure::Late(limit) => reason!(NameLate, seconds = whole_seconds_up(*limit)),
            LookUpFailure::Failed(error) => error.clone(),
        }
    }
}

show_as_reason!(AttemptEnd, MissingFamily, LookUpFailure);

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn missing(family: Family, reason: LookUpFailure) -> MissingFamily {
        MissingFamily { family, reason }
    }

    fn joined(reasons: Vec<Reason>) -> String {
        let words: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        words.join("; ")
    }

    #[test]
    fn names_without_an_address() {
        use Family::{Ipv4, Ipv6};
        use LookUpFailure as L;
        let words =
            |missing: &[MissingFamily]| joined(NameFailure::NoAddress(missing.to_vec()).reasons());
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
            joined(NameFailure::Filtered { answer }.reasons()),
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
            joined(two.reasons()),
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
        assert_eq!(&joined(many.reasons())[named * 3..], "and 4 more addresses");
    }
}
