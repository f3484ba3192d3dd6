//! The key exchange X25519 (RFC 7748), by its ladder alone.
//!
//! ring makes the public key by another way, over the curve's Edwards form, which is
//! faster and 4 KB more of the compressed binary.

use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{Error as TlsError, NamedGroup, PeerMisbehaved};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

use super::suites::fill_random;

/// The group, as rustls offers it.
#[derive(Debug)]
pub(super) struct X25519;

struct Exchange {
    secret: [u8; 32],
    public: [u8; 32],
}

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, TlsError> {
        let mut secret = [0; 32];
        fill_random(&mut secret)?;
        let public = x25519(secret, X25519_BASEPOINT_BYTES);
        Ok(Box::new(Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

impl ActiveKeyExchange for Exchange {
    /// RFC 8446, 7.4.2: a secret of zeros comes of a key that is none, and ends the
    /// handshake.
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, TlsError> {
        let peer = <[u8; 32]>::try_from(peer);
        let shared = peer.map_or([0; 32], |peer| x25519(self.secret, peer));
        if shared == [0; 32] {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        Ok(SharedSecret::from(&shared[..]))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::kx_group;

    use super::*;

    /// The other end has an implementation of its own.
    #[test]
    fn both_ends_have_the_same_secret() {
        for _ in 0..20 {
            let (ours, theirs) = (X25519.start().unwrap(), kx_group::X25519.start().unwrap());
            let (our_key, their_key) = (ours.pub_key().to_vec(), theirs.pub_key().to_vec());
            let ours = ours.complete(&their_key).unwrap();
            let theirs = theirs.complete(&our_key).unwrap();
            assert_eq!(ours.secret_bytes(), theirs.secret_bytes());
        }
    }

    /// Points of small order, of which every secret makes the same, and what is no point.
    #[test]
    fn a_key_that_is_none_ends_the_handshake() {
        let one: [u8; 32] = std::array::from_fn(|at| u8::from(at == 0));
        for key in [&[0; 32][..], &one, &[9; 31], &[9; 33], &[]] {
            assert!(X25519.start().unwrap().complete(key).is_err(), "{key:?}");
        }
    }
}
