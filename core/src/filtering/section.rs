//! A section of `/etc/config/dhcp`, read as OpenWrt's scripts read it, and the commands
//! that change it.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::MAX_NAMED;
use crate::config::uci::{Package, Section, Value};

/// One section of the file.
#[derive(Clone, Copy)]
pub(super) struct DhcpSection<'a> {
    package: &'a Package<'a>,
    section: &'a Section<'a>,
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
    pub(super) fn all(package: &'a Package<'a>) -> impl Iterator<Item = DhcpSection<'a>> {
        let is_word =
            |section: &&Section<'_>| section.kind.bytes().all(|b| b.is_ascii_alphanumeric());
        let sections = package.sections.iter().filter(is_word);
        sections.map(move |section| DhcpSection { package, section })
    }

    pub(super) fn is_a(self, kind: &str) -> bool {
        self.section.kind == kind
    }

    /// The section's own name, if it has one.
    pub(super) fn name(self) -> Option<&'a str> {
        (!self.section.anonymous).then_some(&*self.section.name)
    }

    pub(super) fn values(self, option: &str) -> Values<'a> {
        let text = |bytes: &'a [u8]| String::from_utf8_lossy(bytes);
        let mut options = self.section.options.iter();
        match options
            .find(|entry| entry.name == option)
            .map(|entry| &entry.value)
        {
            None => Values::default(),
            Some(Value::List(items)) => Values {
                is_list: true,
                items: items.iter().map(|(item, _)| text(item)).collect(),
            },
            Some(Value::One(value)) => {
                let mut items = Vec::new();
                for word in value.split(u8::is_ascii_whitespace) {
                    if !word.is_empty() {
                        items.push(text(word));
                    }
                }
                Values {
                    is_list: false,
                    items,
                }
            }
        }
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

    /// The name by which `uci` finds the section.
    pub(super) fn reference(self) -> String {
        match self.name() {
            Some(name) => name.to_string(),
            None => {
                let of_kind = self.package.sections.iter();
                let mut of_kind = of_kind.filter(|other| self.is_a(&other.kind));
                let index = of_kind.position(|other| core::ptr::eq(other, self.section));
                format!("@{}[{}]", self.section.kind, index.unwrap_or_default())
            }
        }
    }

    /// `uci VERB dhcp.SECTION.OPTION='VALUE'`, for a shell.
    pub(super) fn change(self, verb: &str, option: &str, value: &str) -> String {
        format!("uci {verb} dhcp.{}.{option}='{value}'", self.reference())
    }

    /// The commands that take these items out of a list, and whether they take all of it:
    /// more than a few, or one that a shell would not take as it stands, go with the rest.
    pub(super) fn remove(
        self,
        option: &str,
        values: &Values<'_>,
        items: &[&str],
    ) -> (Vec<String>, bool) {
        let is_plain = |item: &&str| {
            let is_plain = |byte: u8| (byte.is_ascii_graphic() && byte != b'\'') || byte == b' ';
            item.bytes().all(is_plain)
        };
        let is_whole = !values.is_list || items.len() > MAX_NAMED || !items.iter().all(is_plain);
        let lines = match is_whole {
            true => vec![format!("uci delete dhcp.{}.{option}", self.reference())],
            false => {
                let lines = items
                    .iter()
                    .map(|item| self.change("del_list", option, item));
                lines.collect()
            }
        };
        (lines, is_whole)
    }
}
