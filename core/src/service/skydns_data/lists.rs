//! The lists among SkyDNS's replies, and what they hold.

use alloc::borrow::Cow;
use core::fmt;
use core::marker::PhantomData;

use crate::json::Json;
use crate::service::rows::{Fields, Heads, Rows};
use crate::service::table::ReplyTable;

/// A list in the body. An item is made when its turn comes, so that a list of
/// any length costs nothing.
///
/// ```
/// use wansync_core::json::Json;
/// use wansync_core::service::skydns_data::{Addresses, Profiles};
///
/// let data = Json::parse(br#"{"ip": [{"address": "1.2.3.4", "comment": "home"}],}"#).unwrap();
/// let address = Addresses::in_data(data).iter().next().unwrap();
/// assert_eq!((&*address.address, &*address.comment), ("1.2.3.4", "home"));
///
/// let data = Json::parse(br#"{"12": "Main", "13": "Children"}"#).unwrap();
/// let names: Vec<_> = Profiles::in_data(data).iter().map(|p| p.name).collect();
/// assert_eq!(names, ["Main", "Children"]);
/// ```
pub struct List<'a, T> {
    rows: Rows<'a>,
    items: PhantomData<fn() -> T>,
}

/// An item of a [`List`].
pub trait Listed<'a>: Sized {
    /// The names of its fields where the reply does not say.
    const HEADS: Heads;
    /// The name under which `data` holds the list, if it does not hold it itself.
    const WRAPPER: &'static str;

    /// From the fields of one row, named by `HEADS`.
    fn from_record(record: Fields<'a>) -> Self;
}

impl<'a, T: Listed<'a>> List<'a, T> {
    /// From `data`.
    pub fn in_data(data: Json<'a>) -> List<'a, T> {
        let value = match data.get(T::WRAPPER) {
            Some(wrapped) if wrapped.is_container() || T::WRAPPER == "ip" => wrapped,
            _ => data,
        };
        List {
            rows: Rows::of(value, &T::HEADS),
            items: PhantomData,
        }
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        self.rows
            .iter()
            .map(|row| T::from_record(row.record(&T::HEADS)))
    }

    /// True if the list is empty.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The list as columns and cells.
    pub fn table(&self) -> ReplyTable<'a> {
        ReplyTable::new(self.rows, &T::HEADS)
    }
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<T> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(f)
    }
}

/// The `data` of `subscribe_plans`: `{code: name}`.
pub type Plans<'a> = List<'a, Plan<'a>>;
/// The `data` of `profiles`: `{id: name}`.
pub type Profiles<'a> = List<'a, Profile<'a>>;
/// The `data` of `list_ip`: `{"ip": [{"address", "comment"}]}`.
pub type Addresses<'a> = List<'a, Address<'a>>;
/// The `data` of `get_vpn_list`: `[{"id", "profile", "ip", "name"}]`.
pub type VpnList<'a> = List<'a, Vpn<'a>>;
/// The `data` of `get_category_report`: `{name: "visits"}`.
pub type Categories<'a> = List<'a, Category<'a>>;

/// A tariff that users can be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The code that `subscribe` and `prolongate` take.
    pub code: Cow<'a, str>,
    /// For people.
    pub name: Cow<'a, str>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Listed<'a> for Plan<'a> {
    const HEADS: Heads = Heads {
        key: "plan",
        value: "name",
        alone: "plan",
        expected: &[],
    };
    const WRAPPER: &'static str = "plans";

    fn from_record(mut rest: Fields<'a>) -> Plan<'a> {
        Plan {
            code: rest.take("plan").unwrap_or_default(),
            name: rest.take("name").unwrap_or_default(),
            rest,
        }
    }
}

/// A profile: one of `profiles`, or the `data` of `update_profile`, which is
/// `{"id", "name", "tls": "True|False"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile<'a> {
    /// Its number, as other methods take it.
    pub id: Cow<'a, str>,
    /// Its name, often Cyrillic.
    pub name: Cow<'a, str>,
    /// True if TLS is used.
    pub tls: Option<bool>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Profile<'a> {
    /// From the `data` of `update_profile`.
    pub fn in_data(data: Json<'a>) -> Profile<'a> {
        Profile::from_record(Fields::of(data))
    }
}

impl<'a> Listed<'a> for Profile<'a> {
    const HEADS: Heads = Heads {
        key: "id",
        value: "name",
        alone: "name",
        expected: &[],
    };
    const WRAPPER: &'static str = "profiles";

    fn from_record(mut rest: Fields<'a>) -> Profile<'a> {
        Profile {
            id: rest.take("id").unwrap_or_default(),
            name: rest.take("name").unwrap_or_default(),
            tls: rest.take_flag("tls"),
            rest,
        }
    }
}

/// A static address of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    /// The address, as SkyDNS writes it.
    pub address: Cow<'a, str>,
    /// The comment beside it.
    pub comment: Cow<'a, str>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Listed<'a> for Address<'a> {
    const HEADS: Heads = Heads {
        key: "address",
        value: "comment",
        alone: "address",
        expected: &["address", "comment"],
    };
    const WRAPPER: &'static str = "ip";

    fn from_record(mut rest: Fields<'a>) -> Address<'a> {
        Address {
            address: rest.take("address").unwrap_or_default(),
            comment: rest.take("comment").unwrap_or_default(),
            rest,
        }
    }
}

/// A VPN connection of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpn<'a> {
    /// The id that `remove_vpn` takes.
    pub id: Cow<'a, str>,
    /// The name of its profile.
    pub profile: Cow<'a, str>,
    /// A host name, in the document's sample.
    pub ip: Cow<'a, str>,
    /// Its name.
    pub name: Cow<'a, str>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Listed<'a> for Vpn<'a> {
    const HEADS: Heads = Heads {
        key: "id",
        value: "name",
        alone: "id",
        expected: &["id", "profile", "ip", "name"],
    };
    const WRAPPER: &'static str = "vpn";

    fn from_record(mut rest: Fields<'a>) -> Vpn<'a> {
        Vpn {
            id: rest.take("id").unwrap_or_default(),
            profile: rest.take("profile").unwrap_or_default(),
            ip: rest.take("ip").unwrap_or_default(),
            name: rest.take("name").unwrap_or_default(),
            rest,
        }
    }
}

/// A category of sites, and how often a user went there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category<'a> {
    /// Its name, often Cyrillic.
    pub name: Cow<'a, str>,
    /// The number of visits.
    pub visits: Option<u64>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Listed<'a> for Category<'a> {
    const HEADS: Heads = Heads {
        key: "category",
        value: "visits",
        alone: "category",
        expected: &[],
    };
    const WRAPPER: &'static str = "categories";

    fn from_record(mut rest: Fields<'a>) -> Category<'a> {
        Category {
            name: rest.take("category").unwrap_or_default(),
            visits: rest.take_number("visits"),
            rest,
        }
    }
}
