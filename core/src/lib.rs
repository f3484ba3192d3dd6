//! What wansync decides, as values: the configuration, an observation and the time
//! come in, decisions go out. The agent `wansync` performs them.
//!
//! This crate is `no_std`: no file, socket, clock or variable of the environment
//! can be reached from here, so every rule is tested with made-up time.
//!
//! ```
//! use wansync_core::address::Candidate;
//! use wansync_core::config::Config;
//! use wansync_core::reconcile::{Decision, decide, state_after_send};
//! use wansync_core::state::SectionState;
//! use wansync_core::time::{BUILD_DATE, Boot, Now};
//!
//! let text = b"config skydns 'home'\noption ident 'user'\noption key 'example'\n";
//! let config = Config::parse(text).unwrap();
//! let (name, section) = config.ready_sections().next().unwrap();
//! assert_eq!(name, "home");
//!
//! // A minute after the boot the WAN has an address: it is to be sent.
//! let now = Now::new(Boot::from_secs(60), BUILD_DATE);
//! let observation = Ok(vec![Candidate::from("8.8.4.4".parse::<std::net::IpAddr>().unwrap())]);
//! let state = SectionState::default();
//! let Decision::Update(address) = decide(&section.policy, &observation, &state, now, false) else {
//!     panic!("nothing was sent yet");
//! };
//! // The service acknowledges it, so there is nothing more to do.
//! let state = state_after_send(&state, address, "skydns", Ok(()), now, 0);
//! let decision = decide(&section.policy, &observation, &state, now, false);
//! assert_eq!(decision, Decision::Unchanged(address));
//! ```
//!
//! | module | subject |
//! | --- | --- |
//! | [`config`] | the text of `/etc/config/wansync`: sections, options, a checked [`config::Config`] |
//! | [`address`], [`prefix`] | which addresses may be published; networks |
//! | [`source`] | what netifd, pages and programs say the address is, and who shares it |
//! | [`reconcile`] | an address: [`reconcile::decide`] says what to do with an observation |
//! | [`state`], [`record`] | what is remembered of a section, and the part that outlives a reboot |
//! | [`outcome`], [`failure`], [`reason`](mod@reason) | how a pass ended; why a request did not succeed, and all other reasons, with their words |
//! | [`schedule`] | when a section is looked at and a pass is run, in the daemon and after an event |
//! | [`history`] | the changes of the last days: their file, and what it tells |
//! | [`hotplug`] | the events of OpenWrt, and which sections they concern |
//! | [`backoff`], [`hold`], [`holddown`] | how long to wait: after a failure, a refusal, a flap |
//! | [`allowance`], [`refresh`] | how many sends a day may have; when a confirmed address is sent again |
//! | [`certificate`] | what the owner wants to know of a server's certificate |
//! | [`filtering`] | whether the household's DNS questions go to the service's resolvers |
//! | [`cron`] | when cron re-checks |
//! | [`tunnel`] | a tunnel: from evidence to a verdict, and what to do about it |
//! | [`service`] | the protocols of SkyDNS and VPNKI: requests out, replies in |
//! | [`bulk`] | one call for each row of a table |
//! | [`ubus`] | the wire format of OpenWrt's ubus, and what netifd's answers mean |
//! | [`rpcd`] | calls of the object `wansync` on ubus, and their replies' form |
//! | [`json`] | JSON read in place, and the agent's own files |
//! | [`csv`] | comma-separated values, for spreadsheets and scripts |
//! | [`report`] | what a report for others shows, and what it hides |
//! | [`text`] | what people read: status, tables, charts, help, local time; metrics |
//! | [`time`] | the two clocks, and times in words |

#![cfg_attr(not(test), no_std)]
#![warn(unreachable_pub)] // what is not for others is `pub(crate)`

extern crate alloc;

pub mod address;
pub mod allowance;
pub mod backoff;
pub mod bulk;
pub mod certificate;
pub mod config;
pub mod cron;
pub mod csv;
pub mod failure;
pub mod filtering;
pub mod history;
pub mod hold;
pub mod holddown;
pub mod hotplug;
pub mod json;
pub mod outcome;
pub(crate) mod places;
pub mod prefix;
pub mod reason;
pub mod reconcile;
pub mod record;
pub mod refresh;
pub mod report;
pub mod rpcd;
pub mod schedule;
pub mod service;
pub mod source;
pub mod state;
pub mod text;
pub mod time;
pub mod tunnel;
pub mod ubus;
