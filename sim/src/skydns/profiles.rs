//! Profiles of filtering, and the DNS addresses behind NAT that are bound to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{MethodCall, MethodResult, address, number};
use crate::user::{Profile, User};

/// Ids of invented profiles begin here.
const FILL_FROM: usize = 1_000_000;

/// Known: the name by the id.
pub(super) fn profiles(call: &mut MethodCall) -> MethodResult {
    let fill = call.world.settings.fill;
    let profiles = &call.user()?.profiles;
    let names = profiles.iter();
    let names = names.map(|(id, profile)| (id.to_string(), profile.name.clone()));
    let invented = (profiles.len()..fill).map(|n| (FILL_FROM + n, format!("Профиль {n}")));
    let invented = invented.map(|(id, name)| (id.to_string(), name));
    let all: BTreeMap<String, String> = names.chain(invented).collect();
    Ok(Some(json!(all)))
}

/// Assumed: a name that the user has already is an error; any page will do.
pub(super) fn create_profile(call: &mut MethodCall) -> MethodResult {
    let name = call.text("name");
    check_name(call.active_user()?, name, None)?;
    let profile = Profile {
        tls: call.given("tls") == Some("True"),
        blockpage_id: call.given("blockpage_id").map(number),
        ..Profile::new(name)
    };
    let id = call.world.next_id();
    call.user()?.profiles.insert(id, profile);
    Ok(None)
}

fn check_name(user: &User, name: &str, own: Option<u32>) -> Result<(), String> {
    let mut others = user.profiles.iter().filter(|(id, _)| Some(**id) != own);
    let taken = others.any(|(_, profile)| profile.name == name);
    (!taken)
        .then_some(())
        .ok_or("A profile of this name exists".to_owned())
}

/// Known: the names of the fields, and `True|False`. Assumed: the id is text, and
/// a call that changes nothing shows the profile.
pub(super) fn update_profile(call: &mut MethodCall) -> MethodResult {
    let (name, tls) = (call.given("name"), call.given("tls"));
    let (id, user) = call.owner()?;
    if let Some(name) = name {
        check_name(user, name, Some(id))?;
    }
    let profile = call.changeable()?;
    if let Some(name) = name {
        profile.name = name.to_owned();
    }
    if let Some(tls) = tls {
        profile.tls = tls == "True";
    }
    Ok(Some(shown(id, profile)))
}

fn shown(id: u32, profile: &Profile) -> Value {
    let tls = if profile.tls { "True" } else { "False" };
    json!({"id": id.to_string(), "name": profile.name, "tls": tls})
}

/// Known: an address is added, or bound anew. Assumed: private ones are welcome,
/// as behind NAT they must be, and an address has one profile of a user.
pub(super) fn update_nat(call: &mut MethodCall) -> MethodResult {
    let address = address(call.text("address"))?;
    let (_, user) = call.owner()?;
    user.account.check_active()?;
    for profile in user.profiles.values_mut() {
        profile.nat.remove(&address);
    }
    call.changeable()?.nat.insert(address);
    Ok(None)
}
