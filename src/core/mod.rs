//! What to do, and when. Pure: the configuration, an observation and the time
//! come in as values, decisions go out as values.
//!
//! [`reconcile`] is the heart: [`reconcile::decide`] says what to do with an
//! observation, and [`memory`] what is remembered of it. [`record`] is the part
//! of the memory that outlives a reboot.

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
