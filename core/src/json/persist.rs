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

use super::{Entries, Json, JsonKind};

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
    /// Reads it into this value; whether it fits. If not, the value may be anything.
    fn read_into(&mut self, json: Json<'_>) -> bool {
        Self::read(json).map(|value| *self = value).is_some()
    }
    /// Appends it as the field of this name.
    fn write_field(&self, name: &str, out: &mut JsonWriter) {
        out.name(name);
        self.write_json(out);
    }
    /// Reads it from the field of this name, if there is one; whether that fits.
    fn read_field(&mut self, name: &str, fields: &mut FieldReader<'_>) -> bool {
        fields.find(name).is_none_or(|value| self.read_into(value))
    }
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
                new.read_into(json).then_some(new)
            }

            fn read_into(&mut self, json: $crate::json::Json<'_>) -> bool {
                let mut fields = $crate::json::FieldReader::new(json);
                $(fields.field($crate::persist!(@name $field $($name)?), &mut self.$field);)*
                fields.fit()
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

    /// The text that was written.
    pub fn into_text(self) -> String {
        self.0
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
    #[inline(never)] // Each field of each file calls it.
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
        value.write_field(name, self);
    }

    /// `{"name": content}`.
    pub fn variant(&mut self, name: &str, content: &impl Persist) {
        self.open();
        self.name(name);
        content.write_json(self);
        self.close();
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.0.push('"');
        let is_escaped = |byte: u8| matches!(byte, b'"' | b'\\' | ..b' ');
        let mut rest = text;
        // In runs: an idle pass writes a thousand characters of each section, and none of
        // them is escaped.
        while let Some(end) = rest.bytes().position(is_escaped) {
            let (run, behind) = rest.split_at(end);
            self.0.push_str(run);
            match behind.as_bytes()[0] {
                byte @ ..b' ' => self.push_plain(&format_args!("\\u{byte:04x}")),
                byte => {
                    self.0.push('\\');
                    self.0.push(char::from(byte));
                }
            }
            rest = &behind[1..];
        }
        self.0.push_str(rest);
        self.0.push('"');
    }

    /// A string of what a value is shown as.
    pub fn shown(&mut self, value: &dyn Display) {
        self.text(&value.to_string());
    }

    /// A list of what `write` makes of each item.
    pub fn list<T>(&mut self, items: &[T], write: &dyn Fn(&T, &mut JsonWriter)) {
        self.0.push('[');
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            write(item, self);
        }
        self.0.push(']');
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.0.push_str(json);
    }

    fn push_plain(&mut self, value: &dyn Display) {
        let _ = write!(self.0, "{value}");
    }
}

impl<'a> Json<'a> {
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

/// An object of a file, whose fields are read one by one.
#[derive(Debug)]
pub struct FieldReader<'a> {
    object: Json<'a>,
    /// What is behind the last field that was found.
    rest: Entries<'a>,
    fits: bool,
}

impl<'a> FieldReader<'a> {
    /// Begins with its first field.
    pub fn new(json: Json<'a>) -> FieldReader<'a> {
        FieldReader {
            object: json,
            rest: json.entries(),
            fits: json.kind() == JsonKind::Object,
        }
    }

    /// Reads the field of this name into `to`, which stays as it is if there is none.
    pub fn field(&mut self, name: &str, to: &mut impl Persist) {
        let fits = to.read_field(name, self);
        self.fits &= fits;
    }

    /// The fields stand in the order in which they are asked for, if this version wrote
    /// them: then all of them are found in one walk.
    pub(crate) fn find(&mut self, name: &str) -> Option<Json<'a>> {
        for mut rest in [self.rest.clone(), self.object.entries()] {
            let found = rest.find(|(other, _)| other.as_deref() == Some(name));
            if let Some((_, value)) = found {
                self.rest = rest;
                return Some(value);
            }
        }
        None
    }

    /// The field behind the one that was found last, if its name begins with this: the
    /// rest of its name, and its value.
    pub(crate) fn find_next(&mut self, name: &str) -> Option<(String, Json<'a>)> {
        let mut rest = self.rest.clone();
        let (other, value) = rest.next()?;
        let ending = String::from(other?.strip_prefix(name)?);
        self.rest = rest;
        Some((ending, value))
    }

    /// True if it is an object, and every field of it that was read fits.
    pub fn fit(&self) -> bool {
        self.fits
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
            None => out.raw("null"),
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
        out.list(self, &T::write_json);
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
        if json.kind() != JsonKind::Object {
            return None;
        }
        let mut list = Vec::new();
        for (name, value) in json.fields() {
            list.push((name.into_owned(), T::read(value)?));
        }
        Some(list)
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
