//! The engine: it performs what `wansync-core` decides, and feeds back what happened.
//!
//! | module | subject |
//! | --- | --- |
//! | [`publish`] | one pass over the `skydns` sections: observe, decide, send, remember |
//! | [`recall`] | what is remembered of a section |
//! | [`observe`] | asking the sources of an address |
//! | [`tunnels`] | rounds over the tunnels and what follows; [`tunnels::one_shot`] without a daemon |
//! | [`account`] | asking VPNKI about an account |
//! | [`daemon`] | all of it for ever: event sources, sections, accounts |
//! | [`filtering`] | where the household's DNS questions go, and what the resolver answers |
//! | [`changes`] | changes of the sections' states, and who is told of them |
//! | [`hooks`] | the owner's programs that are run |
//! | [`history`] | what is added to the history |
//! | [`paths`], [`problem_log`] | where everything is; what has been logged already |

pub mod account;
pub mod changes;
pub mod daemon;
mod events;
pub mod filtering;
pub mod history;
pub mod hooks;
pub mod observe;
pub mod paths;
pub mod problem_log;
pub mod publish;
pub mod recall;
pub mod replies;
pub mod tunnels;

/// The class of a problem that keeps the agent from its work. The problem itself was
/// logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunError {
    /// The configuration cannot be used at all.
    Configuration,
    /// The state folder or the machine cannot be used now, or another process uses them.
    Temporary,
}
