//! A fleet of routers in memory: the decisions and the times are those of
//! `wansync-core`, the WANs, the clocks and the service are functions of the time.
//!
//! | module | subject |
//! | --- | --- |
//! | [`scenario`] | what befalls the fleet, and what is to be reached |
//! | [`router`] | one router: the daemon's loop or that of hotplug and cron, around the core |
//! | [`tunnels`] | the queries of one VPNKI account |
//! | [`service`] | the service, or the relay before it |
//! | [`world`] | the routers of one thread, and the order of what happens to them |
//! | [`tally`] | what the service saw, as figures |

pub mod router;
pub mod scenario;
pub mod service;
pub mod tally;
pub mod tunnels;
pub mod world;

/// A moment of the simulation, in milliseconds since its beginning.
pub type Millis = u64;

/// A second, a minute, an hour, a day.
pub const SECOND: Millis = 1000;
/// See [`SECOND`].
pub const MINUTE: Millis = 60 * SECOND;
/// See [`SECOND`].
pub const HOUR: Millis = 60 * MINUTE;
/// See [`SECOND`].
pub const DAY: Millis = 24 * HOUR;
