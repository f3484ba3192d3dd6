//! The one place that looks at every byte: is this text JSON?

use crate::reason;
use crate::reason::{Reason, show_as_reason};

/// The deepest nesting of lists and objects.
const MAX_DEPTH: u32 = 127;

/// The reason that a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonError {
    /// The text ends too early.
    CutOff,
    /// More than 127 brackets inside each other.
    TooDeep,
    /// Something that cannot stand there, at this byte.
    Damaged(usize),
}

impl From<&JsonError> for Reason {
    fn from(error: &JsonError) -> Reason {
        match error {
            JsonError::CutOff => reason!(JsonCutOff),
            JsonError::TooDeep => reason!(JsonTooDeep, max = MAX_DEPTH),
            JsonError::Damaged(at) => reason!(JsonDamaged, byte = *at),
        }
    }
}

show_as_reason!(JsonError);

/// The grammar that a text is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// RFC 8259.
    ToTheLetter,
    /// RFC 8259, and a comma before a closing bracket.
    TrailingCommas,
}

/// One value and nothing else. Whatever passes, the rest of [`super`] walks
/// without checking.
pub(super) fn document(text: &str, strictness: Strictness) -> Result<(), JsonError> {
    let mut reader = Checker {
        strictness,
        bytes: text.as_bytes(),
        at: 0,
    };
    reader.skip_blanks();
    reader.check_value(0)?;
    reader.skip_blanks();
    match reader.peek() {
        None => Ok(()),
        Some(_) => reader.damage_error(),
    }
}

/// The length of the value that `bytes` begin with, whatever follows it. Its strings may
/// be in any encoding that has ASCII in it.
pub(super) fn length_of_first(bytes: &[u8]) -> Result<usize, JsonError> {
    let mut reader = Checker {
        strictness: Strictness::TrailingCommas,
        bytes,
        at: 0,
    };
    reader.check_value(0)?;
    Ok(reader.at)
}

struct Checker<'a> {
    strictness: Strictness,
    bytes: &'a [u8],
    at: usize,
}

impl Checker<'_> {
    fn check_value(&mut self, depth: u32) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{') => self.check_container(depth, b'}'),
            Some(b'[') => self.check_container(depth, b']'),
            Some(b'"') => self.check_string(),
            Some(b'-' | b'0'..=b'9') => self.check_number(),
            Some(b't') => self.expect_word(b"true"),
            Some(b'f') => self.expect_word(b"false"),
            Some(b'n') => self.expect_word(b"null"),
            _ => self.damage_error(),
        }
    }

    fn check_container(&mut self, depth: u32, close: u8) -> Result<(), JsonError> {
        if depth == MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.at += 1;
        self.skip_blanks();
        if self.eat(close) {
            return Ok(());
        }
        loop {
            if close == b'}' {
                self.check_string()?;
                self.skip_blanks();
                self.expect(b':')?;
                self.skip_blanks();
            }
            self.check_value(depth + 1)?;
            self.skip_blanks();
            if !self.eat(b',') {
                return self.expect(close);
            }
            self.skip_blanks();
            if self.strictness == Strictness::TrailingCommas && self.eat(close) {
                return Ok(());
            }
        }
    }

    fn check_string(&mut self) -> Result<(), JsonError> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.check_escape()?,
                Some(0..=0x1f) | None => return self.damage_error(),
                Some(_) => self.at += 1,
            }
        }
    }

    fn check_escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(byte) if byte.is_ascii_hexdigit() => self.at += 1,
                        _ => return self.damage_error(),
                    }
                }
            }
            _ => return self.damage_error(),
        }
        Ok(())
    }

    fn check_number(&mut self) -> Result<(), JsonError> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.expect_digits()?;
        }
        if self.eat(b'.') {
            self.expect_digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.expect_digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn expect_digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => self.damage_error(),
        }
    }

    fn expect_word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        word.iter().try_for_each(|byte| self.expect(*byte))
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        match self.eat(byte) {
            true => Ok(()),
            false => self.damage_error(),
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn damage_error(&self) -> Result<(), JsonError> {
        match self.at < self.bytes.len() {
            true => Err(JsonError::Damaged(self.at)),
            false => Err(JsonError::CutOff),
        }
    }
}
