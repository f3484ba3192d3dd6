//! The times at which something is done. An event, a state and the time come in; "this is due
//! now" and "call again at" go out. Nothing here waits or reads a clock.
//!
//! | module | subject |
//! | --- | --- |
//! | [`section`] | one `skydns` section of the daemon: when it is looked at, and when it needs a pass |
//! | [`passes`] | the passes of the daemon: one at a time, over the sections that need one |
//! | [`event`] | the process in the background that a hotplug event starts |
//! | [`netifd`] | the connection to netifd: when it is tried again, and how long its last word counts |
//!
//! The schedule of a tunnel and of an account at VPNKI is in [`crate::tunnel`]; what
//! is waited for after a send is in [`crate::reconcile`].

pub mod event;
pub mod netifd;
pub mod passes;
pub mod section;

#[cfg(test)]
mod simulation;
