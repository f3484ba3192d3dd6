//! The services' protocols: building requests, decoding replies. Pure.

pub mod arguments;
pub mod json;
pub mod method;
pub mod redirect;
pub mod reply;
pub mod request;
pub mod retry_after;
pub mod skydns;
pub mod skydns_methods;
pub mod vpnki_resources;
