//! Whether the household is filtered, in the status.

use alloc::string::String;
use core::fmt::{self, Write};
use core::time::Duration;

use crate::filtering::Filtering;
use crate::filtering::profile_test::ProfileTest;
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
