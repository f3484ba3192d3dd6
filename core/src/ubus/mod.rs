//! The wire format of OpenWrt's ubus, and what netifd and procd say over it. Pure: the
//! connection is the agent's.
//!
//! | module | subject |
//! | --- | --- |
//! | [`wire`] | messages and their attributes |
//! | [`value`] | the values inside a message |
//! | [`netifd`] | what netifd's answers mean |
//! | [`procd`] | what procd's answers mean |
//! | [`error`] | what can go wrong, in words |
//!
//! A request as it is sent, and as the other end reads it:
//!
//! ```
//! use wansync_core::ubus::wire::{self, Incoming, attribute, message};
//!
//! let request = wire::lookup(1, "network.interface");
//! let mut incoming = Incoming::default();
//! let mut received = None;
//! for byte in request {
//!     incoming.space()[0] = byte;
//!     received = incoming.advance(1).unwrap();
//! }
//! let received = received.expect("the whole message has come");
//! assert_eq!((received.kind(), received.seq()), (message::LOOKUP, 1));
//! assert_eq!(received.text(attribute::OBJPATH), Some(&b"network.interface"[..]));
//! ```

pub mod error;
pub mod netifd;
pub mod procd;
pub mod value;
pub mod wire;

pub use error::Error;
