//! What to do, and when. Pure: the configuration, an observation and the time
//! come in as values, decisions go out as values.
//!
//! | module | subject |
//! | --- | --- |
//! | [`reconcile`] | an address: [`reconcile::decide`] says what to do with an observation |
//! | [`address`], [`prefix`] | which addresses may be published; networks |
//! | [`memory`], [`record`] | what is remembered of a section, and the part that outlives a reboot |
//! | [`outcome`], [`failure`] | how a pass ended; why a request did not succeed |
//! | [`backoff`], [`hold`], [`holddown`] | when to try again: after a failure, a refusal, a flap |
//! | [`tunnel`] | a tunnel: from evidence to a verdict, and what to do about it |
//! | [`time`] | the two clocks, and times in words |

pub mod address;
pub mod backoff;
pub mod failure;
pub mod hold;
pub mod holddown;
pub mod memory;
pub mod outcome;
pub mod prefix;
pub mod reconcile;
pub mod record;
pub mod time;
pub mod tunnel;
