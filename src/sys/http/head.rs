//! The head of a reply, as old servers send it and ureq's parser does not take it.
//!
//! Like curl, and as RFC 9112 wants it of a client: a header line may go on in the next one
//! (5.2, `obs-fold`), blanks may stand before the colon (5.1), and any number of interim
//! replies may come first (RFC 9110, 15.2). What is mended keeps its length, so that it is
//! done where the bytes lie.

use std::io::{self, Read};

/// Reads into `buffer` until the head of the final reply is whole, mends it, and gives
/// how much was read with it. What is no HTTP, or too long for the buffer, is left as
/// it is, for ureq to refuse.
pub(super) fn read(stream: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() && is_head_so_far(&buffer[..filled]) {
        match stream.read(&mut buffer[filled..])? {
            0 => break,
            amount => filled += amount,
        }
        while let Some(end) = end_of_head(&buffer[..filled]) {
            if !is_interim(&buffer[..end]) {
                mend(&mut buffer[..end]);
                return Ok(filled);
            }
            buffer.copy_within(end..filled, 0);
            filled -= end;
        }
    }
    Ok(filled)
}

fn without_empty_lines(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte));
    &bytes[start.unwrap_or(bytes.len())..]
}

/// True if the bytes are the beginning of a reply of HTTP/1.
fn is_head_so_far(bytes: &[u8]) -> bool {
    let bytes = without_empty_lines(bytes);
    b"HTTP/".starts_with(bytes) || bytes.starts_with(b"HTTP/")
}

/// The end of the empty line that ends a head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let start = bytes.len() - without_empty_lines(bytes).len();
    let mut lines = bytes[start..].split_inclusive(|byte| *byte == b'\n');
    let mut end = start;
    lines.find(|line| {
        end += line.len();
        matches!(line, [b'\n'] | [b'\r', b'\n'])
    })?;
    Some(end)
}

/// True for a status from 100 to 199, but for 101, behind which no HTTP follows.
fn is_interim(head: &[u8]) -> bool {
    let mut words = without_empty_lines(head).splitn(2, |byte| *byte == b' ');
    let status = words.nth(1).and_then(|rest| rest.get(..3));
    status.is_some_and(|status| status[0] == b'1' && status != b"101")
}

/// Makes one line of a folded one, and moves a colon to its name.
fn mend(head: &mut [u8]) {
    let is_blank = |byte: u8| byte == b' ' || byte == b'\t';
    let mut start = 0;
    while let Some(length) = head[start..].iter().position(|byte| *byte == b'\n') {
        let end = start + length;
        if start > 0 && is_blank(head[start]) {
            let ending = &mut head[start.saturating_sub(2)..start];
            ending
                .iter_mut()
                .filter(|byte| b"\r\n".contains(byte))
                .for_each(|byte| *byte = b' ');
        } else if let Some(colon) = head[start..end].iter().position(|byte| *byte == b':') {
            let name = &mut head[start..=start + colon];
            let blanks = name[..colon]
                .iter()
                .rev()
                .take_while(|byte| is_blank(**byte))
                .count();
            if blanks < colon {
                name[colon] = b' ';
                name[colon - blanks] = b':';
            }
        }
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its text byte by byte, or in pieces of some length.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            (&mut self.0).take(length as u64).read(buffer)
        }
    }

    fn read_in_pieces(text: &str, length: usize) -> String {
        let mut buffer = [0; 200];
        let mut pieces = Pieces(text.as_bytes(), length);
        let filled = read(&mut pieces, &mut buffer).expect("no error");
        String::from_utf8_lossy(&buffer[..filled]).into_owned()
    }

    #[test]
    fn heads_are_mended_in_pieces_of_any_length() {
        let table = [
            (
                "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
                "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
            ),
            (
                "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\td: e\r\nF: g\r\n\r\n",
                "HTTP/1.1 200 OK\r\nA: b   c  \td: e\r\nF: g\r\n\r\n",
            ),
            ("HTTP/1.1 200 OK\nA:\n b\n\n", "HTTP/1.1 200 OK\nA:  b\n\n"),
            (
                "HTTP/1.1 200 OK\r\nA \t: b : c\r\n\r\n",
                "HTTP/1.1 200 OK\r\nA:\t  b : c\r\n\r\n",
            ),
            (
                "HTTP/1.1 200 OK\r\n a: b\r\nC: d\r\n\r\n",
                "HTTP/1.1 200 OK   a: b\r\nC: d\r\n\r\n",
            ),
            (
                "\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.0 200\r\n\r\n",
                "HTTP/1.0 200\r\n\r\n",
            ),
            ("HTTP/1.1 101 No\r\n\r\n", "HTTP/1.1 101 No\r\n\r\n"),
            (
                "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
                "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
            ),
            (
                "HTTP/1.1 200 OK\r\n  \r\n\r\n",
                "HTTP/1.1 200 OK    \r\n\r\n",
            ),
            ("HTTP/1.1 200 OK\r\nA: b", "HTTP/1.1 200 OK\r\nA: b"),
            ("", ""),
        ];
        for (text, expected) in table {
            for length in 1..=text.len().max(1) {
                assert_eq!(read_in_pieces(text, length), expected, "{text:?}, {length}");
            }
        }
    }

    #[test]
    fn a_body_is_left_alone() {
        let text = "HTTP/1.1 200 OK\r\n\r\nA : b\r\n c\r\n\r\n";
        assert_eq!(read_in_pieces(text, 200), text);
    }

    #[test]
    fn what_is_no_http_is_not_waited_for() {
        assert_eq!(read_in_pieces("SSH-2.0-x\r\nmore", 9), "SSH-2.0-x");
        let long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(300));
        assert_eq!(read_in_pieces(&long, 7), long[..200]);
    }
}
