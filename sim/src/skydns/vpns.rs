//! VPN connections of users.

use serde_json::{Value, json};

use super::call::{MethodCall, MethodResult, number};
use super::ovpn;
use crate::user::{User, Vpn};

/// Known: the limit and a profile that is not the user's are errors, the name is
/// unique for the user. Assumed: the texts, and the order of the checks.
pub(super) fn add_vpn(call: &mut MethodCall) -> MethodResult {
    let limit = call.world.settings.vpn_limit;
    let name = call.text("name").to_owned();
    let user = call.active_user()?;
    if user.vpns.iter().any(|vpn| vpn.name == name) {
        return Err("A VPN connection of this name exists".to_owned());
    }
    if user.vpns.len() >= limit {
        return Err("The limit of VPN connections is reached".to_owned());
    }
    let profile = call.own_profile("profile_id")?;
    let profile = profile.ok_or("Profile not found")?;
    let id = call.world.next_id();
    let text = ovpn::text(&name);
    call.user()?.vpns.push(Vpn { id, profile, name });
    Ok(Some(json!({ "ovpn": text })))
}

pub(super) fn clear_vpn_for_profile(call: &mut MethodCall) -> MethodResult {
    let (id, user) = call.owner()?;
    user.vpns.retain(|vpn| vpn.profile != id);
    Ok(None)
}

pub(super) fn clear_vpn_for_user(call: &mut MethodCall) -> MethodResult {
    call.user()?.vpns.clear();
    Ok(None)
}

/// Known: all values are text, `profile` is a name, `ip` a host name.
pub(super) fn get_vpn_list(call: &mut MethodCall) -> MethodResult {
    let fill = call.world.settings.fill;
    let user = call.user()?;
    let mut rows: Vec<Value> = user.vpns.iter().map(|vpn| row(user, vpn)).collect();
    let invented = |number: usize| Vpn {
        id: 1_000_000 + number as u32,
        profile: user.main_profile().unwrap_or(0),
        name: format!("Офис {number}"),
    };
    rows.extend((rows.len()..fill).map(|number| row(user, &invented(number))));
    Ok(Some(Value::Array(rows)))
}

/// Assumed: the form of the host name.
fn row(user: &User, vpn: &Vpn) -> Value {
    let profile = user.profiles.get(&vpn.profile);
    json!({
        "id": vpn.id.to_string(),
        "profile": profile.map(|profile| &profile.name),
        "ip": format!("vpn{}.vpn.example", vpn.id),
        "name": vpn.name,
    })
}

/// Assumed: a connection of another provider looks like one that does not exist.
pub(super) fn remove_vpn(call: &mut MethodCall) -> MethodResult {
    let id = number(call.text("id"));
    let provider = &call.provider;
    let users = call.world.users.values_mut();
    let mut own = users.filter(|user| user.provider == *provider);
    let owner = own.find(|user| user.vpns.iter().any(|vpn| vpn.id == id));
    let owner = owner.ok_or("VPN connection not found")?;
    owner.vpns.retain(|vpn| vpn.id != id);
    Ok(None)
}
