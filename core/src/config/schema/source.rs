//! `option source`, and the options of each source.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::service::without_secrets;
use super::values::{device_name, network_names, path};
use crate::address::Family;
use crate::config::option_table::SOURCE_OPTIONS;
use crate::config::options::Options;
use crate::config::url::ServiceUrl;
use crate::config::{DEFAULT_WAN, Source};
use crate::reason;
use crate::reason::Code;

/// The source of a section's address.
pub(super) fn source(options: &mut Options<'_, '_>, family: Family) -> Option<Source> {
    let (name, line) = options.text("source").unwrap_or(("network", 0));
    let names = SOURCE_OPTIONS.map(|(source, _)| source);
    if names.contains(&name) {
        warn_unused(options, name);
    }
    match name {
        "network" => {
            let mut networks = network_names(options, "network");
            if networks.is_empty() {
                if options.line_of("network").is_some() {
                    return None;
                }
                networks.push(DEFAULT_WAN.to_owned());
            }
            Some(Source::Network(networks))
        }
        "interface" => device(options).map(Source::Interface),
        "web" => web(options).map(Source::Web),
        "command" => command(options),
        "static" => static_address(options, family).map(Source::Static),
        other => {
            options.bad_choice("source", line, other, &names);
            None
        }
    }
}

/// An option of another source does nothing, which its owner may not expect.
fn warn_unused(options: &mut Options<'_, '_>, source: &str) {
    for (used_by, own) in SOURCE_OPTIONS {
        for name in own.iter().filter(|_| used_by != source) {
            if let Some(line) = options.line_of(name) {
                let reason = reason!(
                    ConfigUselessWith,
                    option = *name,
                    other = "source",
                    value = source
                );
                options.warn(line, reason);
            }
        }
    }
}

fn device(options: &mut Options<'_, '_>) -> Option<String> {
    options.require_for_source("device", "interface");
    device_name(options, "device", "source 'network'")
}

fn web(options: &mut Options<'_, '_>) -> Option<Vec<ServiceUrl>> {
    let pages = options.list("url");
    if pages.is_empty() && options.line_of("url").is_none() {
        options.missing_option("url", Code::NeedUrl);
        return None;
    }
    let mut urls = Vec::with_capacity(pages.len());
    for (text, line) in pages {
        match ServiceUrl::new(text) {
            Ok(url) => urls.push(url),
            Err(why) => options.bad_value("url", line, without_secrets(text), why),
        }
    }
    (!urls.is_empty()).then_some(urls)
}

fn command(options: &mut Options<'_, '_>) -> Option<Source> {
    options.require_for_source("command", "command");
    let program = path(options, "command")?;
    let arguments = options.list("arg");
    Some(Source::Command {
        program,
        arguments: arguments
            .iter()
            .map(|(text, _)| (*text).to_owned())
            .collect(),
    })
}

fn static_address(options: &mut Options<'_, '_>, family: Family) -> Option<IpAddr> {
    let Some((text, line)) = options.text("address") else {
        options.require_for_source("address", "static");
        return None;
    };
    match text.parse::<IpAddr>() {
        Ok(address) if family.includes(address) => Some(address),
        Ok(_) => {
            let why = reason!(ValueOtherFamily, family = family);
            options.bad_value_for("address", line, text, why);
            None
        }
        Err(_) => {
            options.bad_value("address", line, text, Code::ValueNoAddress);
            None
        }
    }
}
