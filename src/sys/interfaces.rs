//! The devices of this machine that have an address.

use std::net::IpAddr;

/// The addresses of all devices, each with the name of its device, in the kernel's order.
/// None if the kernel does not say.
pub fn all_addresses() -> impl Iterator<Item = (String, IpAddr)> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    all.into_iter().map(|device| {
        let address = device.ip();
        (device.name, address)
    })
}
