//! gzip and raw deflate, with zlib at its highest level.
//!
//! zlib is built from the source that Cargo.lock pins: packages made on two machines
//! are equal, and equal to those of `apk mkpkg`.

use crate::error::{Error, Result};
use flate2::bufread::{DeflateDecoder, GzDecoder};
use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, GzBuilder};
use std::io::{Read, Write as _};

/// The longest content of one stream; far beyond any package for a router.
const MAX_INFLATED_SIZE: u64 = 256 << 20;

/// Unix, as `gzip` writes it.
const SYSTEM: u8 = 3;

/// More of it takes longer, and gains next to nothing.
const COMPRESSION_ITERATIONS: std::num::NonZeroU64 = std::num::NonZeroU64::new(5).expect("not 0");

/// As `gzip -9n`: without a name, at time 0.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to: GzEncoder<Vec<u8>> = GzBuilder::new()
        .mtime(0)
        .operating_system(SYSTEM)
        .write(Vec::new(), Compression::best());
    to.write_all(bytes)
        .and_then(|()| to.finish())
        .expect("a Vec takes every byte")
}

/// A valid gzip stream too, a few percent smaller, for a hundred times the work.
pub(crate) fn gzip_smallest(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let effort = zopfli::Options {
        iteration_count: COMPRESSION_ITERATIONS,
        ..zopfli::Options::default()
    };
    zopfli::compress(effort, zopfli::Format::Gzip, bytes, &mut out)
        .expect("a Vec takes every byte");
    out
}

/// RFC 1951, no header.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut to = DeflateEncoder::new(Vec::new(), Compression::best());
    to.write_all(bytes)
        .and_then(|()| to.finish())
        .expect("a Vec takes every byte")
}

/// The content of one gzip stream; nothing may follow it.
pub(crate) fn gunzip(part: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(Error::damaged(part, "not gzip"));
    }
    let mut from = GzDecoder::new(bytes);
    let out = read_all(part, &mut from)?;
    nothing_left(part, from.into_inner())?;
    Ok(out)
}

/// The content of a raw deflate stream; nothing may follow it.
pub(crate) fn inflate(part: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut from = DeflateDecoder::new(bytes);
    let out = read_all(part, &mut from)?;
    nothing_left(part, from.into_inner())?;
    Ok(out)
}

fn read_all(part: &str, from: &mut impl Read) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let read = from.take(MAX_INFLATED_SIZE + 1).read_to_end(&mut out);
    read.map_err(|why| Error::damaged(part, format!("cannot be decompressed: {why}")))?;
    if out.len() as u64 > MAX_INFLATED_SIZE {
        return Err(Error::unsupported(
            part,
            format!("more than {MAX_INFLATED_SIZE} bytes when decompressed"),
        ));
    }
    Ok(out)
}

fn nothing_left(part: &str, rest: &[u8]) -> Result<()> {
    if rest.is_empty() {
        return Ok(());
    }
    Err(Error::damaged(
        part,
        format!("{} bytes follow the compressed data", rest.len()),
    ))
}
