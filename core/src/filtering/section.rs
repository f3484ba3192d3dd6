//! A section of `/etc/config/dhcp`, read as OpenWrt's scripts read it, and the commands
//! that change it.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{MAX_NAMED, MAX_PUT_BACK};
use crate::config::uci::{Package, Section, Value};

/// One section of the file.
#[derive(Clone, Copy)]
pub(super) struct DhcpSection<'a> {
    section: &'a Section<'a>,
    /// Its place among those of its type.
    index: usize,
}

/// The values of an option: the items of a list, or the words of a plain option.
#[derive(Default)]
pub(super) struct Values<'a> {
    pub(super) is_list: bool,
    pub(super) items: Vec<Cow<'a, str>>,
}

impl<'a> DhcpSection<'a> {
    /// The sections of the file, but those whose type no shell would take as it stands; it
    /// is none that a script reads.
    pub(super) fn all(package: &'a Package<'a>) -> Vec<DhcpSection<'a>> {
        let mut all = Vec::new();
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for section in &package.sections {
            if !section.kind.bytes().all(|b| b.is_ascii_alphanumeric()) {
                continue;
            }
            let count = counts.iter_mut().find(|(kind, _)| *kind == section.kind);
            let index = match count {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    counts.push((&section.kind, 0));
                    0
                }
            };
            all.push(DhcpSection { section, index });
        }
        all
    }

    pub(super) fn is_a(self, kind: &str) -> bool {
        self.section.kind == kind
    }

    /// The section's own name, if it has one.
    pub(super) fn name(self) -> Option<&'a str> {
        (!self.section.anonymous).then_some(&*self.section.name)
    }

    pub(super) fn values(self, option: &str) -> Values<'a> {
        let mut values = Values::default();
        match self.section.entry(option).map(|entry| &entry.value) {
            Some(Value::List(items)) => {
                values.is_list = true;
                for (item, _) in items {
                    values.items.push(String::from_utf8_lossy(item));
                }
            }
            Some(Value::One(value)) => {
                for word in value.split(u8::is_ascii_whitespace) {
                    if !word.is_empty() {
                        values.items.push(String::from_utf8_lossy(word));
                    }
                }
            }
            None => {}
        }
        values
    }

    /// The value of a plain option.
    pub(super) fn text(self, option: &str) -> Cow<'a, str> {
        let mut values = self.values(option);
        match values.is_list {
            false => values.items.pop().unwrap_or_default(),
            true => Cow::default(),
        }
    }

    /// As `config_get_bool` has it.
    pub(super) fn flag(self, option: &str) -> bool {
        matches!(&*self.text(option), "1" | "on" | "true" | "yes" | "enabled")
    }

    /// True if an option that is on by default is not.
    pub(super) fn is_off(self, option: &str) -> bool {
        matches!(
            &*self.text(option),
            "0" | "off" | "false" | "no" | "disabled"
        )
    }

    /// The name by which `uci` finds the section.
    pub(super) fn reference(self) -> String {
        match self.name() {
            Some(name) => name.to_string(),
            None => format!("@{}[{}]", self.section.kind, self.index),
        }
    }

    /// `uci VERB dhcp.SECTION.OPTION='VALUE'`, for a shell.
    pub(super) fn change(self, verb: &str, option: &str, value: &str) -> String {
        let value = value.replace('\'', "'\\''");
        format!("uci {verb} dhcp.{}.{option}='{value}'", self.reference())
    }

    /// `uci delete dhcp.SECTION.OPTION`
    pub(super) fn delete(self, option: &str) -> String {
        format!("uci delete dhcp.{}.{option}", self.reference())
    }

    /// Appends the commands that take these items out of a list; false if they take all of
    /// it, because the rest is too much to be put back, or cannot be typed.
    pub(super) fn remove(
        self,
        option: &str,
        values: &Values<'_>,
        items: &[&str],
        mends: &mut Vec<String>,
    ) -> bool {
        let is_plain = |byte: u8| (byte.is_ascii_graphic() && byte != b'\'') || byte == b' ';
        if values.is_list
            && items.len() <= MAX_NAMED
            && items.iter().all(|item| item.bytes().all(is_plain))
        {
            for (at, item) in items.iter().enumerate() {
                // One takes out all that are the same.
                if !items[..at].contains(item) {
                    mends.push(self.change("del_list", option, item));
                }
            }
            return true;
        }
        mends.push(self.delete(option));
        let rest = values.items.iter().map(|item| &**item);
        let rest: Vec<&str> = rest.filter(|item| !items.contains(item)).collect();
        if rest.len() > MAX_PUT_BACK || rest.iter().any(|item| item.contains(char::is_control)) {
            return false;
        }
        for item in rest {
            mends.push(self.change("add_list", option, item));
        }
        true
    }
}
