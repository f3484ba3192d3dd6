//! Comma-separated values (RFC 4180), as spreadsheets and scripts take them.

pub mod write;
