//! From the text of `/etc/config/wansync` to a checked configuration. Pure.

pub mod uci;
