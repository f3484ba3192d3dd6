//! The services' protocols: building requests, decoding replies. Pure.
//!
//! A call from the URL to what a person reads:
//!
//! ```
//! use wansync_core::config::{secret::Secret, url::ServiceUrl};
//! use wansync_core::service::answer::{Answer, decode};
//! use wansync_core::service::{reply::Reply, request, skydns_methods};
//! use wansync_core::time::Wall;
//!
//! let base = ServiceUrl::new("https://www.skydns.ru/provider_api/").unwrap().into_base().unwrap();
//! let key = Secret::new("test-key").unwrap();
//! let url = request::skydns(&base, "profiles", Some(&key), &[("ident", "user1")]);
//! assert_eq!(url, "https://www.skydns.ru/provider_api/profiles?key=test-key&ident=user1");
//!
//! // … the HTTP client of the program gets it …
//! let body = br#"{"response": {"status": "ok", "data": {"12": "Main"}}}"#;
//! let reply = Reply { status: 200, body: body.to_vec(), ..Reply::default() };
//!
//! let method = skydns_methods::find("profiles").unwrap();
//! let Ok(Answer::Table(table)) = decode(method, &reply, Wall::default()) else { panic!() };
//! assert_eq!(table.rows().next().unwrap(), ["12", "Main"]);
//! ```

pub mod answer;
pub mod arguments;
mod body;
pub mod columns;
pub mod method;
pub mod question;
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
