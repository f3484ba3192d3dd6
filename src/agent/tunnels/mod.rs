//! The tunnels: evidence is gathered, judged by `wansync-core`, and acted upon.
//!
//! Nothing in here waits, save for netifd and the kernel: an echo is sent, and the
//! caller listens for its answer, together with all else that it listens for. So
//! `once` and the daemon share it.
//!
//! | module | subject |
//! | --- | --- |
//! | [`monitor`] | the tunnels of a configuration |
//! | [`monitored`] | one of them, with its echoes and its file |
//! | [`round`] | one round: gather evidence, judge, act |
//! | [`recover`] | recovery of a tunnel, by the kernel, netifd and procd |
//! | [`one_shot`] | one pass over the tunnels, without a daemon |

mod monitor;
mod monitored;
pub(crate) mod one_shot;
mod recover;
mod round;

pub(crate) use monitor::TunnelMonitor;
pub(crate) use round::{FollowUp, RouterState};
