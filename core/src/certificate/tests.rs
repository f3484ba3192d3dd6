use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::reason::Reason;

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut all = vec![tag];
    match content.len() {
        short @ ..0x80 => all.push(short as u8),
        long => {
            all.push(0x82);
            all.extend((long as u16).to_be_bytes());
        }
    }
    all.extend(content);
    all
}

fn attribute(id: u8, tag: u8, text: &[u8]) -> Vec<u8> {
    let pair = der(
        SEQUENCE,
        &[&der(OID, &[&[0x55, 4, id]]), &der(tag, &[text])],
    );
    der(0x31, &[&pair])
}

fn common_name(name: &str) -> Vec<u8> {
    attribute(3, 0x0c, name.as_bytes())
}

fn extension(id: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { &[1, 1, 0xff][..] } else { &[] };
    let octets = der(OCTET_STRING, &[value]);
    der(
        SEQUENCE,
        &[&der(OID, &[&[0x55, 0x1d, id]]), critical, &octets],
    )
}

fn rsa_key(modulus: &[u8]) -> Vec<u8> {
    let id = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let algorithm = der(SEQUENCE, &[&der(OID, &[&id]), &[5, 0]]);
    let numbers = der(SEQUENCE, &[&der(INTEGER, &[modulus]), &[2, 1, 3]]);
    der(SEQUENCE, &[&algorithm, &der(BIT_STRING, &[&[0], &numbers])])
}

/// The parts of a certificate that a test may change.
struct Parts {
    version: Vec<u8>,
    issuer: Vec<u8>,
    validity: Vec<u8>,
    subject: Vec<u8>,
    key: Vec<u8>,
    extensions: Vec<u8>,
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            version: der(0xa0, &[&[2, 1, 2]]),
            issuer: common_name("a CA"),
            validity: [
                der(0x17, &[b"260101000000Z"]),
                der(0x18, &[b"20991231235959Z"]),
            ]
            .concat(),
            subject: common_name("a server"),
            key: rsa_key(&[&[0, 0x80][..], &[1; 255]].concat()),
            extensions: Vec::new(),
        }
    }
}

impl Parts {
    fn der(&self) -> Vec<u8> {
        let algorithm = der(SEQUENCE, &[]);
        let extensions = match self.extensions.is_empty() {
            true => Vec::new(),
            false => der(0xa3, &[&der(SEQUENCE, &[&self.extensions])]),
        };
        let body = der(
            SEQUENCE,
            &[
                &self.version,
                &der(INTEGER, &[&[1]]),
                &algorithm,
                &der(SEQUENCE, &[&self.issuer]),
                &der(SEQUENCE, &[&self.validity]),
                &der(SEQUENCE, &[&self.subject]),
                &self.key,
                &extensions,
            ],
        );
        der(
            SEQUENCE,
            &[&body, &algorithm, &der(BIT_STRING, &[&[0; 65]])],
        )
    }
}

#[test]
fn names_in_one_line() {
    let of = |parts: &[Vec<u8>]| Name(&parts.concat()).to_string();
    let organization = |text: &str| attribute(10, 0x0c, text.as_bytes());
    assert_eq!(of(&[common_name("R11")]), "R11");
    let ministry = "The Ministry of Digital Development and Communications";
    assert_eq!(
        of(&[
            organization(ministry),
            common_name("Russian Trusted Sub CA")
        ]),
        "Russian Trusted Sub CA (The Ministry of Digital Development and Communications)"
    );
    assert_eq!(of(&[organization("Минцифры России")]), "Минцифры России");
    assert_eq!(of(&[attribute(11, 0x13, b"a unit")]), "a unit");
    assert_eq!(of(&[]), "no name");
    assert_eq!(of(&[common_name("")]), "no name");
    assert_eq!(of(&[attribute(3, 0x1e, b"\x04\x23\x04\x26")]), "УЦ");
    assert_eq!(of(&[attribute(3, 0x14, b"caf\xe9")]), "caf\u{fffd}");
    // Nothing that breaks a line, colours it or turns it round; not too long.
    assert_eq!(
        of(&[common_name("a\nb\u{1b}[31mc\u{202e}d")]),
        "a b [31mc d"
    );
    assert_eq!(
        of(&[common_name(&"x".repeat(65))]),
        format!("{}…", "x".repeat(64))
    );
    assert_eq!(of(&[common_name("big"), common_name("small")]), "small");
}

#[test]
fn times() {
    for (tag, text, expected) in [
        (0x17, &b"491231235959Z"[..], Some("2049-12-31 23:59:59 UTC")),
        (0x17, b"500101000000Z", Some("1950-01-01 00:00:00 UTC")),
        (0x18, b"20500101000000Z", Some("2050-01-01 00:00:00 UTC")),
        (0x18, b"99991231235959Z", Some("9999-12-31 23:59:59 UTC")),
        (0x17, b"261301000000Z", None),
        (0x17, b"260100000000Z", None),
        (0x17, b"2601010000Z", None),
        (0x17, b"26010100000+Z", None),
        (0x17, b"260101000000", None),
        (0x17, b"20260101000000Z", None),
        (0x18, b"20260101000000+0300", None),
        (0x02, b"260101000000Z", None),
        (0x17, b"", None),
    ] {
        let found = moment((tag, text)).map(|wall| wall.to_string());
        assert_eq!(found.as_deref(), expected, "{text:?}");
    }
}

#[test]
fn hosts() {
    let dns = |name: &str| der(0x82, &[name.as_bytes()]);
    let of = |names: &[Vec<u8>]| {
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        let parts = Parts {
            extensions: [
                extension(0x13, true, &der(SEQUENCE, &[])),
                extension(0x11, true, &der(SEQUENCE, &names)),
            ]
            .concat(),
            ..Parts::default()
        };
        Certificate::of(&parts.der())
            .expect("a certificate")
            .hosts()
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[der(0x81, &[b"a@example.com"])]), None);
    assert_eq!(of(&[dns("www.example")]).as_deref(), Some("www.example"));
    assert_eq!(
        of(&[
            dns("*.example"),
            der(0x87, &[&[192, 0, 2, 1]]),
            der(
                0x87,
                &[&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]
            ),
            der(0x87, &[&[1; 5]]),
        ])
        .as_deref(),
        Some("*.example, 192.0.2.1, 2001:db8::1")
    );
    let many: Vec<_> = (0..9).map(|n| dns(&format!("{n}.example"))).collect();
    assert_eq!(
        of(&many).as_deref(),
        Some("0.example, 1.example, 2.example, 3.example and 5 more")
    );
    let none = Parts::default().der();
    assert_eq!(Certificate::of(&none).expect("a certificate").hosts(), None);
}

#[test]
fn keys_of_rsa() {
    for (modulus, bits) in [
        (&[&[0, 0x80][..], &[1; 127]].concat(), Some(1024)),
        (&[&[0, 0x7f][..], &[1; 255]].concat(), Some(2047)),
        (&[&[0, 0x80][..], &[1; 255]].concat(), None),
        (&[&[0, 0x80][..], &[1; 1023]].concat(), None),
        (&[&[0, 1, 0x80][..], &[1; 1023]].concat(), Some(8193)),
    ] {
        let parts = Parts {
            key: rsa_key(modulus),
            ..Parts::default()
        };
        let found = Certificate::of(&parts.der())
            .expect("a certificate")
            .check_key_size(true);
        let expected = match bits {
            None => Ok(()),
            Some(bits) => Err(CertificateFault::KeySize { whose: None, bits }),
        };
        assert_eq!(found, expected);
    }
    let (key, _) = (
        der(SEQUENCE, &[&der(SEQUENCE, &[&der(OID, &[&[0x2a, 0x86]])])]),
        (),
    );
    assert_eq!(rsa_size(&key), None);
}

#[test]
fn trusted_as_itself() {
    let usage = |purpose: &[u8]| extension(0x25, false, &der(SEQUENCE, &[&der(OID, &[purpose])]));
    let check = |parts: &Parts, clock: i64| {
        let clock = Civil {
            year: clock,
            month: 6,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
        };
        let der = parts.der();
        let checked = Certificate::of(&der)
            .expect("a certificate")
            .check_itself(clock.wall());
        checked.map_err(|fault| fault.to_string())
    };
    let usual = Parts::default();
    assert_eq!(check(&usual, 2026), Ok(()));
    assert_eq!(
        check(&usual, 2025),
        Err(
            "its certificate is not valid yet: is the router's clock right? It says \
             2025-06-01, the certificate begins on 2026-01-01"
                .to_owned()
        )
    );
    assert_eq!(
        check(&usual, 2140),
        Err(
            "its certificate has expired on 2099-12-31, or this clock, which says \
             2140-06-01, is wrong"
                .to_owned()
        )
    );
    // Version 1 has no extensions, and no version.
    let first = Parts {
        version: Vec::new(),
        ..Parts::default()
    };
    assert_eq!(check(&first, 2026), Ok(()));
    let undated = Parts {
        validity: der(0x17, &[b"soon"]),
        ..Parts::default()
    };
    assert!(check(&undated, 2026).is_err());
    for (purpose, fits) in [
        (&[0x2b, 6, 1, 5, 5, 7, 3, 1][..], true),
        (&[0x55, 0x1d, 0x25, 0], true),
        (&[0x2b, 6, 1, 5, 5, 7, 3, 2], false),
    ] {
        let parts = Parts {
            extensions: usage(purpose),
            ..Parts::default()
        };
        assert_eq!(check(&parts, 2026).is_ok(), fits, "{purpose:?}");
    }
}

/// Every piece of a certificate may be missing or cut, and some lengths lie.
#[test]
fn what_is_damaged_does_no_harm() {
    let whole = Parts {
        extensions: extension(
            0x11,
            false,
            &der(SEQUENCE, &[&der(0x82, &[b"www.example"])]),
        ),
        ..Parts::default()
    }
    .der();
    for at in 0..whole.len() {
        assert!(Certificate::of(&whole[..at]).is_none());
        for byte in [0, 1, 0x30, 0x7f, 0x80, 0x82, 0x84, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            let Some(found) = Certificate::of(&damaged) else {
                continue;
            };
            let _ = (found.hosts(), found.validity(), found.check_key_size(true));
            let _ = (
                found.subject.to_string(),
                found.check_itself(Wall::from_secs(0)),
            );
        }
    }
}

/// Chains by the names in them: `a<b` is a's certificate by b.
#[test]
fn why_nobody_vouches_for_a_chain() {
    let self_signed = "it is self-signed, as 'leaf', and is not itself in the file";
    let no_issuer = "its issuer 'sub' is not in the file, and the server sends no certificate \
                     of it: an intermediate certificate is missing, or the file lacks this CA";
    let no_root = "its chain ends at 'old', which is not in the file, and the server sends no \
                   certificate of it: the file lacks this CA, or an intermediate certificate \
                   is missing";
    let unknown_root = "its chain ends at 'root', which is not in the file";
    for (chain, expected) in [
        ("leaf<leaf", self_signed),
        ("leaf<leaf root<root", self_signed),
        ("leaf<sub", no_issuer),
        ("leaf<sub other<root", no_issuer),
        ("leaf<sub sub<old", no_root),
        ("leaf<sub sub<root root<old", no_root),
        ("leaf<old old<sub sub<old", no_root),
        ("leaf<sub sub<root root<root", unknown_root),
        ("leaf<sub root<root sub<root", unknown_root),
    ] {
        let certificates: Vec<_> = chain
            .split(' ')
            .map(|one| {
                let (subject, issuer) = one.split_once('<').expect("a pair");
                let (issuer, subject) = (common_name(issuer), common_name(subject));
                Parts {
                    issuer,
                    subject,
                    ..Parts::default()
                }
                .der()
            })
            .collect();
        let chain_of: Vec<_> = certificates
            .iter()
            .map(|der| Certificate::of(der).expect("a certificate"))
            .collect();
        let found = distrust(&chain_of[0], &chain_of[1..]);
        assert_eq!(Reason::from(&found), expected, "{chain}");
    }
}

#[test]
fn algorithms_that_are_not_accepted() {
    for (id, expected) in [
        (
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4][..],
            Algorithm::Md5,
        ),
        (
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5],
            Algorithm::Sha1,
        ),
        (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], Algorithm::Sha1),
        (
            &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
            Algorithm::EcdsaSha512,
        ),
        (&[0x2a, 0x85, 0x03, 7, 1, 1, 3, 2], Algorithm::Gost),
        (&[0x2a, 0x85, 0x03, 2, 2, 3], Algorithm::Gost),
        (&[0x2b, 0x65, 0x70], Algorithm::Edwards),
        (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2], Algorithm::Dsa),
        (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 10], Algorithm::Other),
        (&[], Algorithm::Other),
    ] {
        let identifier = [der(OID, &[id]), vec![5, 0]].concat();
        assert_eq!(signature_algorithm(&identifier), expected);
    }
    assert!(!is_elliptic(&[6, 1, 1]));
}
