//! Rows, however a reply holds them, and the record that a row or a reply is.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use crate::json::{Entries, Json, JsonKind};

/// A list of rows in the body. Nothing is copied: each row is found when its
/// turn comes, so that a hundred thousand of them cost nothing.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    value: Json<'a>,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Each item of a list, or each value of an object.
    Each,
    /// Each value of an object, whose name belongs to the row.
    Keyed,
    /// The value is the one row.
    One,
}

impl<'a> Rows<'a> {
    /// Each item of a list, or each value of an object whose names mean nothing.
    pub fn each(value: Json<'a>) -> Rows<'a> {
        let form = Form::Each;
        Rows { value, form }
    }

    /// Each value of an object, with its name.
    pub fn keyed(value: Json<'a>) -> Rows<'a> {
        let form = Form::Keyed;
        Rows { value, form }
    }

    /// One row.
    pub fn one(value: Json<'a>) -> Rows<'a> {
        let form = Form::One;
        Rows { value, form }
    }

    /// The rows of a list; of an object that has one of the expected fields, or
    /// of a scalar, itself; of any other object its values by name, unless the
    /// names are those of a list that PHP has numbered. An empty value has none.
    pub fn of(value: Json<'a>, heads: &Heads) -> Rows<'a> {
        let is_row = || {
            let mut fields = value.fields();
            fields.any(|(name, _)| heads.expected.contains(&name.as_ref()))
        };
        let is_list = || {
            let first = value.entries().next();
            first.is_some_and(|(_, row)| row.get(heads.key).is_some()) && is_numbered(value)
        };
        match value.kind() {
            _ if value.is_empty() => Rows::each(Json::NULL),
            JsonKind::Array => Rows::each(value),
            JsonKind::Object if is_row() => Rows::one(value),
            JsonKind::Object if is_list() => Rows::each(value),
            JsonKind::Object => Rows::keyed(value),
            _ => Rows::one(value),
        }
    }

    /// One after the other. An item that is `null` is no row.
    pub fn iter(&self) -> RowIter<'a> {
        let (one, each) = match self.form {
            Form::One => (Some(self.value), Json::NULL),
            Form::Each | Form::Keyed => (None, self.value),
        };
        RowIter {
            is_keyed: self.form == Form::Keyed,
            one: one.filter(|value| !is_null(*value)),
            entries: each.entries(),
        }
    }

    /// True if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// Rows, one after the other. By hand: adapters are 3 KB more on MIPS.
#[derive(Debug, Clone)]
pub struct RowIter<'a> {
    is_keyed: bool,
    one: Option<Json<'a>>,
    entries: Entries<'a>,
}

impl<'a> Iterator for RowIter<'a> {
    type Item = ReplyRow<'a>;

    fn next(&mut self) -> Option<ReplyRow<'a>> {
        if let Some(value) = self.one.take() {
            return Some(ReplyRow { key: None, value });
        }
        loop {
            let (name, value) = self.entries.next()?;
            let key = name.filter(|_| self.is_keyed);
            if key.is_some() || !is_null(value) {
                return Some(ReplyRow { key, value });
            }
        }
    }
}

/// True if the value is an object whose names are all numbers: a list, as PHP's
/// `json_encode` writes one with a gap in it.
pub fn is_numbered(value: Json<'_>) -> bool {
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let mut fields = value.fields();
    !value.is_empty()
        && fields.all(|(name, _)| is_number(&name))
        && value.kind() == JsonKind::Object
}

fn is_null(value: Json<'_>) -> bool {
    value.kind() == JsonKind::Null
}

/// The headings for what has no name of its own.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
    /// The heading of the names that rows stand under, in an object.
    pub key: &'static str,
    /// The heading of a row under a name that is no object.
    pub value: &'static str,
    /// The heading of an item of a list that is no object.
    pub alone: &'static str,
    /// The fields of the service's document: as columns they come first, and
    /// are all that is there if no row is.
    pub expected: &'static [&'static str],
}

impl Default for Heads {
    fn default() -> Heads {
        Heads {
            key: "name",
            value: "value",
            alone: "value",
            expected: &[],
        }
    }
}

impl Heads {
    /// The name of a row that is one cell.
    pub(super) fn of_cell(&self, has_key: bool) -> &'static str {
        if has_key { self.value } else { self.alone }
    }

    /// The name of one item of a row that is a list of `count`; of two, the
    /// first is what the second stands under.
    pub(super) fn of_item(&self, at: usize, count: usize) -> Cow<'static, str> {
        match (at, count) {
            (0, 2) => Cow::Borrowed(self.key),
            (1, 2) => Cow::Borrowed(self.value),
            _ => Cow::Owned((at + 1).to_string()),
        }
    }
}

/// One row.
#[derive(Debug, Clone)]
pub struct ReplyRow<'a> {
    /// The name that it stands under, where that means something.
    pub key: Option<Cow<'a, str>>,
    /// The content of the row: an object of fields, mostly.
    pub value: Json<'a>,
}

impl<'a> ReplyRow<'a> {
    /// Its fields; `heads` names what has no name of its own.
    pub fn record(&self, heads: &Heads) -> Fields<'a> {
        let mut fields = Vec::new();
        if let Some(key) = &self.key {
            fields.push((Cow::Borrowed(heads.key), key.clone()));
        }
        if self.is_one_cell() {
            let name = heads.of_cell(self.key.is_some());
            fields.push((Cow::Borrowed(name), self.value.shown()));
            return Fields(fields);
        }
        let count = self.value.entries().count();
        fields.reserve_exact(count);
        for (at, (name, field)) in self.value.entries().enumerate() {
            let name = name.unwrap_or_else(|| heads.of_item(at, count));
            fields.push((name, field.shown()));
        }
        Fields(fields)
    }

    /// True if the row is one value rather than several fields: a scalar, or a list
    /// that stands under a name.
    pub(super) fn is_one_cell(&self) -> bool {
        match self.value.kind() {
            JsonKind::Object => false,
            JsonKind::Array => self.key.is_some(),
            _ => true,
        }
    }

    /// True if a scalar in the row has exactly this text, or it stands under it.
    pub fn has_leaf(&self, text: &str) -> bool {
        self.key.as_ref().is_some_and(|key| key == text) || self.value.has_leaf(text)
    }
}

/// Names and values, in the order in which they were sent. A value that is
/// itself a list or an object is compact JSON; `null` is empty.
///
/// ```
/// use wansync_core::json::Json;
/// use wansync_core::service::rows::Fields;
///
/// let json = Json::parse(br#"{"id": 7, "name": "Home", "tags": [1, 2]}"#).unwrap();
/// let mut record = Fields::of(json);
/// assert_eq!(record.take("name").unwrap(), "Home");
/// assert_eq!(record.0, [("id".into(), "7".into()), ("tags".into(), "[1,2]".into())]);
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fields<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// Its names alone: a value may be a password.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

impl<'a> Fields<'a> {
    /// The fields of an object, or of the one object in a list. A scalar is the
    /// value of `data`.
    pub fn of(data: Json<'a>) -> Fields<'a> {
        if data.is_empty() {
            return Fields::default();
        }
        let mut items = data.items();
        let value = match (items.next(), items.next()) {
            (Some(only), None) => only,
            _ => data,
        };
        let heads = Heads {
            alone: "data",
            ..Heads::default()
        };
        ReplyRow { key: None, value }.record(&heads)
    }

    /// The value of this name, out of the record; of several, the last. An
    /// empty one stays, and counts as not there.
    pub fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.take_as(name, |text| (!text.is_empty()).then(|| text.clone()))
    }

    /// The value of this name as a whole number that is not negative. What is none stays.
    pub fn take_number(&mut self, name: &str) -> Option<u64> {
        self.take_as(name, |text| text.trim().parse().ok())
    }

    /// The value of this name as `True` or `False`, however written. What is neither stays.
    pub fn take_flag(&mut self, name: &str) -> Option<bool> {
        self.take_as(name, |text| {
            match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            }
        })
    }

    /// The first of these names that is there.
    pub fn take_first(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| self.take(name))
    }

    fn take_as<T>(&mut self, name: &str, read: impl Fn(&Cow<'a, str>) -> Option<T>) -> Option<T> {
        let at = self.0.iter().rposition(|(other, _)| other == name)?;
        let value = read(&self.0[at].1)?;
        self.0.remove(at);
        Some(value)
    }
}
