//! The services' protocols: building requests, decoding replies. Pure.

pub mod answer;
pub mod arguments;
mod body;
pub mod method;
pub mod redirect;
pub mod reply;
pub mod request;
pub mod retry_after;
pub mod rows;
pub mod skydns;
pub mod skydns_data;
pub mod skydns_methods;
pub mod table;
pub mod vpnki;
pub mod vpnki_resources;
