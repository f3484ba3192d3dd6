//! TLS: what is trusted, and the name of everything that is not.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::sys::http::HttpClient;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa};
use rustls::version::{TLS12, TLS13};
use wansync_core::failure::{Failure, Phase, TlsFailure};

use super::authority::{Authority, Identity, TempFile, expired, not_yet_valid};
use super::server::{Behaviour, Server, ok};
use super::{body, client, failure, get, tls_failure};

fn serving(identity: Identity) -> Server {
    Server::tls(identity.server(), |peer| {
        peer.answer_all(ok("{}").as_bytes())
    })
}

fn trusting(pem: impl AsRef<[u8]>) -> (HttpClient, TempFile) {
    let file = TempFile::new(pem);
    (HttpClient::new(file.path(), true), file)
}

fn cannot_be_used(cause: &str) -> TlsFailure {
    TlsFailure::Handshake(format!("its certificate cannot be used ({cause})"))
}

#[test]
fn trusted_by_name_and_by_address() {
    let ca = Authority::new("CA");
    let server = serving(ca.identity());
    let (client, _file) = trusting(ca.pem());
    for host in ["localhost", "127.0.0.1", "LOCALHOST"] {
        let url = format!("HTTPS://{host}:{}/?key=s3cr3t-key", server.port);
        assert_eq!(body(&client.get(&get(&url)).unwrap()), "{}", "{host}");
    }
}

#[test]
fn both_versions_and_a_kept_connection() {
    let ca = Authority::new("CA");
    for version in [&TLS12, &TLS13] {
        let config = ca.identity().server_with(&[version]);
        let server = Server::tls(config, |peer| peer.answer_all(ok("{}").as_bytes()));
        let (client, _file) = trusting(ca.pem());
        for _ in 0..3 {
            assert_eq!(body(&client.get(&get(&server.https())).unwrap()), "{}");
        }
        assert_eq!(server.connections(), 1, "{version:?}");
    }
}

#[test]
fn a_large_body_crosses_records() {
    let ca = Authority::new("CA");
    let large = "0123456789".repeat(6000);
    let answer = ok(&large);
    let server = Server::tls(ca.identity().server(), move |peer| peer.answer(&answer));
    let (client, _file) = trusting(ca.pem());
    assert_eq!(body(&client.get(&get(&server.https())).unwrap()), large);
}

#[test]
fn chains() {
    let root = Authority::new("root");
    let middle = root.intermediate("middle", |_| {});
    let (client, file) = trusting(root.pem());
    let get_from = |identity: Identity| client.get(&get(&serving(identity).https()));
    assert!(get_from(middle.identity().followed_by(&middle)).is_ok());
    // The root comes with the chain, as many servers send it.
    assert!(get_from(middle.identity().followed_by(&middle).followed_by(&root)).is_ok());

    let ca_file = file.path().display().to_string();
    let server = serving(middle.identity());
    let cause = tls_failure(&client, &get(&server.https()));
    assert_eq!(cause, TlsFailure::Untrusted { ca_file });

    let old = root.intermediate("old", expired);
    let server = serving(old.identity().followed_by(&old));
    assert_eq!(
        tls_failure(&client, &get(&server.https())),
        TlsFailure::Expired
    );

    // An intermediate in the file is an anchor like any other.
    let (client, _file) = trusting(middle.pem());
    let server = serving(middle.identity());
    assert!(client.get(&get(&server.https())).is_ok());
}

#[test]
fn untrusted() {
    let ca = Authority::new("CA");
    let (client, file) = trusting(ca.pem());
    let ca_file = file.path().display().to_string();
    for identity in [
        Authority::new("another CA").identity(),
        Authority::new("CA").identity(),
        Identity::self_signed(IsCa::NoCa).0,
        Identity::self_signed(IsCa::Ca(BasicConstraints::Unconstrained)).0,
    ] {
        let server = serving(identity);
        let cause = tls_failure(&client, &get(&server.https()));
        assert_eq!(
            cause,
            TlsFailure::Untrusted {
                ca_file: ca_file.clone()
            }
        );
        assert_eq!(server.requests().len(), 0);
    }
}

#[test]
fn a_certificate_that_the_file_holds_itself() {
    let (identity, pem) = Identity::self_signed(IsCa::NoCa);
    let (client, _file) = trusting(&pem);
    assert!(client.get(&get(&serving(identity).https())).is_ok());

    let (identity, pem) = Identity::self_signed(IsCa::Ca(BasicConstraints::Unconstrained));
    let (client, _file) = trusting(&pem);
    let cause = tls_failure(&client, &get(&serving(identity).https()));
    assert_eq!(cause, cannot_be_used("it is the one of a CA"));
}

#[test]
fn wrong_in_itself() {
    fn other_name(params: &mut CertificateParams) {
        let other = CertificateParams::new(["www.example".to_owned()]).unwrap();
        params.subject_alt_names = other.subject_alt_names;
    }
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    let cases: [(fn(&mut CertificateParams), _); 3] = [
        (expired, TlsFailure::Expired),
        (not_yet_valid, TlsFailure::NotYetValid),
        (other_name, TlsFailure::NameMismatch),
    ];
    for (change, expected) in cases {
        let server = serving(ca.identity_with(change));
        let failure = failure(&client, &get(&server.https()));
        assert!(!failure.may_have_arrived());
        let Failure::Tls { host, cause, .. } = failure else {
            panic!("{failure:?}");
        };
        assert_eq!((host.as_str(), cause), ("localhost", expected));
        assert_eq!(server.requests().len(), 0);
    }
}

#[test]
fn not_for_servers() {
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    let server = serving(ca.identity_with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    }));
    let cause = tls_failure(&client, &get(&server.https()));
    assert_eq!(cause, cannot_be_used("it is not for servers"));
}

#[test]
fn while_the_clock_is_not_set_nothing_is_connected() {
    let server = serving(Authority::new("CA").identity());
    let client = HttpClient::new(Path::new("/nonexistent"), false);
    assert_eq!(
        tls_failure(&client, &get(&server.https())),
        TlsFailure::ClockNotSet
    );
    assert_eq!(server.connections(), 0);
    let plain = Server::answering(ok("{}"));
    assert!(client.get(&get(&plain.http())).is_ok());
}

#[test]
fn handshakes_that_fail() {
    const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";
    let behaviours: [(Behaviour, &str); 4] = [
        (
            |peer| drop(peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")),
            "not TLS",
        ),
        (
            |peer| drop(peer.send(ALERT)),
            "it refused to go on (alert 40, handshake_failure)",
        ),
        (|_| {}, "closed the connection"),
        (
            |peer| {
                thread::sleep(Duration::from_millis(50));
                peer.reset();
            },
            "reset",
        ),
    ];
    for (behaviour, words) in behaviours {
        // The hello is read, lest its loss turn the end into a reset.
        let server = Server::plain(move |peer| {
            peer.hello();
            behaviour(peer);
        });
        let cause = tls_failure(&client(), &get(&server.https()));
        assert!(
            matches!(&cause, TlsFailure::Handshake(text) if text.contains(words)),
            "{cause:?}"
        );
    }
}

#[test]
fn a_handshake_that_stalls_or_drips_ends_in_time() {
    let behaviours: [Behaviour; 2] = [
        |peer| peer.stall(),
        |peer| peer.drip(&[&b"\x16\x03\x03\x40\x00"[..], &[0; 0x4000]].concat()),
    ];
    for behaviour in behaviours {
        let server = Server::plain(behaviour);
        let url = format!("https://127.0.0.1:{}/?key=s3cr3t-key", server.port);
        let mut request = get(&url);
        request.timeout = Duration::from_millis(600);
        let failure = failure(&client(), &request);
        assert!(
            matches!(
                failure,
                Failure::Timeout {
                    phase: Phase::Handshake,
                    ..
                }
            ),
            "{failure:?}"
        );
        assert!(!failure.may_have_arrived());
    }
}

#[test]
fn a_reply_over_tls_that_stalls_or_drips_ends_in_time() {
    let behaviours: [Behaviour; 2] = [
        |peer| {
            peer.request();
            peer.stall();
        },
        |peer| {
            peer.request();
            peer.drip(ok(&"x".repeat(5000)).as_bytes());
        },
    ];
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    for behaviour in behaviours {
        let server = Server::tls(ca.identity().server(), behaviour);
        let url = server.https();
        let mut request = get(&url);
        request.timeout = Duration::from_secs(2);
        let failure = failure(&client, &request);
        assert!(
            matches!(
                failure,
                Failure::Timeout {
                    phase: Phase::Reply,
                    ..
                }
            ),
            "{failure:?}"
        );
    }
}

#[test]
fn a_body_to_the_end_needs_the_goodbye_of_tls() {
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    let server = Server::tls(ca.identity().server(), |peer| {
        peer.answer("HTTP/1.1 200 OK\r\n\r\n{\"cut\":");
    });
    let failure = failure(&client, &get(&server.https()));
    assert!(
        matches!(&failure, Failure::Broken { cause, .. } if cause.contains("closed before")),
        "{failure:?}"
    );
    // With a length there is no doubt.
    let server = Server::tls(ca.identity().server(), |peer| peer.answer(ok("{}")));
    assert_eq!(body(&client.get(&get(&server.https())).unwrap()), "{}");
}
