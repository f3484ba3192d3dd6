//! Resources that a published client uses and the document does not describe.
//!
//! Known: their names, `action`, and the fields of `port` and of a token's status.
//! Assumed: all else, the texts and the fields of `ovpn` above all.

use serde_json::{Value, json};

use crate::http::Incoming;

/// What answers for the resource of this name, whatever parameters it is called with.
pub(super) fn find(name: &str) -> Option<fn(&Incoming) -> Value> {
    match name {
        "port" => Some(port),
        "ovpn" => Some(ovpn),
        "token" => Some(token),
        _ => None,
    }
}

fn port(request: &Incoming) -> Value {
    let given = |name| request.param(name).filter(|value| !value.is_empty());
    match (request.param("action"), given("inip"), given("inport")) {
        (Some("add"), Some(_), Some(_)) => json!({"address": "vpnki.example", "port": "23456"}),
        (Some("add"), ..) => error("inip and inport are required"),
        (Some("remove"), ..) if given("port").is_some() => json!({"status": "removed"}),
        _ => error("Unknown action"),
    }
}

fn ovpn(request: &Incoming) -> Value {
    match request.param("action") {
        Some("add") => json!({
            "username": "user401",
            "password": "invented-user401",
            "file_content": "client\nremote vpnki.example 1194\n",
        }),
        _ => error("Unknown action"),
    }
}

fn token(request: &Incoming) -> Value {
    match (request.param("token"), request.param("action")) {
        (None, _) => error("Token not found"),
        (_, Some("status")) => json!({
            "status": "active",
            "internal_ip": "172.16.10.2",
            "external_ip": "45.90.28.1",
            "external_port": "23456",
            "username": "user356",
            "password": "invented-user356",
            "end_datetime": "2027-01-01 00-00-00",
        }),
        (_, Some("ovpn")) => json!({"file_content": "client\nremote vpnki.example 1194\n"}),
        (_, Some("activate" | "delete")) => json!({"status": "not active"}),
        _ => error("Unknown action"),
    }
}

fn error(text: &str) -> Value {
    json!({ "error": text })
}
