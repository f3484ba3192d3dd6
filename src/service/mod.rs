//! The services' protocols: building requests, decoding replies. Pure.

pub mod redirect;
pub mod reply;
