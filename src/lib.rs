//! The agent: wansync keeps a router's WAN address bound at SkyDNS, and watches its
//! VPNKI tunnels.
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
//! | [`cli`], [`commands`] | the command line; one file a subcommand: parse, call the agent, print, exit code |
//! | [`agent`] | the engine: passes, tunnels, the daemon |
//! | [`sys`] | the only I/O: http, ubus, netlink, echoes, files, clocks, signals, processes |
//! | [`wansync_core`] | every decision: what is sent when, whether a tunnel works, what a reply means |

pub mod agent;
pub mod cli;
pub mod commands;
pub mod exit;
pub mod sys;
