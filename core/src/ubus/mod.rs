//! The wire format of OpenWrt's ubus, and what netifd says over it. Pure: the
//! connection is the agent's.
//!
//! | module | subject |
//! | --- | --- |
//! | [`wire`] | messages and their attributes |
//! | [`value`] | the values inside a message |
//! | [`netifd`] | what netifd's answers mean |
//! | [`error`] | what can go wrong, in words |

pub mod error;
pub mod netifd;
pub mod value;
pub mod wire;

pub use error::Error;
