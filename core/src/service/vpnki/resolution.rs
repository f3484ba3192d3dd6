//! The tunnel that a name stands for.
//!
//! An owner calls a tunnel by its login, its comment or its address, and `active` may
//! list it by another of these. `tunnels` says which belong together.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use super::rows::{Aliases, folded, names_in};
use crate::json::{Json, JsonWriter, Persist};
use crate::service::rows::{ReplyRow, Rows};
use crate::tunnel::account::TunnelId;

/// The most tunnels that are told apart where several may be meant.
const MAX_AMBIGUOUS: usize = 4;

/// The meaning of a tunnel's name, by `tunnels`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Resolution {
    /// There is no such tunnel.
    #[default]
    Unlisted,
    /// The tunnel's login, if it is known, and whatever else names it and no other.
    Tunnel(Vec<String>),
    /// The logins of several tunnels, any of which may be meant.
    Ambiguous(Vec<String>),
}

impl Resolution {
    pub(super) fn names_mut(&mut self) -> &mut [String] {
        match self {
            Resolution::Unlisted => &mut [],
            Resolution::Tunnel(names) | Resolution::Ambiguous(names) => names,
        }
    }
}

impl Persist for Resolution {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Resolution::Unlisted => out.text("Unlisted"),
            Resolution::Tunnel(names) => out.variant("Tunnel", names),
            Resolution::Ambiguous(logins) => out.variant("Ambiguous", logins),
        }
    }

    fn read(json: Json<'_>) -> Option<Resolution> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Unlisted" => Resolution::Unlisted,
            "Tunnel" => Resolution::Tunnel(Persist::read(content)?),
            "Ambiguous" => Resolution::Ambiguous(Persist::read(content)?),
            _ => return None,
        })
    }
}

/// The rows of a list, each with the names in it.
pub(super) struct NamedRows<'a>(Vec<(ReplyRow<'a>, Vec<Cow<'a, str>>)>);

impl<'a> NamedRows<'a> {
    pub(super) fn new(rows: &Rows<'a>, aliases: &Aliases) -> NamedRows<'a> {
        let named = |row: ReplyRow<'a>| {
            let names = names_in(&row, aliases);
            (row, names)
        };
        NamedRows(rows.iter().map(named).collect())
    }

    /// The tunnel that is meant: the one of this login, else of this address, else the
    /// one that is called so in any field, else, case and blanks aside, by any name.
    pub(super) fn resolve(&self, tunnel: &TunnelId<'_>) -> Resolution {
        let folded_name = folded(tunnel.name);
        let fits = |level: u32, row: &ReplyRow<'_>, names: &[Cow<'_, str>]| match level {
            0 => names.first().is_some_and(|login| login == tunnel.name),
            1 => tunnel.address.is_some_and(|address| row.has_leaf(address)),
            2 => row.has_leaf(tunnel.name),
            _ => names.iter().any(|name| folded(name) == folded_name),
        };
        let logins_at = |level| {
            let found = self.0.iter().filter(|(row, names)| fits(level, row, names));
            let mut logins: Vec<&str> = found.map(|(_, names)| login(names)).collect();
            logins.sort_unstable();
            logins.dedup();
            logins
        };
        let found = (0..4).map(logins_at).find(|logins| !logins.is_empty());
        match found.as_deref() {
            None => Resolution::Unlisted,
            Some([login]) => Resolution::Tunnel(self.names_of(login)),
            Some(logins) => {
                let first = logins.iter().take(MAX_AMBIGUOUS);
                Resolution::Ambiguous(first.map(|login| (*login).to_owned()).collect())
            }
        }
    }

    /// The names of the tunnel of this login, without those that another one has too.
    fn names_of(&self, of: &str) -> Vec<String> {
        let names_where = |is_own: bool| {
            let rows = self.0.iter().map(|(_, names)| names);
            rows.filter(move |names| (login(names) == of) == is_own)
                .flatten()
        };
        let mut found: Vec<String> = Vec::new();
        for name in names_where(true) {
            let is_shared = || name != of && names_where(false).any(|other| other == name);
            if !found.iter().any(|known| known == name) && !is_shared() {
                found.push(name.clone().into_owned());
            }
        }
        found
    }

    /// True if a row is about a tunnel of one of these names.
    pub(super) fn has(&self, resolution: &Resolution) -> bool {
        let Resolution::Tunnel(known) = resolution else {
            return false;
        };
        let mut names = self.0.iter().flat_map(|(_, names)| names);
        names.any(|name| known.iter().any(|known| known == name))
    }
}

/// The first of a row's names, by which VPNKI itself calls the tunnel.
fn login<'a>(names: &'a [Cow<'_, str>]) -> &'a str {
    names.first().map_or("", |name| name)
}
