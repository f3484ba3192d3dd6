//! Exit codes: sysexits where they fit.

use std::process::ExitCode;

use crate::agent::RunError;
use crate::agent::publish::SectionReport;
use wansync_core::failure::Failure;
use wansync_core::outcome::Outcome;
use wansync_core::text::plugin::Level;
use wansync_core::tunnel::Health;

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// An update failed; a plug-in's WARNING.
    Failed = 1,
    /// A plug-in's CRITICAL.
    Critical = 2,
    /// A plug-in's UNKNOWN.
    Unknown = 3,
    /// The command line is wrong (`EX_USAGE`).
    Usage = 64,
    /// The service cannot be reached, or cannot serve (`EX_UNAVAILABLE`).
    Unavailable = 69,
    /// What was printed could not be written (`EX_IOERR`).
    OutputLost = 74,
    /// Nothing could be decided now (`EX_TEMPFAIL`).
    Later = 75,
    /// The service refuses, or refused (`EX_NOPERM`).
    Refused = 77,
    /// The configuration is wrong (`EX_CONFIG`).
    Config = 78,
}

impl Exit {
    /// The exit code for the sections of a pass: the first that is not 0, in the order of
    /// the file.
    pub fn of_sections(reports: &[SectionReport]) -> Exit {
        let exits = reports.iter().map(Exit::of_section);
        exits.fold(Exit::Done, Exit::or)
    }

    fn of_section(report: &SectionReport) -> Exit {
        let Some(outcome) = report.outcome else {
            return Exit::Config;
        };
        match outcome {
            Outcome::Confirmed | Outcome::Unchanged | Outcome::DryRun => Exit::Done,
            Outcome::Aborted | Outcome::Throttled => Exit::Later,
            Outcome::Refused | Outcome::Held => Exit::Refused,
            Outcome::Unconfirmed if report.is_unavailable => Exit::Unavailable,
            Outcome::Unconfirmed | Outcome::Sending => Exit::Failed,
        }
    }

    /// The exit code for a tunnel's health.
    pub fn of_tunnel(health: Health, is_misconfigured: bool) -> Exit {
        match health {
            Health::Up => Exit::Done,
            Health::Down => Exit::Failed,
            Health::Unknown if is_misconfigured => Exit::Config,
            Health::Unknown => Exit::Later,
        }
    }

    /// This, or the next if this is fine.
    #[must_use]
    pub fn or(self, next: Exit) -> Exit {
        match self {
            Exit::Done => next,
            bad => bad,
        }
    }

    /// The exit code for the failure of one call.
    pub fn of_call(failure: &Failure) -> Exit {
        match failure {
            _ if failure.is_permanent() => Exit::Refused,
            _ if failure.is_unavailable() => Exit::Unavailable,
            _ => Exit::Failed,
        }
    }
}

impl From<Level> for Exit {
    fn from(level: Level) -> Exit {
        match level {
            Level::Ok => Exit::Done,
            Level::Warning => Exit::Failed,
            Level::Critical => Exit::Critical,
            Level::Unknown => Exit::Unknown,
        }
    }
}

impl From<RunError> for Exit {
    fn from(error: RunError) -> Exit {
        match error {
            RunError::Configuration => Exit::Config,
            RunError::Temporary => Exit::Later,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
