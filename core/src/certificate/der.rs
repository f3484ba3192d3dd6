//! DER (X.690), walked in place.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// The elements that stand side by side, each a tag and a value, up to the first that is
/// not in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = *self.0.first()?;
        let (value, rest) = value(self.0, tag)?;
        self.0 = rest;
        Some((tag, value))
    }
}

/// The value of the DER element with this tag that `input` starts with, and what
/// follows it. Lengths have at most three bytes.
pub(super) fn value(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().fold(0, |sum, &b| (sum << 8) | usize::from(b));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| found == tag)
}
