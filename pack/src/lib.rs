//! OpenWrt packages without OpenWrt's SDK: `.ipk` for opkg (24.10 and older) and
//! `.apk` v3 for apk (25.12 and newer), read and written on any machine.
//!
//! ```text
//! tree      the files of a package, as both formats see them
//! ipk       gzip(tar(debian-binary, data.tar.gz, control.tar.gz)); over tar, gz
//! apk       the ADB container: frame (blocks), adb (values), package (meaning)
//! recipe    one description, from which both packages are made
//! source    where wansync's recipe comes from: the feed's Makefile
//! feed      Packages and Packages.gz, for a local opkg feed
//! release   `make packages`: every architecture of cross/targets.toml
//! ```
//!
//! The output depends on nothing but the input: sorted, owned by root, one
//! time for everything, pinned compressors. What is read is checked to the last
//! byte, because both package managers install much of what is damaged and say
//! that all is well.

pub mod apk;
mod error;
pub mod feed;
mod gz;
pub mod ipk;
pub mod recipe;
pub mod release;
pub mod source;
mod tar;
pub mod tree;
pub mod version;

pub use apk::Apk;
pub use error::Error;
pub use ipk::Ipk;
pub use recipe::Recipe;
pub use tree::Tree;

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
