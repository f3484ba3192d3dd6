//! The figures as an aligned table for people, and as JSON for programs.

use serde_json::{Value, json};

/// All that was measured.
pub struct Report {
    heading: Vec<String>,
    parts: Vec<Part>,
}

/// One table: a row for each figure, a column for each case.
pub struct Part {
    title: &'static str,
    columns: Vec<String>,
    rows: Vec<Row>,
    missing: Vec<String>,
}

/// One figure in every case.
struct Row {
    label: &'static str,
    unit: Unit,
    cells: Vec<Option<f64>>,
    to_reach: &'static str,
    method: &'static str,
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Micros,
    Millis,
    Kib,
    Times,
}

impl Report {
    pub fn new(heading: Vec<String>) -> Report {
        let parts = Vec::new();
        Report { heading, parts }
    }

    pub fn print_heading(&self) {
        for line in &self.heading {
            println!("{line}");
        }
    }

    /// Prints the part, and keeps it.
    pub fn add(&mut self, part: Part) {
        print!("\n{}", part.to_text());
        self.parts.push(part);
    }

    /// True if nothing failed to be measured.
    pub fn is_complete(&self) -> bool {
        self.parts.iter().all(|part| part.missing.is_empty())
    }

    pub fn to_json(&self) -> Value {
        let parts: Vec<_> = self.parts.iter().map(Part::to_json).collect();
        json!({ "heading": self.heading, "parts": parts })
    }
}

impl Part {
    pub fn new(title: &'static str, columns: impl IntoIterator<Item = String>) -> Part {
        Part {
            title,
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// A row whose figure has nothing to reach.
    pub fn row(
        &mut self,
        label: &'static str,
        unit: Unit,
        cells: Vec<Option<f64>>,
        method: &'static str,
    ) {
        self.rows.push(Row {
            label,
            unit,
            cells,
            to_reach: "",
            method,
        });
    }

    /// Sets the figure that the last row should reach.
    pub fn aim(&mut self, text: &'static str) {
        if let Some(row) = self.rows.last_mut() {
            row.to_reach = text;
        }
    }

    /// The value, or a note that it could not be measured.
    pub fn keep<T>(&mut self, what: &str, result: Result<T, String>) -> Option<T> {
        result
            .map_err(|error| self.missing.push(format!("{what}: {error}")))
            .ok()
    }

    fn to_text(&self) -> String {
        let mut lines = vec![self.head()];
        lines.extend(self.rows.iter().map(Row::texts));
        let mut text = format!("{}\n{}", self.title, aligned(&lines));
        for row in self.rows.iter().filter(|row| !row.method.is_empty()) {
            text += &format!("  {}: {}\n", row.label, row.method);
        }
        for missing in &self.missing {
            text += &format!("  not measured: {missing}\n");
        }
        text
    }

    fn head(&self) -> Vec<String> {
        let mut head = vec![String::new()];
        head.extend(self.columns.iter().cloned());
        if self.rows.iter().any(|row| !row.to_reach.is_empty()) {
            head.push("to reach".to_owned());
        }
        head
    }

    fn to_json(&self) -> Value {
        let rows: Vec<_> = self.rows.iter().map(Row::to_json).collect();
        json!({
            "title": self.title,
            "columns": self.columns,
            "rows": rows,
            "not_measured": self.missing,
        })
    }
}

impl Row {
    fn texts(&self) -> Vec<String> {
        let mut texts = vec![self.label.to_owned()];
        texts.extend(self.cells.iter().map(|cell| match cell {
            Some(value) => self.unit.text(*value),
            None => "-".to_owned(),
        }));
        texts.push(self.to_reach.to_owned());
        texts
    }

    fn to_json(&self) -> Value {
        json!({
            "figure": self.label,
            "unit": self.unit.name(),
            "values": self.cells,
            "to_reach": self.to_reach,
            "method": self.method,
        })
    }
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Unit::Count => grouped(value),
            Unit::Micros => format!("{} us", grouped(value)),
            Unit::Millis => format!("{value:.2} ms"),
            Unit::Kib => format!("{} KiB", grouped(value)),
            Unit::Times => format!("{value:.2} x"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Micros => "us",
            Unit::Millis => "ms",
            Unit::Kib => "KiB",
            Unit::Times => "times",
        }
    }
}

/// The first column to the left, the last (what to reach) too, the rest to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let texts = lines.iter().filter_map(|line| line.get(column));
        texts.map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut all = String::new();
    for line in lines {
        let mut text = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            text += &match column {
                0 => format!("  {cell:<width$}"),
                _ if column + 1 == columns => format!("   {cell}"),
                _ => format!("  {cell:>width$}"),
            };
        }
        all += text.trim_end();
        all.push('\n');
    }
    all
}

/// A whole number with its thousands apart.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        text.insert(0, '-');
    }
    text
}

/// The values of one field, a column each.
pub fn column<T, V: Into<Option<f64>>>(
    of: &[Option<T>],
    value: impl Fn(&T) -> V,
) -> Vec<Option<f64>> {
    let value = |cell: &Option<T>| value(cell.as_ref()?).into();
    of.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let cases = [
            (0.0, "0"),
            (999.0, "999"),
            (1000.4, "1,000"),
            (1234567.0, "1,234,567"),
            (-1234.0, "-1,234"),
        ];
        for (value, text) in cases {
            assert_eq!(grouped(value), text);
        }
    }

    #[test]
    fn a_figure_that_is_missing_is_named() {
        let mut part = Part::new("an idle pass", ["static".to_owned(), "network".to_owned()]);
        let missing = part.keep("network", Err::<f64, _>("no ubus".to_owned()));
        part.row("processes", Unit::Count, vec![Some(0.0), missing], "ptrace");
        part.aim("0");
        assert_eq!(
            part.to_text(),
            "an idle pass\n             static  network   to reach\n  processes       0        -   0\n  \
             processes: ptrace\n  not measured: network: no ubus\n"
        );
    }
}
