//! Lines, commands and words of a UCI file.
//!
//! libuci reads a line into a buffer, reads more lines into it where a quote or
//! a backslash asks for more, and cuts it into words in place. What that does
//! to odd lines, and to the positions in its messages, is kept here without the
//! buffer: words borrow from the file wherever they are in one piece.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::error::{Keyword, ParseError, Reason};

/// A command whose words were not read yet.
pub(super) struct UciCommand {
    pub keyword: Keyword,
    /// The line of the keyword, from 1.
    pub line: u32,
    /// The end of the keyword in the file.
    end: usize,
}

pub(super) struct Lexer<'a> {
    text: &'a [u8],
    /// The byte that is read next.
    pos: usize,
    /// The end of what can be read: of the line, or where it was cut off.
    end: usize,
    /// The start of the file's next line.
    next: usize,
    /// The place of the line's byte 0, if no joint had dropped a newline.
    origin: usize,
    /// The number of the line that `pos` is in, from 1.
    line: u32,
    /// The sign that ended the last word and hid the rest of its line, if one did.
    cut_by: Option<u8>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Lexer {
            text,
            pos: 0,
            end: 0,
            next: 0,
            origin: 0,
            line: 0,
            cut_by: None,
        }
    }

    /// Goes to the next line, whatever was left of this one. False at the end
    /// of the file.
    pub(super) fn next_line(&mut self) -> bool {
        if self.next == self.text.len() {
            return false;
        }
        self.origin = self.next;
        self.load_line();
        self.skip_space();
        true
    }

    /// The next command of the line, if there is one.
    pub(super) fn command(&self) -> Result<Option<UciCommand>, ParseError> {
        let rest = &self.text[self.pos..self.end];
        let Some(start) = rest.iter().position(|&byte| !is_blank(byte)) else {
            return Ok(None);
        };
        let word = &rest[start..];
        let length = word.iter().position(|&byte| is_blank(byte));
        let length = length.unwrap_or(word.len());
        let keyword = match &word[..length] {
            [b'#', ..] => return Ok(None),
            b"package" | b"p" => Keyword::Package,
            b"config" | b"c" => Keyword::Config,
            b"option" | b"o" => Keyword::Option,
            b"list" | b"l" => Keyword::List,
            _ => return Err(self.error(Reason::InvalidCommand)),
        };
        Ok(Some(UciCommand {
            keyword,
            line: self.line,
            end: self.pos + start + length,
        }))
    }

    /// Goes behind the keyword and the blank that ends it.
    pub(super) fn enter_command(&mut self, command: &UciCommand) -> Result<(), ParseError> {
        if command.end == self.end {
            return Err(self.error(Reason::WithoutName(command.keyword)));
        }
        self.pos = command.end + 1;
        Ok(())
    }

    /// The next word of the command; empty if there is none.
    pub(super) fn argument(&mut self) -> Result<Cow<'a, [u8]>, ParseError> {
        self.skip_space();
        self.cut_by = None;
        if self.current_byte() == Some(b';') {
            self.pos += 1;
            return Ok(Cow::Borrowed(&[]));
        }
        let start = self.byte_position();
        let mut word = Word::default();
        loop {
            match self.current_byte() {
                Some(b'\'') => self.single_quoted(&mut word)?,
                Some(b'"') => self.double_quoted(&mut word)?,
                Some(b'\\') => self.take_escaped(&mut word),
                Some(b';') => {
                    // libuci ends a word in place, over the `;` if nothing was
                    // dropped from the word, and so loses the rest of the line.
                    if start + word.len() == self.byte_position() {
                        self.cut_by = Some(b';').filter(|_| self.hides_something());
                        self.end = self.pos;
                    }
                    break;
                }
                Some(b'#') => {
                    self.cut_by = Some(b'#').filter(|_| word.len() > 0);
                    self.end = self.pos;
                }
                Some(_) => self.take(&mut word),
                None => {}
            }
            match self.current_byte() {
                None => break,
                Some(byte) if is_space(byte) => {
                    self.pos += 1;
                    break;
                }
                Some(_) => {}
            }
        }
        Ok(word.finish(self.text))
    }

    /// The sign that ended the last word in the midst of its line, such as the `#` of
    /// `user#1`: what follows it is no part of the word, although it looks like one.
    pub(super) fn cut_by(&self) -> Option<u8> {
        self.cut_by
    }

    /// True if a byte that is no blank stands right behind the one that is read next, so
    /// that the two look like one word.
    fn hides_something(&self) -> bool {
        let rest = &self.text[self.pos + 1..self.end];
        rest.first().is_some_and(|byte| !is_space(*byte))
    }

    /// Checks that the command has no more words.
    pub(super) fn end_of_command(&mut self) -> Result<(), ParseError> {
        if self.argument()?.is_empty() {
            Ok(())
        } else {
            Err(self.error(Reason::TooManyArguments))
        }
    }

    /// An error at this position, as libuci counts lines and bytes.
    pub(super) fn error(&self, reason: Reason) -> ParseError {
        let ended = self.text[..self.next].ends_with(b"\n");
        ParseError {
            reason,
            line: self.line - u32::from(!ended),
            byte: self.byte_position() as u32,
        }
    }

    fn single_quoted(&mut self, word: &mut Word) -> Result<(), ParseError> {
        self.pos += 1;
        loop {
            match self.current_byte() {
                Some(b'\'') => break,
                Some(_) => self.take(word),
                None if self.join_line() => {}
                None => return Err(self.error(Reason::UnterminatedSingleQuote)),
            }
        }
        self.pos += 1;
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), ParseError> {
        self.pos += 1;
        loop {
            match self.current_byte() {
                Some(b'"') => break,
                Some(b'\\') => self.take_escaped(word),
                Some(_) => self.take(word),
                None if self.join_line() => {}
                None => return Err(self.error(Reason::UnterminatedDoubleQuote)),
            }
        }
        self.pos += 1;
        Ok(())
    }

    /// A backslash makes the next byte literal, or joins the next line.
    fn take_escaped(&mut self, word: &mut Word) {
        self.pos += 1;
        match &self.text[self.pos..self.end] {
            [] | b"\n" | b"\r\n" => {
                self.join_line();
            }
            _ => self.take(word),
        }
    }

    fn take(&mut self, word: &mut Word) {
        word.push(self.text, self.pos);
        self.pos += 1;
    }

    /// Goes on with the next line in place of what is left of this one. False
    /// at the end of the file.
    fn join_line(&mut self) -> bool {
        if self.next == self.text.len() {
            self.end = self.pos;
            return false;
        }
        self.origin += self.next - self.pos;
        self.load_line();
        true
    }

    fn load_line(&mut self) {
        let rest = &self.text[self.next..];
        let newline = rest.iter().position(|&byte| byte == b'\n');
        self.pos = self.next;
        self.next += newline.map_or(rest.len(), |at| at + 1);
        self.end = self.next;
        self.line += 1;
    }

    fn skip_space(&mut self) {
        while self.current_byte().is_some_and(is_space) {
            self.pos += 1;
        }
    }

    fn current_byte(&self) -> Option<u8> {
        self.text[..self.end].get(self.pos).copied()
    }

    /// The position in libuci's buffer.
    fn byte_position(&self) -> usize {
        self.pos - self.origin
    }
}

/// A word while it is read: a range of the file as long as it is in one piece,
/// a copy from then on.
#[derive(Default)]
struct Word {
    from: usize,
    to: usize,
    copy: Vec<u8>,
}

impl Word {
    fn push(&mut self, text: &[u8], at: usize) {
        if !self.copy.is_empty() {
            self.copy.push(text[at]);
        } else if self.from == self.to {
            (self.from, self.to) = (at, at + 1);
        } else if self.to == at {
            self.to += 1;
        } else {
            self.copy.extend_from_slice(&text[self.from..self.to]);
            self.copy.push(text[at]);
        }
    }

    fn len(&self) -> usize {
        if self.copy.is_empty() {
            self.to - self.from
        } else {
            self.copy.len()
        }
    }

    fn finish(self, text: &[u8]) -> Cow<'_, [u8]> {
        if self.copy.is_empty() {
            Cow::Borrowed(&text[self.from..self.to])
        } else {
            Cow::Owned(self.copy)
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// True for what C calls white space.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
