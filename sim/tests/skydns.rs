//! Every method of SkyDNS: what it does, and what it refuses.

#[path = "skydns/account.rs"]
mod account;
mod common;
#[path = "skydns/profiles.rs"]
mod profiles;
#[path = "skydns/reports.rs"]
mod reports;
#[path = "skydns/strict.rs"]
mod strict;
#[path = "skydns/vpns.rs"]
mod vpns;

use common::{call, get};
use serde_json::Value;
use wansync_sim::{KEY, Sim};

/// The `data` of a success for the first user; null where there is none.
fn data(sim: &Sim, method: &str, rest: &str) -> Value {
    data_of(sim, &call(method, rest))
}

fn data_of(sim: &Sim, target: &str) -> Value {
    let reply = response(sim, target);
    assert_eq!(reply["status"], "ok", "{target}: {reply}");
    reply["data"].clone()
}

/// The message of a failure for the first user.
fn refusal(sim: &Sim, method: &str, rest: &str) -> String {
    refusal_of(sim, &call(method, rest))
}

fn refusal_of(sim: &Sim, target: &str) -> String {
    let reply = response(sim, target);
    assert_eq!(reply["status"], "error", "{target}: {reply}");
    reply["message"].as_str().unwrap().to_owned()
}

fn response(sim: &Sim, target: &str) -> Value {
    let reply = get(sim, target);
    let body: Value = serde_json::from_str(reply.body()).expect(&reply.text);
    body["response"].clone()
}

/// A method that takes no ident.
fn bare(method: &str, rest: &str) -> String {
    format!("/provider_api/{method}?key={KEY}{rest}")
}
