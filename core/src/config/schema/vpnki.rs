//! `config vpnki`: an account at VPNKI.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::service::{base_url, key, transport};
use super::values::{VPNKI_URL, check_name, network_name};
use crate::config::option_table;
use crate::config::options::Options;
use crate::config::problem::Problem;
use crate::config::uci::Section;
use crate::config::url::ServiceUrl;
use crate::config::{Content, Vpnki};
use crate::reason::Code;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(2 * 60);

/// Every option is read even after an error, so that all problems are reported at once.
pub(super) fn vpnki(section: &Section<'_>, problems: &mut Vec<Problem>) -> Content<Vpnki> {
    let mut options = Options::new(section, &option_table::VPNKI_OPTIONS, problems);
    if !options.boolean("enabled", true) {
        options.forget_problems();
        return Content::Disabled;
    }
    options.warn_unknown();
    check_name(&mut options, section);
    let base_url = base_url(&mut options, VPNKI_URL, ServiceUrl::into_page);
    let key = key(&mut options, VPNKI_URL, base_url.as_ref());
    let interval = options.duration("interval", DEFAULT_INTERVAL);
    let bind = network_name(&mut options, "bind");
    let transport = transport(&mut options, base_url.as_ref());
    let name_fields = fields(&mut options, "name_field");
    let address_fields = fields(&mut options, "address_field");
    match base_url {
        Some(base_url) if !options.failed => Content::Ready(Box::new(Vpnki {
            base_url,
            key,
            interval,
            bind,
            transport,
            name_fields,
            address_fields,
        })),
        _ => Content::Wrong,
    }
}

/// Names of a reply's fields, in the order in which they are looked for.
fn fields(options: &mut Options<'_, '_>, name: &str) -> Vec<String> {
    let mut fields = Vec::new();
    for (text, line) in options.list(name) {
        match text.is_empty() {
            true => options.bad_option(name, line, Code::ValueEmptyName),
            false => fields.push(text.to_owned()),
        }
    }
    fields
}
