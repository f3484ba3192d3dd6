//! Whether the household is filtered, in the status.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::net::IpAddr;
use core::time::Duration;

use serde::Serialize;

use crate::filtering::profile_test::{ProfileTest, TestState};
use crate::filtering::{Filtering, Verdict};
use crate::time::{Boot, describe_span};

/// Where the household's DNS questions go.
#[derive(Debug, Serialize)]
pub struct FilteringView {
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict and what it follows from, in a sentence.
    pub reason: String,
    /// The commands that make all of them go to the service.
    pub mend: Vec<String>,
    /// People are not told what goes without saying.
    #[serde(skip)]
    pub is_not_openwrt: bool,
}

impl FilteringView {
    /// The view of a verdict.
    pub fn of(filtering: Filtering) -> FilteringView {
        FilteringView {
            verdict: filtering.verdict,
            reason: filtering.to_string(),
            is_not_openwrt: filtering.is_not_openwrt(),
            mend: filtering.mends,
        }
    }

    pub(super) fn write(&self, out: &mut String) -> fmt::Result {
        if self.is_not_openwrt {
            return Ok(());
        }
        let hint = match self.mend.is_empty() {
            true => "",
            false => "; 'wansync check' has the commands that send them there",
        };
        writeln!(out, "{}{hint}", self.reason)
    }
}

/// The last test of a section's profile.
#[derive(Debug, Serialize)]
pub struct ProfileTestView {
    /// What the resolver's answer says.
    pub state: TestState,
    /// The answer and its meaning, in a sentence.
    pub reason: String,
    /// The resolver that was asked.
    pub resolver: Option<IpAddr>,
    /// The name that it was asked for.
    pub name: String,
    /// Seconds since then.
    pub age_s: u64,
}

impl ProfileTestView {
    /// The view of a test.
    pub fn of(test: &ProfileTest, now: Boot) -> ProfileTestView {
        ProfileTestView {
            state: test.state,
            reason: test.to_string(),
            resolver: test.resolver,
            name: test.name.clone(),
            age_s: now.since(test.asked).as_secs(),
        }
    }

    pub(super) fn write(&self, out: &mut String, width: usize) -> fmt::Result {
        let age = describe_span(Duration::from_secs(self.age_s));
        writeln!(out, "{:width$}  {} ({age} ago)", "", self.reason)
    }
}
