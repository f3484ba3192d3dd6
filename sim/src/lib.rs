//! SkyDNS and VPNKI on loopback, with faults on demand.
//!
//! For wansync's tests and demo; never a part of the agent. It speaks http and
//! https at once, with certificates of a CA that it makes for itself, behaves as
//! the services' documents say, and goes wrong in every way that they can.
//!
//! ```
//! use wansync_sim::{KEY, Options, Sim, Times};
//!
//! let sim = Sim::start(Options::default());
//! sim.fault("status=503,retry-after=120".parse().unwrap(), Times::Next(1));
//! // … let the agent send to sim.https_url() with KEY, trusting sim.ca_file() …
//! assert!(sim.https_url().starts_with("https://127.0.0.1:"));
//! assert!(sim.bindings("user1").is_empty());
//! # let _ = KEY;
//! ```
//!
//! What a service does is marked in the code: “Known” is documented by the
//! service, “Assumed” is inference, which a real service may prove wrong.
//!
//! | module | subject |
//! | --- | --- |
//! | `sim`, `services` | the handle: start, set up, look inside, stop |
//! | `server`, `conn`, `tls` | listeners, connections, certificates |
//! | `shared` | what all threads share |
//! | `http`, `query`, `day` | requests from bytes |
//! | `skydns`, `vpnki`, `state`, `user` | what the services do and remember |
//! | `faults`, `fault_text`, `fault_table`, `plan` | what can go wrong, and when |
//! | `altered`, `deliver` | faults in a reply's content, and on its way |
//! | `journal` | what was received |
//! | `admin` | the simulator's own pages, under `/_sim/` |
//! | `program`, `cli`, `serve`, `ask`, `ping`, `udp`, `resolver` | the simulator as a program |

mod addresses;
mod admin;
mod altered;
mod ask;
mod cli;
mod conn;
mod day;
mod deliver;
pub mod fault_table;
mod fault_text;
mod faults;
mod http;
mod journal;
mod ping;
mod plan;
pub mod program;
mod query;
mod resolver;
mod serve;
mod server;
mod services;
mod shared;
mod sim;
mod skydns;
mod state;
mod tls;
pub mod ubus;
mod udp;
mod user;
mod vpnki;
mod words;

pub use admin::help;
pub use faults::{
    ErrorShape, Fault, NearMiss, Point, ResetPoint, RetryAfter, Target, Times, TlsFault,
};
pub use journal::{Connection, LogTo, Request, Scheme};
pub use query::parse_profiles;
pub use sim::{Options, Sim};
pub use state::{KEY, Language, Mail, PROFILES, USER};
pub use user::{Account, Binding, Kind, MAIN_PROFILE, Profile, Vpn};
pub use vpnki::{
    ActiveFields, Dates, Deleted, Envelope, Refused, Rows, Session, Style, Tunnel, VPNKI_KEY,
};
