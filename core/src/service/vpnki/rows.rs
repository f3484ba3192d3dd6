//! Tunnels and connections as rows, whatever holds them.
//!
//! The field names are not documented. A published client of 2017 to 2019 read
//! `login`, `vpnki_address` and `comment`; the other names are assumed.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::failure::Failure;
use crate::json::{Json, JsonKind};
use crate::reason;
use crate::reason::Reason;
use crate::service::rows::{ReplyRow, Rows, is_numbered};

/// Under which names a row holds a tunnel's name and address. The first one
/// that is there counts.
///
/// ```
/// use wansync_core::service::vpnki::Aliases;
///
/// let aliases = Aliases::default();
/// assert_eq!(aliases.names[0], "login");
/// assert_eq!(aliases.addresses[0], "vpnki_address");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aliases {
    /// For the name.
    pub names: Vec<Cow<'static, str>>,
    /// For the address in VPNKI's network.
    pub addresses: Vec<Cow<'static, str>>,
}

const NAMES: [&str; 7] = [
    "login",
    "username",
    "user",
    "tunnel",
    "tunnel_name",
    "name",
    "comment",
];
const ADDRESSES: [&str; 4] = ["vpnki_address", "internal_ip", "ip", "address"];
/// The longest text that can be a tunnel's name, in bytes, as in the configuration.
const MAX_NAME_LENGTH: usize = 200;

impl Default for Aliases {
    fn default() -> Aliases {
        Aliases {
            names: NAMES.map(Cow::Borrowed).to_vec(),
            addresses: ADDRESSES.map(Cow::Borrowed).to_vec(),
        }
    }
}

impl Aliases {
    fn knows(&self, field: &str) -> bool {
        let mut all = self.names.iter().chain(&self.addresses);
        all.any(|alias| alias == field)
    }
}

/// True if an object has a field that names a tunnel.
pub(super) fn has_name(object: Json<'_>) -> bool {
    let mut fields = object.fields();
    fields.any(|(name, _)| NAMES.contains(&name.as_ref()))
}

/// The rows of a payload of `tunnels`, `active`, `stat_user` or `stat_tunnel`:
/// a list of objects or of names, an object of rows by number or by name, one
/// row, or any of these under a name of its own.
///
/// # Errors
/// [`Failure::Unknown`] for what is no list (`null`, `false`).
///
/// ```
/// use wansync_core::json::Json;
/// use wansync_core::service::vpnki::{self, Aliases};
///
/// let aliases = Aliases::default();
/// let active = Json::parse(br#"{"user356": {"ip": "172.16.10.2"}}"#).unwrap();
/// let rows = vpnki::rows("active", active, &aliases).unwrap();
/// assert!(vpnki::is_active(&rows, "user356", None));
/// assert!(!vpnki::is_active(&rows, "user35", None));
///
/// let none = Json::parse(b"[]").unwrap();
/// assert!(vpnki::rows("active", none, &aliases).unwrap().is_empty());
/// assert!(vpnki::rows("active", Json::NULL, &aliases).is_err());
/// ```
pub fn rows<'a>(
    resource: &str,
    payload: Json<'a>,
    aliases: &Aliases,
) -> Result<Rows<'a>, Box<Failure>> {
    let unknown = |what: Reason| Err(Failure::Unknown { what }.into());
    let list = unwrap_list(resource, payload, aliases).unwrap_or(payload);
    Ok(match list.kind() {
        JsonKind::Array => Rows::each(list),
        JsonKind::Object if list.is_empty() || is_numbered(list) => Rows::each(list),
        JsonKind::Object if is_by_name(list, aliases) => Rows::keyed(list),
        JsonKind::Object => Rows::one(list),
        JsonKind::Text => return unknown(reason!(BodyTextNoList)),
        _ => return unknown(reason!(BodyNoList, message = list.compact().as_ref())),
    })
}

/// The value under the one name that holds a list: `{"tunnels": […]}`, or
/// `{"count": 2, "rows": […]}`. An object under it counts only if the name is
/// the resource's own, since it could as well be a row by its name.
fn unwrap_list<'a>(resource: &str, payload: Json<'a>, aliases: &Aliases) -> Option<Json<'a>> {
    let mut fields = payload.fields();
    let (name, value) = fields.next()?;
    if fields.next().is_none() {
        let is_list = value.kind() == JsonKind::Array && !is_numbered(payload);
        return (name == resource || is_list).then_some(value);
    }
    let mut containers = payload.fields().filter(|(_, value)| value.is_container());
    let (_, list) = containers.next()?;
    let is_only_list = list.kind() == JsonKind::Array && containers.next().is_none();
    let is_row = || payload.fields().any(|(name, _)| aliases.knows(&name));
    (is_only_list && !is_row()).then_some(list)
}

/// True if the names of an object are those of tunnels: all values are rows,
/// or all are scalars and no name is that of a field.
fn is_by_name(object: Json<'_>, aliases: &Aliases) -> bool {
    let mut fields = object.fields();
    fields.all(|(_, value)| value.is_container())
        || !object
            .fields()
            .any(|(name, value)| value.is_container() || aliases.knows(&name))
}

/// True if a row names this tunnel or its address: any scalar in it, exactly.
/// Of `active` that means that it is active; of `tunnels`, that it exists.
pub fn is_active(rows: &Rows<'_>, name: &str, address: Option<&str>) -> bool {
    let wanted = [Some(name), address];
    rows.iter().any(|row| {
        let mut texts = wanted.iter().flatten().filter(|text| !text.is_empty());
        texts.any(|text| row.has_leaf(text))
    })
}

/// Everything in a row that may name its tunnel, the login first where there is one:
/// the name that it stands under, the fields for names and addresses, and whatever has
/// no name of its own.
pub(super) fn names_in<'a>(row: &ReplyRow<'a>, aliases: &Aliases) -> Vec<Cow<'a, str>> {
    let mut names = Vec::new();
    let mut add = |name: Option<Cow<'a, str>>| {
        if let Some(name) = name
            && !name.is_empty()
            && name.len() <= MAX_NAME_LENGTH
            && !names.contains(&name)
        {
            names.push(name);
        }
    };
    add(row.key.clone());
    for (own, usual) in [
        (&aliases.names, &NAMES[..]),
        (&aliases.addresses, &ADDRESSES),
    ] {
        let own = own.iter().map(|alias| &**alias);
        for field in own.chain(usual.iter().copied()) {
            add(row.value.get(field).and_then(Json::scalar));
        }
    }
    for item in row.value.items() {
        add(item.scalar());
    }
    add(row.value.scalar());
    names
}

/// A name in small letters and without blanks: what differs from it in nothing else is
/// probably meant for it.
///
/// ```
/// use wansync_core::service::vpnki::folded;
///
/// assert_eq!(folded("USER 356"), "user356");
/// assert_eq!(folded("Дача"), "дача");
/// ```
pub fn folded(name: &str) -> String {
    name.chars().filter(|c| *c != ' ').map(lowercase).collect()
}

/// Of the letters that VPNKI's users write: the tables for all would be larger than this
/// module.
fn lowercase(c: char) -> char {
    match c {
        '\u{410}'..='\u{42f}' => char::from_u32(u32::from(c) + 0x20).unwrap_or(c),
        '\u{401}' => '\u{451}',
        _ => c.to_ascii_lowercase(),
    }
}

/// The name of the tunnel that a row is about.
pub fn name_of<'a>(row: &ReplyRow<'a>, aliases: &Aliases) -> Option<Cow<'a, str>> {
    let alone = || row.value.scalar().filter(|_| row.key.is_none());
    let key = row.key.clone();
    key.or_else(|| field(row, &aliases.names)).or_else(alone)
}

/// The address of the tunnel that a row is about.
pub fn address_of<'a>(row: &ReplyRow<'a>, aliases: &Aliases) -> Option<Cow<'a, str>> {
    field(row, &aliases.addresses)
}

fn field<'a>(row: &ReplyRow<'a>, aliases: &[Cow<'static, str>]) -> Option<Cow<'a, str>> {
    let mut values = aliases
        .iter()
        .filter_map(|alias| row.value.get(alias)?.scalar());
    values.find(|text| !text.is_empty())
}
