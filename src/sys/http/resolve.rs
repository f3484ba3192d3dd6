//! Name resolution within a deadline.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use super::error::{Stop, words};
use crate::core::address::Family;
use crate::core::failure::Phase;

/// getaddrinfo keeps its packets on the stack: some 15 KB in musl, more in the
/// plug-ins of glibc. Only what is touched is ever used.
const STACK: usize = 256 * 1024;

/// The addresses of a host, in the order in which to try them, never none.
/// `localhost` is the loopback address without being looked up (RFC 6761).
pub(super) fn addresses(
    host: &str,
    port: u16,
    family: Option<Family>,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, Stop> {
    let mut found = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) if host.eq_ignore_ascii_case("localhost") => vec![
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
            SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port),
        ],
        Err(_) => look_up(host, port, deadline)?,
    };
    found.retain(|address| match family {
        Some(Family::Ipv4) => address.is_ipv4(),
        Some(Family::Ipv6) => address.is_ipv6(),
        None => true,
    });
    match (found.is_empty(), family) {
        (false, _) => Ok(found),
        (true, Some(Family::Ipv4)) => Err(nothing("it has no IPv4 address")),
        (true, Some(Family::Ipv6)) => Err(nothing("it has no IPv6 address")),
        (true, None) => Err(nothing("it has no address")),
    }
}

fn nothing(cause: &str) -> Stop {
    Stop::NameResolution(cause.to_owned())
}

fn look_up(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Stop> {
    let name = (host.to_owned(), port);
    within(deadline, move || {
        name.to_socket_addrs()
            .map(|addresses| addresses.collect())
            .map_err(|error| Stop::NameResolution(cause(&error)))
    })
}

/// Runs a job that cannot be given a deadline in a thread that can be left
/// behind: getaddrinfo takes as long as `resolv.conf` says. The thread ends when
/// the job does; a service asks again only after a backoff, so they do not pile up.
fn within<T: Send + Sync + 'static>(
    deadline: Instant,
    job: impl FnOnce() -> Result<T, Stop> + Send + 'static,
) -> Result<T, Stop> {
    let slot = Arc::new(OnceLock::new());
    let theirs = Arc::clone(&slot);
    let waiting = thread::current();
    thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let _ = theirs.set(job());
            // Gone before the waiting thread looks, so that the slot is its own.
            drop(theirs);
            waiting.unpark();
        })
        .map_err(|error| Stop::NameResolution(words(&error)))?;
    let mut slot = slot;
    loop {
        slot = match Arc::try_unwrap(slot) {
            Ok(slot) => {
                return slot
                    .into_inner()
                    .unwrap_or_else(|| Err(nothing("it failed")));
            }
            Err(shared) => shared,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Stop::Timeout(Phase::NameResolution));
        }
        thread::park_timeout(left);
    }
}

/// std gives getaddrinfo's text only, which differs between musl and glibc.
fn cause(error: &io::Error) -> String {
    let text = words(error);
    let text = text.rsplit(": ").next().unwrap_or_default();
    match text {
        "Name does not resolve" | "Name or service not known" => "the name does not exist",
        "Try again" | "Temporary failure in name resolution" => "no name server gives an answer",
        "Non-recoverable error" | "Non-recoverable failure in name resolution" => {
            "the name server refuses to answer"
        }
        "Name has no usable address" | "No address associated with hostname" => {
            "the name has no address"
        }
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn addresses_are_not_looked_up() {
        for (host, family, expected) in [
            ("192.0.2.1", None, "192.0.2.1:443"),
            ("2001:db8::1", None, "[2001:db8::1]:443"),
            ("LocalHost", Some(Family::Ipv4), "127.0.0.1:443"),
            ("localhost", Some(Family::Ipv6), "[::1]:443"),
        ] {
            let found = addresses(host, 443, family, soon()).unwrap();
            assert_eq!(found, [expected.parse().unwrap()], "{host}");
        }
        for (host, family) in [("192.0.2.1", Family::Ipv6), ("::1", Family::Ipv4)] {
            let stop = addresses(host, 443, Some(family), soon()).unwrap_err();
            assert!(matches!(stop, Stop::NameResolution(cause) if cause.contains("has no IPv")));
        }
    }

    #[test]
    fn a_name_that_cannot_exist() {
        let host = "x".repeat(64);
        let stop = addresses(&host, 443, None, soon()).unwrap_err();
        assert!(matches!(stop, Stop::NameResolution(cause) if !cause.contains("lookup")));
    }

    #[test]
    fn a_stalled_resolver_is_left_behind() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let deadline = Instant::now() + Duration::from_millis(50);
        let stop = within(deadline, move || Ok(receiver.recv().is_ok())).unwrap_err();
        assert!(matches!(stop, Stop::Timeout(Phase::NameResolution)));
        drop(sender);
    }

    #[test]
    fn the_words_of_both_libraries() {
        let prefix = "failed to lookup address information: ";
        for (text, expected) in [
            ("Name does not resolve", "the name does not exist"),
            ("Name or service not known", "the name does not exist"),
            ("Try again", "no name server gives an answer"),
            (
                "Temporary failure in name resolution",
                "no name server gives an answer",
            ),
            ("Something new", "Something new"),
        ] {
            let error = io::Error::other(format!("{prefix}{text}"));
            assert_eq!(cause(&error), expected);
        }
        let system = io::Error::from_raw_os_error(24);
        assert_eq!(cause(&system), "Too many open files");
    }
}
