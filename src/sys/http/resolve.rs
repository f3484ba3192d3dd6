//! Name resolution: each family of addresses by a question of its own, since a name
//! server may fail one of them only, and musl then has no answer at all to both.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use dns_lookup::{AddrFamily, AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};

use crate::sys::job::Job;
use crate::sys::os_error;
use wansync_core::address::Family;
use wansync_core::reason;
use wansync_core::reason::connection::{LookUpFailure, MissingFamily};

/// The longest that a look-up delays what can be said, or done, without it.
pub(super) const HALF_LOOK_UP_TIMEOUT: Duration = Duration::from_secs(5);
/// The most addresses of one family that are kept: at the pace of a race, what can be
/// tried within a few seconds.
const MAX_ADDRESSES: usize = 8;

/// The answer to a look-up of one family.
pub(super) type Answer = Result<Addresses, MissingFamily>;

/// The addresses of one family that a name has.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// The addresses to connect to, at most [`MAX_ADDRESSES`], in the system's order.
    pub(super) usable: Vec<SocketAddr>,
    /// The number of further ones.
    pub(super) more: usize,
    /// The first that is one of this router's own, or of no host, as a filter answers.
    pub(super) filtered: Option<SocketAddr>,
}

/// A look-up that is under way.
pub(super) struct LookUp {
    family: Family,
    job: Job,
    answer: Arc<OnceLock<Answer>>,
}

/// The addresses of a host that need no look-up. `localhost` has the loopback
/// addresses (RFC 6761).
pub(super) fn known_addresses(host: &str, port: u16) -> Option<Vec<SocketAddr>> {
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) if host.eq_ignore_ascii_case("localhost") => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Err(_) => return None,
    };
    let with_port = |address| SocketAddr::new(address, port);
    Some(addresses.into_iter().map(with_port).collect())
}

impl LookUp {
    /// Starts one, for a name that is in no [`known_addresses`].
    pub(super) fn start(host: &str, port: u16, family: Family) -> Result<LookUp, MissingFamily> {
        let name = host.to_owned();
        let answer = Arc::new(OnceLock::new());
        let theirs = Arc::clone(&answer);
        let job = Job::start(Box::new(move || {
            let _ = theirs.set(look_up(&name, port, family));
        }));
        match job {
            Ok(job) => Ok(LookUp {
                family,
                job,
                answer,
            }),
            Err(error) => Err(missing(
                family,
                LookUpFailure::Failed(os_error::reason(&error)),
            )),
        }
    }

    /// The answer, if it comes within this time.
    pub(super) fn answer_within(&mut self, timeout: Duration) -> Option<Answer> {
        self.job.has_ended_within(timeout).then(|| {
            // Once, and none if it panicked.
            let answer = Arc::get_mut(&mut self.answer).and_then(OnceLock::take);
            let failed = || {
                Err(missing(
                    self.family,
                    LookUpFailure::Failed(reason!(NameFailed)),
                ))
            };
            answer.unwrap_or_else(failed)
        })
    }

    /// The answer of one that is given up after this time.
    pub(super) fn give_up(&self, after: Duration) -> MissingFamily {
        missing(self.family, LookUpFailure::Late(after))
    }

    /// A descriptor that fails when the answer is there.
    pub(super) fn end(&self) -> BorrowedFd<'_> {
        self.job.end()
    }
}

/// The family of a name's addresses that cannot be looked up, where the other one can.
/// Connections do without it, and do not wait until that is certain, as this does.
pub fn failed_half(host: &str) -> Option<MissingFamily> {
    if known_addresses(host, 0).is_some() {
        return None;
    }
    let deadline = Instant::now() + HALF_LOOK_UP_TIMEOUT;
    let look_ups = [Family::Ipv4, Family::Ipv6].map(|family| LookUp::start(host, 0, family));
    let answers = look_ups.map(|look_up| {
        let mut look_up = look_up?;
        let left = deadline.saturating_duration_since(Instant::now());
        let late = look_up.give_up(HALF_LOOK_UP_TIMEOUT);
        look_up.answer_within(left).unwrap_or(Err(late))
    });
    match answers {
        [Ok(_), Err(missing)] | [Err(missing), Ok(_)] => {
            Some(missing).filter(|missing| missing.reason.is_fault())
        }
        _ => None,
    }
}

pub(super) fn missing(family: Family, reason: LookUpFailure) -> MissingFamily {
    MissingFamily { family, reason }
}

fn look_up(host: &str, port: u16, family: Family) -> Answer {
    let hints = AddrInfoHints {
        address: match family {
            Family::Ipv4 => AddrFamily::Inet.into(),
            Family::Ipv6 => AddrFamily::Inet6.into(),
        },
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    let found = getaddrinfo(Some(host), None, Some(hints))
        .map_err(|error| missing(family, failure(error)))?;
    let addresses = found.flatten().map(|info| info.sockaddr);
    Ok(select(addresses, port))
}

/// Sorts out what no service can have.
fn select(found: impl Iterator<Item = SocketAddr>, port: u16) -> Addresses {
    let mut addresses = Addresses::default();
    for mut address in found {
        address.set_port(port);
        let ip = address.ip().to_canonical();
        if ip.is_unspecified() || ip.is_loopback() {
            addresses.filtered.get_or_insert(address);
        } else if addresses.usable.len() == MAX_ADDRESSES {
            addresses.more += 1;
        } else if !addresses.usable.contains(&address) {
            addresses.usable.push(address);
        }
    }
    addresses
}

/// By its number: the words differ between musl and glibc.
fn failure(error: LookupError) -> LookUpFailure {
    match error.kind() {
        LookupErrorKind::NoName => LookUpFailure::NoSuchName,
        LookupErrorKind::NoData => LookUpFailure::NoneOfFamily,
        LookupErrorKind::Again => LookUpFailure::NoAnswer,
        LookupErrorKind::Fail => LookUpFailure::Refused,
        LookupErrorKind::Memory => LookUpFailure::Failed(reason!(NameOutOfMemory)),
        LookupErrorKind::System => LookUpFailure::Failed(os_error::reason(&error.into())),
        _ => LookUpFailure::Failed(reason!(NameError, number = error.error_num() as u32)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        let parse = |text: &&str| SocketAddr::new(text.parse().unwrap(), 443);
        list.iter().map(parse).collect()
    }

    #[test]
    fn what_is_not_looked_up() {
        for (host, expected) in [
            ("192.0.2.1", &["192.0.2.1"][..]),
            ("2001:db8::1", &["2001:db8::1"]),
            ("LocalHost", &["127.0.0.1", "::1"]),
        ] {
            let found = known_addresses(host, 443).unwrap();
            assert_eq!(found, addresses(expected), "{host}");
        }
        assert!(known_addresses("www.example", 443).is_none());
    }

    #[test]
    fn a_name_that_cannot_exist() {
        let host = "x".repeat(64);
        for family in [Family::Ipv4, Family::Ipv6] {
            let mut look_up = LookUp::start(&host, 443, family).unwrap();
            let answer = look_up.answer_within(Duration::from_secs(20)).unwrap();
            let missing = answer.unwrap_err();
            assert_eq!(missing.family, family);
            assert!(missing.reason.is_fault());
        }
    }

    #[test]
    fn answers_of_filters_and_floods() {
        let select = |list: &[&str]| select(addresses(list).into_iter(), 443);
        let good = select(&["0.0.0.0", "192.0.2.1", "127.0.0.1", "192.0.2.1"]);
        assert_eq!(good.usable, addresses(&["192.0.2.1"]));
        for filtered in ["127.0.0.1", "::", "::ffff:0.0.0.0", "::ffff:127.0.0.1"] {
            let none = select(&[filtered]);
            assert_eq!(none.usable, []);
            assert_eq!(none.filtered, Some(addresses(&[filtered])[0]));
        }

        let flood =
            (0..10_000_u32).map(|n| SocketAddr::new(Ipv4Addr::from(n + (1 << 24)).into(), 0));
        let flood = super::select(flood, 443);
        assert_eq!((flood.usable.len(), flood.more), (MAX_ADDRESSES, 9_992));
    }
}
