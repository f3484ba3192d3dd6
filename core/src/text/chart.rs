//! Numbers over time, as a table with bars.
//!
//! All bars of a chart have one scale, so that the blocks of an hour can be
//! compared with its requests.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::Screen;
use super::table::{GAP, TextTable};
use super::width::width;

/// The longest bar, in columns.
const MAX_BAR: usize = 30;
/// The bar below which there is none: it would say nothing.
const MIN_BAR: usize = 4;
/// The width that is assumed where there is no terminal.
const DEFAULT_WIDTH: usize = 80;
/// One to eight eighths of a block, from the left (Unicode Block Elements).
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// A series of counts over the labels of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series<'a> {
    /// The name of it: `Requests`.
    pub label: &'a str,
    /// A count for each label of the chart.
    pub values: &'a [u64],
}

/// A report (`get_activity_report`) as a table: a row for each label, and for
/// each series its value and a bar. Values beyond the labels get rows too, and
/// a label without a value stays without one.
///
/// ```
/// use wansync_core::text::{Screen, chart::{Series, chart}};
/// let requests = Series { label: "Requests", values: &[375, 250] };
/// let screen = Screen { width: Some(28), utf8: true };
/// let shown = "       Requests\n\
///              14:00       375  ███████████\n\
///              15:00       250  ███████▎\n";
/// assert_eq!(chart(&["14:00", "15:00"], &[requests], screen), shown);
/// ```
pub fn chart(labels: &[&str], series: &[Series<'_>], screen: Screen) -> String {
    let longest = series.iter().map(|s| s.values.len()).max();
    let rows = longest.unwrap_or(0).max(labels.len());
    let scale = Scale::new(labels, series, screen);
    let mut cells = Vec::new();
    for row in 0..rows {
        for value in series.iter().map(|s| s.values.get(row)) {
            cells.push(value.map(u64::to_string).unwrap_or_default());
            cells.push(value.map(|n| scale.bar(*n)).unwrap_or_default());
        }
    }
    let mut header = vec![""];
    for series in series {
        header.extend([series.label, ""]);
    }
    let mut table = TextTable::new(&header);
    for row in 0..rows {
        let mut line = vec![labels.get(row).copied().unwrap_or_default()];
        for cell in &cells[row * 2 * series.len()..][..2 * series.len()] {
            line.push(cell);
        }
        table.row(&line);
    }
    table.show(screen)
}

/// The scale of the bars.
struct Scale {
    greatest: u64,
    /// The longest bar; 0 where there is no room for bars.
    columns: usize,
    utf8: bool,
}

impl Scale {
    /// The bars share what the labels and the numbers leave of the width.
    fn new(labels: &[&str], series: &[Series<'_>], screen: Screen) -> Scale {
        let label = labels.iter().map(|label| width(label)).max().unwrap_or(0);
        let numbers = series.iter().map(|s| {
            let value = s.values.iter().max().copied().unwrap_or(0);
            width(s.label).max(value.to_string().len()) + 2 * GAP
        });
        let left = screen.width.unwrap_or(DEFAULT_WIDTH);
        let left = left.saturating_sub(label + numbers.sum::<usize>());
        let columns = (left / series.len().max(1)).min(MAX_BAR);
        Scale {
            greatest: series
                .iter()
                .flat_map(|s| s.values)
                .max()
                .copied()
                .unwrap_or(0),
            columns: if columns < MIN_BAR { 0 } else { columns },
            utf8: screen.utf8,
        }
    }

    /// The bar for a value. Only nothing has no bar.
    fn bar(&self, value: u64) -> String {
        if value == 0 || self.columns == 0 {
            return String::new();
        }
        // The product below must not overflow; a bar has no more than 240 eighths.
        let shift = if self.greatest >> 56 > 0 { 8 } else { 0 };
        let whole = 8 * self.columns as u64;
        let eighths = (value >> shift) * whole / (self.greatest >> shift);
        let eighths = eighths.max(1) as usize;
        if !self.utf8 {
            return "#".repeat(((eighths + 4) / 8).max(1));
        }
        let mut bar = "█".repeat(eighths / 8);
        if let Some(rest) = (eighths % 8).checked_sub(1) {
            bar.push(EIGHTHS[rest]);
        }
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: Option<usize>, utf8: bool) -> Screen {
        Screen { width, utf8 }
    }

    fn scale(greatest: u64, columns: usize, utf8: bool) -> Scale {
        Scale {
            greatest,
            columns,
            utf8,
        }
    }

    #[test]
    fn bars_in_eighths() {
        let table = [
            (0, ""),
            (1, "▏"),
            (10, "▏"),
            (40, "▌"),
            (80, "█"),
            (90, "█▏"),
            (799, "█████████▉"),
            (800, "██████████"),
        ];
        for (value, bar) in table {
            assert_eq!(scale(800, 10, true).bar(value), bar, "{value}");
        }
    }

    #[test]
    fn bars_of_hashes() {
        for (value, bar) in [(0, ""), (1, "#"), (120, "##"), (800, "##########")] {
            assert_eq!(scale(800, 10, false).bar(value), bar, "{value}");
        }
    }

    #[test]
    fn no_number_is_too_great() {
        for greatest in [1, 1 << 55, 1 << 56, u64::MAX - 1, u64::MAX] {
            let scale = scale(greatest, MAX_BAR, true);
            assert_eq!(scale.bar(greatest), "█".repeat(MAX_BAR), "{greatest}");
            assert!(width(&scale.bar(greatest / 2)) <= MAX_BAR / 2);
        }
    }

    #[test]
    fn the_report_of_the_service_s_document() {
        let labels = ["2016-06-29 14:00:00", "2016-06-29 15:00:00"];
        let series = [
            Series {
                label: "Requests",
                values: &[375, 275],
            },
            Series {
                label: "Blocks",
                values: &[13, 0],
            },
        ];
        let expected = [
            "                     Requests                       Blocks",
            "2016-06-29 14:00:00       375  ###################      13  #",
            "2016-06-29 15:00:00       275  ##############            0",
        ];
        let shown = chart(&labels, &series, screen(None, false));
        assert_eq!(shown, expected.join("\n") + "\n");
        for line in chart(&labels, &series, screen(Some(60), true)).lines() {
            assert!(width(line) <= 60, "{line}");
        }
    }

    #[test]
    fn uneven_and_empty_reports() {
        let series = |values| Series { label: "n", values };
        let plain = screen(Some(20), false);
        assert_eq!(chart(&[], &[], plain), "none\n");
        assert_eq!(chart(&["a"], &[], plain), "\na\n");
        assert_eq!(chart(&["a"], &[series(&[])], plain), "   n\na\n");
        assert_eq!(chart(&["a"], &[series(&[0])], plain), "   n\na  0\n");
        let longer = chart(&["a"], &[series(&[2, 1])], plain);
        assert_eq!(longer, "   n\na  2  ##############\n   1  #######\n");
    }

    #[test]
    fn no_bars_without_room() {
        let series = [Series {
            label: "Requests",
            values: &[5],
        }];
        let shown = chart(&["2016-06-29"], &series, screen(Some(24), true));
        assert_eq!(shown, "            Requests\n2016-06-29         5\n");
    }
}
