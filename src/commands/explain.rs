//! `wansync explain`: the meaning of a reason's code, and what to do about it.

use super::output::Output;
use crate::cli::ExplainArguments;
use crate::exit::Exit;
use wansync_core::text::explain;

/// Runs it.
pub fn run(explain: &ExplainArguments, out: &Output) -> Exit {
    let text = match &explain.code {
        None => Ok(explain::list()),
        Some(name) => explain::find(name).map(explain::code),
    };
    match text {
        Ok(text) => {
            out.line(text.trim_end());
            Exit::Done
        }
        Err(why) => {
            log::error!("{why}");
            Exit::Usage
        }
    }
}
