//! Whether the household is filtered, in the status.

use alloc::string::String;
use alloc::vec;
use core::fmt::{self, Write};
use core::time::Duration;

use crate::filtering::Filtering;
use crate::filtering::profile_test::ProfileTest;
use crate::reason::Reason;
use crate::text::value::Value;
use crate::time::describe_span;

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

/// The verdict for programs.
pub(super) fn value(filtering: Option<&Filtering>) -> Value<'_> {
    let Some(filtering) = filtering else {
        return Value::Null;
    };
    let reason = Reason::from(filtering);
    Value::Fields(vec![
        ("verdict", Value::Text(filtering.verdict.word())),
        ("reason", Value::Shown(filtering)),
        ("reason_code", Value::Text(reason.code().name())),
        ("reason_args", Value::ArgumentsOf(reason)),
        (
            "mend",
            Value::list(&filtering.mends, |mend| Value::Text(mend)),
        ),
    ])
}

/// The test of a profile, and the time since, for programs.
pub(super) fn test_value(test: Option<&(ProfileTest, Duration)>) -> Value<'_> {
    let Some((test, age)) = test else {
        return Value::Null;
    };
    let reason = Reason::from(test);
    Value::Fields(vec![
        ("state", Value::Text(test.state.word())),
        ("reason", Value::Shown(test)),
        ("reason_code", Value::Text(reason.code().name())),
        ("reason_args", Value::ArgumentsOf(reason)),
        ("resolver", Value::shown(test.resolver.as_ref())),
        ("name", Value::Text(&test.name)),
        ("age_s", Value::whole_seconds(Some(*age))),
    ])
}
