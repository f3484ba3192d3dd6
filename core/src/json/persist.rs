//! The agent's own files: values written as JSON, and read again.
//!
//! serde does the same with ten times the code for each type, which says in its
//! errors what was expected at which column. A file of ours that is damaged is
//! thrown away, so here an error says nothing.

use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::{Display, Write};
use core::net::IpAddr;

use super::{Json, JsonKind};

/// A value that can be written into a file of the agent and read again.
///
/// ```
/// use wansync_core::json::{Json, JsonWriter, Persist};
///
/// #[derive(Debug, Default, PartialEq)]
/// struct Seen {
///     count: u32,
///     names: Vec<String>,
/// }
/// wansync_core::persist!(Seen { count, names = "networks" });
///
/// let seen = Seen { count: 2, names: vec!["wan".to_owned()] };
/// let text = JsonWriter::of(&seen);
/// assert_eq!(text, r#"{"count":2,"networks":["wan"]}"#);
/// assert_eq!(Seen::read(Json::parse(text.as_bytes()).unwrap()), Some(seen));
/// ```
pub trait Persist: Sized {
    /// Appends the value.
    fn write_json(&self, out: &mut JsonWriter);
    /// The value that was written as `json`; `None` if it is something else.
    fn read(json: Json<'_>) -> Option<Self>;
}

/// Implements [`json::Persist`](crate::json::Persist) for a struct: an object, field by
/// field. A field that the file does not name is as in `Default`, and an unknown one is
/// passed over: another version wrote it. `field = "name"` gives a field another name in
/// the file. `persist!(TYPE as word)` implements it for an enum without content, by the
/// `word` of each of its variants in `ALL`.
#[macro_export]
macro_rules! persist {
    ($type:ty as word) => {
        impl $crate::json::Persist for $type {
            fn write_json(&self, out: &mut $crate::json::JsonWriter) {
                out.text(self.word());
            }

            fn read(json: $crate::json::Json<'_>) -> Option<Self> {
                let text = json.text()?;
                Self::ALL.into_iter().find(|one| one.word() == text)
            }
        }
    };
    ($type:ty { $($field:ident $(= $name:literal)?),* $(,)? }) => {
        impl $crate::json::Persist for $type {
            fn write_json(&self, out: &mut $crate::json::JsonWriter) {
                out.open();
                $(out.field($crate::persist!(@name $field $($name)?), &self.$field);)*
                out.close();
            }

            fn read(json: $crate::json::Json<'_>) -> Option<Self> {
                let mut new = <$type>::default();
                let is_read = json.read_fields(&mut |name, value| match name {
                    $($crate::persist!(@name $field $($name)?) => value.read_into(&mut new.$field),)*
                    _ => true,
                });
                is_read.then_some(new)
            }
        }
    };
    (@name $field:ident $name:literal) => { $name };
    (@name $field:ident) => { stringify!($field) };
}

/// JSON text in the making.
#[derive(Debug, Default)]
pub struct JsonWriter(String);

impl JsonWriter {
    /// The text of `value`.
    pub fn of(value: &impl Persist) -> String {
        let mut text = JsonWriter::default();
        value.write_json(&mut text);
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
    pub fn field<T: Persist>(&mut self, name: &str, value: &T) {
        self.name(name);
        value.write_json(self);
    }

    /// `{"name": content}`.
    pub fn variant(&mut self, name: &str, content: &impl Persist) {
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
                '\0'..='\x1f' => self.push_plain(&format_args!("\\u{:04x}", c as u32)),
                _ => self.0.push(c),
            }
        }
        self.0.push('"');
    }

    fn push_plain(&mut self, value: &dyn Display) {
        let _ = write!(self.0, "{value}");
    }
}

impl<'a> Json<'a> {
    /// Gives each field of an object to `read`, which says whether it fits;
    /// whether it is an object, and all do. To look for each by its name would
    /// be to walk through all for each.
    pub fn read_fields(self, read: &mut dyn FnMut(&str, Json<'a>) -> bool) -> bool {
        self.kind() == JsonKind::Object && self.fields().all(|(name, value)| read(&name, value))
    }

    /// Reads it into `to`; whether it fits.
    pub fn read_into<T: Persist>(self, to: &mut T) -> bool {
        T::read(self).map(|value| *to = value).is_some()
    }

    /// The field of this name, which must be there.
    pub fn read_required<T: Persist>(self, name: &str) -> Option<T> {
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

impl Persist for bool {
    fn write_json(&self, out: &mut JsonWriter) {
        out.push_plain(self);
    }

    fn read(json: Json<'_>) -> Option<bool> {
        (json.kind() == JsonKind::Bool).then_some(json.0 == "true")
    }
}

macro_rules! kept_number {
    ($($number:ty)*) => {$(
        impl Persist for $number {
            fn write_json(&self, out: &mut JsonWriter) {
                out.push_plain(self);
            }

            fn read(json: Json<'_>) -> Option<$number> {
                json.0.parse().ok()
            }
        }
    )*};
}
kept_number!(i64 u32 u64);

impl Persist for String {
    fn write_json(&self, out: &mut JsonWriter) {
        out.text(self);
    }

    fn read(json: Json<'_>) -> Option<String> {
        Some(json.text()?.into_owned())
    }
}

impl Persist for IpAddr {
    fn write_json(&self, out: &mut JsonWriter) {
        out.text(&self.to_string());
    }

    fn read(json: Json<'_>) -> Option<IpAddr> {
        json.text()?.parse().ok()
    }
}

impl<T: Persist> Persist for Option<T> {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Some(value) => value.write_json(out),
            None => out.push_plain(&"null"),
        }
    }

    fn read(json: Json<'_>) -> Option<Option<T>> {
        match json.kind() {
            JsonKind::Null => Some(None),
            _ => T::read(json).map(Some),
        }
    }
}

impl<T: Persist> Persist for Vec<T> {
    fn write_json(&self, out: &mut JsonWriter) {
        let mut before = '[';
        out.0.push(before);
        for item in self {
            if before == ',' {
                out.0.push(before);
            }
            before = ',';
            item.write_json(out);
        }
        out.0.push(']');
    }

    fn read(json: Json<'_>) -> Option<Vec<T>> {
        if json.kind() != JsonKind::Array {
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
impl<T: Persist> Persist for Vec<(String, T)> {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        for (name, value) in self {
            out.field(name, value);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Vec<(String, T)>> {
        let mut list = Vec::new();
        let is_read = json.read_fields(&mut |name, value| {
            let value = T::read(value).map(|value| list.push((String::from(name), value)));
            value.is_some()
        });
        is_read.then_some(list)
    }
}

/// The value that was written as `text`.
#[cfg(test)]
pub(crate) fn again<T: Persist>(text: &str) -> Option<T> {
    T::read(Json::parse(text.as_bytes()).ok()?)
}

#[cfg(test)]
#[path = "persist_tests.rs"]
mod tests;
