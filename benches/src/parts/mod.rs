//! The measurements, one table a part.

mod changes;
mod check;
mod daemon;
mod each;
mod idle;
mod reaction;
mod router;
mod rpcd;
mod sections;
mod send;
mod tunnel;
mod uci;

use crate::measure::Tools;
use crate::report::Part;

/// One table, from one set of programs.
type Measure = fn(&Tools) -> Part;

/// In the order in which they are printed.
pub const ALL: [(&str, Measure); 11] = [
    ("idle", idle::measure),
    ("send", send::measure),
    ("sections", sections::measure),
    ("uci", uci::measure),
    ("check", check::measure),
    ("each", each::measure),
    ("daemon", daemon::measure),
    ("reaction", reaction::measure),
    ("changes", changes::measure),
    ("tunnel", tunnel::measure),
    ("rpcd", rpcd::measure),
];
