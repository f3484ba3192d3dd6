//! The names of the services: whether each family of their addresses can be looked up.

use crate::commands::check::findings::Findings;
use crate::sys::http::failed_half;
use wansync_core::address::Family;
use wansync_core::config::url::ServiceUrl;
use wansync_core::config::{Config, Transport};
use wansync_core::reason;
use wansync_core::reason::Reason;

/// Looks up each name once, however many sections have it. What reaches a service over
/// one family alone has said so where it failed.
pub(super) fn check_names(config: &Config, findings: &mut Findings) {
    let mut services = Vec::new();
    for (name, section) in config.ready_sections() {
        services.push((name, &section.base_url, section.transport));
    }
    for (name, account) in config.ready_accounts() {
        services.push((name, &account.base_url, account.transport));
    }
    let mut looked_up: Vec<&str> = Vec::new();
    for (name, base_url, transport) in services {
        let host = base_url.host();
        if transport == Transport::Auto
            && base_url.address().is_none()
            && !looked_up.contains(&host)
        {
            looked_up.push(host);
            check_name(name, base_url, findings);
        }
    }
}

fn check_name(section: &str, base_url: &ServiceUrl, findings: &mut Findings) {
    let host = base_url.host();
    if let Some(missing) = failed_half(host) {
        let other = match missing.family {
            Family::Ipv4 => Family::Ipv6,
            Family::Ipv6 => Family::Ipv4,
        };
        findings.set_subject(section);
        findings.warn(reason!(
            CheckHalfName,
            host = host,
            cause = Reason::from(&missing),
            family = other
        ));
    }
}
