//! SkyDNS's provider API: a table of methods, and a function for each.
//!
//! Known from the provider API document: the paths, the parameters, the success
//! bodies, the texts of `invalid_adresses`, and that `update_ip` takes an address
//! from another user of the provider. Everything about errors is assumed.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};

use crate::addresses::is_public;
use crate::http::{Incoming, Reply};
use crate::state::{Binding, Kind, User, World};

/// Where the methods are, as at SkyDNS.
pub(crate) const BASE: &str = "/provider_api/";

/// One method: what it needs, and what it does.
struct Method {
    name: &'static str,
    required: &'static [&'static str],
    /// Checked and ready to act.
    act: fn(&mut Call) -> Result<Option<Value>, String>,
}

/// Adding a method is adding a row and a function.
const METHODS: &[Method] = &[
    method("update_ip", &["ident", "ip"], update_ip),
    method("list_ip", &["ident"], list_ip),
    method("profiles", &["ident"], profiles),
    method("add_ip", &["ident", "ip"], add_ip),
    method("clear_ip", &["ident", "profile"], clear_ip),
    method("remove_ip", &["ident", "ip"], remove_ip),
];

const fn method(
    name: &'static str,
    required: &'static [&'static str],
    act: fn(&mut Call) -> Result<Option<Value>, String>,
) -> Method {
    Method {
        name,
        required,
        act,
    }
}

/// One call of a method, on behalf of a provider.
struct Call<'a> {
    world: &'a mut World,
    provider: String,
    params: &'a [(String, String)],
}

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
    let mut call = Call {
        world,
        provider,
        params: &request.params,
    };
    call.run(method).map_err(|message| (200, message))
}

impl<'a> Call<'a> {
    fn run(&mut self, method: &Method) -> Result<Option<Value>, String> {
        for name in method.required {
            if self.all(name).next().is_none_or(str::is_empty) {
                return Err(format!("Parameter {name} is required"));
            }
        }
        (method.act)(self)
    }

    fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let found = self.params.iter().filter(move |(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter that may stand once. Assumed: twice is an error.
    fn one(&self, name: &str) -> Result<Option<&'a str>, String> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(format!("Parameter {name} is given more than once")),
        }
    }

    fn ident(&self) -> Result<&'a str, String> {
        Ok(self.one("ident")?.unwrap_or(""))
    }

    fn user(&mut self) -> Result<&mut User, String> {
        let ident = self.ident()?;
        let user = self.world.users.get_mut(ident);
        // Assumed: a user of another provider looks like one that does not exist.
        let user = user.filter(|user| user.provider == self.provider);
        user.ok_or("User not found".to_owned())
    }

    /// The profile asked for, which must be the user's own.
    fn profile(&mut self) -> Result<Option<u32>, String> {
        let Some(text) = self.one("profile")? else {
            return Ok(None);
        };
        let id = text.parse().map_err(|_| "Invalid profile".to_owned())?;
        let user = self.user()?;
        let own = user.profiles.contains_key(&id);
        own.then_some(Some(id))
            .ok_or("Profile not found".to_owned())
    }

    fn address(&self) -> Result<IpAddr, String> {
        public_address(self.one("ip")?.unwrap_or(""))
    }
}

/// Both texts are known from the provider API document, of `add_ip`.
/// Assumed: IPv6 addresses are accepted.
fn public_address(text: &str) -> Result<IpAddr, String> {
    let address = text.parse().map_err(|_| "IP address is invalid")?;
    let public = is_public(address).then_some(address);
    public.ok_or("This address is not public".to_owned())
}

fn update_ip(call: &mut Call) -> Result<Option<Value>, String> {
    let address = call.address()?;
    let asked = call.profile()?;
    let hostname = call.one("hostname")?;
    let user = call.user()?;
    // Known: an address without a profile goes to «Основной», and that of a
    // hostname stays on its profile.
    let kept = hostname.and_then(|name| user.profile_of(Some(name)));
    let profile = asked.or(kept).or(user.main_profile());
    let profile = profile.ok_or("The user has no profile")?;
    take_from_others(call, address)?;
    let user = call.user()?;
    user.bind_dynamic(address, profile, hostname);
    Ok(None)
}

/// Known: another user of the same provider loses the address.
fn take_from_others(call: &mut Call, address: IpAddr) -> Result<(), String> {
    let ident = call.ident()?;
    let Some((holder, user)) = call.world.holder(address) else {
        return Ok(());
    };
    if holder == ident {
        return Ok(());
    }
    if user.provider != call.provider {
        // Assumed: the address of another provider's user is not given away.
        return Err("IP address is used by another user".to_owned());
    }
    let holder = holder.to_owned();
    if let Some(user) = call.world.users.get_mut(&holder) {
        user.release(address);
    }
    Ok(())
}

fn profiles(call: &mut Call) -> Result<Option<Value>, String> {
    let user = call.user()?;
    Ok(Some(json!(user.profiles)))
}

/// Known: static addresses only, of all profiles or of one.
fn list_ip(call: &mut Call) -> Result<Option<Value>, String> {
    let profile = call.profile()?;
    let user = call.user()?;
    let rows = user.bindings.iter().filter_map(|held| match &held.kind {
        Kind::Static { comment } if profile.is_none_or(|id| id == held.profile) => {
            Some(json!({"address": held.address, "comment": comment}))
        }
        _ => None,
    });
    let rows: Vec<Value> = rows.collect();
    Ok(Some(json!({ "ip": rows })))
}

/// Known: what cannot be added is reported under `invalid_adresses` (spelt so),
/// a list of objects with one entry each, and the status stays `ok`.
fn add_ip(call: &mut Call) -> Result<Option<Value>, String> {
    let asked = call.profile()?;
    let comment = call.one("comment")?.unwrap_or("");
    let user = call.user()?;
    let profile = asked.or(user.main_profile());
    let profile = profile.ok_or("The user has no profile")?;
    let (mut added, mut invalid) = (Vec::new(), Vec::new());
    for text in call.all("ip") {
        match add_one(call, text, profile, comment) {
            Ok(address) => added.push(address.to_string()),
            Err(cause) => invalid.push(json!({ text: cause })),
        }
    }
    let mut data = json!({ "added_addresses": added });
    if !invalid.is_empty() {
        data["invalid_adresses"] = Value::Array(invalid);
    }
    Ok(Some(data))
}

fn add_one(call: &mut Call, text: &str, profile: u32, comment: &str) -> Result<IpAddr, String> {
    let address = public_address(text)?;
    if call.world.holder(address).is_some() {
        // Known: an address of another user is an error here. Assumed: so is
        // one that the same user has already, and the text.
        return Err("This address is already used".to_owned());
    }
    let user = call.user()?;
    user.bindings.push(Binding {
        address,
        profile,
        kind: Kind::Static {
            comment: comment.to_owned(),
        },
    });
    Ok(address)
}

/// Known: the static addresses of the profile go, the dynamic ones stay.
fn clear_ip(call: &mut Call) -> Result<Option<Value>, String> {
    let profile = call.profile()?;
    let user = call.user()?;
    let goes =
        |held: &Binding| matches!(held.kind, Kind::Static { .. }) && Some(held.profile) == profile;
    user.bindings.retain(|held| !goes(held));
    Ok(None)
}

/// Assumed: it removes dynamic addresses too, and an address that the user does
/// not have is an error.
fn remove_ip(call: &mut Call) -> Result<Option<Value>, String> {
    let text = call.one("ip")?.unwrap_or("");
    let address: IpAddr = text.parse().map_err(|_| "IP address is invalid")?;
    let user = call.user()?;
    if !user.holds(address) {
        return Err("IP address not found".to_owned());
    }
    user.release(address);
    Ok(None)
}
