//! The only I/O of the agent. Each module opts out of the rules in
//! `clippy.toml` that it has to break, and says why.

pub mod http;
pub mod ubus;
