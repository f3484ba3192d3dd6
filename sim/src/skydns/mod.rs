//! SkyDNS's provider API: the envelope of replies, and the way from a request to
//! a row of the table of methods.
//!
//! Known from the provider API document: the paths, the parameters, the success
//! bodies, the texts of `invalid_adresses`, and that `update_ip` takes an address
//! from another user of the provider. Everything about errors is assumed.

mod addresses;
mod call;
mod dates;
mod ovpn;
mod plans;
mod profiles;
mod reports;
mod statistics;
mod table;
mod users;
mod vpns;

use serde::Serialize;
use serde_json::Value;

use crate::http::{Incoming, Reply};
use crate::state::World;
use call::MethodCall;
use table::METHODS;

/// The path of the methods, as at SkyDNS.
pub(crate) const BASE: &str = "/provider_api/";

/// `{"response":{"status":"ok","data":…}}`, known from the provider API document.
#[derive(Serialize)]
struct Envelope {
    response: Response,
}

#[derive(Serialize)]
struct Response {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Answers a request whose path begins with [`BASE`].
pub(crate) fn answer(world: &mut World, request: &Incoming) -> Reply {
    let outcome = match request.careless.clone() {
        Some(cause) => Err((400, cause)),
        None => call(world, request),
    };
    match outcome {
        Ok(data) => envelope(200, "ok", data, None),
        Err((status, message)) => envelope(status, "error", None, Some(message)),
    }
}

fn envelope(
    status: u16,
    word: &'static str,
    data: Option<Value>,
    message: Option<String>,
) -> Reply {
    let envelope = Envelope {
        response: Response {
            status: word,
            data,
            message,
        },
    };
    let body = serde_json::to_string(&envelope).expect("text keys only");
    Reply::json(status, body)
}

/// Assumed: an error has HTTP status 200, an unknown method 404.
fn call(world: &mut World, request: &Incoming) -> Result<Option<Value>, (u16, String)> {
    let name = request.path.trim_start_matches(BASE).trim_end_matches('/');
    let known = METHODS.iter().find(|method| method.name == name);
    let method = known.ok_or((404, "Unknown method".to_owned()))?;
    let key = request.param("key").unwrap_or("");
    let provider = world.keys.get(key).cloned();
    let provider = provider.ok_or((200, "Invalid provider key".to_owned()))?;
    let call = MethodCall::new(world, provider, &request.params, method.parameters);
    call.and_then(|mut call| (method.act)(&mut call))
        .map_err(|message| (200, message))
}
