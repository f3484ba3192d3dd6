//! The `data` of SkyDNS's methods, one type for each shape of its document.
//!
//! The document's samples hold traps, so all of them are read tolerantly:
//! numbers and flags may be strings, a list may be an object or the reverse,
//! anything may be absent or `null`. An unexpected field, or one whose value
//! is not of its kind, is kept in `rest`. Lists are not copied out of the body.
//!
//! Each is made from [`super::skydns::content`].
//!
//! ```
//! use wansync_core::json::Json;
//! use wansync_core::service::skydns_data::Activity;
//!
//! let data = Json::parse(br#"{"requests": "2600", "blocks": 581, "new": true}"#).unwrap();
//! let activity = Activity::in_data(data);
//! assert_eq!((activity.requests, activity.blocks), (Some(2600), Some(581)));
//! assert_eq!(activity.rest.0, [("new".into(), "true".into())]);
//! ```

mod added;
mod lists;
mod report;

use alloc::borrow::Cow;
use core::fmt;

use super::rows::Fields;
use crate::json::Json;
use crate::time::Wall;
pub use added::{Added, Invalid};
pub use lists::{
    Address, Addresses, Categories, Category, List, Listed, Plan, Plans, Profile, Profiles, Vpn,
    VpnList,
};
pub use report::{ActivityReport, Dataset};

/// The `data` of `subscribe`: `{"username", "email", "plan"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscription<'a> {
    /// The login that the user was given.
    pub username: Option<Cow<'a, str>>,
    /// The user's e-mail address.
    pub email: Option<Cow<'a, str>>,
    /// The tariff.
    pub plan: Option<Cow<'a, str>>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Subscription<'a> {
    /// From `data`.
    pub fn in_data(data: Json<'a>) -> Subscription<'a> {
        let mut rest = Fields::of(data);
        Subscription {
            username: rest.take("username"),
            email: rest.take("email"),
            plan: rest.take("plan"),
            rest,
        }
    }
}

/// The `data` of `subscription_info`: `{"date_end": 1390930655}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DateEnd<'a> {
    /// The end of the subscription.
    pub at: Option<Wall>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> DateEnd<'a> {
    /// From `data`, which may be the number alone.
    pub fn in_data(data: Json<'a>) -> DateEnd<'a> {
        let mut rest = Fields::of(data);
        let seconds = rest
            .take_number("date_end")
            .or_else(|| rest.take_number("data"));
        DateEnd {
            at: seconds.map(|seconds| Wall::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))),
            rest,
        }
    }
}

/// The `data` of `get_activity`: `{"requests": "2600", "blocks": "581"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity<'a> {
    /// All requests of the day.
    pub requests: Option<u64>,
    /// The requests that were blocked.
    pub blocks: Option<u64>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Activity<'a> {
    /// From `data`.
    pub fn in_data(data: Json<'a>) -> Activity<'a> {
        let mut rest = Fields::of(data);
        Activity {
            requests: rest.take_number("requests"),
            blocks: rest.take_number("blocks"),
            rest,
        }
    }
}

/// The `data` of `get_daily_stat`: `{"result": link to a file}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DailyStat<'a> {
    /// The link to the statistics.
    pub link: Option<Cow<'a, str>>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> DailyStat<'a> {
    /// From `data`, which may be the link alone.
    pub fn in_data(data: Json<'a>) -> DailyStat<'a> {
        let mut rest = Fields::of(data);
        DailyStat {
            link: rest.take_first(&["result", "data"]),
            rest,
        }
    }
}

/// The `data` of `add_vpn`: `{"ovpn": text}`. It holds a private key, which
/// `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Ovpn<'a> {
    /// The configuration for OpenVPN, whole.
    pub text: Cow<'a, str>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Ovpn<'a> {
    /// From `data`, which may be the text alone. `None` if there is no text.
    pub fn in_data(data: Json<'a>) -> Option<Ovpn<'a>> {
        let mut rest = Fields::of(data);
        let text = rest.take_first(&["ovpn", "data"])?;
        Some(Ovpn { text, rest })
    }
}

impl fmt::Debug for Ovpn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ovpn(***, {:?})", self.rest)
    }
}
