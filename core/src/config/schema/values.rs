//! Values that options of several types of sections have.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crate::config::options::Options;
use crate::config::paste::{LOGIN_PREFIXES, PasteFault};
use crate::config::uci;
use crate::reason;
use crate::reason::{Code, Reason};

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
        options.error(section.line, reason!(ConfigLongName));
    }
}

pub(super) fn path(options: &mut Options<'_, '_>, name: &str) -> Option<String> {
    let (text, line) = options.text(name)?;
    if !text.starts_with('/') {
        options.bad_value(name, line, text, Code::ValueRelativePath);
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
        options.bad_value(name, line, text, Code::ValueLong);
        return None;
    }
    Some(text.to_owned())
}

/// A login at a service, without what stands around it and never belongs to it. What hardly
/// does is warned of.
pub(super) fn login(options: &mut Options<'_, '_>, name: &str) -> Option<String> {
    let (text, line) = options.trimmed_text(name)?;
    if text.is_empty() {
        options.bad_option(name, line, Code::ValueBlanks);
        return None;
    }
    if let Some(fault) = PasteFault::find(text, &LOGIN_PREFIXES) {
        warn_of_paste(options, name, line, &fault);
    }
    not_too_long(options, name, text, line)
}

/// Warns of a part of a key or a login that hardly belongs to it.
pub(super) fn warn_of_paste(
    options: &mut Options<'_, '_>,
    name: &str,
    line: u32,
    fault: &PasteFault,
) {
    let cause = Reason::from(fault);
    options.warn(line, reason!(ConfigBadOption, option = name, cause = cause));
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
        reason!(ValueNetworkAsDevice, network = network, other = of_networks)
    } else if let Some((device, _)) = text
        .split_once(':')
        .filter(|(device, _)| !device.is_empty())
    {
        reason!(ValueAddressLabel, device = device)
    } else if text.len() > 15 || text.contains(['/', ' ', ':']) || text == "." || text == ".." {
        reason!(ValueNoDevice)
    } else {
        return Some(text.to_owned());
    };
    options.bad_value_for(name, line, text, why);
    None
}

/// A number of a range.
pub(super) fn number(
    options: &mut Options<'_, '_>,
    name: &str,
    allowed: RangeInclusive<u32>,
    default: u32,
) -> u32 {
    let Some((text, line)) = options.text(name) else {
        return default;
    };
    match text.parse() {
        Ok(number) if allowed.contains(&number) => number,
        _ => {
            let (min, max) = (*allowed.start(), *allowed.end());
            let why = reason!(ValueNotInRange, min = min, max = max);
            options.bad_value_for(name, line, text, why);
            default
        }
    }
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
        options.bad_value(name, line, text, Code::ValueNoNetwork);
        return None;
    }
    Some(text.to_owned())
}
