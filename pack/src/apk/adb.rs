//! ADB, apk's container of values: a payload in which a value is a word, 4 bits of
//! type and 28 of a small number or an offset.
//!
//! The writer shares what it has written before, as apk's does, so that the bytes
//! are those of `apk mkpkg`.

use crate::error::{Error, Result};
use std::collections::HashMap;

/// A word that stands for a value. 0 is NULL.
pub(crate) type Value = u32;
pub(crate) const NULL: Value = 0;

const INT: u32 = 0x1;
const INT_32: u32 = 0x2;
const INT_64: u32 = 0x3;
const BLOB_8: u32 = 0x8;
const BLOB_16: u32 = 0x9;
const BLOB_32: u32 = 0xa;
const ARRAY: u32 = 0xd;
const OBJECT: u32 = 0xe;

/// The low bits of a value.
const VALUE_MASK: u32 = 0x0fff_ffff;
/// Compatibility, version, reserved, root value.
const HEADER_SIZE: usize = 8;
/// A damaged or hostile file must not make the reader walk for ever.
const MAX_SLOTS: usize = 1 << 22;

/// Builds a payload.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// The stored values, by their bytes, and their places.
    known: HashMap<Vec<u8>, usize>,
}

impl Writer {
    pub(crate) fn new() -> Writer {
        Writer {
            bytes: vec![0; HEADER_SIZE],
            known: HashMap::new(),
        }
    }

    /// A number, in the smallest form. 0 is a number too, not NULL.
    pub(crate) fn int(&mut self, number: u64) -> Value {
        match u32::try_from(number) {
            Ok(small) if small <= VALUE_MASK => INT << 28 | small,
            Ok(word) => self.stored(INT_32, word.to_le_bytes().to_vec(), 4),
            Err(_) => self.stored(INT_64, number.to_le_bytes().to_vec(), 4),
        }
    }

    /// A string or bytes; empty is NULL.
    pub(crate) fn blob(&mut self, bytes: &[u8]) -> Value {
        let Some((kind, bytes, align)) = prefixed(bytes) else {
            return NULL;
        };
        self.stored(kind, bytes, align)
    }

    /// A blob that is never shared, and the offset of its content.
    pub(crate) fn unshared_blob(&mut self, bytes: &[u8]) -> (Value, usize) {
        let (kind, prefixed, align) = prefixed(bytes).expect("only the unique id: 20 bytes");
        let value = self.append(kind, &prefixed, align);
        (value, self.bytes.len() - bytes.len())
    }

    /// An object, or an array: apk writes both with the same type. Without its
    /// trailing NULLs, and NULL itself if nothing is left.
    pub(crate) fn object(&mut self, slots: &[Value]) -> Value {
        let used = slots
            .iter()
            .rposition(|slot| *slot != NULL)
            .map_or(0, |last| last + 1);
        if used == 0 {
            return NULL;
        }
        let count = u32::try_from(used + 1).expect("far fewer slots than bytes of memory");
        let words = std::iter::once(&count).chain(&slots[..used]);
        self.stored(
            OBJECT,
            words.flat_map(|word| word.to_le_bytes()).collect(),
            4,
        )
    }

    fn stored(&mut self, kind: u32, bytes: Vec<u8>, align: usize) -> Value {
        match self.known.get(&bytes) {
            Some(at) if at % align == 0 => word(kind, *at),
            _ => {
                let value = self.append(kind, &bytes, align);
                self.known.insert(bytes, (value & VALUE_MASK) as usize);
                value
            }
        }
    }

    fn append(&mut self, kind: u32, bytes: &[u8], align: usize) -> Value {
        self.bytes
            .resize(self.bytes.len().next_multiple_of(align), 0);
        let value = word(kind, self.bytes.len());
        self.bytes.extend_from_slice(bytes);
        value
    }

    /// The payload with this root, or a refusal where offsets do not reach.
    pub(crate) fn finish(mut self, root: Value) -> Result<Vec<u8>> {
        if self.bytes.len() > VALUE_MASK as usize {
            return Err(Error::refused("package", "its file list is over 256 MiB"));
        }
        self.bytes[4..HEADER_SIZE].copy_from_slice(&root.to_le_bytes());
        Ok(self.bytes)
    }
}

/// Offsets that do not fit are caught by `finish`.
fn word(kind: u32, offset: usize) -> Value {
    kind << 28 | (offset as u32 & VALUE_MASK)
}

/// Type, length and content, and alignment of the length.
fn prefixed(bytes: &[u8]) -> Option<(u32, Vec<u8>, usize)> {
    let join = |length: &[u8]| [length, bytes].concat();
    match bytes.len() {
        0 => None,
        length @ 1..=0xff => Some((BLOB_8, join(&[length as u8]), 1)),
        length @ 0x100..=0xffff => Some((BLOB_16, join(&(length as u16).to_le_bytes()), 2)),
        length => Some((BLOB_32, join(&(length as u32).to_le_bytes()), 4)),
    }
}

/// Reads a payload.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The payload's reader and its root.
    pub(crate) fn new(payload: &'a [u8]) -> Result<(Reader<'a>, Object<'a>)> {
        let head = payload
            .get(..HEADER_SIZE)
            .ok_or_else(|| damaged("is cut off"))?;
        if head[0] != 0 {
            return Err(Error::unsupported(
                "metadata",
                "of a newer format than this program knows",
            ));
        }
        let reader = Reader(payload);
        let root = u32::from_le_bytes(head[4..].try_into().expect("4 bytes"));
        let root = reader.object(root)?;
        Ok((reader, root))
    }

    pub(crate) fn int(self, value: Value) -> Result<Option<u64>> {
        match value >> 28 {
            _ if value == NULL => Ok(None),
            INT => Ok(Some(u64::from(value & VALUE_MASK))),
            INT_32 => Ok(Some(u64::from(self.word(offset(value))?))),
            INT_64 => {
                let bytes = self.slice(offset(value), 8)?;
                Ok(Some(u64::from_le_bytes(bytes.try_into().expect("8 bytes"))))
            }
            _ => Err(damaged("something else where a number should be")),
        }
    }

    /// Bytes; NULL is empty.
    pub(crate) fn blob(self, value: Value) -> Result<&'a [u8]> {
        let at = offset(value);
        let (prefix, length) = match value >> 28 {
            _ if value == NULL => return Ok(&[]),
            BLOB_8 => (1, usize::from(self.slice(at, 1)?[0])),
            BLOB_16 => (
                2,
                usize::from(u16::from_le_bytes(
                    self.slice(at, 2)?.try_into().expect("2 bytes"),
                )),
            ),
            BLOB_32 => (4, self.word(at)? as usize),
            _ => return Err(damaged("something else where text should be")),
        };
        self.slice(at + prefix, length)
    }

    pub(crate) fn text(self, value: Value) -> Result<String> {
        let text = std::str::from_utf8(self.blob(value)?);
        text.map(str::to_owned)
            .map_err(|_| damaged("text that is not UTF-8"))
    }

    /// An object or an array; NULL has no slots.
    pub(crate) fn object(self, value: Value) -> Result<Object<'a>> {
        match value >> 28 {
            _ if value == NULL => return Ok(Object { words: &[] }),
            ARRAY | OBJECT => {}
            _ => return Err(damaged("something else where an object should be")),
        }
        let at = offset(value);
        let count = self.word(at)? as usize;
        if count == 0 || count > MAX_SLOTS {
            return Err(damaged("an object with an impossible number of slots"));
        }
        Ok(Object {
            words: self.slice(at + 4, 4 * (count - 1))?,
        })
    }

    fn word(self, at: usize) -> Result<u32> {
        Ok(u32::from_le_bytes(
            self.slice(at, 4)?.try_into().expect("4 bytes"),
        ))
    }

    fn slice(self, at: usize, length: usize) -> Result<&'a [u8]> {
        let end = at.checked_add(length);
        end.and_then(|end| self.0.get(at..end))
            .ok_or_else(|| damaged("an offset beyond its end"))
    }
}

/// The slots of an object, or the items of an array.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    words: &'a [u8],
}

impl<'a> Object<'a> {
    /// Slot `number`, from 1; NULL beyond the last.
    pub(crate) fn slot(&self, number: usize) -> Value {
        self.items().nth(number - 1).unwrap_or(NULL)
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = Value> + use<'a> {
        self.words
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes(word.try_into().expect("4 bytes")))
    }

    /// The number of slots.
    pub(crate) fn len(&self) -> usize {
        self.words.len() / 4
    }
}

/// The place in the payload of a value that is not its own number.
pub(crate) fn offset(value: Value) -> usize {
    (value & VALUE_MASK) as usize
}

fn damaged(why: &str) -> Error {
    Error::damaged("metadata", why)
}
