//! The findings of a check, printed one by one.

use crate::commands::output::Output;
use crate::exit::Exit;
use wansync_core::config::Config;
use wansync_core::config::problem::Problem;
use wansync_core::json::Json;
use wansync_core::reason::Reason;
use wansync_core::text::finding::FindingView;

/// The weight of a finding: its mark in text, and its word for programs.
type Level = (&'static str, &'static str);

const OK: Level = ("ok    ", "ok");
/// Neither good nor bad, such as what cannot be known.
const NOTE: Level = ("note  ", "note");
/// What belongs to the finding above it.
const MORE: Level = ("      ", "more");
const WARN: Level = ("warn  ", "warn");
const FAIL: Level = ("FAIL  ", "fail");

/// A finding that was printed as JSON, for people.
pub fn text_of(finding: Json<'_>) -> String {
    let field = |name| finding.get(name).and_then(|value| value.text());
    let level = field("level").unwrap_or_default();
    let known = [OK, NOTE, MORE, WARN, FAIL];
    let known = known.into_iter().find(|(_, word)| *word == level);
    let mut text = known.map_or("", |(mark, _)| mark).to_owned();
    if let Some(line) = finding.get("line").and_then(Json::number) {
        text.push_str(&format!("line {line}: "));
    }
    for part in [field("section"), field("text")].into_iter().flatten() {
        if !text.ends_with(' ') {
            text.push_str(": ");
        }
        text.push_str(&part);
    }
    text
}

/// Prints findings, and keeps the first exit code that is not 0.
pub struct Findings<'a> {
    /// The exit code so far.
    pub exit: Exit,
    out: &'a Output,
    /// True if findings that are no error are printed, too.
    tells_all: bool,
    /// True if each is an object of JSON, for programs.
    is_json: bool,
    /// What they are about, mostly a section; empty for the program as a whole.
    subject: String,
    /// The names of all sections, and their types.
    types: Vec<(String, &'static str)>,
}

impl<'a> Findings<'a> {
    pub fn all(out: &'a Output, is_json: bool) -> Findings<'a> {
        Findings {
            out,
            exit: Exit::Done,
            tells_all: true,
            is_json,
            subject: String::new(),
            types: Vec::new(),
        }
    }

    pub fn errors_only(out: &'a Output) -> Findings<'a> {
        Findings {
            tells_all: false,
            ..Findings::all(out, false)
        }
    }

    /// Takes note of the sections that there are, for the types of those that findings are
    /// about.
    pub fn set_config(&mut self, config: &Config) {
        self.types = config.section_types();
    }

    /// What follows is about this section.
    pub fn set_subject(&mut self, section: &str) {
        section.clone_into(&mut self.subject);
    }

    pub fn good(&self, reason: Reason) {
        self.tell(OK, &reason);
    }

    /// Prints a finding that is neither good nor bad, such as what cannot be known.
    pub fn note(&self, reason: Reason) {
        self.tell(NOTE, &reason);
    }

    /// A line that belongs to the finding above it.
    pub fn more(&self, reason: Reason) {
        self.tell(MORE, &reason);
    }

    pub fn warn(&self, reason: Reason) {
        self.tell(WARN, &reason);
    }

    fn tell(&self, level: Level, reason: &Reason) {
        if self.tells_all {
            self.print_here(level, reason);
        }
    }

    pub fn bad(&mut self, exit: Exit, reason: Reason) {
        self.print_here(FAIL, &reason);
        self.set_exit(exit);
    }

    fn set_exit(&mut self, exit: Exit) {
        if self.exit == Exit::Done {
            self.exit = exit;
        }
    }

    /// Prints a problem of the configuration's file.
    pub fn problem(&mut self, file: &str, problem: &Problem) {
        let (level, exit) = match problem.is_error() {
            true => (FAIL, Some(Exit::Config)),
            false => (WARN, None),
        };
        if self.tells_all || exit.is_some() {
            match self.is_json {
                true => self.print_json(&FindingView::of_problem(problem, &self.types)),
                false => self.print(level, &format!("{file}, {problem}")),
            }
        }
        if let Some(exit) = exit {
            self.set_exit(exit);
        }
    }

    fn print_here(&self, level: Level, reason: &Reason) {
        match self.is_json {
            true => {
                let is_section = self.types.iter().any(|(name, _)| *name == self.subject);
                let section = is_section.then_some(&*self.subject);
                let (_, word) = level;
                let finding = FindingView::of_section(word, reason, section, &self.types);
                self.print_json(&finding);
            }
            false if self.subject.is_empty() => self.print(level, &reason.to_string()),
            false => self.print(level, &format!("{}: {reason}", self.subject)),
        }
    }

    fn print(&self, (mark, _): Level, text: &str) {
        // A path may hold what would begin a line of its own.
        self.out.line(&format!("{mark}{text}").replace('\n', " "));
    }

    fn print_json(&self, finding: &FindingView) {
        let json = serde_json::to_string(finding);
        self.out.line(&json.unwrap_or_default());
    }
}
