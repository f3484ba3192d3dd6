//! The two calls of a query of an account: which of the tunnels that are watched do
//! `active` and `tunnels` list?

use alloc::borrow::Cow;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{Aliases, is_active, name_of, payload, rows};
use crate::config::Vpnki;
use crate::config::secret::Secret;
use crate::failure::Failure;
use crate::service::reply::Reply;
use crate::service::request;
use crate::service::rows::ReplyRow;
use crate::time::Wall;
use crate::tunnel::account::TunnelId;

/// The tunnels that are connected.
pub const ACTIVE: &str = "active";
/// All tunnels of the account.
pub const TUNNELS: &str = "tunnels";

/// The URL of one of the two. It holds the key.
pub fn url(account: &Vpnki, resource: &str, key: Option<&Secret>) -> String {
    request::vpnki(&account.base_url, resource, key, &[])
}

/// The names under which the account's replies hold what counts.
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

/// For each of the tunnels, whether a reply to `resource` lists it, at the date `now`.
///
/// # Errors
/// Whatever is no such list; see [`payload`] and [`rows`]. Nearly any object can
/// be read as rows by name, even one that says that the service is being
/// repaired; so where none of the tunnels is listed, something else in the list
/// must look like a tunnel, or it says nothing of them: [`Failure::Unknown`].
///
/// ```
/// use wansync_core::time::Wall;
/// use wansync_core::tunnel::account::TunnelId;
/// use wansync_core::service::reply::Reply;
/// use wansync_core::service::vpnki::{Aliases, watch};
///
/// let tunnels = ["user356", "user357"].map(|name| TunnelId { name, address: None });
/// let reply = Reply { status: 200, body: br#"["user356"]"#.to_vec(), ..Reply::default() };
/// let now = Wall::default();
/// let found = watch::listed(watch::ACTIVE, &reply, &tunnels, &Aliases::default(), now);
/// assert_eq!(found.unwrap(), [true, false]);
/// ```
pub fn listed(
    resource: &str,
    reply: &Reply,
    tunnels: &[TunnelId<'_>],
    aliases: &Aliases,
    now: Wall,
) -> Result<Vec<bool>, Failure> {
    let rows = rows(resource, payload(reply, now)?.data, aliases)?;
    let is_listed = |tunnel: &TunnelId<'_>| is_active(&rows, tunnel.name, tunnel.address);
    let listed: Vec<bool> = tunnels.iter().map(is_listed).collect();
    let is_understood = || rows.is_empty() || rows.iter().any(|row| is_tunnel(&row, aliases));
    match listed.contains(&true) || is_understood() {
        true => Ok(listed),
        false => Err(Failure::Unknown {
            what: "nothing in it looks like a tunnel; options 'name_field' and 'address_field' \
                   tell what its fields are called"
                .to_owned(),
        }),
    }
}

/// Whether a row has a field that names a tunnel or its address, or is a name
/// in a list of names, or an address under a name.
fn is_tunnel(row: &ReplyRow<'_>, aliases: &Aliases) -> bool {
    let has_field = |name: &Cow<'_, str>| row.value.get(name).is_some();
    let is_one = |text: Cow<'_, str>| row.key.is_none() || text.parse::<IpAddr>().is_ok();
    let mut known = aliases.names.iter().chain(&aliases.addresses);
    known.any(has_field) || row.value.scalar().is_some_and(is_one)
}

/// The names of all tunnels in a reply to `resource`, in its order.
///
/// # Errors
/// As [`listed`].
pub fn names(
    resource: &str,
    reply: &Reply,
    aliases: &Aliases,
    now: Wall,
) -> Result<Vec<String>, Failure> {
    let rows = rows(resource, payload(reply, now)?.data, aliases)?;
    let names = rows.iter().filter_map(|row| name_of(&row, aliases));
    Ok(names.map(Cow::into_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(resource: &str, body: &str, aliases: &Aliases) -> Result<Vec<bool>, String> {
        let tunnels = ["user356", "user357"].map(|name| TunnelId {
            name,
            address: None,
        });
        let reply = Reply {
            status: 200,
            body: body.as_bytes().to_vec(),
            ..Reply::default()
        };
        let now = Wall::from_secs(0);
        listed(resource, &reply, &tunnels, aliases, now).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_list_without_them_must_be_a_list_of_tunnels() {
        let none = Ok(vec![false, false]);
        for body in [
            "[]",
            "{}",
            r#"["user1"]"#,
            r#"[{"login":"user1"}]"#,
            r#"{"user1":{"vpnki_address":"172.16.10.9"}}"#,
            r#"{"user1":{"comment":"x"}}"#,
            r#"{"user1":"172.16.10.9"}"#,
            r#"{"0":{"login":"user1"}}"#,
        ] {
            assert_eq!(found(ACTIVE, body, &Aliases::default()), none, "{body}");
        }
        for body in [
            r#"{"status":"maintenance"}"#,
            r#"{"message":"come back later"}"#,
            r#"{"response":{"status":"error","message":"no"}}"#,
            r#"{"data":{"status":"maintenance"}}"#,
            r#"[{"id":7,"state":"up"}]"#,
        ] {
            let why = found(ACTIVE, body, &Aliases::default()).unwrap_err();
            assert!(
                why.contains("nothing in it looks like a tunnel"),
                "{body}: {why}"
            );
        }
    }

    #[test]
    fn a_name_that_is_there_needs_no_field() {
        let table = [
            (r#"[{"id":"user357","state":"up"}]"#, [false, true]),
            (r#"{"x":{"y":"user356"}}"#, [true, false]),
            (r#"[["user356","up"],["user357","up"]]"#, [true, true]),
        ];
        for (body, expected) in table {
            let found = found(ACTIVE, body, &Aliases::default());
            assert_eq!(found, Ok(expected.to_vec()), "{body}");
        }
    }

    #[test]
    fn the_fields_may_be_told() {
        let account = Vpnki {
            base_url: crate::config::url::ServiceUrl::new("https://vpnki.example/").expect("a URL"),
            key: crate::config::secret::KeySource::None,
            interval: core::time::Duration::from_secs(120),
            bind: None,
            name_fields: vec!["kennung".to_owned()],
            address_fields: vec!["adresse".to_owned()],
        };
        let aliases = aliases(&account);
        let body = r#"[{"kennung":"user1","adresse":"172.16.10.9"}]"#;
        assert_eq!(found(ACTIVE, body, &aliases), Ok(vec![false, false]));
        assert!(found(ACTIVE, body, &Aliases::default()).is_err());
        assert!(found(TUNNELS, "[]", &aliases).is_err());
    }
}
