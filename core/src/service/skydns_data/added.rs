//! The `data` of `add_ip`: what was added, and what was not and why.

use alloc::borrow::Cow;
use core::fmt;

use super::lists::{Address, Listed};
use crate::json::{Entries, Json, JsonKind};
use crate::service::body::first_of;
use crate::service::rows::{Fields, Rows, is_numbered};

/// The name as the document misspells it, and the right spelling.
const INVALID: [&str; 2] = ["invalid_adresses", "invalid_addresses"];
const ADDED: [&str; 2] = ["added_addresses", "added_adresses"];

/// `{"added_addresses": […], "invalid_adresses": [{address: why}]}`
///
/// ```
/// use wansync_core::json::Json;
/// use wansync_core::service::skydns_data::Added;
///
/// let body = br#"{"added_addresses": ["1.1.1.1"], "invalid_adresses": [{"0.0.0.0": "not public"}]}"#;
/// let added = Added::in_data(Json::parse(body).unwrap());
/// assert_eq!(added.added().next().unwrap(), "1.1.1.1");
/// assert_eq!(added.invalid().next().unwrap(), ("0.0.0.0".into(), "not public".into()));
/// ```
#[derive(Clone)]
pub struct Added<'a> {
    added: Rows<'a>,
    /// Both spellings.
    invalid: [Json<'a>; 2],
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Added<'a> {
    /// From `data`, which may be the list of what was added alone.
    pub fn in_data(data: Json<'a>) -> Added<'a> {
        let named = |names: [&str; 2]| names.map(|name| data.get(name).unwrap_or(Json::NULL));
        let of_name = named(ADDED).into_iter().find(|value| !value.is_empty());
        let added = match data.kind() {
            JsonKind::Object => of_name.unwrap_or(Json::NULL),
            _ => data,
        };
        let is_known = |name: &str| ADDED.contains(&name) || INVALID.contains(&name);
        let others = data.fields().filter(|(name, _)| !is_known(name));
        Added {
            added: match is_numbered(added) {
                true => Rows::each(added),
                false => Rows::of(added, &Address::HEADS),
            },
            invalid: named(INVALID),
            rest: Fields(others.map(|(name, value)| (name, value.shown())).collect()),
        }
    }

    /// The addresses that were added.
    pub fn added(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let text = |value: Json<'a>| first_of(value, &["address", "ip"]).unwrap_or(value.shown());
        self.added
            .iter()
            .map(move |row| row.key.unwrap_or_else(|| text(row.value)))
    }

    /// The addresses that were not added, each with the reason, which may be empty.
    pub fn invalid(&self) -> Invalid<'a> {
        Invalid {
            lists: self.invalid,
            outer: Json::NULL.entries(),
            inner: Json::NULL.entries(),
        }
    }

    /// True if every address was added.
    pub fn is_complete(&self) -> bool {
        self.invalid().next().is_none()
    }

    /// True if none of this is in `data`.
    pub(in crate::service) fn is_absent(&self) -> bool {
        self.added.is_empty() && self.is_complete()
    }
}

impl fmt::Debug for Added<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Added")
            .field("added", &self.added)
            .field("invalid", &self.invalid)
            .field("rest", &self.rest)
            .finish()
    }
}

/// Addresses with reasons; see [`Added::invalid`]. A list of objects
/// `{address: why}`, as documented, one such object, a list of addresses, or a
/// list of `{"address": …, "error": …}`.
#[derive(Debug, Clone)]
pub struct Invalid<'a> {
    lists: [Json<'a>; 2],
    outer: Entries<'a>,
    inner: Entries<'a>,
}

impl<'a> Iterator for Invalid<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((name, why)) = self.inner.next() {
                return Some((name.unwrap_or_default(), why.shown()));
            }
            match self.outer.next() {
                Some((_, item)) if item.kind() == JsonKind::Object => match described(item) {
                    Some(pair) => return Some(pair),
                    None => self.inner = item.entries(),
                },
                Some((Some(address), why)) => return Some((address, why.shown())),
                Some((None, item)) => return Some((item.shown(), Cow::Borrowed(""))),
                None => match self.next_list()? {
                    list if list.is_container() => self.outer = list.entries(),
                    address => return Some((address.shown(), Cow::Borrowed(""))),
                },
            }
        }
    }
}

impl<'a> Invalid<'a> {
    fn next_list(&mut self) -> Option<Json<'a>> {
        let at = self.lists.iter().position(|list| !list.is_empty())?;
        Some(core::mem::replace(&mut self.lists[at], Json::NULL))
    }
}

/// `{"address": …, "error": …}`
fn described<'a>(item: Json<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let address = first_of(item, &["address", "ip"])?;
    let why = first_of(item, &["error", "message", "reason", "why"]);
    Some((address, why.unwrap_or_default()))
}
