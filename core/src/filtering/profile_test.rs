//! The one question that a check asks the service's resolver: whether it answers, and
//! whether it blocks what the household's profile blocks.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use super::message::{Reply, is_dns_name};
use crate::config::Skydns;
use crate::persist;
use crate::time::Boot;

/// SkyDNS's answers for a name that a profile blocks.
const BLOCK_ANSWERS: [Ipv4Addr; 2] = [
    Ipv4Addr::new(193, 58, 251, 1),
    Ipv4Addr::new(193, 58, 251, 11),
];

/// The result of a profile test: what the resolver's answer says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TestState {
    /// The resolver blocks the name that the profile blocks: the profile is in force.
    InForce,
    /// The resolver does not block the name: the profile is not in force.
    NotInForce,
    /// The resolver answers; what it blocks was not asked.
    Answers,
    /// The resolver does not answer.
    #[default]
    NoAnswer,
}

impl TestState {
    /// All states.
    pub const ALL: [TestState; 4] = [
        TestState::InForce,
        TestState::NotInForce,
        TestState::Answers,
        TestState::NoAnswer,
    ];

    /// The word for the state.
    pub fn word(self) -> &'static str {
        match self {
            TestState::InForce => "in-force",
            TestState::NotInForce => "not-in-force",
            TestState::Answers => "answers",
            TestState::NoAnswer => "no-answer",
        }
    }
}

persist!(TestState as word);

/// A test of a section's profile, and how it ended. Its sentence is made in
/// [`crate::reason::filtering`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileTest {
    /// The moment of the question.
    pub asked: Boot,
    /// The name that was asked for.
    pub name: String,
    /// The resolver that was asked.
    pub resolver: Option<IpAddr>,
    /// The result: what the resolver's answer says.
    pub state: TestState,
    /// RFC 1035's RCODE of the answer.
    pub code: u32,
    /// The addresses in the answer.
    pub addresses: Vec<IpAddr>,
    /// The cause for which no answer came, in words.
    pub cause: String,
}

persist!(ProfileTest {
    asked,
    name,
    resolver,
    state,
    code,
    addresses,
    cause,
});

impl ProfileTest {
    /// The test of a section that ended so.
    pub fn of(
        section: &Skydns,
        resolver: IpAddr,
        reply: Result<Reply, String>,
        asked: Boot,
    ) -> ProfileTest {
        let test = ProfileTest {
            asked,
            name: section.name_to_ask().into(),
            resolver: Some(resolver),
            ..ProfileTest::default()
        };
        match reply {
            Err(cause) => ProfileTest { cause, ..test },
            Ok(reply) => ProfileTest {
                state: section.state_of(&reply),
                code: reply.code.into(),
                addresses: reply.addresses.into_iter().map(IpAddr::V4).collect(),
                ..test
            },
        }
    }

    /// True if the section would ask the same today.
    pub fn is_of(&self, section: &Skydns) -> bool {
        let resolvers = section.filter_resolvers();
        self.name == section.name_to_ask() && self.resolver.is_some_and(|r| resolvers.contains(&r))
    }
}

impl Skydns {
    /// The name that the section's resolver is asked for: that of a site which the profile
    /// blocks, or one that does no harm.
    pub fn name_to_ask(&self) -> &str {
        let host = self.base_url.host().trim_end_matches('.');
        let harmless = if is_dns_name(host) {
            host
        } else {
            "www.skydns.ru"
        };
        self.test_name.as_deref().unwrap_or(harmless)
    }

    /// The state that a reply shows. How SafeDNS answers for what it blocks is not known.
    fn state_of(&self, reply: &Reply) -> TestState {
        let is_blocked = reply.addresses.iter().any(|a| BLOCK_ANSWERS.contains(a));
        match self.test_name.is_some() {
            true if is_blocked => TestState::InForce,
            true if !self.is_safedns() => TestState::NotInForce,
            _ => TestState::Answers,
        }
    }
}
