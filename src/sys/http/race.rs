//! A connection to whichever address of a service answers first (RFC 8305): attempts
//! begin 250 ms apart, or as soon as one fails, and TLS is part of each.
//!
//! All of it is one thread: sockets that do not block, and one poll(2) over them and
//! over the look-ups of the name.

use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::attempt::{Attempt, Stream};
use super::error::HttpError;
use super::resolve::{self, Addresses, HALF_LOOK_UP_TIMEOUT, LookUp, known_addresses};
use super::tls::Tls;
use crate::sys::wait::{self, Readiness};
use wansync_core::address::Family;
use wansync_core::failure::Phase;
use wansync_core::reason::connection::{
    self as reason, AttemptEnd, Attempts, LookUpFailure, NameFailure,
};

/// The pause between the beginnings of two attempts.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The wait for IPv6 addresses when the IPv4 addresses are there.
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// The families in the order in which they are tried.
const FAMILIES: [Family; 2] = [Family::Ipv6, Family::Ipv4];

/// The service that is to be reached, and the way to it.
pub(super) struct Target<'a> {
    /// Its name, or its address without brackets.
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// The only family of addresses to connect to.
    pub(super) family: Option<Family>,
    /// The only device that may carry the connection.
    pub(super) device: Option<&'a str>,
    /// `None` for plain http, which is for this router's own addresses alone.
    pub(super) tls: Option<&'a Tls>,
}

/// Connects. Of the time that is left a fifth is for the request.
///
/// # Errors
/// What became of each address, or why there is none.
pub(super) fn connect(target: &Target<'_>, time_left: Duration) -> Result<Stream, HttpError> {
    let mut race = Race::new(target, time_left);
    loop {
        race.take_answers();
        race.start_due_attempts()?;
        if let Some(winner) = race.advance() {
            return Ok(winner);
        }
        if race.is_over() {
            return Err(race.into_error());
        }
        race.sleep();
    }
}

struct Race<'a> {
    target: &'a Target<'a>,
    start: Instant,
    look_up_timeout: Duration,
    timeout: Duration,
    look_ups: Vec<LookUp>,
    /// The addresses that are not tried yet, by family.
    waiting: [Vec<SocketAddr>; 2],
    /// The answers of filters: to be tried where there is no other, since the router's
    /// owner may have meant that.
    filtered: Vec<SocketAddr>,
    /// The moment when the first address was known.
    known_since: Option<Instant>,
    last_family: usize,
    next_start: Instant,
    running: Vec<Attempt>,
    /// The attempts and look-ups that have failed.
    failed: Attempts,
}

impl<'a> Race<'a> {
    fn new(target: &'a Target<'a>, time_left: Duration) -> Race<'a> {
        let start = Instant::now();
        let mut race = Race {
            target,
            start,
            look_up_timeout: time_left / 2,
            timeout: time_left / 5 * 4,
            look_ups: Vec::new(),
            waiting: Default::default(),
            filtered: Vec::new(),
            known_since: None,
            last_family: 0,
            next_start: start,
            running: Vec::new(),
            failed: Attempts::default(),
        };
        race.failed.device = target.device.map(str::to_owned);
        race.start_look_ups();
        race
    }

    fn start_look_ups(&mut self) {
        let Target { host, port, .. } = *self.target;
        let known = known_addresses(host, port);
        // The first of those that are known has its reasons to be the first.
        let is_ipv4 = |known: &Vec<SocketAddr>| known[0].is_ipv4();
        self.last_family = usize::from(!known.as_ref().is_some_and(is_ipv4));
        for family in FAMILIES {
            if self.target.family.is_some_and(|only| only != family) {
                continue;
            }
            match &known {
                Some(known) => self.add_known(known, family),
                None => match LookUp::start(host, port, family) {
                    Ok(look_up) => self.look_ups.push(look_up),
                    Err(missing) => self.failed.missing.push(missing),
                },
            }
        }
    }

    fn add_known(&mut self, known: &[SocketAddr], family: Family) {
        let mut found = Addresses::default();
        let own = known.iter().filter(|address| family.includes(address.ip()));
        found.usable.extend(own);
        if found.usable.is_empty() {
            let none = resolve::missing(family, LookUpFailure::NoneOfFamily);
            self.failed.missing.push(none);
        }
        self.add(found);
    }

    fn take_answers(&mut self) {
        let (elapsed, limit) = (self.start.elapsed(), self.look_up_limit());
        for mut look_up in std::mem::take(&mut self.look_ups) {
            match look_up.answer_within(Duration::ZERO) {
                Some(Ok(addresses)) => self.add(addresses),
                Some(Err(missing)) => self.failed.missing.push(missing),
                None if elapsed >= limit => self.failed.missing.push(look_up.give_up(limit)),
                None => self.look_ups.push(look_up),
            }
        }
    }

    /// The time that look-ups have, counted from the start.
    fn look_up_limit(&self) -> Duration {
        match self.failed.tried.is_empty() && self.filtered.is_empty() {
            true => self.look_up_timeout,
            false => self.look_up_timeout.min(HALF_LOOK_UP_TIMEOUT),
        }
    }

    fn add(&mut self, found: Addresses) {
        self.filtered.extend(found.filtered);
        self.failed.more += found.more;
        for address in found.usable {
            self.known_since.get_or_insert_with(Instant::now);
            self.waiting[usize::from(address.is_ipv4())].push(address);
        }
    }

    fn start_due_attempts(&mut self) -> Result<(), HttpError> {
        self.fall_back_to_filtered();
        while self
            .next_attempt_at()
            .is_some_and(|at| at <= Instant::now())
        {
            let address = self.next_address();
            self.next_start = Instant::now() + ATTEMPT_DELAY;
            match Attempt::start(address, self.target)? {
                Ok(attempt) => self.running.push(attempt),
                Err(end) => self.fail(address, end),
            }
        }
        Ok(())
    }

    fn fall_back_to_filtered(&mut self) {
        if self.is_exhausted() && self.failed.tried.is_empty() {
            let own = self
                .filtered
                .iter()
                .filter(|address| address.ip().is_loopback());
            self.waiting[1].extend(own);
        }
    }

    /// The moment of the next attempt, if there is an address for it.
    fn next_attempt_at(&self) -> Option<Instant> {
        let [ipv6, ipv4] = &self.waiting;
        let is_first = self.running.is_empty() && self.failed.tried.is_empty();
        match (ipv6.is_empty(), ipv4.is_empty()) {
            (true, true) => None,
            (true, false) if is_first && !self.look_ups.is_empty() => {
                self.known_since.map(|since| since + RESOLUTION_DELAY)
            }
            _ if self.running.is_empty() => Some(self.start),
            _ => Some(self.next_start),
        }
    }

    /// The next address: of the other family than the last, if there is one.
    fn next_address(&mut self) -> SocketAddr {
        let other = 1 - self.last_family;
        if !self.waiting[other].is_empty() {
            self.last_family = other;
        }
        self.waiting[self.last_family].remove(0)
    }

    /// The first that is connected, if there is one.
    fn advance(&mut self) -> Option<Stream> {
        let mut at = 0;
        while let Some(attempt) = self.running.get_mut(at) {
            match attempt.advance(self.target) {
                Ok(false) => at += 1,
                Ok(true) => return Some(self.running.remove(at).into_stream()),
                Err(end) => {
                    let attempt = self.running.remove(at);
                    self.fail(attempt.address, end);
                }
            }
        }
        None
    }

    /// The next one need not wait any longer.
    fn fail(&mut self, address: SocketAddr, end: AttemptEnd) {
        self.next_start = self.start;
        self.failed.tried.push(reason::Attempt {
            address: address.ip(),
            end,
        });
    }

    fn is_over(&self) -> bool {
        self.is_exhausted() || self.start.elapsed() >= self.timeout
    }

    fn is_exhausted(&self) -> bool {
        let is_waiting = self.waiting.iter().any(|family| !family.is_empty());
        self.look_ups.is_empty() && self.running.is_empty() && !is_waiting
    }

    /// Until a look-up or an attempt can go on, or the next thing is due.
    fn sleep(&self) {
        let look_ups = self.look_ups.iter();
        let mut wanted: Vec<(BorrowedFd<'_>, Readiness)> = look_ups
            .map(|look_up| (look_up.end(), Readiness::End))
            .collect();
        wanted.extend(self.running.iter().map(Attempt::awaited));
        let mut wake = self.start + self.timeout;
        if !self.look_ups.is_empty() {
            wake = wake.min(self.start + self.look_up_limit());
        }
        wake = self.next_attempt_at().map_or(wake, |next| wake.min(next));
        let pause = wake.saturating_duration_since(Instant::now());
        // What fails here fails again in the attempt that it concerns.
        let _ = wait::until_one_is_ready(&wanted, pause);
    }

    fn into_error(mut self) -> HttpError {
        for attempt in std::mem::take(&mut self.running) {
            let end = attempt.end_by_time();
            self.fail(attempt.address, end);
        }
        let given_up = self.look_ups.iter();
        let given_up = given_up.map(|look_up| look_up.give_up(self.timeout));
        let mut failed = self.failed;
        failed.missing.extend(given_up);
        // One of each family at most, that of IPv4 first.
        let first = failed.missing.first();
        if first.is_some_and(|missing| missing.family == Family::Ipv6) {
            failed.missing.reverse();
        }
        failed.more += self.waiting.iter().map(Vec::len).sum::<usize>();
        let is_unconnected =
            |tried: &reason::Attempt| tried.address.is_loopback() && tried.end.is_unconnected();
        match self.filtered.first() {
            Some(first) if failed.tried.iter().all(is_unconnected) => {
                HttpError::Name(NameFailure::Filtered { answer: first.ip() })
            }
            _ if failed.tried.is_empty() && failed.more == 0 => {
                HttpError::Name(NameFailure::NoAddress(failed.missing))
            }
            first => {
                failed.filtered = first.map(SocketAddr::ip);
                failure_of(failed, self.timeout)
            }
        }
    }
}

/// The failure of all attempts.
fn failure_of(mut failed: Attempts, limit: Duration) -> HttpError {
    failed.missing.retain(|missing| missing.reason.is_fault());
    let mut tried = failed.tried.iter();
    if let Some(at) = tried.position(|tried| matches!(tried.end, AttemptEnd::Tls(_)))
        && let AttemptEnd::Tls(cause) = failed.tried.remove(at).end
    {
        return HttpError::Tls(cause, Box::new(failed));
    }
    if !failed.are_late() {
        return HttpError::Unreached(Box::new(failed));
    }
    let mut tried = failed.tried.iter();
    let phase = match tried.any(|tried| tried.end == AttemptEnd::Stalled) {
        true => Phase::Handshake,
        false => Phase::Connect,
    };
    HttpError::Timeout {
        phase,
        limit: Some(limit),
        attempts: Box::new(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPV6: &str = "[2001:db8::1]:443";
    const IPV4: &str = "192.0.2.1:443";

    /// A race whose look-ups are under way, and leave this machine for no answer: no name
    /// has a part that long.
    fn with_race(check: impl FnOnce(Race<'_>)) {
        let host = "x".repeat(64);
        let target = Target {
            host: &host,
            port: 443,
            family: None,
            device: None,
            tls: None,
        };
        check(Race::new(&target, Duration::from_secs(30)));
    }

    fn found(address: &str) -> Addresses {
        Addresses {
            usable: vec![address.parse().unwrap()],
            ..Addresses::default()
        }
    }

    #[test]
    fn ipv6_has_the_first_turn_where_both_are_known() {
        for answers in [[IPV6, IPV4], [IPV4, IPV6]] {
            with_race(|mut race| {
                for address in answers {
                    race.add(found(address));
                }
                assert_eq!(race.next_attempt_at(), Some(race.start));
                let turns = [race.next_address(), race.next_address()];
                assert_eq!(turns.map(|turn| turn.to_string()), [IPV6, IPV4]);
            });
        }
    }

    #[test]
    fn ipv4_waits_a_moment_for_the_ipv6_addresses() {
        with_race(|mut race| {
            race.add(found(IPV4));
            let known = race.known_since.unwrap();
            assert_eq!(race.next_attempt_at(), Some(known + RESOLUTION_DELAY));
            race.look_ups.clear();
            assert_eq!(race.next_attempt_at(), Some(race.start));
        });
    }
}
