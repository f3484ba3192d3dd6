//! netifd's networks as evidence about a tunnel.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::TunnelState;
use super::evidence::{DeviceStatus, Finding, WanStatus};
use crate::config::{DEFAULT_WAN, TunnelLink};
use crate::time::Boot;
use crate::ubus::netifd::{Network, explain};

/// netifd's networks, or why they are not known.
pub type Networks<'a> = Result<&'a [Network], String>;

/// The status of the WAN at `now`, any of those named, given the state before, which
/// takes note of its address.
pub(super) fn wan_status(
    networks: &Networks<'_>,
    names: &[String],
    state: &mut TunnelState,
    now: Boot,
) -> WanStatus {
    let networks = match networks {
        Ok(networks) => networks,
        Err(why) => return WanStatus::Unavailable(why.clone()),
    };
    let is_named = |network: &&Network| match names {
        [] => network.name == DEFAULT_WAN,
        names => names.contains(&network.name),
    };
    let mut found = networks.iter().filter(is_named);
    let first = found.clone().next();
    let Some(address) = found.find_map(|network| network.addresses.first()) else {
        return match first {
            Some(network) => WanStatus::Down(explain(network)),
            None => WanStatus::Unavailable("netifd has no such network".to_owned()),
        };
    };
    let before = state.wan_address.replace(address.address);
    let is_same = before.is_none_or(|before| before == address.address);
    match state.evidence.wan_up_since() {
        Some(since) if is_same => WanStatus::Up(since),
        _ => WanStatus::Up(now),
    }
}

/// The status of the tunnel's network or device at `now`, given the finding before.
/// `is_device` says whether the kernel has a device of this name, which without its
/// word is assumed.
pub(super) fn device_status(
    networks: &Networks<'_>,
    link: &TunnelLink,
    is_device: impl FnOnce(&str) -> bool,
    before: Option<&Finding<DeviceStatus>>,
    now: Boot,
) -> DeviceStatus {
    let name = match link {
        TunnelLink::Network(name) => name,
        TunnelLink::Device(device) if is_device(device) => return DeviceStatus::Up(device.clone()),
        TunnelLink::Device(device) => return DeviceStatus::Gone(device.clone()),
    };
    let networks = match networks {
        Ok(networks) => networks,
        Err(why) => return DeviceStatus::Unavailable(why.clone()),
    };
    let Some(network) = networks.iter().find(|network| network.name == *name) else {
        return DeviceStatus::Missing;
    };
    match &network.l3_device {
        Some(device) if network.up => match is_device(device) {
            true => DeviceStatus::Up(device.clone()),
            false => DeviceStatus::Gone(device.clone()),
        },
        None if network.up => DeviceStatus::Down("up, without a device".to_owned()),
        _ if network.pending => DeviceStatus::Pending {
            since: match before.map(|finding| &finding.value) {
                Some(DeviceStatus::Pending { since, .. }) => *since,
                _ => now,
            },
            why: explain(network),
        },
        _ if !network.autostart => DeviceStatus::Off,
        _ => DeviceStatus::Down(explain(network)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Candidate;

    const fn at(secs: i64) -> Boot {
        Boot::from_secs(secs)
    }

    fn network(name: &str) -> Network {
        Network {
            name: name.to_owned(),
            up: false,
            pending: false,
            available: true,
            autostart: true,
            dynamic: false,
            proto: None,
            l3_device: None,
            addresses: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn wan(address: &str) -> Network {
        let address: core::net::IpAddr = address.parse().expect("an address");
        Network {
            up: true,
            addresses: vec![Candidate::from(address)],
            ..network("wan")
        }
    }

    #[test]
    fn another_address_is_another_wan() {
        let mut state = TunnelState::default();
        let mut observe = |network: Network, secs: i64| {
            let status = wan_status(&Ok(&[network]), &["wan".to_owned()], &mut state, at(secs));
            state.evidence.wan = Some(Finding {
                value: status.clone(),
                at: at(secs),
            });
            status
        };
        assert_eq!(observe(wan("8.8.4.4"), 10), WanStatus::Up(at(10)));
        assert_eq!(observe(wan("8.8.4.4"), 20), WanStatus::Up(at(10)));
        assert_eq!(observe(wan("8.8.4.9"), 30), WanStatus::Up(at(30)));
        assert!(matches!(observe(network("wan"), 40), WanStatus::Down(_)));
        assert_eq!(observe(wan("8.8.4.9"), 50), WanStatus::Up(at(50)));
        assert!(matches!(
            observe(network("lan"), 60),
            WanStatus::Unavailable(_)
        ));
    }

    #[test]
    fn the_device_of_a_network() {
        let up = |device: Option<&str>| Network {
            up: true,
            l3_device: device.map(str::to_owned),
            ..network("vpnki0")
        };
        let pending = Network {
            pending: true,
            ..network("vpnki0")
        };
        let off = Network {
            autostart: false,
            ..network("vpnki0")
        };
        let before = Finding {
            value: DeviceStatus::Pending {
                since: at(5),
                why: String::new(),
            },
            at: at(8),
        };
        let vpnki0 = TunnelLink::Network("vpnki0".to_owned());
        let status = |network: &Network, exists: bool| {
            let networks = [network.clone()];
            device_status(&Ok(&networks), &vpnki0, |_| exists, Some(&before), at(9))
        };
        let ppp0 = || "ppp0".to_owned();
        assert_eq!(status(&up(Some("ppp0")), true), DeviceStatus::Up(ppp0()));
        assert_eq!(status(&up(Some("ppp0")), false), DeviceStatus::Gone(ppp0()));
        assert!(matches!(status(&up(None), true), DeviceStatus::Down(_)));
        assert!(
            matches!(status(&pending, true), DeviceStatus::Pending { since, .. } if since == at(5))
        );
        assert_eq!(status(&off, true), DeviceStatus::Off);
        assert!(matches!(
            status(&network("vpnki0"), true),
            DeviceStatus::Down(_)
        ));
        assert_eq!(status(&network("lan"), true), DeviceStatus::Missing);
        let unknown = Err("no ubus".to_owned());
        assert_eq!(
            device_status(&unknown, &vpnki0, |_| true, None, at(9)),
            DeviceStatus::Unavailable("no ubus".to_owned())
        );
    }
}
