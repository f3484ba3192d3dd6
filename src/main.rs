//! Arguments, log, command, exit code.

fn main() {}
