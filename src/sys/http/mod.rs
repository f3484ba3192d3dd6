//! One HTTP GET within a deadline, bound to a device where asked.
//!
//! ureq speaks HTTP/1.1 and keeps connections. Below it everything is ours, so
//! that failures can be distinguished: `resolve`, `race` and `attempt` (which address),
//! `socket` (the device), `tls`, `anchors` and `ca_file`; `error` and `tls_error` have
//! their words. `head` mends what old servers send.
//!
//! No text that leaves this module holds a query string.
#![expect(
    clippy::disallowed_methods,
    reason = "sockets, the CA file and deadlines are this module's subject"
)]

mod anchors;
mod attempt;
mod ca_file;
mod error;
mod head;
mod race;
mod resolve;
mod socket;
mod suites;
mod tls;
mod tls_error;
mod transport;
mod x25519;

#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ureq::config::AutoHeaderValue;
use ureq::http::{HeaderName, HeaderValue, Request, Response, Uri, Version, header};
use ureq::{Agent, Body};

pub use self::ca_file::{CaFile, check_ca_file};
use self::error::{HttpError, late_reply};
pub use self::resolve::failed_half;
use self::tls::Tls;
use self::transport::{Connector, NoResolver, SharedDeadline};
use crate::sys::files::read_up_to;
use wansync_core::address::Family;
use wansync_core::config::Transport;
use wansync_core::failure::Failure;
use wansync_core::reason;
use wansync_core::service::redirect::{Origin, follow, shown};
use wansync_core::service::reply::{Reply, coding_left};

/// The bound on any one call, name resolution and redirects included.
pub const HTTP_TIMEOUT: Duration = Duration::from_secs(30);

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 2;
/// The longest address that is sent: servers take about as much.
const MAX_URL_LENGTH: usize = 7 * 1024;
/// A request header is written at once, a reply header read into one buffer.
const OUTPUT_BUFFER_SIZE: usize = 8 * 1024;
const INPUT_BUFFER_SIZE: usize = 16 * 1024;
/// A connection is kept for the next section of a pass, not for the next pass.
const MAX_IDLE_AGE: Duration = Duration::from_secs(3);

/// One request.
pub struct Get<'a> {
    /// An absolute https URL, or http with a loopback host. It may hold a key:
    /// there is no `Debug` here.
    pub url: &'a str,
    /// The kernel's name of the only device that may carry the connection. Name
    /// resolution is not bound: the router's own resolver does it.
    pub device: Option<&'a str>,
    /// The only family of addresses to connect to.
    pub family: Option<Family>,
    /// The largest body, in bytes.
    pub limit: usize,
    /// The bound on the whole call; see [`HTTP_TIMEOUT`].
    pub timeout: Duration,
    /// The `Accept` header.
    pub accept: &'static str,
}

/// Sends requests, and keeps connections between them. Make one for each pass:
/// what it keeps is closed with it.
pub struct HttpClient {
    ca_file: PathBuf,
    clock_ok: bool,
    /// Made for the first request: most passes send none.
    tls: OnceCell<Tls>,
    agents: RefCell<Vec<BoundAgent>>,
}

/// The connections of one device and family, which others must not use.
struct BoundAgent {
    device: Option<String>,
    family: Option<Family>,
    deadline: SharedDeadline,
    agent: Agent,
}

impl<'a> Get<'a> {
    /// A request for a service's method: JSON is wanted, within [`HTTP_TIMEOUT`].
    pub fn json(
        url: &'a str,
        device: Option<&'a str>,
        transport: Transport,
        limit: usize,
    ) -> Get<'a> {
        Get {
            url,
            device,
            family: transport.family(),
            limit,
            timeout: HTTP_TIMEOUT,
            accept: "application/json",
        }
    }
}

enum CallResult {
    Reply(Reply),
    /// The `Location` as given.
    Redirect(String),
}

impl HttpClient {
    /// `ca_file` is read at each handshake, not here. While the clock is not set
    /// no TLS is tried.
    pub fn new(ca_file: &Path, clock_ok: bool) -> HttpClient {
        HttpClient {
            ca_file: ca_file.to_owned(),
            clock_ok,
            tls: OnceCell::new(),
            agents: RefCell::default(),
        }
    }

    /// The reply, whatever its status, after two redirects at most.
    ///
    /// # Errors
    /// Anything that prevented a reply. `Status` and what follows it in
    /// [`Failure`] are for the decoders, and never come from here.
    pub fn get(&self, request: &Get) -> Result<Reply, Box<Failure>> {
        let deadline = Instant::now() + request.timeout;
        let mut url = request.url.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            match self.call_once(&url, request, deadline)? {
                CallResult::Reply(reply) => return Ok(reply),
                CallResult::Redirect(location) => {
                    url = follow(&url, &location).map_err(|to| Failure::Redirect { to })?;
                }
            }
        }
        Err(Box::new(Failure::Redirect {
            to: shown(request.url, &url),
        }))
    }

    fn call_once(
        &self,
        url: &str,
        request: &Get,
        deadline: Instant,
    ) -> Result<CallResult, Box<Failure>> {
        let (host, called) = match Origin::of(url) {
            None => (
                "the service".to_owned(),
                Err(HttpError::Connect(reason!(ConnectBadAddress))),
            ),
            Some(origin) if !origin.is_allowed() => {
                (origin.host, Err(HttpError::Connect(reason!(ConnectHttp))))
            }
            Some(origin) => (origin.host, self.exchange(url, request, deadline)),
        };
        called.map_err(|stop| stop.into_failure(&host, request.timeout))
    }

    fn exchange(
        &self,
        url: &str,
        request: &Get,
        deadline: Instant,
    ) -> Result<CallResult, HttpError> {
        if url.len() > MAX_URL_LENGTH {
            return Err(HttpError::Connect(reason!(ConnectTooLong)));
        }
        if Instant::now() >= deadline {
            return Err(late_reply());
        }
        // Without ureq's builder, and its own timeouts: 5 KB on MIPS.
        let mut asked = Request::new(());
        *asked.uri_mut() =
            Uri::try_from(url).map_err(|_| HttpError::Connect(reason!(ConnectInvalidAddress)))?;
        let accept = HeaderValue::from_static(request.accept);
        asked.headers_mut().insert(header::ACCEPT, accept);
        let response = self.agent(request, deadline).run(asked)?;
        match redirect_target(&response) {
            Some(location) => Ok(CallResult::Redirect(location)),
            None => Ok(CallResult::Reply(read_reply(response, request.limit)?)),
        }
    }

    fn tls(&self) -> Option<Tls> {
        let made = || self.tls.get_or_init(|| Tls::new(self.ca_file.clone()));
        self.clock_ok.then(made).cloned()
    }

    /// The agent for this device and family, which then has until `deadline`.
    fn agent(&self, request: &Get, deadline: Instant) -> Agent {
        let mut agents = self.agents.borrow_mut();
        let known = agents.iter().find(|through| {
            through.device.as_deref() == request.device && through.family == request.family
        });
        if let Some(known) = known {
            known.deadline.set(deadline);
            return known.agent.clone();
        }
        let deadline = SharedDeadline::at(deadline);
        let device = request.device.map(str::to_owned);
        let connector = Connector {
            device: device.clone(),
            family: request.family,
            tls: self.tls(),
            deadline: deadline.clone(),
        };
        let agent = Agent::with_parts(config(), connector, NoResolver);
        agents.push(BoundAgent {
            device,
            family: request.family,
            deadline,
            agent: agent.clone(),
        });
        agent
    }
}

/// Nothing from the environment, nothing followed, nothing sent unasked.
fn config() -> ureq::config::Config {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("wansync/", env!("CARGO_PKG_VERSION")))
        .accept_encoding(AutoHeaderValue::None)
        .input_buffer_size(INPUT_BUFFER_SIZE)
        .output_buffer_size(OUTPUT_BUFFER_SIZE)
        .max_response_header_size(INPUT_BUFFER_SIZE)
        .max_idle_connections(1)
        .max_idle_age(MAX_IDLE_AGE)
        .build()
}

/// The target of a redirect. One that does not say is a reply like any other.
fn redirect_target(response: &Response<Body>) -> Option<String> {
    let location = response.headers().get(header::LOCATION)?;
    matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308)
        .then(|| String::from_utf8_lossy(location.as_bytes()).into_owned())
}

fn read_reply(mut response: Response<Body>, limit: usize) -> Result<Reply, HttpError> {
    let content = list_in(&response, &header::CONTENT_ENCODING);
    let transfer = list_in(&response, &header::TRANSFER_ENCODING);
    let can_chunk = response.version() == Version::HTTP_11;
    let retry_after = list_in(&response, &header::RETRY_AFTER);
    Ok(Reply {
        status: response.status().as_u16(),
        retry_after: (!retry_after.is_empty()).then_some(retry_after),
        coding: coding_left(&content, &transfer, can_chunk).map(str::to_owned),
        body: read_body(response.body_mut(), limit)?,
    })
}

/// The values of a header; of one that came several times, as the one list that they
/// are (RFC 9110, 5.2).
fn list_in(response: &Response<Body>, name: &HeaderName) -> String {
    let mut list = String::new();
    for value in response.headers().get_all(name) {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    list
}

/// The whole body: a connection can be kept only when its end has been read.
fn read_body(body: &mut Body, limit: usize) -> Result<Vec<u8>, HttpError> {
    let announced = body.content_length().unwrap_or(0);
    if announced <= limit as u64 {
        let bytes = read_up_to(&mut body.as_reader(), limit, announced as usize)
            .map_err(ureq::Error::from)?;
        if bytes.len() <= limit {
            return Ok(bytes);
        }
    }
    Err(HttpError::TooLarge { limit })
}
