//! The only I/O of the agent. Each module opts out of the rules in
//! `clippy.toml` that it has to break, and says why.

pub mod clock;
pub mod counters;
pub mod files;
pub mod http;
pub mod interfaces;
pub mod lock;
pub mod log;
pub mod netlink;
pub mod ping;
pub mod process;
pub mod random;
pub mod store;
pub mod terminal;
pub mod ubus;
pub mod zone;
