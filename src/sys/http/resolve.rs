//! Name resolution within a deadline.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::deadline::run_with_deadline;
use super::error::HttpError;
use crate::sys::os_error::describe;
use wansync_core::address::Family;
use wansync_core::failure::Phase;

/// The addresses of a host, in the order in which to try them, never none.
/// `localhost` is the loopback address without being looked up (RFC 6761).
pub(super) fn addresses(
    host: &str,
    port: u16,
    family: Option<Family>,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, HttpError> {
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
        (true, Some(Family::Ipv4)) => Err(unresolved("it has no IPv4 address")),
        (true, Some(Family::Ipv6)) => Err(unresolved("it has no IPv6 address")),
        (true, None) => Err(unresolved("it has no address")),
    }
}

fn unresolved(cause: &str) -> HttpError {
    HttpError::NameResolution(cause.to_owned())
}

fn look_up(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, HttpError> {
    let name = (host.to_owned(), port);
    let slot = Arc::new(OnceLock::new());
    let theirs = Arc::clone(&slot);
    let job = Box::new(move || {
        let found = name.to_socket_addrs();
        let _ = theirs.set(found.map(|addresses| addresses.collect()));
    });
    run_with_deadline(deadline, job).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => HttpError::Timeout(Phase::NameResolution),
        _ => HttpError::NameResolution(describe(&error)),
    })?;
    match Arc::into_inner(slot).and_then(OnceLock::into_inner) {
        Some(found) => found.map_err(|error| HttpError::NameResolution(describe_cause(&error))),
        None => Err(unresolved("it failed")),
    }
}

/// std gives getaddrinfo's text only, which differs between musl and glibc.
fn describe_cause(error: &io::Error) -> String {
    let text = describe(error);
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
            assert!(
                matches!(stop, HttpError::NameResolution(cause) if cause.contains("has no IPv"))
            );
        }
    }

    #[test]
    fn a_name_that_cannot_exist() {
        let host = "x".repeat(64);
        let stop = addresses(&host, 443, None, soon()).unwrap_err();
        assert!(matches!(stop, HttpError::NameResolution(cause) if !cause.contains("lookup")));
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
            assert_eq!(describe_cause(&error), expected);
        }
        let system = io::Error::from_raw_os_error(24);
        assert_eq!(describe_cause(&system), "Too many open files");
    }
}
