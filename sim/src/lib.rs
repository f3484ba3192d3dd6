//! SkyDNS and VPNKI on loopback, with faults on demand.

pub mod ubus;
