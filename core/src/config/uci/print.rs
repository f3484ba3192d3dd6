//! A package in the words of `uci show` and `uci export`.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::{Package, Section, Value};

/// The names that `uci show` has for an unnamed section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    /// `@type[index]`, as `uci show` does.
    Indexed,
    /// `cfgNNhhhh`, as `uci -X show` does.
    Generated,
}

/// The output of `uci show` for the package `name`.
pub fn show(package: &Package<'_>, name: &str, unnamed: Unnamed) -> Vec<u8> {
    let mut out = Vec::new();
    let mut seen = BTreeMap::new();
    for section in &package.sections {
        let index = seen.entry(section.kind.as_ref()).or_insert(0_usize);
        let path = match unnamed {
            Unnamed::Indexed if section.anonymous => {
                format!("{name}.@{}[{index}]", section.kind)
            }
            _ => format!("{name}.{}", section.name),
        };
        *index += 1;
        show_section(&mut out, &path, section);
    }
    out
}

fn show_section(out: &mut Vec<u8>, path: &str, section: &Section<'_>) {
    out.extend(format!("{path}={}\n", section.kind).bytes());
    for entry in &section.options {
        out.extend(format!("{path}.{}=", entry.name).bytes());
        for (index, value) in values(&entry.value).enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            quote(out, value);
        }
        out.push(b'\n');
    }
}

/// The output of `uci export` for the package `name`, except that a type is
/// quoted where it must be: `uci` prints it as it is, and cannot read it again.
pub fn export(package: &Package<'_>, name: &str) -> Vec<u8> {
    let mut out = format!("package {name}\n").into_bytes();
    for section in &package.sections {
        out.extend(b"\nconfig ");
        export_kind(&mut out, &section.kind);
        if !section.anonymous {
            out.extend(format!(" '{}'", section.name).bytes());
        }
        out.push(b'\n');
        export_options(&mut out, section);
    }
    out.push(b'\n');
    out
}

fn export_kind(out: &mut Vec<u8>, kind: &str) {
    let plain = |byte| !b"#;'\"\\".contains(&byte);
    if kind.bytes().all(plain) {
        out.extend(kind.bytes());
    } else {
        quote(out, kind.as_bytes());
    }
}

fn export_options(out: &mut Vec<u8>, section: &Section<'_>) {
    for entry in &section.options {
        let keyword = match entry.value {
            Value::One(_) => "option",
            Value::List(_) => "list",
        };
        for value in values(&entry.value) {
            out.extend(format!("\t{keyword} {} ", entry.name).bytes());
            quote(out, value);
            out.push(b'\n');
        }
    }
}

fn values<'v>(value: &'v Value<'_>) -> impl Iterator<Item = &'v [u8]> {
    let (one, list) = match value {
        Value::One(one) => (Some(one.as_ref()), [].as_slice()),
        Value::List(items) => (None, items.as_slice()),
    };
    one.into_iter()
        .chain(list.iter().map(|item| item.0.as_ref()))
}

/// In single quotes, where only the single quote needs care: `'it'\''s'`.
fn quote(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'\'');
    for &byte in value {
        match byte {
            b'\'' => out.extend(br"'\''"),
            _ => out.push(byte),
        }
    }
    out.push(b'\'');
}
