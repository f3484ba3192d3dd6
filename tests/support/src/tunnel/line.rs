//! The two namespaces, and the tunnel between them.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use wansync_sim::ubus::Outcome;

use super::status::tunnel_status;
use super::{FAR, MAC, NEAR, NETWORK, ROUTE, SERVICES};
use crate::netns::Netns;

/// The result of the network's `up`, as VPN clients behave.
#[derive(Debug, Clone)]
pub enum Restart {
    /// The tunnel works again, whatever was the matter.
    Heals,
    /// A tunnel that works, after so long.
    HealsAfter(Duration),
    /// A tunnel that works, on a device of this name.
    Moves(&'static str),
    /// The network is up again, and what was the matter still is.
    Useless,
    /// The network stays down, with this error.
    Fails(&'static str),
    /// The network is pending for ever.
    Hangs,
}

/// The two namespaces, and the tunnel between them.
pub(super) struct Line {
    pub(super) near: Netns,
    pub(super) far: Netns,
    state: Mutex<State>,
}

pub(super) struct State {
    /// The tunnel's device, where there is one.
    pub(super) device: Option<String>,
    /// Nothing answers.
    pub(super) stalled: bool,
    /// True if what the other end sends does not arrive.
    pub(super) one_way: bool,
    /// The route is not there.
    pub(super) lost_route: bool,
    pub(super) restart: Restart,
}

impl Line {
    pub(super) fn new() -> Line {
        let near = Netns::new();
        let far = near.beside();
        near.join("wan0", &far, "isp0");
        far.ip("address add 8.8.4.1/24 dev isp0");
        far.ip(&format!("address add {SERVICES}/32 dev lo"));
        // What misses the tunnel must not reach its other end over the WAN. The
        // rule has to stand before the one for own addresses.
        far.ip("rule add pref 10 lookup local");
        far.ip("rule del pref 0");
        far.ip("rule add pref 1 iif isp0 to 172.16.0.0/16 blackhole");
        let state = State {
            device: None,
            stalled: false,
            one_way: false,
            lost_route: false,
            restart: Restart::Heals,
        };
        Line {
            near,
            far,
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    /// Makes the devices; the tunnel is as its state says.
    pub(super) fn lay(&self, device: &str) {
        let (near, far) = (&self.near, &self.far);
        near.pair(device, far, "vpn0");
        for (end, name) in [(near, device), (far, "vpn0")] {
            end.ip(&format!(
                "link set {name} address {MAC} arp off multicast off addrgenmode none"
            ));
        }
        self.state().device = Some(device.to_owned());
        far.ip("link set vpn0 up");
        self.raise(device);
    }

    /// Brings the network up as netifd does.
    fn raise(&self, device: &str) {
        let near = &self.near;
        near.ip(&format!("link set {device} up"));
        // The far end gets a route of its own, as on a PPP link.
        let ends = format!("{NEAR} peer {FAR}/32");
        near.ip(&format!("address replace {ends} dev {device}"));
        self.apply(&self.state());
    }

    pub(super) fn change(&self, edit: impl FnOnce(&mut State)) {
        let mut state = self.state();
        edit(&mut state);
        self.apply(&state);
    }

    /// Makes the kernel's tables be as the state says.
    fn apply(&self, state: &State) {
        let Some(device) = &state.device else { return };
        let to_near = match state.one_way {
            true => format!("route replace blackhole {NEAR}"),
            false => format!("route replace {NEAR} dev vpn0"),
        };
        self.far.ip(&to_near);
        let own = self.far.ip("-brief address show dev vpn0").contains(FAR);
        match state.stalled {
            true if own => {
                self.far.ip(&format!("address del {FAR}/32 dev vpn0"));
                self.far.ip(&format!("route replace blackhole {FAR}"));
            }
            false if !own => {
                self.far.ip(&format!("route flush {FAR}"));
                self.far.ip(&format!("address add {FAR}/32 dev vpn0"));
            }
            _ => {}
        }
        match state.lost_route {
            true => self.near.ip(&format!("route flush {ROUTE}")),
            false => self.near.ip(&format!("route replace {ROUTE} dev {device}")),
        };
    }

    /// Deletes the devices.
    pub(super) fn cut(&self) {
        if let Some(device) = self.state().device.take() {
            self.near.ip(&format!("link del {device}"));
        }
    }

    /// All is well, on a device of this name; netifd's status then.
    pub(super) fn revive(&self, device: &str) -> Value {
        {
            let mut state = self.state();
            (state.stalled, state.one_way, state.lost_route) = (false, false, false);
        }
        let same = self.state().device.as_deref() == Some(device);
        if same {
            self.raise(device);
        } else {
            self.cut();
            self.lay(device);
        }
        tunnel_status(device)
    }

    /// Takes the network up.
    pub(super) fn restarted(&self) -> Outcome {
        let (restart, device) = {
            let state = self.state();
            (state.restart.clone(), state.device.clone())
        };
        let name = device.as_deref().unwrap_or(NETWORK);
        match restart {
            Restart::Heals => Outcome::UpAs(self.revive(name)),
            Restart::HealsAfter(wait) => {
                let healed = Outcome::UpAs(self.revive(name));
                Outcome::After(wait, Box::new(healed))
            }
            Restart::Moves(other) => Outcome::UpAs(self.revive(other)),
            Restart::Useless if device.is_none() => Outcome::Fails("NO_DEVICE".to_owned()),
            Restart::Useless => {
                self.raise(name);
                Outcome::UpAs(tunnel_status(name))
            }
            Restart::Fails(code) => Outcome::Fails(code.to_owned()),
            Restart::Hangs => Outcome::Pending,
        }
    }

    /// Takes the network down: the kernel forgets its routes.
    pub(super) fn stopped(&self) {
        if let Some(device) = &self.state().device {
            self.near.ip(&format!("link set {device} down"));
            self.near.ip(&format!("address flush dev {device}"));
        }
    }
}
