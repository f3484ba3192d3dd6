//! Writing: a line for each row.

use alloc::borrow::Cow;
use alloc::string::String;

/// Appends a line, `\n` at its end, with these cells, which `delimiter` parts.
///
/// A cell stands in quotes if a reader could take it for something else: with a delimiter, a
/// quote or a line end in it, or a blank at its beginning or end. A line that would be
/// empty is `""`, since readers pass over empty lines. Nothing is changed in a cell that
/// a spreadsheet takes for a formula: what is read again must be what was there.
///
/// ```
/// use wansync_core::csv::write::push_line;
///
/// let mut out = String::new();
/// push_line(&mut out, &["address".into(), "comment".into()], ',');
/// push_line(&mut out, &["8.8.4.4".into(), "Дом 1, \"back\"".into()], ',');
/// assert_eq!(out, "address,comment\n8.8.4.4,\"Дом 1, \"\"back\"\"\"\n");
/// ```
pub fn push_line(out: &mut String, cells: &[Cow<'_, str>], delimiter: char) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(delimiter);
        }
        match needs_quotes(cell, delimiter) || (cells.len() == 1 && cell.is_empty()) {
            true => push_quoted(out, cell),
            false => out.push_str(cell),
        }
    }
    out.push('\n');
}

fn needs_quotes(cell: &str, delimiter: char) -> bool {
    let blanks = [' ', '\t'];
    cell.contains([delimiter, '"', '\r', '\n'])
        || cell.starts_with(blanks)
        || cell.ends_with(blanks)
}

fn push_quoted(out: &mut String, cell: &str) {
    out.push('"');
    for (at, part) in cell.split('"').enumerate() {
        if at > 0 {
            out.push_str("\"\"");
        }
        out.push_str(part);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_stand_in_quotes() {
        let table: [(&[&str], &str); 14] = [
            (&["a", "", "b"], "a,,b\n"),
            (&[""], "\"\"\n"),
            (&["", ""], ",\n"),
            (&[], "\n"),
            (&["a,b"], "\"a,b\"\n"),
            (&["a\"b", "\""], "\"a\"\"b\",\"\"\"\"\n"),
            (&["a\nb", "c"], "\"a\nb\",c\n"),
            (&["a\rb"], "\"a\rb\"\n"),
            (&["a\r\n"], "\"a\r\n\"\n"),
            (&[" a", "b ", "c d"], "\" a\",\"b \",c d\n"),
            (&["\ta", " "], "\"\ta\",\" \"\n"),
            (&["=1+2", "+7", "-3", "@x"], "=1+2,+7,-3,@x\n"),
            (&["a;b", "'c'", "#"], "a;b,'c',#\n"),
            (&["Дом «1»", "東京"], "Дом «1»,東京\n"),
        ];
        for (cells, expected) in table {
            let cells: Vec<Cow<'_, str>> = cells.iter().map(|cell| Cow::Borrowed(*cell)).collect();
            let mut out = String::new();
            push_line(&mut out, &cells, ',');
            assert_eq!(out, expected);
        }
    }
}
