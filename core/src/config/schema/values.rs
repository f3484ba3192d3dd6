//! Values that options of several types of sections have.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::config::options::Options;
use crate::config::paste::{LOGIN_PREFIXES, PasteFault};
use crate::config::uci;

/// SkyDNS's own API.
pub const SKYDNS_URL: &str = "https://www.skydns.ru/provider_api/";
/// VPNKI's own API.
pub const VPNKI_URL: &str = "https://vpnki.com/index.php/en/";
/// The longest login or hostname, and the longest name of a section, which is
/// part of a file's name.
const MAX_TEXT_LENGTH: usize = 200;

/// The name of a section becomes part of a file's name.
pub(super) fn check_name(options: &mut Options<'_, '_>, section: &uci::Section<'_>) {
    if section.name.len() > MAX_TEXT_LENGTH {
        let text = format_args!("its name is longer than 200 bytes");
        options.error(section.line, text);
    }
}

pub(super) fn path(options: &mut Options<'_, '_>, name: &str) -> Option<String> {
    let (text, line) = options.text(name)?;
    if !text.starts_with('/') {
        options.bad_value(name, line, text, "is not an absolute path");
        return None;
    }
    Some(text.to_owned())
}

/// A text that is not longer than [`MAX_TEXT_LENGTH`].
pub(super) fn short_text(options: &mut Options<'_, '_>, name: &str) -> Option<String> {
    let (text, line) = options.text(name)?;
    not_too_long(options, name, text, line)
}

fn not_too_long(
    options: &mut Options<'_, '_>,
    name: &str,
    text: &str,
    line: u32,
) -> Option<String> {
    if text.len() > MAX_TEXT_LENGTH {
        options.bad_value(name, line, text, "is longer than 200 bytes");
        return None;
    }
    Some(text.to_owned())
}

/// A login at a service, without what stands around it and never belongs to it. What hardly
/// does is warned of.
pub(super) fn login(options: &mut Options<'_, '_>, name: &str) -> Option<String> {
    let (text, line) = options.trimmed_text(name)?;
    if text.is_empty() {
        options.error(line, format_args!("option '{name}' holds blanks only"));
        return None;
    }
    if let Some(fault) = PasteFault::find(text, &LOGIN_PREFIXES) {
        options.warn(line, format_args!("option '{name}' {fault}"));
    }
    not_too_long(options, name, text, line)
}

/// A name of a device, by the kernel's rule, and its limit of IFNAMSIZ - 1. `of_networks`
/// is the place for the name of a network.
pub(super) fn device_name(
    options: &mut Options<'_, '_>,
    name: &str,
    of_networks: &str,
) -> Option<String> {
    let (text, line) = options.text(name)?;
    let why = if let Some(network) = text.strip_prefix('@') {
        format!("is no device: it means the network '{network}', which belongs into {of_networks}")
    } else if let Some((device, _)) = text
        .split_once(':')
        .filter(|(device, _)| !device.is_empty())
    {
        format!("is the label of an address: the device is '{device}'")
    } else if text.len() > 15 || text.contains(['/', ' ', ':']) || text == "." || text == ".." {
        "is no name of a network device".to_owned()
    } else {
        return Some(text.to_owned());
    };
    options.bad_value(name, line, text, &why);
    None
}

/// A name of /etc/config/network.
pub(super) fn network_name(options: &mut Options<'_, '_>, name: &str) -> Option<String> {
    let (text, line) = options.text(name)?;
    checked_network(options, name, text, line)
}

/// Names of /etc/config/network.
pub(super) fn network_names(options: &mut Options<'_, '_>, name: &str) -> Vec<String> {
    let names = options.list(name).into_iter();
    names
        .filter_map(|(text, line)| checked_network(options, name, text, line))
        .collect()
}

fn checked_network(
    options: &mut Options<'_, '_>,
    name: &str,
    text: &str,
    line: u32,
) -> Option<String> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    if text.is_empty() || !text.bytes().all(is_name) {
        options.bad_value(
            name,
            line,
            text,
            "is no name of a network in /etc/config/network",
        );
        return None;
    }
    Some(text.to_owned())
}
