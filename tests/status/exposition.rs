//! A strict reader of Prometheus's text exposition format, from its
//! specification, with the rules of `promtool check metrics` and of the naming
//! guide (<https://prometheus.io/docs/practices/naming/>).

use std::collections::{BTreeMap, BTreeSet};

/// The samples of a valid text, by name and labels as they are written.
pub type Samples = BTreeMap<(String, Vec<(String, String)>), f64>;

/// Reads a text.
#[track_caller]
pub fn read(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "the last line has no end");
    assert!(!text.contains('\r'), "a line ends in CR");
    let mut samples = Samples::new();
    let mut families: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = meta(line, "HELP");
        assert!(!help.is_empty() && help.ends_with('.'), "{line}");
        assert!(!help.contains('\\'), "{line}");
        lint(name);
        let type_line = lines.next().expect("a TYPE");
        let (typed, kind) = meta(type_line, "TYPE");
        assert_eq!((typed, kind), (name, "gauge"), "{type_line}");
        let labels = families.entry(name.to_owned()).or_default();
        assert!(labels.is_empty(), "{name} stands in two places");
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (sample, value) = sample(line);
            assert_eq!(sample.0, name, "a sample below another's TYPE");
            labels.insert(sample.1.iter().map(|(label, _)| label.clone()).collect());
            assert!(samples.insert(sample, value).is_none(), "twice: {line}");
        }
        assert_eq!(labels.len(), 1, "{name}: the labels differ: {labels:?}");
    }
    samples
}

fn meta<'a>(line: &'a str, keyword: &str) -> (&'a str, &'a str) {
    let rest = line.strip_prefix(&format!("# {keyword} "));
    let rest = rest.unwrap_or_else(|| panic!("no {keyword}: {line}"));
    rest.split_once(' ').unwrap_or_else(|| panic!("{line}"))
}

fn lint(name: &str) {
    assert!(name.starts_with("wansync_"), "{name}");
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    assert!(name.bytes().all(good), "{name}");
    for suffix in ["_total", "_count", "_sum", "_bucket"] {
        assert!(!name.ends_with(suffix), "{name}, which is a gauge");
    }
    let odd = [
        "gauge",
        "counter",
        "ms",
        "msec",
        "millis",
        "milliseconds",
        "sec",
        "s",
        "min",
        "minutes",
        "hours",
        "days",
        "kb",
        "kilobytes",
    ];
    assert!(!name.split('_').any(|part| odd.contains(&part)), "{name}");
}

type Sample = ((String, Vec<(String, String)>), f64);

/// `name{label="value",…} number`, without a time.
fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        None => (Vec::new(), rest),
        Some(rest) => labels(rest),
    };
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
    let plain = |b: u8| b.is_ascii_digit() || b"-.".contains(&b);
    assert!(value.bytes().all(plain), "{line}");
    let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
    ((name.to_owned(), labels), value)
}

fn labels(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut labels: Vec<(String, String)> = Vec::new();
    loop {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{rest}"));
        let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        assert!(
            first && name.bytes().all(good) && !name.starts_with("__"),
            "{name}"
        );
        assert!(
            labels.iter().all(|(other, _)| other != name),
            "{name} twice"
        );
        let (value, after) = quoted(after);
        labels.push((name.to_owned(), value));
        match after.split_at(1) {
            (",", more) => rest = more,
            ("}", more) => return (labels, more),
            _ => panic!("{after}"),
        }
    }
}

/// A label's value up to its quote, and what stands behind.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                other => panic!("{other:?} is escaped in {text}"),
            },
            c => value.push(c),
        }
    }
    panic!("no end: {text}");
}

#[test]
fn what_is_no_exposition_is_found() {
    let head = "# HELP wansync_x A help.\n# TYPE wansync_x gauge\n";
    read(&format!("{head}wansync_x{{a=\"\\\\\\\"\\n\"}} 1.5\n"));
    for bad in [
        "wansync_x 1",
        "wansync_y 1\n",
        "wansync_x 1\nwansync_x 1\n",
        "wansync_x{a=\"1\"} 1\nwansync_x 1\n",
        "wansync_x{a=\"1\",a=\"2\"} 1\n",
        "wansync_x{a=\"1\" 1\n",
        "wansync_x{a=\"\\t\"} 1\n",
        "wansync_x{A=\"1\"} 1\n",
        "wansync_x  1\n",
        "wansync_x one\n",
        "wansync_x 1 1700000000\n",
        "wansync_x 1\r\n",
        "\n",
        "",
        "wansync_x 1\n# HELP wansync_x A help.\n# TYPE wansync_x gauge\nwansync_x{b=\"\"} 1\n",
    ] {
        let text = format!("{head}{bad}");
        assert!(std::panic::catch_unwind(|| read(&text)).is_err(), "{bad:?}");
    }
    for name in [
        "x",
        "wansync_X",
        "wansync_a:b",
        "wansync_a_total",
        "wansync_ping_ms",
    ] {
        let text = head.replace("wansync_x", name);
        let text = format!("{text}{name} 1\n");
        assert!(std::panic::catch_unwind(|| read(&text)).is_err(), "{name}");
    }
}
