//! What is asked before a call is made, or before many are.
//!
//! ```
//! use wansync_core::service::question::Question;
//! use wansync_core::service::skydns_methods::find;
//!
//! let mut question = Question::new(find("update_ip").unwrap());
//! question.add(&[("ident", "user1".to_owned()), ("ip", "8.8.4.4".to_owned())]);
//! assert_eq!(question.words(), None);
//! question.add(&[("ident", "user2".to_owned()), ("ip", "10.0.0.1".to_owned())]);
//! assert_eq!(question.words().unwrap(), "bind 10.0.0.1, which is a private address");
//!
//! let question = Question::new(find("deactivate").unwrap());
//! assert_eq!(question.words().unwrap(), "block the user");
//! ```

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::method::{Effect, Method};
use crate::address::PublicAddress;
use crate::reason::address::NotPublic;

/// The most addresses that a question names.
const MAX_NAMED: usize = 5;

/// The question before calls of one method, from the parameters of all of them.
#[derive(Debug, Clone)]
pub struct Question {
    method: &'static Method,
    /// The addresses that would be bound although no stranger reaches them.
    not_public: Vec<(IpAddr, NotPublic)>,
    /// The number of such addresses, of which only the first are held.
    count: usize,
}

impl Question {
    /// The question before calls of this method.
    pub fn new(method: &'static Method) -> Question {
        Question {
            method,
            not_public: Vec::new(),
            count: 0,
        }
    }

    /// Takes in the parameters of one call.
    pub fn add(&mut self, pairs: &[(&str, String)]) {
        if !self.method.asks_of_address() {
            return;
        }
        for (_, value) in pairs.iter().filter(|(name, _)| *name == "ip") {
            if let Ok(address) = value.parse()
                && let Err(cause) = PublicAddress::new(address)
            {
                self.count += 1;
                if self.not_public.len() < MAX_NAMED {
                    self.not_public.push((address, cause));
                }
            }
        }
    }

    /// What needs a yes, in words that follow on "would"; none, if nothing does.
    pub fn words(&self) -> Option<Cow<'static, str>> {
        if let Effect::Destroys(what) = self.method.effect {
            return Some(Cow::Borrowed(what));
        }
        let words = match self.not_public.as_slice() {
            [] => return None,
            [(address, cause)] => {
                let (address, cause) = (address.to_string(), cause.reason(*address).to_string());
                let kind = cause.strip_prefix(&address).unwrap_or(&cause);
                // What follows is advice for the router that has the address.
                let kind = kind.split([':', ';']).next().unwrap_or(kind);
                format!("bind {address}, which{kind}")
            }
            all => {
                let named = all.iter();
                let named: Vec<String> = named.map(|(address, _)| address.to_string()).collect();
                let more = if self.count > all.len() { ", ..." } else { "" };
                format!(
                    "bind {} addresses that are not public ({}{more})",
                    self.count,
                    named.join(", ")
                )
            }
        };
        Some(Cow::Owned(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::skydns_methods::find;

    fn words(method: &str, addresses: &[&str]) -> Option<Cow<'static, str>> {
        let mut question = Question::new(find(method).expect("documented"));
        for address in addresses {
            question.add(&[
                ("hostname", "10.0.0.9".to_owned()),
                ("ip", (*address).to_owned()),
            ]);
        }
        question.words()
    }

    #[test]
    fn what_is_asked() {
        let table: [(&str, &[&str], Option<&str>); 7] = [
            ("update_ip", &["8.8.4.4", "2001:4860:4860::8888"], None),
            (
                "update_ip",
                &["100.64.0.1"],
                Some(
                    "bind 100.64.0.1, which is a CGNAT address (100.64.0.0/10), which the \
                     provider's other customers share",
                ),
            ),
            (
                "update_ip",
                &["fe80::1"],
                Some("bind fe80::1, which is a link-local address"),
            ),
            (
                "update_ip",
                &["10.0.0.1", "8.8.4.4", "10.0.0.2"],
                Some("bind 2 addresses that are not public (10.0.0.1, 10.0.0.2)"),
            ),
            (
                "update_ip",
                &["10.0.0.1"; 6],
                Some(
                    "bind 6 addresses that are not public (10.0.0.1, 10.0.0.1, 10.0.0.1, \
                     10.0.0.1, 10.0.0.1, ...)",
                ),
            ),
            // The service says of each what it thinks of it.
            ("add_ip", &["10.0.0.1"], None),
            ("remove_ip", &["10.0.0.1"], Some("delete the address")),
        ];
        for (method, addresses, expected) in table {
            assert_eq!(
                words(method, addresses).as_deref(),
                expected,
                "{addresses:?}"
            );
        }
    }
}
