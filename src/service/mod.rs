//! The services' protocols: building requests, decoding replies. Pure.

pub mod json;
pub mod redirect;
pub mod reply;
pub mod retry_after;
pub mod skydns;
