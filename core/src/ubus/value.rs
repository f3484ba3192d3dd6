//! The values inside a ubus message ("blobmsg"), read where they lie. Pure.
//!
//! A reply is checked once, whole, by [`BlobTable::parse`]; after that a [`BlobValue`]
//! is a view of its bytes and nothing is copied, so a dump of a large router
//! costs the memory of its message and no more.
//!
//! An attribute is a 4-byte header, a payload, and zero bytes up to the next
//! multiple of 4. The header, big-endian: bit 31 says that the payload starts
//! with a name, the next 7 bits are an id (here: the type of the value), the
//! low 24 bits the length of header and payload. (libubox: blob.h, blobmsg.h)
//!
//! ```
//! use wansync_core::ubus::value::{BlobTable, BlobValue};
//!
//! let bytes = b"\x87\0\0\x0d\0\x02up\0\0\0\0\x01\0\0\0";
//! let table = BlobTable::parse(bytes).unwrap();
//! assert_eq!(table.iter().next(), Some((&b"up"[..], BlobValue::Bool(true))));
//! assert_eq!(table.flag("up"), Some(true));
//! assert!(BlobTable::parse(&bytes[..14]).is_err());
//! ```

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// The most containers that may lie in each other, the outermost table included.
/// netifd's dump reaches 7.
pub(crate) const MAX_DEPTH: u32 = 32;

/// Type numbers of values.
#[expect(missing_docs, reason = "their names say it")]
pub mod kind {
    pub const NULL: u8 = 0;
    pub const ARRAY: u8 = 1;
    pub const TABLE: u8 = 2;
    pub const STRING: u8 = 3;
    pub const INT64: u8 = 4;
    pub const INT32: u8 = 5;
    pub const INT16: u8 = 6;
    pub const BOOL: u8 = 7;
    pub const DOUBLE: u8 = 8;
}

/// Bytes that are not what the format allows, and what is wrong with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One value of a reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BlobValue<'a> {
    /// `null`
    Null,
    /// Elements in the owner's order.
    Array(Array<'a>),
    /// Named elements in the owner's order; a name may come twice.
    Table(BlobTable<'a>),
    /// Bytes up to the first zero byte. Usually UTF-8, but not checked.
    String(&'a [u8]),
    /// An integer of 16, 32 or 64 bits, taken as signed.
    Int(i64),
    /// An integer of 8 bits, which is how the format carries `true` and `false`.
    Bool(bool),
    /// A number with a fraction.
    Double(f64),
}

/// The inside of a table. Its bytes have been checked.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct BlobTable<'a>(&'a [u8]);

/// The inside of an array. Its bytes have been checked.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Array<'a>(&'a [u8]);

impl<'a> BlobTable<'a> {
    /// Checks a run of named values, to the innermost. Needs time linear in
    /// the number of bytes, and no memory.
    pub fn parse(bytes: &'a [u8]) -> Result<BlobTable<'a>, Malformed> {
        check_values(bytes, true, MAX_DEPTH)?;
        Ok(BlobTable(bytes))
    }

    /// `bytes` have passed [`BlobTable::parse`] before.
    pub(super) fn checked(bytes: &'a [u8]) -> BlobTable<'a> {
        BlobTable(bytes)
    }

    /// Names and values, in order.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], BlobValue<'a>)> {
        Values {
            rest: self.0,
            named: true,
        }
    }

    /// The first string of that name, made readable where it is not UTF-8.
    pub fn text(self, name: &str) -> Option<Cow<'a, str>> {
        self.find(name, |value| match value {
            BlobValue::String(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        })
    }

    /// The first boolean of that name.
    pub fn flag(self, name: &str) -> Option<bool> {
        self.find(name, |value| match value {
            BlobValue::Bool(flag) => Some(flag),
            _ => None,
        })
    }

    /// The first integer of that name.
    pub fn int(self, name: &str) -> Option<i64> {
        self.find(name, |value| match value {
            BlobValue::Int(int) => Some(int),
            _ => None,
        })
    }

    /// The first array of that name.
    pub fn array(self, name: &str) -> Option<Array<'a>> {
        self.find(name, |value| match value {
            BlobValue::Array(array) => Some(array),
            _ => None,
        })
    }

    /// The first table of that name.
    pub fn table(self, name: &str) -> Option<BlobTable<'a>> {
        self.find(name, |value| match value {
            BlobValue::Table(table) => Some(table),
            _ => None,
        })
    }

    /// The first of that name and of the right type: as owners read arguments.
    fn find<T>(self, name: &str, pick: impl Fn(BlobValue<'a>) -> Option<T>) -> Option<T> {
        self.iter()
            .filter(|(found, _)| *found == name.as_bytes())
            .find_map(|(_, value)| pick(value))
    }
}

impl<'a> Array<'a> {
    /// The elements, in order.
    pub fn iter(self) -> impl Iterator<Item = BlobValue<'a>> {
        Values {
            rest: self.0,
            named: false,
        }
        .map(|(_, value)| value)
    }

    /// The elements that are tables.
    pub fn tables(self) -> impl Iterator<Item = BlobTable<'a>> {
        self.iter().filter_map(|value| match value {
            BlobValue::Table(table) => Some(table),
            _ => None,
        })
    }
}

impl fmt::Debug for BlobTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.iter()
                    .map(|(name, value)| (String::from_utf8_lossy(name), value)),
            )
            .finish()
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Walks bytes that [`check`] has passed; on others it would stop early.
struct Values<'a> {
    rest: &'a [u8],
    named: bool,
}

impl<'a> Iterator for Values<'a> {
    type Item = (&'a [u8], BlobValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let attribute = Attribute::cut(&mut self.rest).ok()??;
        attribute.value(self.named).ok()
    }
}

fn check_values(bytes: &[u8], named: bool, depth: u32) -> Result<(), Malformed> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(Malformed("values nested too deeply"));
    };
    let mut rest = bytes;
    while let Some(attribute) = Attribute::cut(&mut rest)? {
        match attribute.value(named)?.1 {
            BlobValue::Array(array) => check_values(array.0, false, below)?,
            BlobValue::Table(table) => check_values(table.0, true, below)?,
            _ => {}
        }
    }
    Ok(())
}

/// One attribute, its lengths checked against what it lies in.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    /// 0 to 127: in a message its meaning, in a value its type.
    pub(super) id: u8,
    named: bool,
    pub(super) payload: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// Cuts the first attribute off `rest`; `None` where nothing is left.
    pub(super) fn cut(rest: &mut &'a [u8]) -> Result<Option<Attribute<'a>>, Malformed> {
        if rest.is_empty() {
            return Ok(None);
        }
        let Some((&header, _)) = rest.split_first_chunk::<4>() else {
            return Err(Malformed("bytes left over behind the last attribute"));
        };
        let length = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
        let padded = length.next_multiple_of(4);
        if length < 4 || padded > rest.len() {
            return Err(Malformed("an attribute's length does not fit"));
        }
        let attribute = Attribute {
            id: header[0] & 0x7f,
            named: header[0] & 0x80 != 0,
            payload: &rest[4..length],
        };
        *rest = &rest[padded..];
        Ok(Some(attribute))
    }

    /// The name and the value. libubox takes array elements without a name
    /// header as well; in a table a value must have one.
    fn value(self, in_table: bool) -> Result<(&'a [u8], BlobValue<'a>), Malformed> {
        let (name, bytes) = match self.named {
            true => split_name(self.payload)?,
            false if in_table => return Err(Malformed("a value without a name in a table")),
            false => (&[][..], self.payload),
        };
        let value = match self.id {
            kind::NULL => BlobValue::Null,
            kind::ARRAY => BlobValue::Array(Array(bytes)),
            kind::TABLE => BlobValue::Table(BlobTable(bytes)),
            kind::STRING => {
                BlobValue::String(string(bytes).ok_or(Malformed("a string without its end"))?)
            }
            kind::INT64 => BlobValue::Int(i64::from_be_bytes(fixed_size(bytes)?)),
            kind::INT32 => BlobValue::Int(i32::from_be_bytes(fixed_size(bytes)?).into()),
            kind::INT16 => BlobValue::Int(i16::from_be_bytes(fixed_size(bytes)?).into()),
            kind::BOOL => BlobValue::Bool(fixed_size(bytes)? != [0]),
            kind::DOUBLE => BlobValue::Double(f64::from_be_bytes(fixed_size(bytes)?)),
            _ => return Err(Malformed("a value of an unknown type")),
        };
        Ok((name, value))
    }
}

/// A name header: two bytes of length, the name, a zero byte, padding to 4.
fn split_name(payload: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    const WRONG: Malformed = Malformed("a value's name does not fit");
    let (&length, rest) = payload.split_first_chunk::<2>().ok_or(WRONG)?;
    let length = usize::from(u16::from_be_bytes(length));
    let value = payload
        .get((2 + length + 1).next_multiple_of(4)..)
        .ok_or(WRONG)?;
    match rest[length] {
        0 => Ok((&rest[..length], value)),
        _ => Err(WRONG),
    }
}

/// The bytes before the first zero byte; `None` if the last byte is not zero.
pub(super) fn string(bytes: &[u8]) -> Option<&[u8]> {
    match bytes.last() {
        Some(0) => bytes.split(|&byte| byte == 0).next(),
        _ => None,
    }
}

fn fixed_size<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes
        .try_into()
        .map_err(|_| Malformed("a number of the wrong size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `type 5, name "a", value 1`, as libubox writes it.
    const ONE: &[u8] = b"\x85\0\0\x0c\0\x01a\0\0\0\0\x01";

    #[test]
    fn what_is_not_allowed_is_refused_with_its_reason() {
        let left_over = "bytes left over behind the last attribute";
        let length = "an attribute's length does not fit";
        let name = "a value's name does not fit";
        for (bytes, reason) in [
            (&b"\x85"[..], left_over),
            (b"\x85\0\0", left_over),
            (b"\x85\0\0\0", length),
            (b"\x85\0\0\x03", length),
            (b"\x85\0\0\x08", length),
            (b"\x85\xff\xff\xff\0\x01a\0\0\0\0\x01", length),
            // The padding of the last value is part of what it lies in.
            (b"\x87\0\0\x09\0\x01a\0\x01", length),
            (b"\x80\0\0\x04", name),
            (b"\x80\0\0\x06\0\0\0\0", name),
            (b"\x80\0\0\x08\0\x01a\x01", name),
            (b"\x80\0\0\x08\xff\xffa\0", name),
            (
                b"\x85\0\0\x0b\0\x01a\0\0\0\0\x01",
                "a number of the wrong size",
            ),
            (
                b"\x84\0\0\x0c\0\x01a\0\0\0\0\x01",
                "a number of the wrong size",
            ),
            (
                b"\x88\0\0\x0c\0\x01a\0\0\0\0\x01",
                "a number of the wrong size",
            ),
            (b"\x87\0\0\x08\0\x01a\0", "a number of the wrong size"),
            (b"\x83\0\0\x08\0\x01a\0", "a string without its end"),
            (b"\x83\0\0\x0a\0\x01a\0xy\0\0", "a string without its end"),
            (b"\x89\0\0\x08\0\x01a\0", "a value of an unknown type"),
            (
                b"\x05\0\0\x08\0\0\0\x01",
                "a value without a name in a table",
            ),
            // Lengths count within the container, not within the message.
            (
                b"\x82\0\0\x0c\0\x01a\0\x85\0\0\x0c\0\x01a\0\0\0\0\x01",
                length,
            ),
        ] {
            assert_eq!(
                BlobTable::parse(bytes),
                Err(Malformed(reason)),
                "{bytes:x?}"
            );
        }
    }

    #[test]
    fn a_table_is_read_in_order_and_by_the_first_of_the_right_type() {
        let bytes = [
            ONE,
            b"\x83\0\0\x0b\0\x01a\0x\0\0\0",
            b"\x83\0\0\x0a\0\x01a\0y\0\0\0",
        ]
        .concat();
        let table = BlobTable::parse(&bytes).unwrap();
        let names: Vec<_> = table.iter().map(|(name, _)| name).collect();
        assert_eq!(names, [b"a", b"a", b"a"]);
        assert_eq!(table.int("a"), Some(1));
        assert_eq!(table.text("a").as_deref(), Some("x"));
        assert_eq!(table.flag("a"), None);
        assert_eq!(table.text("b"), None);
    }

    #[test]
    fn a_string_ends_at_its_first_zero_byte_and_need_not_be_utf_8() {
        let bytes = b"\x83\0\0\x0d\0\x01a\0\xe9t\0t\0\0\0\0";
        let table = BlobTable::parse(bytes).unwrap();
        assert_eq!(table.text("a").as_deref(), Some("\u{fffd}t"));
    }

    #[test]
    fn array_elements_may_lack_the_name_header() {
        let bytes = b"\x81\0\0\x10\0\x01a\0\x05\0\0\x08\0\0\0\x07";
        let table = BlobTable::parse(bytes).unwrap();
        let array = table.array("a").unwrap();
        assert_eq!(array.iter().collect::<Vec<_>>(), [BlobValue::Int(7)]);
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| {
            (1..levels).fold(Vec::new(), |inner, _| {
                let length = (8 + inner.len()) as u32;
                [
                    &(0x8200_0000 | length).to_be_bytes(),
                    &b"\0\x01t\0"[..],
                    &inner,
                ]
                .concat()
            })
        };
        assert!(BlobTable::parse(&nested(32)).is_ok());
        let deep = Err(Malformed("values nested too deeply"));
        assert_eq!(BlobTable::parse(&nested(33)), deep);
        assert_eq!(BlobTable::parse(&nested(10_000)), deep);
    }
}
