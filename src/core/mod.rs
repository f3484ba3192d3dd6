//! What to do, and when. Pure: the configuration, an observation and the time
//! come in as values, decisions go out as values.

pub mod address;
pub mod failure;
