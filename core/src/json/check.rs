//! The one place that looks at every byte: is this text JSON?

use core::fmt;

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

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonError::CutOff => f.write_str("cut off"),
            JsonError::TooDeep => write!(f, "nested more than {MAX_DEPTH} deep"),
            JsonError::Damaged(at) => write!(f, "damaged (at byte {at})"),
        }
    }
}

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
    reader.blanks();
    reader.value(0)?;
    reader.blanks();
    match reader.peek() {
        None => Ok(()),
        Some(_) => reader.damaged(),
    }
}

struct Checker<'a> {
    strictness: Strictness,
    bytes: &'a [u8],
    at: usize,
}

impl Checker<'_> {
    fn value(&mut self, depth: u32) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{') => self.container(depth, b'}'),
            Some(b'[') => self.container(depth, b']'),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.damaged(),
        }
    }

    fn container(&mut self, depth: u32, close: u8) -> Result<(), JsonError> {
        if depth == MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.at += 1;
        self.blanks();
        if self.eat(close) {
            return Ok(());
        }
        loop {
            if close == b'}' {
                self.string()?;
                self.blanks();
                self.expect(b':')?;
                self.blanks();
            }
            self.value(depth + 1)?;
            self.blanks();
            if !self.eat(b',') {
                return self.expect(close);
            }
            self.blanks();
            if self.strictness == Strictness::TrailingCommas && self.eat(close) {
                return Ok(());
            }
        }
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) | None => return self.damaged(),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(byte) if byte.is_ascii_hexdigit() => self.at += 1,
                        _ => return self.damaged(),
                    }
                }
            }
            _ => return self.damaged(),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => self.damaged(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        word.iter().try_for_each(|byte| self.expect(*byte))
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        match self.eat(byte) {
            true => Ok(()),
            false => self.damaged(),
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

    fn damaged(&self) -> Result<(), JsonError> {
        match self.at < self.bytes.len() {
            true => Err(JsonError::Damaged(self.at)),
            false => Err(JsonError::CutOff),
        }
    }
}
