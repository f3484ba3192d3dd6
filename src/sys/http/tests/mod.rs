//! The HTTPS client against small servers on loopback, each with one behaviour.

mod authority;
mod ca_file;
mod plain;
mod redirects;
mod server;
mod tls;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::sys::http::{Get, HTTP_TIMEOUT, HttpClient};
use wansync_core::failure::{Failure, TlsFailure};
use wansync_core::service::reply::Reply;

/// What no text may hold.
const SECRET: &str = "s3cr3t-key";
/// Far above any timeout that a test sets; only a hang takes longer.
const HANG: Duration = Duration::from_secs(15);

fn get(url: &str) -> Get<'_> {
    Get {
        url,
        device: None,
        family: None,
        limit: 64 * 1024,
        timeout: HTTP_TIMEOUT,
        accept: "application/json",
    }
}

/// A client for plain http.
fn client() -> HttpClient {
    HttpClient::new(Path::new("/nonexistent/ca.crt"), true)
}

fn body(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}

/// The failure of a request that must fail, without its secret, and in time.
#[track_caller]
fn failure(client: &HttpClient, request: &Get) -> Failure {
    let start = Instant::now();
    let failure = client.get(request).expect_err("it must fail");
    let text = format!("{failure} {failure:?}");
    assert!(!text.contains(SECRET), "{text}");
    assert!(start.elapsed() < HANG, "{:?} for {text}", start.elapsed());
    *failure
}

#[track_caller]
fn tls_failure(client: &HttpClient, request: &Get) -> TlsFailure {
    match failure(client, request) {
        Failure::Tls { cause, .. } => cause,
        other => panic!("{other:?}"),
    }
}
