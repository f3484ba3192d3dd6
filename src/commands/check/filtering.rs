//! The part of `wansync check` that asks whether the household is filtered. Nothing in it
//! is an error: no sending depends on it.

use std::time::Duration;

use super::findings::Findings;
use crate::agent::filtering::{judge_household, test_profile};
use crate::agent::observe::Observer;
use crate::agent::paths::Paths;
use crate::sys::clock;
use wansync_core::config::{Config, Skydns};
use wansync_core::filtering::APPLY;
use wansync_core::filtering::profile_test::{ProfileTest, TestState};
use wansync_core::reason;
use wansync_core::reason::Reason;

/// The longest that all questions together may take.
const TIMEOUT: Duration = Duration::from_secs(25);

/// Says where the household's questions go, and how to mend it.
pub fn check_household(paths: &Paths, config: &Config, findings: &Findings<'_>) {
    let Some(filtering) = judge_household(paths, config) else {
        return;
    };
    let said = Reason::from(&filtering);
    if filtering.is_not_openwrt() {
        findings.note(said);
        return;
    }
    match filtering.is_good() {
        true => findings.good(said),
        false => findings.warn(said),
    }
    if !filtering.mends.is_empty() {
        findings.note(reason!(CheckMends));
        for mend in &filtering.mends {
            findings.more(reason!(CheckCommand, command = mend));
        }
        findings.more(reason!(CheckCommand, command = APPLY));
    }
    findings.note(reason!(FilteringLimits));
}

/// Asks the resolver of each section, and remembers the answer for `wansync status`.
/// Sections that ask the same share it.
pub fn test_profiles(
    paths: &Paths,
    config: &Config,
    observer: &Observer<'_>,
    findings: &mut Findings<'_>,
) {
    let store = paths.store();
    let end = clock::since_boot() + TIMEOUT;
    let mut asked: Vec<(&Skydns, ProfileTest)> = Vec::new();
    for (name, section) in config.ready_sections() {
        let known = asked
            .iter()
            .find(|(other, test)| other.bind == section.bind && test.is_of(section));
        let known = known.map(|(_, test)| test.clone());
        if known.is_none() && clock::since_boot() >= end {
            findings.set_subject(name);
            findings.note(reason!(CheckResolverNotAsked));
            continue;
        }
        let Some(test) = known.or_else(|| test_profile(section, observer, end)) else {
            continue;
        };
        findings.set_subject(name);
        match test.state {
            TestState::InForce | TestState::Answers => findings.good(Reason::from(&test)),
            TestState::NotInForce | TestState::NoAnswer => findings.warn(Reason::from(&test)),
        }
        if let Err(why) = store.remember_profile_test(name, &test) {
            findings.warn(why);
        }
        asked.push((section, test));
    }
}
