//! Reasons: why an address is not sent, why a connection failed, where the household's
//! questions go. Each is a variant with what it is about as typed fields; its English
//! words are made in its `Display` and nowhere else. One file a subject.

pub mod address;
pub mod alert;
pub mod certificate;
pub mod connection;
pub mod daemon;
pub mod filtering;
pub mod hold;
pub mod refusal;
pub mod state;
pub mod wait;

use core::fmt;

/// Writes a list with something between its items.
pub(crate) fn write_joined<T>(
    f: &mut fmt::Formatter<'_>,
    between: &str,
    list: &[T],
    write: &dyn Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in list.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        write(f, item)?;
    }
    Ok(())
}
