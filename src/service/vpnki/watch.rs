//! What a look at an account asks: which of the tunnels that are watched do
//! `active` and `tunnels` list?

use std::borrow::Cow;

use super::{Aliases, is_active, name_of, payload, rows};
use crate::config::Vpnki;
use crate::config::secret::Secret;
use crate::core::failure::Failure;
use crate::core::tunnel::account::Wanted;
use crate::service::reply::Reply;
use crate::service::request;

/// The tunnels that are connected.
pub const ACTIVE: &str = "active";
/// All tunnels of the account.
pub const TUNNELS: &str = "tunnels";

/// The URL of one of the two. It holds the key.
pub fn url(account: &Vpnki, resource: &str, key: Option<&Secret>) -> String {
    request::vpnki(&account.base_url, resource, key, [])
}

/// Under which names the account's replies hold what counts.
pub fn aliases(account: &Vpnki) -> Aliases {
    let usual = Aliases::default();
    let or = |own: &[String], usual: Vec<Cow<'static, str>>| match own.is_empty() {
        true => usual,
        false => own.iter().cloned().map(Cow::Owned).collect(),
    };
    Aliases {
        names: or(&account.name_fields, usual.names),
        addresses: or(&account.address_fields, usual.addresses),
    }
}

/// For each tunnel that is wanted, whether a reply to `resource` lists it.
/// `wall` is the time in seconds since 1970.
///
/// # Errors
/// Whatever is no such list; see [`payload`] and [`rows`].
///
/// ```
/// use wansync::core::tunnel::account::Wanted;
/// use wansync::service::reply::Reply;
/// use wansync::service::vpnki::{Aliases, watch};
///
/// let wanted = ["user356", "user357"].map(|name| Wanted { name, address: None });
/// let reply = Reply { status: 200, body: br#"["user356"]"#.to_vec(), ..Reply::default() };
/// let found = watch::listed(watch::ACTIVE, &reply, &wanted, &Aliases::default(), 0);
/// assert_eq!(found.unwrap(), [true, false]);
/// ```
pub fn listed(
    resource: &str,
    reply: &Reply,
    wanted: &[Wanted<'_>],
    aliases: &Aliases,
    wall: i64,
) -> Result<Vec<bool>, Failure> {
    let rows = rows(resource, payload(reply, wall)?.data, aliases)?;
    let is_listed = |wanted: &Wanted<'_>| is_active(&rows, wanted.name, wanted.address);
    Ok(wanted.iter().map(is_listed).collect())
}

/// The names of all tunnels in a reply to `resource`, in its order.
///
/// # Errors
/// As [`listed`].
pub fn names(
    resource: &str,
    reply: &Reply,
    aliases: &Aliases,
    wall: i64,
) -> Result<Vec<String>, Failure> {
    let rows = rows(resource, payload(reply, wall)?.data, aliases)?;
    let names = rows.iter().filter_map(|row| name_of(&row, aliases));
    Ok(names.map(Cow::into_owned).collect())
}
