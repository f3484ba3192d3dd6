//! The description of a method, the same for both services.
//!
//! A method is a row of a table ([`super::skydns_methods`],
//! [`super::vpnki_resources`]). Help, validation, requests, decoding, shell
//! completion and the table in the README come from that row.
//!
//! ```
//! use wansync_core::service::method::{Occurrence, ParameterKind};
//! use wansync_core::service::skydns_methods;
//!
//! let add_ip = skydns_methods::find("add_ip").unwrap();
//! let ip = add_ip.parameter("ip").unwrap();
//! assert_eq!((ip.kind, ip.count), (ParameterKind::Address, Occurrence::Many));
//! assert!(ip.is_required() && add_ip.needs_yes().is_none());
//! ```

use core::fmt;

/// One method of SkyDNS, or one resource of VPNKI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// The name in the URL, and in the service's document.
    pub name: &'static str,
    /// A summary in one line.
    pub summary: &'static str,
    /// The parameters, in the order of the service's document.
    pub parameters: &'static [Parameter],
    /// The effect on the account.
    pub effect: Effect,
    /// The shape of the reply.
    pub shape: Shape,
    /// The section of the service's document that describes it.
    pub source: &'static str,
}

/// One parameter of a method. The key is not one: it never stands on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The name in the URL.
    pub name: &'static str,
    /// The form of a value.
    pub kind: ParameterKind,
    /// The number of times that it may be given.
    pub count: Occurrence,
    /// The meaning in a few words.
    pub meaning: &'static str,
}

/// The number of times that a parameter may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurrence {
    /// Exactly once.
    One,
    /// Once, or not at all.
    Optional,
    /// Once. The service needs it; where it is not given, this is sent.
    Default(&'static str),
    /// Once or more: one parameter of the URL for each.
    Many,
}

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Any text without control characters.
    Text,
    /// Text that is not to be shown again: a password.
    Password,
    /// An IPv4 or IPv6 address.
    Address,
    /// Digits: the id of a profile.
    Number,
    /// `True` or `False`, however it is written.
    Flag,
    /// A tariff: any of those that `subscribe_plans` gives.
    Plan,
    /// Something with an `@` in it.
    Email,
    /// `YYYY-MM-DD`, not before 1 January of last year.
    Date,
    /// `YYYY`, last year or later.
    Year,
    /// `MM`, 01 to 12.
    Month,
    /// A moment as VPNKI takes it: `2026-11-20`, `2026-11-20 12:30:00`, `NOW`,
    /// `24h` (ago).
    Moment,
}

/// The effect of a method on the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads.
    Reads,
    /// Sets something: done twice, it is as if done once.
    Changes,
    /// Adds or sends something, as often as it is called.
    Adds,
    /// Deletes or blocks something: this, in the words of a question.
    Destroys(&'static str),
}

/// The shape of `data` in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing but the success itself.
    Nothing,
    /// One record of named values: those that the document names, in its order.
    Record(&'static [&'static str]),
    /// Names or counts by key: profiles, plans, categories.
    Map {
        /// The heading of the keys.
        key: &'static str,
        /// The heading of the values.
        value: &'static str,
    },
    /// A list of records.
    Records,
    /// `{"ip": [{"address", "comment"}]}`
    Addresses,
    /// `{"added_addresses": […], "invalid_adresses": [{address: why}]}`
    Added,
    /// `{"date_end": seconds since 1970}`
    DateEnd,
    /// `{"ovpn": text of a configuration, with a private key}`
    Ovpn,
    /// `{"labels": […], "datasets": [{"label", "data": […]}]}`
    Report,
    /// Rows of VPNKI, whose field names are not documented.
    Rows,
    /// The login and password of a new tunnel.
    Credentials,
    /// Whatever a resource of VPNKI answers that is not documented.
    Any,
}

/// The names that every request to VPNKI sets by itself.
const FIXED_NAMES: [&str; 5] = ["option", "format", "app", "resource", "key"];

/// A parameter of a resource that is not documented.
static ANY_PARAMETER: Parameter = Parameter {
    name: "",
    kind: ParameterKind::Text,
    count: Occurrence::Many,
    meaning: "",
};

impl Method {
    /// The parameter of this name. A resource that is not documented has one of every
    /// name.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        match self.shape {
            Shape::Any => is_free_name(name).then_some(&ANY_PARAMETER),
            _ => self.parameters.iter().find(|p| p.name == name),
        }
    }

    /// True if a parameter of this name is a password.
    pub fn is_password(&self, name: &str) -> bool {
        let parameter = self.parameter(name);
        parameter.is_some_and(|parameter| parameter.kind == ParameterKind::Password)
    }

    /// True if an address is asked about that nobody outside of its own network has. The
    /// others that take one report it, or are meant for it.
    pub fn asks_of_address(&self) -> bool {
        self.name == "update_ip"
    }

    /// True if the optional parameters cannot all be left out, since nothing would change.
    pub fn changes_what_is_given(&self) -> bool {
        self.name == "update_profile"
    }

    /// True if the answer holds something that `--output` is for.
    pub fn has_secret(&self) -> bool {
        matches!(self.shape, Shape::Ovpn | Shape::Credentials | Shape::Any)
    }

    /// The question that always needs a yes before the method is called, if there is one;
    /// [`super::question::Question`] has those that depend on its parameters, too.
    pub fn needs_yes(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Destroys(what) => Some(what),
            Effect::Reads | Effect::Changes | Effect::Adds => None,
        }
    }

    /// True if nothing is different after a second call.
    pub fn is_repeatable(&self) -> bool {
        self.effect != Effect::Adds && self.shape != Shape::Any
    }
}

/// True for a plain name that no request sets by itself.
fn is_free_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    !name.is_empty() && name.bytes().all(is_plain) && !FIXED_NAMES.contains(&name)
}

impl Parameter {
    /// True if a call without the parameter is incomplete.
    pub fn is_required(&self) -> bool {
        matches!(self.count, Occurrence::One | Occurrence::Many)
    }
}

/// The form of a value in words for a person: `YYYY-MM-DD, not before 1 January of last year`.
impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParameterKind::Text => "text",
            ParameterKind::Password => {
                "text; name=@FILE or name=- keeps it out of the list of processes"
            }
            ParameterKind::Address => "an IPv4 or IPv6 address",
            ParameterKind::Number => "a number",
            ParameterKind::Flag => "True or False",
            ParameterKind::Plan => "PREMIUM, SCHOOL, BUSINESS, or one that subscribe_plans lists",
            ParameterKind::Email => "an e-mail address",
            ParameterKind::Date => "YYYY-MM-DD, not before 1 January of last year",
            ParameterKind::Year => "YYYY, last year or later",
            ParameterKind::Month => "MM, 01 to 12",
            ParameterKind::Moment => "2026-11-20, '2026-11-20 12:30:00', NOW, or 24h (ago)",
        })
    }
}
