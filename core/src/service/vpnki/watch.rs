//! The two calls of a query of an account: which tunnels are meant, and which of them
//! are connected?

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::resolution::NamedRows;
use super::{Aliases, Resolution, is_active, name_of, payload, rows};
use crate::config::Vpnki;
use crate::config::secret::Secret;
use crate::failure::Failure;
use crate::reason;
use crate::service::reply::Reply;
use crate::service::request;
use crate::service::rows::{ReplyRow, Rows};
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

/// For each of the tunnels, whether a reply to `active` lists it, by what it is called in
/// the configuration or by another name that its resolution knows. `now` is the date.
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
/// let tunnels = ["Dacha", "user357"].map(|name| TunnelId { name, address: None });
/// let reply = |body: &[u8]| Reply { status: 200, body: body.to_vec(), ..Reply::default() };
/// let list = reply(br#"[{"login": "user356", "comment": "Dacha"}, {"login": "user357"}]"#);
/// let (aliases, now) = (Aliases::default(), Wall::default());
/// let resolutions = watch::resolve(&list, &tunnels, &aliases, None, now).unwrap();
/// let found = watch::active(&reply(br#"["user356"]"#), &tunnels, &resolutions, &aliases, now);
/// assert_eq!(found.unwrap(), [true, false]);
/// ```
pub fn active(
    reply: &Reply,
    tunnels: &[TunnelId<'_>],
    resolutions: &[Resolution],
    aliases: &Aliases,
    now: Wall,
) -> Result<Vec<bool>, Box<Failure>> {
    let rows = rows_in(reply, ACTIVE, aliases, now)?;
    let named = NamedRows::new(&rows, aliases);
    let is_listed = |(n, tunnel): (usize, &TunnelId<'_>)| {
        is_active(&rows, tunnel.name, tunnel.address)
            || resolutions.get(n).is_some_and(|known| named.has(known))
    };
    let listed: Vec<bool> = tunnels.iter().enumerate().map(is_listed).collect();
    check_understood(listed.contains(&true), &rows, aliases)?;
    Ok(listed)
}

/// For each of the tunnels, which one it is by a reply to `tunnels`. Names that quote the
/// key show it no more.
///
/// # Errors
/// As [`active`].
pub fn resolve(
    reply: &Reply,
    tunnels: &[TunnelId<'_>],
    aliases: &Aliases,
    key: Option<&Secret>,
    now: Wall,
) -> Result<Vec<Resolution>, Box<Failure>> {
    let rows = rows_in(reply, TUNNELS, aliases, now)?;
    let named = NamedRows::new(&rows, aliases);
    let mut resolutions: Vec<Resolution> = tunnels.iter().map(|one| named.resolve(one)).collect();
    let is_found = resolutions.iter().any(|one| *one != Resolution::Unlisted);
    check_understood(is_found, &rows, aliases)?;
    for name in resolutions.iter_mut().flat_map(Resolution::names_mut) {
        if let Some(key) = key {
            *name = key.redact_whole(name).into_owned();
        }
    }
    Ok(resolutions)
}

/// An account without tunnels is not watched, so an empty list of them is none.
fn rows_in<'a>(
    reply: &'a Reply,
    resource: &str,
    aliases: &Aliases,
    now: Wall,
) -> Result<Rows<'a>, Box<Failure>> {
    let rows = rows(resource, payload(reply, now)?.data, aliases)?;
    match rows.is_empty() && resource == TUNNELS {
        true => Err(Box::new(Failure::Unknown {
            what: reason!(BodyNoTunnels),
        })),
        false => Ok(rows),
    }
}

fn check_understood(
    is_found: bool,
    rows: &Rows<'_>,
    aliases: &Aliases,
) -> Result<(), Box<Failure>> {
    if is_found || rows.is_empty() || rows.iter().any(|row| is_tunnel(&row, aliases)) {
        return Ok(());
    }
    Err(Box::new(Failure::Unknown {
        what: reason!(BodyNoTunnelFields),
    }))
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
/// As [`active`].
pub fn names(
    resource: &str,
    reply: &Reply,
    aliases: &Aliases,
    now: Wall,
) -> Result<Vec<String>, Box<Failure>> {
    let rows = rows_in(reply, resource, aliases, now)?;
    let names = rows.iter().filter_map(|row| name_of(&row, aliases));
    Ok(names.map(Cow::into_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> TunnelId<'_> {
        TunnelId {
            name,
            address: None,
        }
    }

    fn reply(body: &str) -> Reply {
        Reply {
            status: 200,
            body: body.as_bytes().to_vec(),
            ..Reply::default()
        }
    }

    /// Which of the two `active` lists.
    fn found(body: &str, aliases: &Aliases) -> Result<Vec<bool>, String> {
        let tunnels = ["user356", "user357"].map(named);
        active(&reply(body), &tunnels, &[], aliases, Wall::default())
            .map_err(|failure| failure.to_string())
    }

    fn resolved(list: &str, tunnel: TunnelId<'_>) -> Resolution {
        let aliases = Aliases::default();
        let found = resolve(&reply(list), &[tunnel], &aliases, None, Wall::default());
        found.expect(list).remove(0)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    const LIST: &str = r#"[
        {"login": "user356", "vpnki_address": "172.16.10.2", "comment": "Дача", "sort": 1},
        {"login": "user357", "vpnki_address": "172.16.10.3", "comment": "Office"},
        {"login": "user358", "vpnki_address": "172.16.10.4", "comment": "Office"},
        {"login": "user359", "vpnki_address": "172.16.10.5", "comment": "OFFICE 2"},
        {"login": "user360", "vpnki_address": "172.16.10.6", "comment": "office2"},
        {"login": "user361", "vpnki_address": "172.16.10.7", "comment": "user362"},
        {"login": "user362", "vpnki_address": "172.16.10.8", "comment": ""}
    ]"#;

    #[test]
    fn whatever_name_a_tunnel_is_given() {
        let dacha = ["user356", "Дача", "172.16.10.2"].as_slice();
        let table: [(&str, &[&str]); 13] = [
            ("user356", dacha),
            ("172.16.10.2", dacha),
            ("Дача", dacha),
            ("USER356", dacha),
            (" user 356", dacha),
            ("дАЧА", dacha),
            // What another tunnel is called too is no name of this one.
            ("user357", &["user357", "172.16.10.3"]),
            ("OFFICE 2", &["user359", "OFFICE 2", "172.16.10.5"]),
            ("office2", &["user360", "office2", "172.16.10.6"]),
            // A login before a comment.
            ("user362", &["user362", "172.16.10.8"]),
            ("user361", &["user361", "172.16.10.7"]),
            ("user35", &[]),
            ("user3566", &[]),
        ];
        for (name, expected) in table {
            let expected = match expected.is_empty() {
                true => Resolution::Unlisted,
                false => Resolution::Tunnel(texts(expected)),
            };
            assert_eq!(resolved(LIST, named(name)), expected, "{name}");
        }
    }

    #[test]
    fn a_name_of_several_tunnels() {
        for (name, logins) in [
            ("Office", ["user357", "user358"]),
            ("office", ["user357", "user358"]),
            ("Office 2", ["user359", "user360"]),
        ] {
            let expected = Resolution::Ambiguous(texts(&logins));
            assert_eq!(resolved(LIST, named(name)), expected, "{name}");
        }
        // The address says which.
        let office = TunnelId {
            name: "Office",
            address: Some("172.16.10.4"),
        };
        let expected = Resolution::Tunnel(texts(&["user358", "172.16.10.4"]));
        assert_eq!(resolved(LIST, office), expected);
        // Two rows about one tunnel are no two tunnels.
        let list =
            r#"[{"login":"user356","ip":"172.16.1.2"},{"login":"user356","ip":"172.16.1.3"}]"#;
        let expected = Resolution::Tunnel(texts(&["user356", "172.16.1.2", "172.16.1.3"]));
        assert_eq!(resolved(list, named("user356")), expected);
    }

    #[test]
    fn active_may_call_it_by_any_of_its_names() {
        let lists = [
            LIST,
            r#"{"user356": {"vpnki_address": "172.16.10.2", "comment": "Дача"},
                "user357": {"vpnki_address": "172.16.10.3"}}"#,
            r#"{"tunnels": [{"login": "user356", "ip": "172.16.10.2", "name": "Дача"}]}"#,
            r#"{"user": "user356", "address": "172.16.10.2", "comment": "Дача"}"#,
            r#"[["user356", "Дача", "172.16.10.2"], ["user357", "Office", "172.16.10.3"]]"#,
        ];
        let good = [
            r#"["user1", "user356"]"#,
            r#"["Дача"]"#,
            r#"["172.16.10.2"]"#,
            r#"{"user356": "172.16.10.2"}"#,
            r#"{"172.16.10.2": {"since": "2026-01-01"}}"#,
            r#"[{"tunnel": "user356"}]"#,
            r#"[{"name": "\u0414\u0430\u0447\u0430"}]"#,
            r#"{"0": {"login": "user356", "ip": "172.16.10.2"}, "2": {"login": "user9"}}"#,
            r#"[{"login": "other", "internal_ip": "172.16.10.2"}]"#,
        ];
        let bad = [
            "[]",
            r#"["user35", "user357"]"#,
            r#"{"user357": "172.16.10.3"}"#,
            // Nor is every number in a row a name.
            r#"[{"login": "user357", "sessions": 1}]"#,
        ];
        let aliases = Aliases::default();
        for (list, name) in lists
            .iter()
            .flat_map(|list| ["Дача", "дача", "user356", "172.16.10.2"].map(|name| (list, name)))
        {
            let tunnels = [named(name)];
            let resolutions = [resolved(list, tunnels[0])];
            let is_active = |body: &str| {
                let found = active(
                    &reply(body),
                    &tunnels,
                    &resolutions,
                    &aliases,
                    Wall::default(),
                );
                found.expect(body) == [true]
            };
            for body in good {
                assert!(is_active(body), "{list} {name} {body}");
            }
            for body in bad {
                assert!(!is_active(body), "{list} {name} {body}");
            }
        }
    }

    #[test]
    fn a_name_that_quotes_the_key_does_not_show_it() {
        let key = Secret::new("356-example-key").expect("a key");
        let list = r#"[{"login": "user356", "comment": "see 356-example-key"}]"#;
        let found = resolve(
            &reply(list),
            &[named("user356")],
            &Aliases::default(),
            Some(&key),
            Wall::default(),
        );
        let expected = Resolution::Tunnel(texts(&["user356", "see ***"]));
        assert_eq!(found, Ok(vec![expected]));
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
            assert_eq!(found(body, &Aliases::default()), none, "{body}");
        }
        for body in [
            r#"{"status":"maintenance"}"#,
            r#"{"message":"come back later"}"#,
            r#"{"response":{"status":"error","message":"no"}}"#,
            r#"{"data":{"status":"maintenance"}}"#,
            r#"[{"id":7,"state":"up"}]"#,
        ] {
            let why = found(body, &Aliases::default()).unwrap_err();
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
            let found = found(body, &Aliases::default());
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
            transport: crate::config::Transport::Auto,
            name_fields: vec!["kennung".to_owned()],
            address_fields: vec!["adresse".to_owned()],
        };
        let aliases = aliases(&account);
        let body = r#"[{"kennung":"user1","adresse":"172.16.10.9"}]"#;
        assert_eq!(found(body, &aliases), Ok(vec![false, false]));
        assert!(found(body, &Aliases::default()).is_err());
        assert!(resolve(&reply("[]"), &[], &aliases, None, Wall::default()).is_err());
    }
}
