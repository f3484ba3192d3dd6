//! Whether the household is filtered, in the status.

use alloc::string::{String, ToString};
use core::fmt::{self, Write};
use core::net::IpAddr;
use core::time::Duration;

use serde::{Serialize, Serializer};

use crate::filtering::Filtering;
use crate::filtering::profile_test::ProfileTest;
use crate::time::{describe_span, seconds};

/// Appends its line for people, who are not told what goes without saying.
pub(super) fn write(out: &mut String, filtering: &Filtering) -> fmt::Result {
    if filtering.is_not_openwrt() {
        return Ok(());
    }
    let hint = match filtering.mends.is_empty() {
        true => "",
        false => "; 'wansync check' has the commands that send them there",
    };
    writeln!(out, "{filtering}{hint}")
}

/// Appends the line of a profile's test, which is this old.
pub(super) fn write_test(
    out: &mut String,
    test: &ProfileTest,
    age: Duration,
    width: usize,
) -> fmt::Result {
    let age = describe_span(age);
    writeln!(out, "{:width$}  {test} ({age} ago)", "")
}

/// The verdict as JSON has it, or `null`.
pub(super) fn serialize<S: Serializer>(
    filtering: &Option<Filtering>,
    to: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Fields<'a> {
        verdict: &'static str,
        reason: String,
        mend: &'a [String],
    }
    let fields = filtering.as_ref().map(|filtering| Fields {
        verdict: filtering.verdict.word(),
        reason: filtering.to_string(),
        mend: &filtering.mends,
    });
    fields.serialize(to)
}

/// The test of a profile as JSON has it, or `null`.
pub(super) fn serialize_test<S: Serializer>(
    test: &Option<(ProfileTest, Duration)>,
    to: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Fields<'a> {
        state: &'static str,
        reason: String,
        resolver: Option<IpAddr>,
        name: &'a str,
        age_s: i64,
    }
    let fields = test.as_ref().map(|(test, age)| Fields {
        state: test.state.word(),
        reason: test.to_string(),
        resolver: test.resolver,
        name: &test.name,
        age_s: seconds(*age),
    });
    fields.serialize(to)
}
