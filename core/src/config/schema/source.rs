//! `option source`, and the options of each source.

use alloc::borrow::ToOwned;
use alloc::format;
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
                options.warn(
                    line,
                    format_args!("option '{name}' does nothing with source '{source}'"),
                );
            }
        }
    }
}

fn device(options: &mut Options<'_, '_>) -> Option<String> {
    if options.line_of("device").is_none() {
        options.missing_option("device", ": source 'interface' needs it");
    }
    device_name(options, "device", "source 'network'")
}

fn web(options: &mut Options<'_, '_>) -> Option<Vec<ServiceUrl>> {
    let pages = options.list("url");
    if pages.is_empty() && options.line_of("url").is_none() {
        options.missing_option(
            "url",
            ": source 'web' needs one or more (list url 'https://…')",
        );
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
    if options.line_of("command").is_none() {
        options.missing_option("command", ": source 'command' needs it");
    }
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
        if options.line_of("address").is_none() {
            options.missing_option("address", ": source 'static' needs it");
        }
        return None;
    };
    match text.parse::<IpAddr>() {
        Ok(address) if family.includes(address) => Some(address),
        Ok(_) => {
            let why = format!("is not an {family} address, which 'family' asks for");
            options.bad_value("address", line, text, &why);
            None
        }
        Err(_) => {
            options.bad_value("address", line, text, "is not an address");
            None
        }
    }
}
