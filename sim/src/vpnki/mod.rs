//! VPNKI's web service: the account, and a table of resources.
//!
//! Known: the address, the names of the resources, the envelopes and the error
//! texts. Assumed: the fields of `tunnels` and `active`, and so their shapes,
//! which is why both can be chosen.

mod style;

use std::collections::VecDeque;

use serde_json::Value;

use crate::http::{Incoming, Reply};
pub use style::{Envelope, Rows, Style};
use style::{error, shaped, success};

/// The VPNKI key that every simulator knows from the start. Plainly an example.
pub const VPNKI_KEY: &str = "test-vpnki-key-0123456789";

/// Where the web service is, as at VPNKI: with or without the language.
pub(crate) const PATHS: [&str; 3] = ["/index.php/en/", "/index.php/en", "/index.php"];

/// What the simulated VPNKI knows, and how it says it.
#[derive(Debug, Clone)]
pub(crate) struct Vpnki {
    pub keys: Vec<String>,
    pub tunnels: Vec<Tunnel>,
    /// Lists of active tunnels, one a request; the last one stays.
    pub active: VecDeque<Vec<String>>,
    pub style: Style,
}

/// A tunnel of the account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tunnel {
    /// The name that VPNKI gave it, for example `user356`.
    pub name: String,
    /// Its address in VPNKI's network.
    pub address: String,
    /// What its owner wrote beside it.
    pub comment: String,
}

impl Default for Vpnki {
    fn default() -> Vpnki {
        let tunnel = |name: &str, address: &str, comment: &str| Tunnel {
            name: name.to_owned(),
            address: address.to_owned(),
            comment: comment.to_owned(),
        };
        let tunnels = vec![
            tunnel("user356", "172.16.10.2", "Дача"),
            tunnel("user357", "172.16.10.3", "Office"),
        ];
        let names = tunnels.iter().map(|tunnel| tunnel.name.clone());
        Vpnki {
            keys: vec![VPNKI_KEY.to_owned()],
            active: VecDeque::from([names.collect()]),
            style: Style::default(),
            tunnels,
        }
    }
}

/// One resource: its name, and the payload that it gives.
type Resource = (&'static str, fn(&mut Vpnki) -> Value);

/// Adding a resource is adding a row and a function.
const RESOURCES: &[Resource] = &[("tunnels", tunnels), ("active", active)];

/// An error as com_api knows it: a code and a text.
type Refusal = (u16, String);

/// Answers a request for one of [`PATHS`].
pub(crate) fn answer(vpnki: &mut Vpnki, request: &Incoming) -> Reply {
    let component = request.param("option") == Some("com_api");
    if request.careless.is_some() {
        return Reply::html(400);
    }
    if !component || request.param("format") != Some("raw") {
        // Assumed: a page of the site itself.
        return Reply::html(200);
    }
    let name = request.param("resource").unwrap_or("");
    match payload(vpnki, request, name) {
        Ok(payload) => Reply::json(200, success(&vpnki.style, name, payload)),
        Err(refusal) => error(&vpnki.style, name, &refusal),
    }
}

/// Known: the resource is checked before the key. Assumed: the plugin before both.
fn payload(vpnki: &mut Vpnki, request: &Incoming, name: &str) -> Result<Value, Refusal> {
    let app = request.param("app").unwrap_or("");
    if app != "webservices" {
        return Err((400, format!("{app} API Plugin not found")));
    }
    let known = RESOURCES.iter().find(|(resource, _)| *resource == name);
    let Some((_, payload)) = known else {
        return Err((404, format!("{name} Resource not found in this API")));
    };
    let key = request.param("key").unwrap_or("");
    if !vpnki.keys.iter().any(|known| known == key) {
        return Err((403, unknown_key(vpnki.style.envelope).to_owned()));
    }
    Ok(payload(vpnki))
}

/// Both texts are known; old versions say the first.
fn unknown_key(envelope: Envelope) -> &'static str {
    match envelope {
        Envelope::V1 | Envelope::V20 => "API Key Disabled",
        _ => "API Key Not Found",
    }
}

fn tunnels(vpnki: &mut Vpnki) -> Value {
    shaped(&vpnki.style, "tunnels", &vpnki.tunnels)
}

fn active(vpnki: &mut Vpnki) -> Value {
    let names = match vpnki.active.len() {
        0 => Vec::new(),
        1 => vpnki.active[0].clone(),
        _ => vpnki.active.pop_front().unwrap_or_default(),
    };
    let rows: Vec<Tunnel> = names.iter().map(|name| vpnki.tunnel(name)).collect();
    shaped(&vpnki.style, "active", &rows)
}

impl Vpnki {
    /// A tunnel that only the script of `active` knows has a name and no more.
    fn tunnel(&self, name: &str) -> Tunnel {
        let known = self.tunnels.iter().find(|tunnel| tunnel.name == name);
        known.cloned().unwrap_or(Tunnel {
            name: name.to_owned(),
            address: String::new(),
            comment: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_of_active_lists_is_played_once_and_its_end_stays() {
        let mut vpnki = Vpnki::default();
        vpnki.style.rows = Rows::Strings;
        vpnki.active = VecDeque::from([vec!["user356".to_owned()], vec![]]);
        let played: Vec<String> = (0..3).map(|_| active(&mut vpnki).to_string()).collect();
        assert_eq!(played, [r#"["user356"]"#, "[]", "[]"]);
    }
}
