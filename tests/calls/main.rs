//! Everything around a call (`wansync skydns METHOD …`, `wansync vpnki RESOURCE
//! …`): whose account it is for, where its values come from, what may not show,
//! what is asked, and how the answer looks. The real program against the
//! simulated services; each method by itself is tested elsewhere.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod accounts;
mod any;
mod asking;
mod each;
mod each_ends;
mod large;
mod output;
mod secrets;
mod terminals;
mod values;
mod written;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wansync_sim::{KEY, Request, Times, VPNKI_KEY};
use wansync_test_support::{Ran, Router};

/// Only a hang takes longer.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const STATIC: &str = "option source static\noption address 8.8.4.4";

/// A router with one section for each service.
fn router() -> Router {
    let router = Router::new();
    let sections = format!("{}{}", home(&router, ""), club(&router, ""));
    router.configure(&sections);
    router
}

/// A section of SkyDNS, `home`.
fn home(router: &Router, options: &str) -> String {
    router.home(&format!("{STATIC}\n{options}"))
}

/// A section of VPNKI, `club`.
fn club(router: &Router, options: &str) -> String {
    let url = router.sim.vpnki_url();
    format!("config vpnki 'club'\noption base_url '{url}'\noption key '{VPNKI_KEY}'\n{options}\n")
}

fn fault(router: &Router, text: &str) {
    router.sim.fault(text.parse().expect(text), Times::All);
}

/// The service answers with this body.
fn answer(router: &Router, body: &str) {
    router.sim.clear();
    fault(router, &format!("body={body}"));
}

/// SkyDNS answers with a success and this `data`.
fn answer_data(router: &Router, data: &serde_json::Value) {
    let body = serde_json::json!({"response": {"status": "ok", "data": data}});
    answer(router, &body.to_string());
}

/// `wansync skydns …`, its words separated by spaces.
fn skydns(router: &Router, words: &str) -> Ran {
    router.run(&split("skydns", words))
}

/// `wansync vpnki …`
fn vpnki(router: &Router, words: &str) -> Ran {
    router.run(&split("vpnki", words))
}

fn split<'a>(service: &'a str, words: &'a str) -> Vec<&'a str> {
    std::iter::once(service)
        .chain(words.split_whitespace())
        .collect()
}

/// The one request that came.
#[track_caller]
fn only_request(router: &Router) -> Request {
    let mut requests = router.sim.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

#[track_caller]
fn nothing_was_sent(router: &Router) {
    assert_eq!(router.sim.requests().len(), 0);
    assert_eq!(router.sim.connections().len(), 0);
}

/// A file in the router's folder, of this mode.
fn file(router: &Router, name: &str, contents: impl AsRef<[u8]>, mode: u32) -> PathBuf {
    let path = router.path(name);
    fs::write(&path, contents).expect("the file is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
    path
}

fn mode_of(path: &Path) -> u32 {
    let what = fs::metadata(path).expect("the file is there");
    what.permissions().mode() & 0o777
}

/// A key in a file for its owner alone.
fn key_file(router: &Router, key: &str) -> String {
    file(router, "key", format!("{key}\n"), 0o600)
        .display()
        .to_string()
}

#[test]
fn a_call_is_the_documented_one() {
    let router = router();
    skydns(&router, "profiles ident=user1").expect(0);
    let request = only_request(&router);
    assert_eq!(request.path, "/provider_api/profiles");
    assert_eq!(request.all("key"), [KEY]);
    assert_eq!(request.all("ident"), ["user1"]);
    assert_eq!(request.header("accept"), Some("application/json"));
    let agent = format!("wansync/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(&*agent));
    assert_eq!(request.header("referer"), None);
}
