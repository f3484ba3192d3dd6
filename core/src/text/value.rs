//! The parts of a status and of findings, as serde is given them.
//!
//! A struct that derives `Serialize` has code for each of its fields; a list of them has
//! one for all, and is a quarter of that.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Display;
use core::net::IpAddr;
use core::time::Duration;

use serde::{Serialize, Serializer};

use crate::reason::{Argument, Reason};
use crate::time::{Civil, Wall, seconds};

/// One value.
pub(super) enum Value<'a> {
    /// What is not known, or does not apply.
    Null,
    Bool(bool),
    Number(u64),
    Text(&'a str),
    /// A text that is put together as it is written.
    Shown(&'a dyn Display),
    /// A date and time, as RFC 3339 has it.
    Date(Wall),
    List(Vec<Value<'a>>),
    /// The arguments of a reason that is made for it.
    ArgumentsOf(Reason),
    /// An object.
    Fields(Vec<(&'static str, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The text, if there is one.
    pub(super) fn text(text: Option<&'a str>) -> Value<'a> {
        text.map_or(Value::Null, Value::Text)
    }

    /// What is shown, if there is something.
    pub(super) fn shown(what: Option<&'a impl Display>) -> Value<'a> {
        what.map_or(Value::Null, |what| Value::Shown(what))
    }

    /// The words of a reason, if it says something.
    pub(super) fn reason(reason: &'a Reason) -> Value<'a> {
        Value::shown(reason.non_empty())
    }

    /// The name of its code.
    pub(super) fn code(reason: &'a Reason) -> Value<'a> {
        Value::text(reason.non_empty().map(|reason| reason.code().name()))
    }

    /// Its arguments, by their names.
    pub(super) fn arguments(reason: &'a Reason) -> Value<'a> {
        let coded = |reason| {
            Value::Fields(vec![
                ("code", Value::code(reason)),
                ("args", Value::arguments(reason)),
            ])
        };
        let value = |argument: &'a Argument| match argument {
            Argument::Text(text) => Value::Text(text),
            Argument::Number(number) => Value::Number(u64::from(*number)),
            Argument::Reasons(reasons) => Value::list(reasons, coded),
        };
        match reason.is_empty() {
            true => Value::Null,
            false => {
                let arguments = reason.arguments();
                Value::Fields(arguments.map(|(name, it)| (name, value(it))).collect())
            }
        }
    }

    /// The number, if there is one.
    pub(super) fn number(number: Option<impl Into<u64>>) -> Value<'a> {
        number.map_or(Value::Null, |number| Value::Number(number.into()))
    }

    /// A span in whole seconds, if there is one.
    pub(super) fn whole_seconds(span: Option<Duration>) -> Value<'a> {
        Value::number(span.map(|span| seconds(span) as u64))
    }

    /// A list of what each item is.
    pub(super) fn list<T>(items: &'a [T], value: impl Fn(&'a T) -> Value<'a>) -> Value<'a> {
        Value::List(items.iter().map(value).collect())
    }
}

/// The fields of an object in the making. Each is added by a call, which takes a few
/// instructions; a list of values is moved about field by field.
#[derive(Default)]
pub(super) struct Fields<'a>(Vec<(&'static str, Value<'a>)>);

impl<'a> Fields<'a> {
    /// The object.
    pub(super) fn object(self) -> Value<'a> {
        Value::Fields(self.0)
    }

    #[inline(never)]
    pub(super) fn add(&mut self, name: &'static str, value: Value<'a>) {
        self.0.push((name, value));
    }

    pub(super) fn null(&mut self, name: &'static str) {
        self.add(name, Value::Null);
    }

    #[inline(never)]
    pub(super) fn text(&mut self, name: &'static str, text: Option<&'a str>) {
        self.add(name, Value::text(text));
    }

    #[inline(never)]
    pub(super) fn texts(&mut self, name: &'static str, texts: Option<&'a [String]>) {
        let list = |texts| Value::list(texts, |text: &String| Value::Text(text));
        self.add(name, texts.map_or(Value::Null, list));
    }

    #[inline(never)]
    pub(super) fn number(&mut self, name: &'static str, number: Option<u32>) {
        self.add(name, Value::number(number));
    }

    /// A span in whole seconds.
    #[inline(never)]
    pub(super) fn span(&mut self, name: &'static str, span: Option<Duration>) {
        self.add(name, Value::whole_seconds(span));
    }

    #[inline(never)]
    pub(super) fn bool(&mut self, name: &'static str, is_so: Option<bool>) {
        self.add(name, is_so.map_or(Value::Null, Value::Bool));
    }

    #[inline(never)]
    pub(super) fn date(&mut self, name: &'static str, at: Option<Wall>) {
        self.add(name, at.map_or(Value::Null, Value::Date));
    }

    #[inline(never)]
    pub(super) fn address(&mut self, name: &'static str, address: Option<&'a IpAddr>) {
        self.add(name, Value::shown(address));
    }

    /// A reason by these names: its words, its code, its arguments.
    #[inline(never)]
    pub(super) fn reason(&mut self, names: [&'static str; 3], reason: &'a Reason) {
        let [words, code, arguments] = names;
        self.add(words, Value::reason(reason));
        self.add(code, Value::code(reason));
        self.add(arguments, Value::arguments(reason));
    }
}

/// The names of the reason of a section.
pub(super) const REASON: [&str; 3] = ["reason", "reason_code", "reason_args"];
/// The names of the reason of a finding.
pub(super) const FINDING: [&str; 3] = ["text", "code", "args"];

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_none(),
            Value::Bool(is_so) => to.serialize_bool(*is_so),
            Value::Number(number) => to.serialize_u64(*number),
            Value::Text(text) => to.serialize_str(text),
            Value::Shown(what) => to.collect_str(what),
            Value::Date(at) => to.serialize_str(&Civil::at(*at).rfc3339()),
            Value::List(items) => to.collect_seq(items),
            Value::ArgumentsOf(reason) => Value::arguments(reason).serialize(to),
            Value::Fields(fields) => {
                to.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}
