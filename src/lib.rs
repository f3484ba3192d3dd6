//! wansync keeps a router's WAN address bound at SkyDNS, and watches its VPNKI
//! tunnels.
//!
//! A pass observes the WAN address, compares it with what SkyDNS last
//! confirmed, and sends `update_ip` when they differ. A look at a tunnel gathers
//! evidence, makes Up, Down or Unknown of it, and does what the ladder says.
//! `wansync once` does both once, `wansync daemon` for ever.
//!
//! The parts, from the outside in; each names only those below it:
//!
//! | module | subject |
//! | --- | --- |
//! | [`commands`] | one file a subcommand; they compose what follows |
//! | [`sys`] | the only I/O: http, ubus, netlink, echoes, files, clocks, signals, processes |
//! | [`render`] | pure: what people read: the status, tables, charts, help; metrics |
//! | [`service`] | pure: requests to the services and the decoding of replies |
//! | [`config`] | pure: text to sections to a checked configuration |
//! | [`core`] | pure: which address may be published, whether a tunnel works, and what to do when |
//! | [`json`] | pure: JSON read in place, and what is kept as JSON |
//!
//! `core`, `service`, `config` and `render` take values and return values. They never
//! read a clock, a file, a socket or the environment; `clippy.toml` enforces it.

pub mod cli;
pub mod commands;
pub mod config;
pub mod core;
pub mod json;
pub mod render;
pub mod service;
pub mod sys;
