//! VPNKI's web service: the way from a request to a row of the table of resources.
//!
//! Known: the address, the names of the resources and their parameters, the
//! envelopes, the error texts, and the fields of `add_tunnel`. Assumed: all other
//! fields, and so the shapes of lists, which is why both can be chosen.

mod account;
mod lists;
mod management;
mod moment;
mod outcome;
mod style;
mod undocumented;

use serde_json::Value;

use crate::http::{Incoming, Reply};
pub(crate) use account::Vpnki;
pub use account::{Session, Tunnel, VPNKI_KEY};
use outcome::{Refusal, ResourceBody};
pub use style::{ActiveFields, Dates, Deleted, Envelope, Refused, Rows, Style};
use style::{error, success};

/// The paths of the web service, as at VPNKI: with or without the language.
pub(crate) const PATHS: [&str; 3] = ["/index.php/en/", "/index.php/en", "/index.php"];

/// The parameters of every resource.
const COMMON: &[&str] = &["option", "format", "app", "resource", "key"];

/// One resource.
struct Resource {
    name: &'static str,
    /// All of them are required.
    parameters: &'static [&'static str],
    /// Called with parameters that are there, once.
    act: fn(&mut Vpnki, &Incoming) -> Result<ResourceBody, Refusal>,
}

/// Adding a resource is adding a row and a function. The order is the document's.
const RESOURCES: &[Resource] = &[
    resource("tunnels", &[], lists::tunnels),
    resource("active", &[], lists::active),
    resource("stat_user", &["ts", "te"], lists::stat_user),
    resource("stat_tunnel", &["tunnel", "ts", "te"], lists::stat_tunnel),
    resource("add_tunnel", &[], management::add_tunnel),
    resource("del_tunnel", &["tunnel"], management::del_tunnel),
];

const fn resource(
    name: &'static str,
    parameters: &'static [&'static str],
    act: fn(&mut Vpnki, &Incoming) -> Result<ResourceBody, Refusal>,
) -> Resource {
    Resource {
        name,
        parameters,
        act,
    }
}

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
    match said(vpnki, request, name) {
        Ok(ResourceBody::Payload(payload)) => {
            Reply::json(200, success(&vpnki.style, name, payload))
        }
        Ok(ResourceBody::Bare(text)) => Reply::text(200, text),
        Err(refusal) => error(&vpnki.style, name, &refusal),
    }
}

/// Known: the resource is checked before the key. Assumed: the plugin before both,
/// the parameters after them.
fn said(vpnki: &mut Vpnki, request: &Incoming, name: &str) -> Result<ResourceBody, Refusal> {
    let app = request.param("app").unwrap_or("");
    if app != "webservices" {
        return Err((400, format!("{app} API Plugin not found")));
    }
    let known = RESOURCES.iter().find(|resource| resource.name == name);
    let undocumented = undocumented::find(name);
    if known.is_none() && undocumented.is_none() {
        return Err((404, format!("{name} Resource not found in this API")));
    }
    let key = request.param("key").unwrap_or("");
    if !vpnki.keys.iter().any(|known| known == key) {
        return Err((403, unknown_key(vpnki.style.envelope).to_owned()));
    }
    match (known, undocumented) {
        (Some(resource), _) => {
            check(request, resource.parameters).map_err(|cause| (400, cause))?;
            (resource.act)(vpnki, request)
        }
        (None, act) => Ok(ResourceBody::Payload(
            act.map_or(Value::Null, |act| act(request)),
        )),
    }
}

/// Both texts are known; old versions say the first.
fn unknown_key(envelope: Envelope) -> &'static str {
    match envelope {
        Envelope::V1 | Envelope::V20 => "API Key Disabled",
        _ => "API Key Not Found",
    }
}

/// Assumed: every check here, so that a careless request is seen. In PHP a `+` is
/// a space; but the document shows a space, and what is on the way may decode it
/// in another manner, so that `%20` is the only safe form.
fn check(request: &Incoming, own: &[&str]) -> Result<(), String> {
    let query = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    if query.contains('+') {
        return Err("A space is %20 here, not +".to_owned());
    }
    for (name, _) in &request.params {
        if !COMMON.contains(&name.as_str()) && !own.contains(&name.as_str()) {
            return Err(format!("Unknown parameter {name}"));
        }
    }
    for name in COMMON.iter().chain(own) {
        let mut values = request.params.iter().filter(|(given, _)| given == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => return Err(format!("Parameter {name} is given more than once")),
            (Some((_, value)), None) if !value.is_empty() => {}
            _ => return Err(format!("Parameter {name} is required")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_document() {
        let documented = include_str!("../../../tests/data/methods/vpnki.txt");
        let documented = documented.lines().filter(|line| !line.starts_with('#'));
        let lines = RESOURCES.iter().flat_map(lines);
        assert_eq!(lines.collect::<Vec<_>>(), documented.collect::<Vec<_>>());
    }

    fn lines(resource: &Resource) -> Vec<String> {
        if resource.parameters.is_empty() {
            return vec![resource.name.to_owned()];
        }
        let line = |parameter: &&str| format!("{} {parameter} required", resource.name);
        resource.parameters.iter().map(line).collect()
    }
}
