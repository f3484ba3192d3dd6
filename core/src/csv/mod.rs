//! Comma-separated values (RFC 4180), as spreadsheets and scripts take them.

pub mod read;
pub mod write;
