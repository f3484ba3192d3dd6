//! The UCI format, read as strictly as libuci reads it.
//!
//! The same file must mean the same to wansync as to `uci show`, or fail with
//! the same words. One bad line fails the whole file: a router that runs with
//! half of its configuration is worse than one that says which line is wrong.
//! Every section, option and list item keeps its line, for the messages of the
//! layer above.
//!
//! One thing differs from libuci: a NUL byte is always an error. libuci drops the
//! rest of that line and reads on, which hides options from their owner.
//!
//! Source of the rules: the output of the `uci` tool of OpenWrt 25.12 for the
//! files in `tests/data/uci`.

mod error;
mod lexer;
pub mod print;

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::places::Places;
pub use error::{Keyword, ParseError, Reason};
use lexer::{Lexer, UciCommand};

/// One configuration file, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// Named and unnamed sections.
    pub sections: Vec<Section<'a>>,
}

/// The section that one `config` line opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// The type: one or more of the bytes 0x21 to 0x7e.
    pub kind: Cow<'a, str>,
    /// The name, `[A-Za-z0-9_]+`; of an unnamed section the one that libuci
    /// generates, `cfgNNhhhh`.
    pub name: Cow<'a, str>,
    /// True if the name is a generated one.
    pub anonymous: bool,
    /// The line of its first `config`, from 1.
    pub line: u32,
    /// The lines where a named section was opened again. Its options merge.
    pub reopened: Vec<u32>,
    /// Options and lists, each name once, at the place where it came first.
    pub options: Vec<Entry<'a>>,
    /// The options whose values end in the midst of their lines.
    pub cuts: Vec<Cut<'a>>,
}

/// A value that is not in quotes and ends before a sign that hides the rest of its line:
/// `#`, which begins a comment, or `;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The option's name.
    pub name: Cow<'a, str>,
    /// The sign.
    pub sign: u8,
    /// The line.
    pub line: u32,
}

/// One option or list of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name, `[A-Za-z0-9_]+`.
    pub name: Cow<'a, str>,
    /// The value that counts.
    pub value: Value<'a>,
    /// The line of the command that set it; of a list, that of its first item.
    pub line: u32,
    /// Earlier lines whose value no longer counts.
    pub replaced: Vec<u32>,
}

/// The value of an option. Any bytes but NUL: UCI does not check for UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// From `option`. Never empty: libuci ignores an option without a value,
    /// and keeps the value that was set before.
    One(Cow<'a, [u8]>),
    /// From `list`: at least one item, each with its line. An `option` that is
    /// followed by a `list` of the same name becomes its first item.
    List(Vec<(Cow<'a, [u8]>, u32)>),
}

/// Reads a whole file. Takes time linear in its length, whatever it holds.
///
/// # Errors
/// The first error of the file, with libuci's reason and position.
///
/// ```
/// use wansync_core::config::uci::{Value, parse};
///
/// let package = parse(b"config skydns 'home'\n\toption ident 'login'\n").unwrap();
/// let section = &package.sections[0];
/// assert_eq!(section.name, "home");
/// assert_eq!(section.options[0].value, Value::One(b"login".into()));
///
/// let error = parse(b"optoin ident 'login'\n").unwrap_err();
/// assert_eq!(error.to_string(), "Parse error (invalid command) at line 1, byte 0");
/// ```
pub fn parse(text: &[u8]) -> Result<Package<'_>, ParseError> {
    match text.iter().position(|&byte| byte == 0) {
        Some(at) => Err(nul_error(text, at)),
        None => Reader::default().read(text),
    }
}

/// libuci reads lines as C strings: what follows a NUL is lost, newline
/// included, so the next line is joined. What it says of such a file depends
/// on what is left; if it says nothing, we do.
fn nul_error(text: &[u8], first: usize) -> ParseError {
    let mut left = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        left.extend(line.iter().take_while(|&&byte| byte != 0));
    }
    Reader::default().read(&left).err().unwrap_or_else(|| {
        let (line, byte) = position(text, first);
        ParseError {
            reason: Reason::Nul,
            line,
            byte,
        }
    })
}

fn position(text: &[u8], at: usize) -> (u32, u32) {
    let newlines = text[..at].iter().filter(|&&byte| byte == b'\n').count();
    let line = text[..at].rsplit(|&byte| byte == b'\n').next();
    (newlines as u32 + 1, line.map_or(0, <[u8]>::len) as u32)
}

/// The sections that were read so far.
#[derive(Default)]
struct Reader<'a> {
    package: Package<'a>,
    /// The section that options go to.
    open: Option<usize>,
    /// The places of the named sections, and of a section's options beyond its
    /// first few.
    places: Places<'a>,
}

/// The number of options that are looked through faster than a map.
const MAX_UNINDEXED_OPTIONS: usize = 24;

impl<'a> Reader<'a> {
    fn read(mut self, text: &'a [u8]) -> Result<Package<'a>, ParseError> {
        let mut lexer = Lexer::new(text);
        while lexer.next_line() {
            while let Some(command) = lexer.command()? {
                match command.keyword {
                    Keyword::Package => self.package(&mut lexer, command)?,
                    Keyword::Config => self.config(&mut lexer, command)?,
                    Keyword::Option | Keyword::List => self.option(&mut lexer, command)?,
                }
            }
        }
        Ok(self.package)
    }

    /// `package` is checked and otherwise ignored: the name of the file counts.
    fn package(&mut self, lexer: &mut Lexer<'a>, command: UciCommand) -> Result<(), ParseError> {
        lexer.enter_command(&command)?;
        required_argument(lexer, is_package_byte, Reason::InvalidName)?;
        lexer.end_of_command()
    }

    fn config(&mut self, lexer: &mut Lexer<'a>, command: UciCommand) -> Result<(), ParseError> {
        lexer.enter_command(&command)?;
        let kind = required_argument(lexer, is_type_byte, Reason::InvalidType)?;
        let name = optional_argument(lexer, is_name_byte, Reason::InvalidName)?;
        lexer.end_of_command()?;
        let at = match &name {
            None => self.package.sections.len(),
            Some(name) => self.place_of_section(name.clone()),
        };
        match self.package.sections.get_mut(at) {
            None => self.add_section(kind, name, command.line),
            Some(section) if section.kind == kind => section.reopened.push(command.line),
            Some(_) => return Err(lexer.error(Reason::TypeConflict)),
        }
        self.open = Some(at);
        Ok(())
    }

    fn option(&mut self, lexer: &mut Lexer<'a>, command: UciCommand) -> Result<(), ParseError> {
        let Some(section) = self.open else {
            return Err(lexer.error(Reason::NoSection));
        };
        lexer.enter_command(&command)?;
        let name = required_argument(lexer, is_name_byte, Reason::InvalidName)?;
        let value = lexer.argument()?;
        if let Some(sign) = lexer.cut_by() {
            self.package.sections[section].cuts.push(Cut {
                name: name.clone(),
                sign,
                line: command.line,
            });
        }
        lexer.end_of_command()?;
        match command.keyword {
            Keyword::List => {
                let items = vec![(value, command.line)];
                self.set(section, name, Value::List(items), command.line);
            }
            _ if value.is_empty() => {}
            _ => self.set(section, name, Value::One(value), command.line),
        }
        Ok(())
    }

    /// The place of the section of this name, which is behind all others if it
    /// is new.
    fn place_of_section(&mut self, name: Cow<'a, str>) -> usize {
        let sections = &self.package.sections;
        // A generated name says its place.
        let generated = place_of_generated(&name).filter(|at| {
            let section = sections.get(*at);
            section.is_some_and(|section| section.anonymous && section.name == name)
        });
        let place = generated.unwrap_or(sections.len());
        self.places.first_place(name, place)
    }

    fn add_section(&mut self, kind: Cow<'a, str>, name: Option<Cow<'a, str>>, line: u32) {
        let sections = &mut self.package.sections;
        let anonymous = name.is_none();
        let name = name.unwrap_or_else(|| Cow::Owned(generated_name(sections.len(), &kind)));
        sections.push(Section {
            kind,
            name,
            anonymous,
            line,
            reopened: Vec::new(),
            options: Vec::new(),
            cuts: Vec::new(),
        });
    }

    fn set(&mut self, section: usize, name: Cow<'a, str>, value: Value<'a>, line: u32) {
        let place = self.place_of_option(section, &name);
        let options = &mut self.package.sections[section].options;
        match options.get_mut(place) {
            Some(entry) => entry.set(value, line),
            None => options.push(Entry {
                name,
                value,
                line,
                replaced: Vec::new(),
            }),
        }
    }

    /// The place of the option of this name, behind all others if it is new.
    fn place_of_option(&mut self, section: usize, name: &str) -> usize {
        let options = &self.package.sections[section].options;
        let few = &options[..options.len().min(MAX_UNINDEXED_OPTIONS)];
        let place = few.iter().position(|entry| entry.name == name);
        place.unwrap_or_else(|| match options.len() {
            0..MAX_UNINDEXED_OPTIONS => options.len(),
            // No section's name has a blank.
            count => self
                .places
                .first_place(format!("{section} {name}").into(), count),
        })
    }
}

impl<'a> Section<'a> {
    /// The option or list of this name.
    pub fn entry(&self, name: &str) -> Option<&Entry<'a>> {
        self.options.iter().find(|entry| entry.name == name)
    }
}

impl<'a> Entry<'a> {
    /// `list` adds to what is there, `option` takes its place.
    fn set(&mut self, value: Value<'a>, line: u32) {
        match (&mut self.value, value) {
            (Value::List(items), Value::List(more)) => items.extend(more),
            (Value::One(first), Value::List(more)) => {
                let mut items = vec![(core::mem::take(first), self.line)];
                items.extend(more);
                self.value = Value::List(items);
            }
            (old, one @ Value::One(_)) => {
                match old {
                    Value::One(_) => self.replaced.push(self.line),
                    Value::List(items) => self.replaced.extend(items.iter().map(|item| item.1)),
                }
                self.value = one;
                self.line = line;
            }
        }
    }
}

/// The name that libuci gives to the unnamed section at `place`, from 0: `cfg`,
/// the number of sections so far in two hexadecimal digits or more, and four of
/// Bernstein's hash of its type.
fn generated_name(place: usize, kind: &str) -> String {
    let hash = kind.bytes().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33).wrapping_add(byte.into())
    });
    format!("cfg{:02x}{:04x}", place + 1, hash & 0xffff)
}

/// The place that a generated name says, if `name` can be one.
fn place_of_generated(name: &str) -> Option<usize> {
    let digits = name.strip_prefix("cfg")?;
    let count = digits.get(..digits.len().checked_sub(4)?)?;
    usize::from_str_radix(count, 16).ok()?.checked_sub(1)
}

fn required_argument<'a>(
    lexer: &mut Lexer<'a>,
    allowed: fn(u8) -> bool,
    otherwise: Reason,
) -> Result<Cow<'a, str>, ParseError> {
    match optional_argument(lexer, allowed, otherwise)? {
        Some(word) => Ok(word),
        None => Err(lexer.error(Reason::InsufficientArguments)),
    }
}

fn optional_argument<'a>(
    lexer: &mut Lexer<'a>,
    allowed: fn(u8) -> bool,
    otherwise: Reason,
) -> Result<Option<Cow<'a, str>>, ParseError> {
    let word = lexer.argument()?;
    if word.is_empty() {
        return Ok(None);
    }
    let allowed = word.iter().all(|&byte| allowed(byte));
    match utf8(word) {
        Some(word) if allowed => Ok(Some(word)),
        _ => Err(lexer.error(otherwise)),
    }
}

fn utf8(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => core::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_package_byte(byte: u8) -> bool {
    is_name_byte(byte) || byte == b'-'
}

fn is_type_byte(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

#[cfg(test)]
mod tests;
