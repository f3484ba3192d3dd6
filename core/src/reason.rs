//! Reasons: why an address is not sent, why a connection failed, where the household's
//! questions go.
//!
//! What the core decides by is a typed variant, one file a subject. What it says is a
//! [`Reason`]: a code with named arguments, which each variant becomes in one place. The
//! English words are made from them by the [`table`], and nowhere else; a program is given
//! the code and the arguments besides, and finds words of another language by them.

pub mod address;
pub mod alert;
pub mod certificate;
pub mod connection;
pub mod daemon;
pub mod filtering;
pub mod hold;
mod persist;
pub mod refusal;
pub mod state;
pub mod table;
pub mod wait;

use alloc::borrow::{Cow, ToOwned};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Display};
use core::time::Duration;

use crate::time::describe_span;
pub use table::Code;

/// A reason: a code of the [`table`], and an argument for each name in its template, in
/// their order. An argument may be reasons again, as each address that was tried has one.
///
/// ```
/// use wansync_core::reason::{Code, Reason};
/// use wansync_core::reason::wait::Wait;
///
/// let wait = Wait::HoldDown { address: [8, 8, 4, 4].into() };
/// let reason = Reason::from(&wait);
/// assert_eq!(reason.code(), Code::WaitHoldDown);
/// assert_eq!(reason.code().name(), "wait.hold_down");
/// assert_eq!(
///     reason.to_string(),
///     "the WAN flaps: it changed its address more than three times a minute, so 8.8.4.4 waits"
/// );
/// ```
#[derive(Clone, Default)]
pub struct Reason {
    code: Code,
    arguments: Vec<Argument>,
}

/// An argument of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A text that is the same in every language: a name, an address, a date, words that
    /// are not this program's.
    Text(String),
    /// A number; of seconds, where the argument's name ends in `_s`.
    Number(u32),
    /// Reasons in a row; none leaves nothing.
    Reasons(Vec<Reason>),
}

/// Makes a [`Reason`](crate::reason::Reason) of a code and its arguments, each behind its
/// name. That the names are those of the template, in its order, is checked when it is
/// compiled.
///
/// ```
/// use wansync_core::reason;
///
/// let reason = reason!(SourceNoDevice, device = "eth9");
/// assert_eq!(reason.to_string(), "there is no device eth9");
/// ```
#[macro_export]
macro_rules! reason {
    ($code:ident $(, $name:ident = $value:expr)* $(,)?) => {{
        const { assert!($crate::reason::Code::$code.takes(&[$(stringify!($name)),*])) };
        #[allow(unused_mut, reason = "some have no argument")]
        let mut reason = $crate::reason::Reason::of($crate::reason::Code::$code);
        $($crate::reason::AsArgument::add_to($value, &mut reason);)*
        reason
    }};
}

/// Implements `Display` for types that become a [`Reason`].
macro_rules! show_as_reason {
    ($($type:ty),* $(,)?) => {$(
        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&$crate::reason::Reason::from(self), f)
            }
        }
    )*};
}
pub(crate) use show_as_reason;

impl Reason {
    /// The reason of this code, to which the arguments of its template are to be added. The
    /// macro [`reason!`](crate::reason!) does that.
    pub fn of(code: Code) -> Reason {
        Reason {
            code,
            arguments: Vec::new(),
        }
    }

    /// The reason with one argument more.
    #[must_use]
    pub fn with(mut self, argument: impl AsArgument) -> Reason {
        argument.add_to(&mut self);
        self
    }

    #[inline(never)] // Every argument of every reason comes by here.
    fn add(&mut self, argument: Argument) {
        self.arguments.push(argument);
    }

    #[inline(never)]
    fn add_shown(&mut self, value: &dyn Display) {
        self.add(Argument::Text(value.to_string()));
    }

    /// A reason in words that have no code: those of the system, of a service, or of
    /// another version. Without any it is the empty reason.
    pub fn words(words: &str) -> Reason {
        match words {
            "" => Reason::default(),
            _ => Reason::of(Code::Words).with(words),
        }
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its arguments, each with its name.
    pub fn arguments(&self) -> impl Iterator<Item = (&'static str, &Argument)> {
        self.code.arguments().into_iter().zip(&self.arguments)
    }

    /// The argument of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut arguments = self.arguments();
        match arguments.find(|(other, _)| *other == name)?.1 {
            Argument::Text(text) => Some(text),
            _ => None,
        }
    }

    /// True if it says nothing.
    pub fn is_empty(&self) -> bool {
        self.arguments.is_empty() && self.code == Code::Words
    }

    /// Has `redact` change each text in it.
    pub fn redact(&mut self, redact: &dyn Fn(&str) -> String) {
        for argument in &mut self.arguments {
            match argument {
                Argument::Text(text) => *text = redact(text),
                Argument::Reasons(reasons) => {
                    reasons.iter_mut().for_each(|reason| reason.redact(redact));
                }
                Argument::Number(_) => {}
            }
        }
    }

    /// The advice on what to do about it, or about the first reason in it that has one.
    pub fn action(&self) -> Option<&'static str> {
        self.code.action().or_else(|| {
            let mut inside = self.arguments.iter().flat_map(|argument| match argument {
                Argument::Reasons(reasons) => &**reasons,
                _ => &[],
            });
            inside.find_map(Reason::action)
        })
    }

    /// This reason, unless it says nothing.
    pub fn non_empty(&self) -> Option<&Reason> {
        Some(self).filter(|reason| !reason.is_empty())
    }
}

/// Equal if they say the same: what a version left that knew no codes is no other reason.
impl PartialEq for Reason {
    fn eq(&self, other: &Reason) -> bool {
        let has_no_code = |one: &Reason| one.code == Code::Words;
        let is_same_code = self.code == other.code;
        // The same arguments make the same words; a daemon compares often.
        is_same_code && self.arguments == other.arguments
            || (is_same_code || has_no_code(self) || has_no_code(other))
                && self.to_string() == other.to_string()
    }
}

impl Eq for Reason {}

/// The words, quoted.
impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        Display::fmt(self, f)?;
        f.write_str("\"")
    }
}

/// So that an error of the system's kind can hold one.
impl core::error::Error for Reason {}

/// The English words.
impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Vec::new();
        for part in self.code.template().parts() {
            let (name, separator) = match part {
                table::Part::Words(words) => {
                    f.write_str(words)?;
                    continue;
                }
                table::Part::Argument(name, separator) => (name, separator),
            };
            // The arguments are in the order in which they are named first.
            let known = names.iter().position(|other| *other == name);
            let place = known.unwrap_or(names.len());
            if known.is_none() {
                names.push(name);
            }
            match self.arguments.get(place) {
                Some(Argument::Text(text)) => f.write_str(text)?,
                Some(Argument::Number(number)) if name.ends_with("_s") => {
                    f.write_str(&describe_span(Duration::from_secs(u64::from(*number))))?;
                }
                Some(Argument::Number(number)) => write!(f, "{number}")?,
                Some(Argument::Reasons(reasons)) => {
                    write_joined(f, separator, reasons, &|f, reason| reason.fmt(f))?;
                }
                None => {}
            }
        }
        Ok(())
    }
}

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

/// A value that can be the next argument of a reason. Hundreds of places add one, so nothing
/// of it is repeated there.
pub trait AsArgument {
    /// Appends it.
    fn add_to(self, reason: &mut Reason);
}

impl AsArgument for &str {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        reason.add(Argument::Text(self.to_owned()));
    }
}

impl AsArgument for &String {
    fn add_to(self, reason: &mut Reason) {
        self.as_str().add_to(reason);
    }
}

impl AsArgument for String {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        reason.add(Argument::Text(self));
    }
}

impl AsArgument for Cow<'_, str> {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        self.into_owned().add_to(reason);
    }
}

impl AsArgument for char {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        String::from(self).add_to(reason);
    }
}

impl AsArgument for u32 {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        reason.add(Argument::Number(self));
    }
}

impl AsArgument for usize {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        u32::try_from(self).unwrap_or(u32::MAX).add_to(reason);
    }
}

/// Whole seconds.
impl AsArgument for Duration {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        let seconds = u32::try_from(self.as_secs());
        seconds.unwrap_or(u32::MAX).add_to(reason);
    }
}

impl AsArgument for Vec<Reason> {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        reason.add(Argument::Reasons(self));
    }
}

/// None for the empty reason.
impl AsArgument for Reason {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        let is_something = Some(self).filter(|reason| !reason.is_empty());
        is_something.into_iter().collect::<Vec<_>>().add_to(reason);
    }
}

impl AsArgument for &Reason {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        self.clone().add_to(reason);
    }
}

/// The reason of a code without arguments.
impl AsArgument for Code {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        Reason::of(self).add_to(reason);
    }
}

impl AsArgument for Option<Reason> {
    #[inline(never)]
    fn add_to(self, reason: &mut Reason) {
        self.unwrap_or_default().add_to(reason);
    }
}

macro_rules! argument_as_shown {
    ($($type:ty),*) => {$(
        impl AsArgument for $type {
            fn add_to(self, reason: &mut Reason) {
                reason.add_shown(&self);
            }
        }
    )*};
}
argument_as_shown!(
    core::net::IpAddr,
    crate::address::PublicAddress,
    crate::address::Family,
    crate::prefix::Prefix
);

#[cfg(test)]
#[path = "reason/tests.rs"]
mod tests;
