//! Tables and records that stay aligned whatever the script.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Screen;
use super::width::{clean, push_cut, width};

/// The text for a table without rows, and for a record without values.
const NONE: &str = "none";
/// Spaces between two columns.
pub(super) const GAP: usize = 2;
/// The width below which no column is cut.
const MIN_COLUMN: usize = 4;

/// Columns and rows of borrowed text.
///
/// ```
/// use wansync_core::text::{Screen, table::TextTable};
/// let mut table = TextTable::new(&["profile", "visits"]);
/// table.row(&["Дети", "12"]);
/// table.row(&["Офис", "7"]);
/// let shown = "profile  visits\n\
///              Дети         12\n\
///              Офис          7\n";
/// assert_eq!(table.show(Screen::default()), shown);
/// ```
#[derive(Debug, Clone, Default)]
pub struct TextTable<'a> {
    columns: Vec<&'a str>,
    /// Row after row, as many in each as there are columns.
    cells: Vec<&'a str>,
}

/// The layout of a column.
struct ColumnLayout {
    width: usize,
    to_the_right: bool,
}

impl<'a> TextTable<'a> {
    /// A table without rows.
    pub fn new(columns: &[&'a str]) -> TextTable<'a> {
        TextTable {
            columns: columns.to_vec(),
            cells: Vec::new(),
        }
    }

    /// Adds a row. Cells that are missing are empty; those beyond the last
    /// column are left out.
    pub fn row(&mut self, cells: &[&'a str]) {
        let end = self.cells.len() + self.columns.len();
        self.cells.extend(cells);
        self.cells.resize(end, "");
    }

    /// The lines of the table, each with its line end. Where the screen has a
    /// width, the widest columns are cut until all fit.
    pub fn show(&self, screen: Screen) -> String {
        if self.cells.is_empty() {
            return format!("{NONE}\n");
        }
        let layout = self.layout(screen);
        let mut out = String::new();
        push_line(&mut out, &self.columns, &layout, screen);
        for row in self.cells.chunks(self.columns.len()) {
            push_line(&mut out, row, &layout, screen);
        }
        out
    }

    fn layout(&self, screen: Screen) -> Vec<ColumnLayout> {
        let mut layout: Vec<ColumnLayout> =
            (0..self.columns.len()).map(|n| self.column(n)).collect();
        if let Some(columns) = screen.width {
            fit(&mut layout, columns);
        }
        layout
    }

    fn column(&self, n: usize) -> ColumnLayout {
        let cells = || self.cells.iter().skip(n).step_by(self.columns.len());
        let widest = cells().map(|cell| width(cell)).max().unwrap_or(0);
        let mut filled = cells().filter(|cell| !cell.is_empty()).peekable();
        ColumnLayout {
            width: widest.max(width(self.columns[n])),
            to_the_right: filled.peek().is_some() && filled.all(|cell| is_number(cell)),
        }
    }
}

/// Narrows the widest columns to the greatest width at which all fit.
fn fit(layout: &mut [ColumnLayout], columns: usize) {
    let total = |limit: usize| -> usize {
        let widths = layout.iter().map(|column| column.width.min(limit) + GAP);
        widths.sum::<usize>().saturating_sub(GAP)
    };
    let fits = |limit: &usize| total(*limit) <= columns;
    let limit = (MIN_COLUMN..=columns)
        .rev()
        .find(fits)
        .unwrap_or(MIN_COLUMN);
    for column in layout {
        column.width = column.width.min(limit);
    }
}

fn push_line(out: &mut String, cells: &[&str], layout: &[ColumnLayout], screen: Screen) {
    let mut owed = 0;
    for (cell, column) in cells.iter().zip(layout) {
        let before = match column.to_the_right {
            true => column.width.saturating_sub(width(cell)),
            false => 0,
        };
        let mut took = 0;
        if !cell.is_empty() {
            spaces(out, owed + before);
            took = before + push_cut(out, cell, column.width, screen.mark());
            owed = 0;
        }
        owed += column.width.saturating_sub(took) + GAP;
    }
    out.push('\n');
}

pub(super) fn spaces(out: &mut String, count: usize) {
    out.extend(core::iter::repeat_n(' ', count));
}

/// Digits with a sign and a decimal point, perhaps.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    are_digits(whole) && are_digits(part)
}

/// `name: value` in a line each, the values one below the other. Nothing is
/// cut: a record may hold what is shown only once, such as a password.
///
/// ```
/// use wansync_core::text::table::record;
/// let shown = "login:    user1\n\
///              password: s3cret\n";
/// assert_eq!(record(&[("login", "user1"), ("password", "s3cret")]), shown);
/// ```
pub fn record(pairs: &[(&str, &str)]) -> String {
    if pairs.is_empty() {
        return format!("{NONE}\n");
    }
    let widest = pairs.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in pairs {
        out.push_str(&clean(name));
        out.push(':');
        if !value.is_empty() {
            spaces(&mut out, widest - width(name) + 1);
            out.push_str(&clean(value));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;

    fn screen(width: usize) -> Screen {
        Screen {
            width: Some(width),
            utf8: true,
        }
    }

    fn shown(columns: &[&str], rows: &[&[&str]], screen: Screen) -> Vec<String> {
        let mut table = TextTable::new(columns);
        for row in rows {
            table.row(row);
        }
        let shown = table.show(screen);
        assert!(shown.ends_with('\n'));
        shown.lines().map(str::to_owned).collect()
    }

    #[test]
    fn scripts_side_by_side() {
        let rows: &[&[&str]] = &[
            &["Фильмы", "5", "x"],
            &["東京", "1200", "y"],
            &["й = и\u{306}", "-3.5", "z"],
            &["\u{1b}[2J", "", "w"],
        ];
        let lines = shown(&["category", "visits", ""], rows, Screen::default());
        let expected = [
            "category   visits",
            "Фильмы          5  x",
            "東京         1200  y",
            "й = и\u{306}        -3.5  z",
            "\\u{1b}[2J          w",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn to_the_right_are_numbers_alone() {
        let table = [
            ("1", true),
            ("-1.5", true),
            ("00120", true),
            ("8.8.4.4", false),
            ("1.", false),
            (".5", false),
            ("-", false),
            ("2026-11-20", false),
            ("1 2", false),
            ("１", false),
        ];
        for (text, expected) in table {
            assert_eq!(is_number(text), expected, "{text}");
        }
    }

    #[test]
    fn the_widest_columns_give_way() {
        let long = "a very long comment on an address";
        let rows: &[&[&str]] = &[
            &["8.8.4.4", long, "12"],
            &["8.8.8.8", "東京東京東京東京", "7"],
        ];
        let columns = ["address", "comment", "n"];
        let lines = shown(&columns, rows, screen(24));
        let expected = [
            "address  comment       n",
            "8.8.4.4  a very lon…  12",
            "8.8.8.8  東京東京東…   7",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn nothing_is_cut_without_a_terminal() {
        let long = "x".repeat(1000);
        let lines = shown(&["a"], &[&[&long]], Screen::default());
        assert_eq!(lines[1], long);
    }

    #[test]
    fn too_many_columns_stay_readable() {
        let row = ["12345678"; 30];
        let lines = shown(&row, &[&row], screen(10));
        assert!(lines[1].starts_with("123…  123…"), "{lines:?}");
    }

    #[test]
    fn a_mark_of_one_s_own_where_utf_8_is_not_known() {
        let narrow = Screen {
            width: Some(5),
            utf8: false,
        };
        assert_eq!(shown(&["a"], &[&["abcdefgh"]], narrow)[1], "abcd~");
    }

    #[test]
    fn empty_tables_and_uneven_rows() {
        assert_eq!(shown(&["a", "b"], &[], screen(80)), ["none"]);
        assert_eq!(shown(&[], &[&["x"]], screen(80)), ["none"]);
        assert_eq!(shown(&["a", "b"], &[&[]], screen(80)), ["a  b", ""]);
        let lines = shown(&["a", "b"], &[&["1"], &["2", "3", "4"]], screen(80));
        assert_eq!(lines, ["a  b", "1", "2  3"]);
    }

    #[test]
    fn records() {
        let pairs = [("имя", "Дети"), ("comment\n", ""), ("名", "a\u{7}b")];
        let expected = "имя:      Дети\ncomment :\n名:       a\\u{7}b\n";
        assert_eq!(record(&pairs), expected);
        assert_eq!(record(&[]), "none\n");
    }
}
