//! Certificates that are pinned, names, and the clock.

use std::path::Path;

use wansync_test_support::clocks::at_wall;
use wansync_test_support::{Router, ran};

use crate::certificates::{Certificates, Certified, FOR_SERVER, Wish};
use crate::server::Server;
use crate::{CONFIRMED, Case, configure, pass, says};

const FOR_CA: &str = "basicConstraints=critical,CA:TRUE";

/// The very certificate of the server stands in `ca_file`: whatever it says of itself,
/// it is trusted, under either version, with any key.
#[test]
fn a_certificate_that_is_pinned_is_trusted_as_itself() {
    let certificates = Certificates::new();
    let ca = certificates.authority("/CN=a CA that the file lacks", "P-256", None);
    for (key, issuer, extensions) in [
        ("P-256", None, &[FOR_SERVER, FOR_CA][..]),
        ("rsa-2048", None, &[FOR_SERVER, FOR_CA]),
        ("rsa-4096", None, &[FOR_SERVER]),
        ("P-384", None, &["subjectAltName=DNS:router.lan"]),
        ("rsa-2048", None, &[FOR_CA]),
        ("P-256", None, &["basicConstraints=CA:FALSE"]),
        ("P-256", Some(&ca), &["subjectAltName=DNS:www.example"]),
        // Version 1, as 'openssl x509 -req' makes it.
        ("rsa-2048", None, &[]),
        ("P-256", None, &["1.2.3.4=critical,ASN1:NULL"]),
    ] {
        let name = "/CN=router.lan";
        let leaf = certificates.make(&Wish {
            name,
            key,
            issuer,
            extensions,
            ..Wish::default()
        });
        let with = |name, options| Case {
            name,
            leaf: leaf.clone(),
            others: Vec::new(),
            options,
            words: CONFIRMED,
        };
        let cases = [with("v13", "-tls1_3"), with("v12", "-tls1_2")];
        pass(&certificates, &leaf.file, &cases).expect(0);
    }
}

/// One that only has the name of what is pinned is not it.
#[test]
fn a_certificate_that_looks_like_the_pinned_one() {
    let certificates = Certificates::new();
    let words = "its certificate is not trusted by ";
    for extensions in [&[FOR_SERVER, FOR_CA][..], &[FOR_SERVER]] {
        let make = || {
            certificates.make(&Wish {
                name: "/CN=router.lan",
                extensions,
                ..Wish::default()
            })
        };
        let (pinned, renewed) = (make(), make());
        let case = |words| Case {
            name: "home",
            leaf: renewed.clone(),
            others: vec![&pinned],
            options: "",
            words,
        };
        pass(&certificates, &pinned.file, &[case(words)]).expect(69);
        let words = "it is self-signed, as 'router.lan', and the file has another certificate \
                     of that name";
        pass(&certificates, &pinned.file, &[case(words)]).expect(69);
    }
}

#[test]
fn names_that_are_missing_or_others() {
    let certificates = Certificates::new();
    let ca = certificates.authority("/CN=a CA", "P-256", None);
    let make = |name: &str, extensions: &[&str]| {
        certificates.make(&Wish {
            name,
            issuer: Some(&ca),
            extensions,
            ..Wish::default()
        })
    };
    let case = |name, leaf, words| Case {
        name,
        leaf,
        others: Vec::new(),
        options: "",
        words,
    };
    let plain = "basicConstraints=CA:FALSE";
    let others = "subjectAltName=DNS:www.example,DNS:*.example.net,IP:192.0.2.1";
    let many = "subjectAltName=DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example,DNS:e.example,IP:::1";
    let hostile =
        "/CN=\u{1b}[31mred\u{202e} and a very long name that goes on and on and on and on";
    let itself = certificates.make(&Wish {
        name: "/O=a household/CN=router.lan",
        ..Wish::default()
    });
    pass(
        &certificates,
        &ca.file,
        &[
            case(
                "common_name",
                make("/CN=127.0.0.1", &[plain]),
                "its certificate names no host in subjectAltName, only a common name: 127.0.0.1",
            ),
            case(
                "no_name",
                make("/O=nobody", &[plain]),
                "its certificate names no host in subjectAltName, nor anywhere else",
            ),
            case(
                "others",
                make("/CN=127.0.0.1", &[others]),
                "its certificate is for another name: www.example, *.example.net, 192.0.2.1",
            ),
            case(
                "many",
                make("/CN=x", &[many]),
                "another name: a.example, b.example, c.example, d.example and 2 more",
            ),
            case(
                "mail",
                make("/CN=x", &["subjectAltName=email:me@example.com"]),
                "names no host in subjectAltName, only a common name: x",
            ),
            case(
                "hostile",
                make(hostile, &[plain]),
                "only a common name:  [31mred  and a very",
            ),
            case(
                "itself",
                itself,
                "it is self-signed, as 'router.lan (a household)', and is not itself in the file",
            ),
            case(
                "not_for_servers",
                make("/CN=x", &[FOR_SERVER, "extendedKeyUsage=clientAuth"]),
                "its certificate cannot be used (it is not for servers)",
            ),
            case(
                "critical",
                make("/CN=x", &[FOR_SERVER, "1.2.3.4=critical,ASN1:NULL"]),
                "(it has a critical extension that is unknown)",
            ),
        ],
    )
    .expect(69);
}

/// A router in 2040 finds every certificate expired, and one that lags finds some that
/// are not valid yet: the clock is named, also where the certificate is pinned.
#[test]
fn a_clock_that_is_wrong_is_named() {
    let certificates = Certificates::new();
    let ca = certificates.authority("/CN=a CA", "P-256", None);
    let leaf = certificates.leaf("P-256", &ca);
    for trusted in [&ca, &leaf] {
        at(
            &certificates,
            &trusted.file,
            &leaf,
            "@2040-01-01 12:00:00",
            &[
                "its certificate has expired on 20",
                ", or this clock, which says 2040-01-01, is wrong",
            ],
        );
        at(
            &certificates,
            &trusted.file,
            &leaf,
            "@2026-11-02 12:00:00",
            &[
                "its certificate is not valid yet: is the router's clock right? It says 2026-11-02, \
                 the certificate begins on 20",
            ],
        );
    }
}

/// A pass at another time.
fn at(certificates: &Certificates, ca_file: &Path, leaf: &Certified, time: &str, words: &[&str]) {
    let server = Server::start(certificates, leaf, &[], "");
    let router = Router::new();
    configure(&router, ca_file, &[("home", server.port)]);
    let pass = at_wall(&router.command(&["once"]), time);
    let ran = ran({ pass }.output().expect("the program runs")).expect(69);
    for words in words {
        says(&ran, "home", words);
    }
}
