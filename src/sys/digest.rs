//! SHA-256, for fingerprints of the configuration. rustls links ring's anyway.

use ring::digest::{SHA256, digest};

/// The digest of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}
