//! The only I/O of the agent. Each module opts out of the rules in
//! `clippy.toml` that it has to break, and says why.
//!
//! | modules | subject |
//! | --- | --- |
//! | [`http`] | requests to the services, with TLS and a deadline |
//! | [`dns`] | one question to a resolver |
//! | [`ubus`] | netifd: its networks, news of them, up and down |
//! | [`netlink`], [`counters`], [`listeners`], [`ping`], [`device`] | the kernel: routes, changes, addresses, bytes, ports, echoes, devices |
//! | [`store`], [`lock`], [`files`] | what is remembered, and whose turn it is |
//! | [`input`], [`sink`], [`line_file`] | a table that is read, results, and which rows are done |
//! | [`trap`], [`users`] | whom a file must belong to |
//! | [`control`], [`signals`], [`clockwatch`], [`wait`] | what the daemon listens to |
//! | [`child`], [`process`], [`spawn`], [`job`] | programs, wansync itself, and threads, started and watched |
//! | [`clock`], [`zone`], [`random`], [`digest`], [`identity`] | times and numbers |
//! | [`os_error`] | the kernel's words for its errors |
//! | [`log`], [`terminal`] | who reads it |

pub mod child;
pub mod clock;
pub mod clockwatch;
pub mod control;
pub mod counters;
mod device;
pub mod digest;
pub mod dns;
pub mod files;
pub mod http;
pub mod identity;
pub mod input;
pub mod interfaces;
pub mod job;
pub mod line_file;
pub mod listeners;
pub mod lock;
pub mod log;
pub mod netlink;
pub mod os_error;
pub mod ping;
pub mod process;
pub mod random;
pub mod signals;
pub mod sink;
mod spawn;
pub mod store;
pub mod terminal;
#[cfg(test)]
mod test_support;
pub mod trap;
pub mod ubus;
pub mod users;
pub mod wait;
pub mod zone;
