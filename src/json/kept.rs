//! Values that are kept in files of our own, as JSON, and read again.
//!
//! serde does the same with ten times the code for each type, which says in its
//! errors what was expected at which column. A file of ours that is damaged is
//! thrown away, so here an error says nothing.

use std::fmt::{Display, Write};
use std::net::IpAddr;

use super::{Json, Kind};

/// What can be kept.
pub trait Kept: Sized {
    /// Appends it.
    fn keep(&self, out: &mut Text);
    /// What was kept as `json`; `None` if it is something else.
    fn read(json: Json<'_>) -> Option<Self>;
}

/// Has a struct kept as an object, field by field. What a file does not name is
/// as in `Default`, and what nobody knows is passed over: another version wrote it.
macro_rules! kept {
    ($kept:ty { $($field:ident),* $(,)? }) => {
        impl $crate::json::Kept for $kept {
            fn keep(&self, out: &mut $crate::json::Text) {
                out.open();
                $(out.field(stringify!($field), &self.$field);)*
                out.close();
            }

            fn read(json: $crate::json::Json<'_>) -> Option<Self> {
                let mut new = <$kept>::default();
                let is_read = json.is_object()
                    $(&& json.fill(stringify!($field), &mut new.$field))*;
                is_read.then_some(new)
            }
        }
    };
}
pub(crate) use kept;

/// JSON text in the making.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// The text of `value`.
    pub fn of(value: &impl Kept) -> String {
        let mut text = Text::default();
        value.keep(&mut text);
        text.0
    }

    /// Begins an object.
    pub fn open(&mut self) {
        self.0.push('{');
    }

    /// Ends it.
    pub fn close(&mut self) {
        self.0.push('}');
    }

    /// The name of a field; its value follows.
    pub fn name(&mut self, name: &str) {
        // Only what has just begun ends so: a value ends with a quote, a
        // closing bracket, a digit or a letter.
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.text(name);
        self.0.push(':');
    }

    /// A field.
    pub fn field<T: Kept>(&mut self, name: &str, value: &T) {
        self.name(name);
        value.keep(self);
    }

    /// `{"name": content}`.
    pub fn variant(&mut self, name: &str, content: &impl Kept) {
        self.open();
        self.field(name, content);
        self.close();
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.0.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => {
                    self.0.push('\\');
                    self.0.push(c);
                }
                '\0'..='\x1f' => self.plain(&format_args!("\\u{:04x}", c as u32)),
                _ => self.0.push(c),
            }
        }
        self.0.push('"');
    }

    fn plain(&mut self, value: &dyn Display) {
        let _ = write!(self.0, "{value}");
    }
}

impl<'a> Json<'a> {
    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// Reads the field of this name into `to`, which stays as it is if there is
    /// none; whether it fits.
    pub fn fill<T: Kept>(self, name: &str, to: &mut T) -> bool {
        let Some(value) = self.get(name) else {
            return true;
        };
        T::read(value).map(|value| *to = value).is_some()
    }

    /// The field of this name, which must be there.
    pub fn part<T: Kept>(self, name: &str) -> Option<T> {
        T::read(self.get(name)?)
    }

    /// The name and the content of a variant: `"Name"` (content `null`), or
    /// `{"Name": content}`.
    pub fn variant(self) -> Option<(String, Json<'a>)> {
        if let Some(name) = self.text() {
            return Some((name.into_owned(), Json::NULL));
        }
        let mut fields = self.fields();
        match (fields.next(), fields.next()) {
            (Some((name, content)), None) => Some((name.into_owned(), content)),
            _ => None,
        }
    }
}

impl Kept for bool {
    fn keep(&self, out: &mut Text) {
        out.plain(self);
    }

    fn read(json: Json<'_>) -> Option<bool> {
        (json.kind() == Kind::Bool).then_some(json.0 == "true")
    }
}

macro_rules! kept_number {
    ($($number:ty)*) => {$(
        impl Kept for $number {
            fn keep(&self, out: &mut Text) {
                out.plain(self);
            }

            fn read(json: Json<'_>) -> Option<$number> {
                json.0.parse().ok()
            }
        }
    )*};
}
kept_number!(i64 u32 u64);

impl Kept for String {
    fn keep(&self, out: &mut Text) {
        out.text(self);
    }

    fn read(json: Json<'_>) -> Option<String> {
        Some(json.text()?.into_owned())
    }
}

impl Kept for IpAddr {
    fn keep(&self, out: &mut Text) {
        out.text(&self.to_string());
    }

    fn read(json: Json<'_>) -> Option<IpAddr> {
        json.text()?.parse().ok()
    }
}

impl<T: Kept> Kept for Option<T> {
    fn keep(&self, out: &mut Text) {
        match self {
            Some(value) => value.keep(out),
            None => out.plain(&"null"),
        }
    }

    fn read(json: Json<'_>) -> Option<Option<T>> {
        match json.kind() {
            Kind::Null => Some(None),
            _ => T::read(json).map(Some),
        }
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn keep(&self, out: &mut Text) {
        let mut before = '[';
        out.0.push(before);
        for item in self {
            if before == ',' {
                out.0.push(before);
            }
            before = ',';
            item.keep(out);
        }
        out.0.push(']');
    }

    fn read(json: Json<'_>) -> Option<Vec<T>> {
        if json.kind() != Kind::Array {
            return None;
        }
        let mut list = Vec::new();
        for item in json.items() {
            list.push(T::read(item)?);
        }
        Some(list)
    }
}

/// An object of names that are not known beforehand.
impl<T: Kept> Kept for Vec<(String, T)> {
    fn keep(&self, out: &mut Text) {
        out.open();
        for (name, value) in self {
            out.field(name, value);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Vec<(String, T)>> {
        if !json.is_object() {
            return None;
        }
        let mut list = Vec::new();
        for (name, value) in json.fields() {
            list.push((name.into_owned(), T::read(value)?));
        }
        Some(list)
    }
}

/// What was kept as `text`.
#[cfg(test)]
pub(crate) fn again<T: Kept>(text: &str) -> Option<T> {
    T::read(Json::parse(text.as_bytes()).ok()?)
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
