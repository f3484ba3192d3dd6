//! Addresses of users: static ones, and the dynamic ones that routers report.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use super::call::{MethodCall, MethodResult, address, public_address};
use crate::user::{Binding, Kind};

/// Invented addresses begin here: all of the 16 million that follow are public.
const FILL_FROM: Ipv4Addr = Ipv4Addr::new(5, 0, 0, 0);

pub(super) fn update_ip(call: &mut MethodCall) -> MethodResult {
    let address = public_address(call.text("ip"))?;
    let asked = call.own_profile("profile")?;
    let hostname = call.given("hostname");
    let user = call.active_user()?;
    // Known: an address without a profile goes to «Основной», and that of a
    // hostname stays on its profile.
    let kept = hostname.and_then(|name| user.profile_of(Some(name)));
    let profile = asked.or(kept).or(user.main_profile());
    let profile = profile.ok_or("The user has no profile")?;
    take_from_others(call, address)?;
    let user = call.user()?;
    user.bind_dynamic(address, profile, hostname);
    let login = call.text("ident");
    call.world.owners.note_address(address, login);
    Ok(None)
}

/// Known: another user of the same provider loses the address.
fn take_from_others(call: &mut MethodCall, address: IpAddr) -> Result<(), String> {
    let Some((holder, user)) = call.world.holder(address) else {
        return Ok(());
    };
    if holder == call.text("ident") {
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

/// Known: static addresses only, of all profiles or of one.
pub(super) fn list_ip(call: &mut MethodCall) -> MethodResult {
    let profile = call.own_profile("profile")?;
    let fill = call.world.settings.fill;
    let bindings = call.user()?.bindings.iter();
    let rows = bindings.filter_map(|held| match &held.kind {
        Kind::Static { comment } if profile.is_none_or(|id| id == held.profile) => {
            Some(row(held.address, comment))
        }
        _ => None,
    });
    let mut rows: Vec<Value> = rows.collect();
    rows.extend((rows.len()..fill).map(invented));
    Ok(Some(json!({ "ip": rows })))
}

fn row(address: IpAddr, comment: &str) -> Value {
    json!({"address": address, "comment": comment})
}

fn invented(number: usize) -> Value {
    let address = Ipv4Addr::from_bits(FILL_FROM.to_bits() + number as u32);
    row(address.into(), &format!("Филиал {number}"))
}

/// Known: what cannot be added is reported under `invalid_adresses` (spelt so),
/// a list of objects with one entry each, and the status stays `ok`.
pub(super) fn add_ip(call: &mut MethodCall) -> MethodResult {
    let asked = call.own_profile("profile")?;
    let comment = call.given("comment").unwrap_or("");
    let user = call.active_user()?;
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

fn add_one(
    call: &mut MethodCall,
    text: &str,
    profile: u32,
    comment: &str,
) -> Result<IpAddr, String> {
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
    let login = call.text("ident");
    call.world.owners.note_address(address, login);
    Ok(address)
}

/// Known: the static addresses of the profile go, the dynamic ones stay.
pub(super) fn clear_ip(call: &mut MethodCall) -> MethodResult {
    let profile = call.own_profile("profile")?;
    let user = call.user()?;
    let goes =
        |held: &Binding| matches!(held.kind, Kind::Static { .. }) && Some(held.profile) == profile;
    user.bindings.retain(|held| !goes(held));
    Ok(None)
}

/// Assumed: it removes dynamic addresses too, and an address that the user does
/// not have is an error.
pub(super) fn remove_ip(call: &mut MethodCall) -> MethodResult {
    let address = address(call.text("ip"))?;
    let user = call.user()?;
    if !user.holds(address) {
        return Err("IP address not found".to_owned());
    }
    user.release(address);
    Ok(None)
}
