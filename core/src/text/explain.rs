//! What `wansync explain` says of the codes of reasons.
//!
//! ```
//! use wansync_core::reason::Code;
//! use wansync_core::text::explain;
//!
//! let text = explain::code(Code::TunnelStatus);
//! assert_eq!(text, "tunnel.status\n  <network> <state>\n");
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::config::suggest::hint;
use crate::reason::Code;
use crate::reason::table::Part;

/// The code, its words, and what to do about it.
pub fn code(code: Code) -> String {
    let mut text = format!("{}\n  {}\n", code.name(), template(code));
    if let Some(action) = code.action() {
        text.push_str("what to do: ");
        text.push_str(action);
        text.push('\n');
    }
    text
}

/// All codes, each with its words.
pub fn list() -> String {
    let mut text = String::new();
    for code in Code::ALL {
        text.push_str(&format!("{:24}  {}\n", code.name(), template(*code)));
    }
    text
}

/// The code of this name.
///
/// # Errors
/// There is none; in words, with the name that was probably meant.
pub fn find(name: &str) -> Result<Code, String> {
    Code::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        let hint = hint(name, &names);
        format!("there is no code '{name}'{hint}; 'wansync explain' lists them")
    })
}

/// The template with its arguments as `<name>`.
fn template(code: Code) -> String {
    let mut text = String::new();
    for part in code.template().parts() {
        match part {
            Part::Words(words) => text.push_str(words),
            Part::Argument(name, _) => text.push_str(&format!("<{name}>")),
        }
    }
    text
}
