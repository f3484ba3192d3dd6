//! A finding for programs: what `wansync check` prints one by one, and what the status has
//! of the configuration.
//!
//! ```
//! use wansync_core::config::Config;
//! use wansync_core::text::finding::FindingView;
//!
//! let config = Config::parse(b"config skydns 'home'\n\toption key 'k'\n").unwrap();
//! let finding = FindingView::of_problem(&config.problems[0], &config.section_types());
//! assert_eq!((finding.level, finding.line), ("fail", Some(1)));
//! let json = serde_json::to_string(&finding).unwrap();
//! assert!(json.contains(r#""type":"skydns","section":"home","option":"ident""#), "{json}");
//! ```

use alloc::string::String;

use serde::{Serialize, Serializer};

use super::value::{FINDING, Fields, Value};
use crate::config::problem::{Problem, option_of};
use crate::reason::Reason;

/// The types of sections, by their names.
pub type SectionTypes = [(String, &'static str)];

/// A finding, and the place in the configuration that it is about.
#[derive(Debug, Default)]
pub struct FindingView {
    /// The weight: `ok`, `note`, `warn`, `fail`, or `more` for what belongs to the finding
    /// before.
    pub level: &'static str,
    /// The finding itself.
    pub reason: Reason,
    /// The type of the section.
    pub section_type: Option<&'static str>,
    /// The section's name.
    pub section: Option<String>,
    /// The option's name.
    pub option: Option<String>,
    /// The line of the file, from 1.
    pub line: Option<u32>,
}

impl FindingView {
    /// A finding about a section or, where there is none of this name, the whole.
    pub fn of_section(
        level: &'static str,
        reason: &Reason,
        section: Option<&str>,
        types: &SectionTypes,
    ) -> FindingView {
        let known = types.iter().find(|(name, _)| Some(&**name) == section);
        FindingView {
            level,
            reason: reason.clone(),
            section_type: known.map(|(_, kind)| *kind),
            section: section.map(String::from),
            option: option_of(reason).map(String::from),
            ..FindingView::default()
        }
    }

    /// A problem of the configuration's file.
    pub fn of_problem(problem: &Problem, types: &SectionTypes) -> FindingView {
        let level = if problem.is_error() { "fail" } else { "warn" };
        FindingView {
            line: Some(problem.line),
            ..FindingView::of_section(level, &problem.reason, problem.section.as_deref(), types)
        }
    }

    /// True if something does not work for it.
    pub fn is_error(&self) -> bool {
        self.level == "fail"
    }

    pub(super) fn value(&self) -> Value<'_> {
        let mut fields = Fields::default();
        fields.text("level", Some(self.level));
        fields.reason(FINDING, &self.reason);
        fields.text("type", self.section_type);
        fields.text("section", self.section.as_deref());
        fields.text("option", self.option.as_deref());
        fields.number("line", self.line);
        fields.object()
    }
}

impl Serialize for FindingView {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(to)
    }
}
