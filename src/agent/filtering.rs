//! Whether the household is filtered: what the router's files say, and one question to the
//! service's resolver.

use std::path::Path;
use std::time::Duration;

use super::observe::Observer;
use super::paths::Paths;
use crate::sys::{clock, dns, files, listeners, netlink};
use wansync_core::config::{Config, Skydns};
use wansync_core::filtering::profile_test::{ProfileTest, TestState};
use wansync_core::filtering::{Filtering, Household, judge, resolvers_of};
use wansync_core::reason::filtering::FilteringReason;

/// No file of resolvers comes near this.
const MAX_RESOLV_FILE: usize = 64 * 1024;
/// The most resolvers of a section that are asked, until one answers.
const MAX_ASKED: usize = 3;

/// The verdict on this router, from its files alone; `None` where no section is in use.
pub fn judge_household(paths: &Paths, config: &Config) -> Option<Filtering> {
    config.ready_sections().next()?;
    let networks = paths.network_file();
    let dhcp = match paths.dhcp_file() {
        Ok(Some(dhcp)) => dhcp,
        Ok(None) if networks.networks.is_empty() => return unknown(FilteringReason::NotOpenWrt),
        // Then another program serves the clients, or none.
        Ok(None) => Vec::new(),
        Err(cause) => return unknown(FilteringReason::BadFile { cause }),
    };
    let (service, resolvers) = match resolvers_of(config) {
        Ok(known) => known,
        Err(why) => return unknown(why),
    };
    let household = Household {
        service,
        resolvers: &resolvers,
        networks: &networks,
        read: &|path| files::read(Path::new(path), MAX_RESOLV_FILE).unwrap_or_default(),
        is_own: &netlink::is_own_address,
        // What listens at the resolver's own address is the resolver, not a proxy.
        listeners: &|port| listeners::on_udp_port(port, &resolvers),
    };
    Some(judge(&household, &dhcp))
}

fn unknown(why: FilteringReason) -> Option<Filtering> {
    Some(Filtering::unknown("SkyDNS", why))
}

/// Asks a section's resolvers in turn, until one answers or it is `end`; `None` if none is
/// known.
pub fn test_profile(
    section: &Skydns,
    observer: &Observer<'_>,
    end: Duration,
) -> Option<ProfileTest> {
    let way_out = observer.way_out(section.bind.as_deref());
    let way_out = way_out.map_err(|failure| failure.to_string());
    let mut last = None;
    for resolver in section.filter_resolvers().into_iter().take(MAX_ASKED) {
        let end = end.min(clock::since_boot() + dns::TIMEOUT);
        let reply = way_out
            .clone()
            .and_then(|device| dns::ask(resolver, device.as_deref(), section.name_to_ask(), end));
        let test = ProfileTest::of(section, resolver, reply, clock::boot());
        let is_answered = test.state != TestState::NoAnswer;
        last = Some(test);
        if is_answered {
            break;
        }
    }
    last
}
