//! The source of a section's address.

use super::findings::Findings;
use crate::agent::observe::Observer;
use crate::exit::Exit;
use crate::sys::interfaces;
use wansync_core::address::{Family, PublicAddress, choose_address};
use wansync_core::config::{Config, Skydns, Source};
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::reason::address::AbortReason;
use wansync_core::source::claims::Claims;
use wansync_core::source::network::{is_known, unknown_network};

/// Checks that netifd knows the networks that the source names.
pub fn check_networks(section: &Skydns, observer: &Observer<'_>, findings: &mut Findings<'_>) {
    if let Source::Network(names) = &section.source
        && let Ok(networks) = observer.networks()
    {
        // The pass takes those that there are.
        let unknown = names.iter().filter(|name| !is_known(networks, name));
        for name in unknown {
            let unknown = unknown_network(networks, name);
            findings.bad(Exit::Config, Reason::from(&unknown));
        }
    }
}

/// Asks the source. Gives the address that it has, if that may be published.
pub fn check_source(
    section: &Skydns,
    observer: &Observer<'_>,
    findings: &mut Findings<'_>,
) -> Option<PublicAddress> {
    check_networks(section, observer, findings);
    let observation = observer.observe(section);
    let chosen = observation.and_then(|found| {
        let chosen = choose_address(&found, section.policy.family, None);
        chosen.map_err(|cause| AbortReason::Unpublishable(cause).into())
    });
    match chosen {
        Ok(address) => {
            findings.good(reason!(CheckAddress, address = address));
            Some(address)
        }
        Err(why) => {
            let is_reported = matches!(*why, AbortReason::UnknownNetwork(_));
            if !is_reported {
                findings.bad(Exit::Later, Reason::from(&*why));
            }
            if let Source::Interface(device) = &section.source {
                propose_devices(device, section.policy.family, findings);
            }
            None
        }
    }
}

/// Names the devices that could be meant instead: those with a public address.
fn propose_devices(device: &str, family: Family, findings: &Findings<'_>) {
    let public = interfaces::all_addresses()
        .filter(|(name, address)| name != device && family.includes(*address))
        .filter(|(_, address)| PublicAddress::new(*address).is_ok());
    for (name, address) in public {
        findings.more(reason!(CheckOtherDevice, address = address, device = name));
    }
}

/// Warns of an address that two users have.
pub fn check_claims(config: &Config, claims: &Claims<'_>, findings: &mut Findings<'_>) {
    for (name, _) in config.ready_sections() {
        if let Some(rival) = claims.rival_of(name) {
            findings.set_subject(name);
            findings.warn(Reason::from(&rival));
        }
    }
}
