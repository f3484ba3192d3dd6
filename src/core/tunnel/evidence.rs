//! What was found out about a tunnel, and when.

use serde::{Deserialize, Serialize};

/// A finding, and when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen<T> {
    /// What was found.
    pub value: T,
    /// When, in seconds since boot.
    pub at: i64,
}

/// All that is known of one tunnel. `None` is what nobody asked for, or what
/// was not looked at yet; what was looked at in vain is `Silent`, with the cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The network that the tunnel runs over.
    pub wan: Option<Seen<Wan>>,
    /// What VPNKI says.
    pub service: Option<Seen<Service>>,
    /// What netifd and the kernel say of the tunnel's own network.
    pub device: Option<Seen<Device>>,
    /// Where `option route` goes.
    pub route: Option<Seen<Route>>,
    /// What became of echoes to `option ping`.
    pub ping: Option<Seen<Ping>>,
    /// The device's counters.
    pub traffic: Option<Seen<Traffic>>,
}

/// The network that the tunnel runs over, `option wan`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wan {
    /// Up with an address, since when.
    Up(i64),
    /// Not up, or without an address; why.
    Down(String),
    /// netifd could not be asked; why.
    Silent(String),
}

/// What VPNKI says of the tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// `active` lists it.
    Active,
    /// `tunnels` lists it, `active` does not.
    Inactive,
    /// `tunnels` does not list it: its name is wrong.
    Unlisted,
    /// VPNKI could not be asked, or gave no answer that says; why.
    Silent(String),
}

/// What netifd and the kernel say of the tunnel's own network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Device {
    /// Up, on this device, which exists.
    Up(String),
    /// netifd has been setting it up since then.
    Pending {
        /// In seconds since boot.
        since: i64,
        /// In words, such as `pending: dialling`.
        why: String,
    },
    /// Not up, and nobody is about to change that; why, in words.
    Down(String),
    /// Somebody took it down on purpose (`ifdown`, or `auto '0'`).
    Off,
    /// netifd has it up on this device, which does not exist.
    Gone(String),
    /// netifd knows no such network.
    Missing,
    /// netifd could not be asked; why.
    Silent(String),
}

/// Where packets for `option route` go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// Through the tunnel's device.
    Through,
    /// Through this device instead.
    Elsewhere(String),
    /// Nowhere.
    Missing,
    /// The kernel could not be asked; why.
    Silent(String),
}

/// What became of the last echoes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ping {
    /// An answer came after so many milliseconds.
    Answered(u32),
    /// None came; the last one did then, or the first echo was sent then.
    Lost {
        /// In seconds since boot.
        since: i64,
    },
    /// None could be sent through the device, so this tells nothing; why.
    Silent(String),
}

/// What the device's counters say, compared with those of earlier passes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Bytes received so far, as the kernel counts.
    pub received: u64,
    /// Bytes sent so far.
    pub sent: u64,
    /// When `received` last grew, in seconds since boot; when it was first
    /// seen, if it never did.
    pub received_at: i64,
    /// Bytes that were sent since.
    pub unanswered: u64,
    /// When the first of those was seen to be sent, in seconds since boot.
    pub unanswered_since: Option<i64>,
}
