//! The outside of an `.apk`: how it is compressed, and its blocks.

use crate::error::{Error, Result};
use crate::gz;

const MAGIC: &[u8] = b"ADB.";
const DEFLATED: &[u8] = b"ADBd";
const SPECIFIED: &[u8] = b"ADBc";
/// The schema of a package; an index has another.
const PACKAGE: &[u8] = b"pckg";
const ALIGN: usize = 8;
/// The high two bits of a block's header, for one with a header of 16 bytes.
const EXTENDED: u32 = 3;
const MAX_BLOCK_LENGTH: usize = 0x3fff_ffff;

/// The kind of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Adb = 0,
    Signature = 1,
    Data = 2,
}

/// The stream of a package, whatever it was compressed with.
pub(crate) fn unpack(file: &[u8]) -> Result<Vec<u8>> {
    if file.starts_with(MAGIC) {
        return Ok(file.to_vec());
    }
    if let Some(packed) = file.strip_prefix(DEFLATED) {
        return gz::inflate("package", packed);
    }
    match file.strip_prefix(SPECIFIED) {
        Some([0, _, stream @ ..]) => Ok(stream.to_vec()),
        Some([1, _, packed @ ..]) => gz::inflate("package", packed),
        Some([2, ..]) => Err(Error::unsupported(
            "package",
            "zstd, which OpenWrt's apk does not read",
        )),
        _ => Err(Error::damaged("package", "not an apk v3 package")),
    }
}

/// `ADBd` and the stream: what `apk mkpkg` writes.
pub(crate) fn pack(stream: &[u8]) -> Vec<u8> {
    [DEFLATED, &gz::deflate(stream)].concat()
}

/// The head of a package's stream.
pub(crate) fn begin() -> Vec<u8> {
    [MAGIC, PACKAGE].concat()
}

/// Appends a block and its padding.
pub(crate) fn append(stream: &mut Vec<u8>, kind: Kind, payload: &[&[u8]]) -> Result<()> {
    let size = 4 + payload.iter().map(|part| part.len()).sum::<usize>();
    if size > MAX_BLOCK_LENGTH {
        return Err(Error::refused(
            "package",
            "a file or the file list is over 1 GiB",
        ));
    }
    let size = u32::try_from(size).expect("30 bits");
    stream.extend_from_slice(&((kind as u32) << 30 | size).to_le_bytes());
    payload
        .iter()
        .for_each(|part| stream.extend_from_slice(part));
    stream.resize(stream.len().next_multiple_of(ALIGN), 0);
    Ok(())
}

/// The blocks of a package's stream.
pub(crate) fn blocks(stream: &[u8]) -> Result<Vec<(Kind, &[u8])>> {
    let head = stream
        .get(..8)
        .ok_or_else(|| Error::damaged("package", "is cut off"))?;
    if &head[..4] != MAGIC {
        return Err(Error::damaged("package", "not an apk v3 package"));
    }
    if &head[4..] != PACKAGE {
        return Err(Error::unsupported(
            "package",
            "not a package but another file of apk's",
        ));
    }
    let mut rest = &stream[8..];
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let (block, after) =
            block(rest).map_err(|why| why.within(&format!("block {}", blocks.len() + 1)))?;
        blocks.push(block);
        rest = after;
    }
    Ok(blocks)
}

type Block<'a> = (Kind, &'a [u8]);

fn block(from: &[u8]) -> Result<(Block<'_>, &[u8])> {
    let cut_off = || Error::damaged("", "is cut off");
    let word = u32::from_le_bytes(*from.first_chunk().ok_or_else(cut_off)?);
    let (kind, header, size) = match word >> 30 {
        EXTENDED => {
            let long = from.get(8..16).ok_or_else(cut_off)?;
            let size = u64::from_le_bytes(long.try_into().expect("8 bytes"));
            (
                word & !(EXTENDED << 30),
                16,
                usize::try_from(size).map_err(|_| cut_off())?,
            )
        }
        kind => (kind, 4, (word as usize) & MAX_BLOCK_LENGTH),
    };
    let kind = match kind {
        0 => Kind::Adb,
        1 => Kind::Signature,
        2 => Kind::Data,
        other => return Err(Error::damaged("", format!("of unknown type {other}"))),
    };
    let payload = from.get(header..size).ok_or_else(cut_off)?;
    let end = size.next_multiple_of(ALIGN);
    let padding = from.get(size..end).ok_or_else(cut_off)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Error::damaged("", "bytes where padding should be"));
    }
    Ok(((kind, payload), &from[end..]))
}
