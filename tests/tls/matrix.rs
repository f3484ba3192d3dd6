//! Versions, curves, ciphers and kinds of certificates: which are spoken, and the words
//! for the others.

use crate::certificates::{Certificates, Certified, Wish};
use crate::{CONFIRMED, Case, pass};

/// A server of the table: what its section is called, its key, and its options.
type Kind = (&'static str, &'static str, &'static str);

const SPOKEN: [Kind; 30] = [
    ("curve_13_x25519", "P-256", "-tls1_3 -groups X25519"),
    ("curve_13_p256", "P-256", "-tls1_3 -groups P-256"),
    ("curve_13_p384", "P-256", "-tls1_3 -groups P-384"),
    ("curve_12_x25519", "P-256", "-tls1_2 -groups X25519"),
    ("curve_12_p256", "P-256", "-tls1_2 -groups P-256"),
    ("curve_12_p384", "P-384", "-tls1_2 -groups P-384"),
    (
        "curve_of_choice",
        "P-256",
        "-groups P-521:X448:P-384:P-256:X25519",
    ),
    (
        "cipher_13_aes128",
        "P-256",
        "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256",
    ),
    (
        "cipher_13_aes256",
        "P-256",
        "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384",
    ),
    (
        "cipher_13_chacha",
        "P-256",
        "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256",
    ),
    (
        "cipher_12_ecdsa_aes128",
        "P-256",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
    ),
    (
        "cipher_12_ecdsa_aes256",
        "P-256",
        "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384",
    ),
    (
        "cipher_12_ecdsa_chacha",
        "P-256",
        "-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305",
    ),
    (
        "cipher_12_rsa_aes128",
        "rsa-2048",
        "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
    ),
    (
        "cipher_12_rsa_aes256",
        "rsa-2048",
        "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384",
    ),
    (
        "cipher_12_rsa_chacha",
        "rsa-2048",
        "-tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305",
    ),
    (
        "all_alone_13",
        "rsa-2048",
        "-tls1_3 -groups X25519 -ciphersuites TLS_CHACHA20_POLY1305_SHA256",
    ),
    (
        "all_alone_12",
        "rsa-2048",
        "-tls1_2 -groups P-384 -cipher ECDHE-RSA-CHACHA20-POLY1305",
    ),
    ("key_13_rsa2048", "rsa-2048", "-tls1_3"),
    ("key_13_rsa3072", "rsa-3072", "-tls1_3"),
    ("key_13_rsa4096", "rsa-4096", "-tls1_3"),
    ("key_13_rsa8192", "rsa-8192", "-tls1_3"),
    ("key_13_p384", "P-384", "-tls1_3"),
    ("key_12_rsa3072", "rsa-3072", "-tls1_2"),
    ("key_12_rsa4096", "rsa-4096", "-tls1_2"),
    ("key_12_rsa8192", "rsa-8192", "-tls1_2"),
    ("key_12_p384", "P-384", "-tls1_2"),
    ("signed_12_pkcs1", "rsa-2048", "-tls1_2 -sigalgs RSA+SHA512"),
    (
        "signed_12_pss",
        "rsa-2048",
        "-tls1_2 -sigalgs RSA-PSS+SHA384",
    ),
    ("versions_both", "rsa-2048", ""),
];

const NOTHING_IN_COMMON: &str = "(alert 40, handshake_failure): it has no version, cipher, \
    curve or kind of certificate in common with wansync";
const OLD: &str = "(alert 70, protocol_version): it speaks neither TLS 1.2 nor 1.3";
const SHORT: &str = "its certificate has a key that is too short (RSA of 1024 bits, \
    2048 to 8192 are accepted)";
const WANTS_A_CERTIFICATE: &str = "it wants a certificate of this router, and wansync has none";

/// The same with the words.
const REFUSED: [(&str, &str, &str, &str); 13] = [
    (
        "version_11",
        "rsa-2048",
        "-tls1_1 -cipher DEFAULT:@SECLEVEL=0",
        OLD,
    ),
    (
        "version_10",
        "rsa-2048",
        "-tls1 -cipher DEFAULT:@SECLEVEL=0",
        OLD,
    ),
    (
        "curve_13_p521",
        "P-256",
        "-tls1_3 -groups P-521",
        NOTHING_IN_COMMON,
    ),
    (
        "curve_12_x448",
        "P-256",
        "-tls1_2 -groups X448",
        NOTHING_IN_COMMON,
    ),
    (
        "cipher_cbc",
        "rsa-2048",
        "-tls1_2 -cipher ECDHE-RSA-AES128-SHA256",
        NOTHING_IN_COMMON,
    ),
    (
        "cipher_static_rsa",
        "rsa-2048",
        "-tls1_2 -cipher AES128-GCM-SHA256",
        NOTHING_IN_COMMON,
    ),
    (
        "cipher_dhe",
        "rsa-2048",
        "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256",
        NOTHING_IN_COMMON,
    ),
    ("key_13_p521", "P-521", "-tls1_3", NOTHING_IN_COMMON),
    ("key_12_ed25519", "ed25519", "-tls1_2", NOTHING_IN_COMMON),
    (
        "key_13_rsa1024",
        "rsa-1024",
        "-tls1_3 -cipher DEFAULT:@SECLEVEL=0",
        SHORT,
    ),
    (
        "key_12_rsa1024",
        "rsa-1024",
        "-tls1_2 -cipher DEFAULT:@SECLEVEL=0",
        SHORT,
    ),
    (
        "client_13",
        "P-256",
        "-tls1_3 -Verify 1 -verify_return_error",
        WANTS_A_CERTIFICATE,
    ),
    (
        "client_12",
        "P-256",
        "-tls1_2 -Verify 1 -verify_return_error",
        WANTS_A_CERTIFICATE,
    ),
];

#[test]
fn every_version_curve_cipher_and_key_that_is_spoken() {
    let certificates = Certificates::new();
    let ca = certificates.authority("/CN=a CA", "P-384", None);
    let case = |&(name, key, options)| Case {
        name,
        leaf: certificates.leaf(key, &ca),
        others: Vec::new(),
        options,
        words: CONFIRMED,
    };
    let cases: Vec<Case> = SPOKEN.iter().map(case).collect();
    pass(&certificates, &ca.file, &cases).expect(0);
}

#[test]
fn each_that_is_not_spoken_has_its_words() {
    let certificates = Certificates::new();
    let ca = certificates.authority("/CN=a CA", "P-256", None);
    let case = |&(name, key, options, words)| Case {
        name,
        leaf: certificates.leaf(key, &ca),
        others: Vec::new(),
        options,
        words,
    };
    let cases: Vec<Case> = REFUSED.iter().map(case).collect();
    pass(&certificates, &ca.file, &cases).expect(69);
}

/// What an authority signs with: its key, a hash, and the words.
const SIGNED: [(&str, &str, &str, &str); 11] = [
    ("rsa4096_sha512", "rsa-4096", "-sha512", CONFIRMED),
    ("rsa8192_sha256", "rsa-8192", "-sha256", CONFIRMED),
    ("p384_sha384", "P-384", "-sha384", CONFIRMED),
    ("p256_sha384", "P-256", "-sha384", CONFIRMED),
    (
        "sha1",
        "rsa-2048",
        "-sha1",
        "cannot be used (it is signed with SHA-1, which is not safe)",
    ),
    (
        "ecdsa_sha1",
        "P-256",
        "-sha1",
        "(it is signed with SHA-1, which is not safe)",
    ),
    (
        "md5",
        "rsa-2048",
        "-md5",
        "(it is signed with MD5, which is not safe)",
    ),
    (
        "p521",
        "P-521",
        "-sha256",
        "(it is signed by a key on a curve other than P-256 and P-384)",
    ),
    (
        "p256_sha512",
        "P-256",
        "-sha512",
        "(it is signed with ECDSA and SHA-512, which is not supported)",
    ),
    (
        "ed25519",
        "ed25519",
        "-sha256",
        "(it is signed with Ed25519 or Ed448, which is not supported)",
    ),
    (
        "rsa1024",
        "rsa-1024",
        "-sha256",
        "the certificate of its issuer 'CA of rsa1024' has a key that is too short (RSA of 1024",
    ),
];

/// The signature on a certificate is another matter than the server's own key.
#[test]
fn signatures_of_authorities() {
    let certificates = Certificates::new();
    let mut authorities = Vec::new();
    let mut cases = Vec::new();
    for (name, key, hash, words) in SIGNED {
        let ca = certificates.authority(&format!("/CN=CA of {name}"), key, None);
        let leaf = certificates.make(&Wish {
            issuer: Some(&ca),
            hash,
            ..Wish::default()
        });
        authorities.push(ca);
        cases.push(signed(name, leaf, words));
    }
    let gost = in_russia(&certificates, &authorities[2]);
    cases.push(signed(
        "gost",
        gost,
        "(it is signed with GOST R 34.10, which is not supported)",
    ));
    let authorities: Vec<&Certified> = authorities.iter().collect();
    pass(&certificates, &certificates.bundle(&authorities), &cases);
}

/// OpenSSL's own measure of what is safe is not what is tried here.
fn signed<'a>(name: &'a str, leaf: Certified, words: &'a str) -> Case<'a> {
    Case {
        name,
        leaf,
        others: Vec::new(),
        options: "-cipher DEFAULT:@SECLEVEL=0",
        words,
    }
}

/// A certificate whose signature says that it is GOST R 34.10-2012, which OpenSSL does
/// not make: ecdsa-with-SHA256 is written over, by a name as long.
fn in_russia(certificates: &Certificates, ca: &Certified) -> Certified {
    let ecdsa = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    let gost = b"\x06\x08\x2a\x85\x03\x07\x01\x01\x03\x02";
    certificates.altered(&certificates.leaf("P-256", ca), ecdsa, gost)
}
