//! Any list of rows as columns and cells, without knowledge of JSON.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use super::rows::{Heads, ReplyRow, Rows};
use crate::json::{Json, JsonKind};

/// The most columns of their own. Fields beyond them share the last column, so
/// that no reply costs more than its length.
const MAX_COLUMNS: usize = 64;
/// The head of the column for the fields that have none of their own.
pub const OVERFLOW_COLUMN: &str = "more";

/// Names of columns, and rows of as many cells each.
///
/// The rows are read from the body each time they are asked for; only the
/// columns are held.
///
/// ```
/// use wansync_core::json::Json;
/// use wansync_core::service::rows::{Heads, Rows};
/// use wansync_core::service::table::ReplyTable;
///
/// let json = Json::parse(br#"[{"ip": "8.8.4.4"}, {"ip": "8.8.8.8", "port": 53}]"#).unwrap();
/// let table = ReplyTable::new(Rows::each(json), &Heads::default());
/// assert_eq!(table.columns, ["ip", "port"]);
/// let rows: Vec<_> = table.rows().collect();
/// assert_eq!(rows, [["8.8.4.4", ""], ["8.8.8.8", "53"]]);
/// ```
#[derive(Debug, Clone)]
pub struct ReplyTable<'a> {
    /// The name of each column.
    pub columns: Vec<Cow<'a, str>>,
    rows: Rows<'a>,
    layout: CellLayout,
    rewrite: fn(Cow<'a, str>) -> Cow<'a, str>,
}

/// Which columns stand before those of the fields.
#[derive(Debug, Clone, Copy, Default)]
struct CellLayout {
    has_key: bool,
    /// The most cells of a row that is a list or a scalar.
    unnamed: usize,
    has_more: bool,
}

impl<'a> ReplyTable<'a> {
    /// The table of these rows: two walks over them, nothing copied.
    pub fn new(rows: Rows<'a>, heads: &Heads) -> ReplyTable<'a> {
        let mut layout = CellLayout::default();
        let mut names: Vec<Cow<'a, str>> = Vec::new();
        for row in rows.iter() {
            layout.make_room_for(&row);
            let mut next = 0;
            for (name, _) in row.value.fields() {
                match find_column(&names, next, &name) {
                    Some(at) => next = at + 1,
                    None if names.len() < MAX_COLUMNS => names.push(name),
                    None => layout.has_more = true,
                }
            }
        }
        let mut columns = unnamed_columns(layout, heads, &names);
        let rank = |name: &Cow<'a, str>| {
            let place = heads.expected.iter().position(|expected| expected == name);
            place.unwrap_or(heads.expected.len())
        };
        names.sort_by_key(rank);
        if names.is_empty() && columns.is_empty() {
            names.extend(heads.expected.iter().map(|name| Cow::Borrowed(*name)));
        }
        columns.extend(names);
        if layout.has_more {
            columns.push(Cow::Borrowed(OVERFLOW_COLUMN));
        }
        ReplyTable {
            columns,
            rows,
            layout,
            rewrite: |cell| cell,
        }
    }

    /// This table with every cell passed through `rewrite`.
    #[must_use]
    pub fn rewritten(self, rewrite: fn(Cow<'a, str>) -> Cow<'a, str>) -> ReplyTable<'a> {
        ReplyTable { rewrite, ..self }
    }

    /// The rows, each with one cell a column. A field that a row lacks is empty.
    pub fn rows(&self) -> impl Iterator<Item = Vec<Cow<'a, str>>> + Clone {
        self.rows.iter().map(|row| self.cells(row))
    }

    /// True if there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn cells(&self, row: ReplyRow<'a>) -> Vec<Cow<'a, str>> {
        let mut cells = vec![Cow::Borrowed(""); self.columns.len()];
        let first = usize::from(self.layout.has_key);
        if row.is_one_cell() {
            cells[first] = (self.rewrite)(row.value.shown());
        } else if row.value.kind() == JsonKind::Object {
            self.put_fields(row.value, &mut cells);
        } else {
            self.put_items(row.value, &mut cells[first..]);
        }
        if let Some(key) = row.key {
            cells[0] = key;
        }
        cells
    }

    fn put_fields(&self, object: Json<'a>, cells: &mut [Cow<'a, str>]) {
        let start = usize::from(self.layout.has_key) + self.layout.unnamed;
        let end = self.columns.len() - usize::from(self.layout.has_more);
        let names = &self.columns[start..end];
        let mut next = 0;
        for (name, value) in object.fields() {
            match find_column(names, next, &name) {
                Some(at) => {
                    cells[start + at] = (self.rewrite)(value.shown());
                    next = at + 1;
                }
                None => {
                    if let Some(more) = cells.last_mut() {
                        append_parts(more, &[&name, "=", &value.shown()]);
                    }
                }
            }
        }
    }

    fn put_items(&self, list: Json<'a>, cells: &mut [Cow<'a, str>]) {
        for (at, item) in list.items().enumerate() {
            if at < self.layout.unnamed {
                cells[at] = (self.rewrite)(item.shown());
            } else if let Some(more) = cells.last_mut() {
                append_parts(more, &[&item.shown()]);
            }
        }
    }
}

impl CellLayout {
    fn make_room_for(&mut self, row: &ReplyRow<'_>) {
        let cells = match row.value.kind() {
            _ if row.is_one_cell() => 1,
            JsonKind::Array => row.value.items().count(),
            _ => 0,
        };
        self.has_key |= row.key.is_some();
        self.unnamed = self.unnamed.max(cells.min(MAX_COLUMNS));
        self.has_more |= cells > MAX_COLUMNS;
    }
}

fn unnamed_columns<'a>(
    layout: CellLayout,
    heads: &Heads,
    names: &[Cow<'_, str>],
) -> Vec<Cow<'a, str>> {
    let mut columns = Vec::new();
    if layout.has_key {
        let is_taken = names.iter().any(|name| name == heads.key);
        columns.push(Cow::Borrowed(if is_taken { "key" } else { heads.key }));
    }
    for at in 0..layout.unnamed {
        columns.push(match layout.unnamed {
            1 => Cow::Borrowed(heads.of_cell(layout.has_key)),
            count => heads.of_item(at, count),
        });
    }
    columns
}

/// The place of this name. Rows are mostly alike, so it is looked for first
/// where the row before had it.
fn find_column(names: &[Cow<'_, str>], next: usize, name: &str) -> Option<usize> {
    match names.get(next) {
        Some(there) if there == name => Some(next),
        _ => names.iter().position(|there| there == name),
    }
}

pub(super) fn append_parts(cell: &mut Cow<'_, str>, parts: &[&str]) {
    let text = cell.to_mut();
    if !text.is_empty() {
        text.push_str("; ");
    }
    for part in parts {
        text.push_str(part);
    }
}
