//! TLS: what is trusted, and the name of everything that is not.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::sys::http::HttpClient;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa};
use rustls::version::{TLS12, TLS13};
use wansync_core::failure::{Failure, Phase, TlsFailure};

use super::authority::{Authority, Identity, TempFile, expired, not_yet_valid, wanting_client};
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

/// The client says this of the server's certificate, and sends it nothing.
#[track_caller]
fn refuses(client: &HttpClient, identity: Identity, words: &str) {
    let server = serving(identity);
    let failure = failure(client, &get(&server.https()));
    assert!(!failure.may_have_arrived());
    let text = failure.to_string();
    assert!(text.starts_with("TLS with localhost failed: "), "{text}");
    assert!(text.contains(words), "no '{words}' in {text}");
    assert_eq!(server.requests().len(), 0);
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

    let not_trusted = format!(
        "its certificate is not trusted by {}: its issuer 'middle' is not in the file, and \
         the server sends no certificate of it",
        file.path().display()
    );
    refuses(&client, middle.identity(), &not_trusted);

    let old = root.intermediate("old", expired);
    refuses(
        &client,
        old.identity().followed_by(&old),
        "the certificate of its issuer 'old' has expired on 2001-01-01, or this clock",
    );

    // An intermediate in the file is an anchor like any other.
    let (client, _file) = trusting(middle.pem());
    let server = serving(middle.identity());
    assert!(client.get(&get(&server.https())).is_ok());
}

#[test]
fn untrusted() {
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    for (identity, words) in [
        (
            Authority::new("another CA").identity(),
            "its issuer 'another CA' is not in the file",
        ),
        (
            Authority::new("CA").identity(),
            "its issuer 'CA' has another key in the file",
        ),
        (
            Identity::self_signed(IsCa::NoCa).0,
            "it is self-signed, as 'a server'",
        ),
        (
            Identity::self_signed(IsCa::Ca(BasicConstraints::Unconstrained)).0,
            "it is self-signed, as 'a server'",
        ),
    ] {
        refuses(&client, identity, words);
    }
}

/// The very certificate is trusted, whatever it says of itself; another with its name
/// and another key is not.
#[test]
fn a_certificate_that_the_file_holds_itself() {
    for is_ca in [
        IsCa::NoCa,
        IsCa::ExplicitNoCa,
        IsCa::Ca(BasicConstraints::Unconstrained),
    ] {
        let (identity, pem) = Identity::self_signed(is_ca);
        let (client, _file) = trusting(&pem);
        assert!(client.get(&get(&serving(identity).https())).is_ok());
        let (other, _) = Identity::self_signed(is_ca);
        refuses(
            &client,
            other,
            "it is self-signed, as 'a server', and the file has another certificate of that name",
        );
    }
    let ca = Authority::new("CA");
    let of_ca = ca.identity_with(other_name);
    let (client, _file) = trusting(of_ca.pem());
    for versions in [&[&TLS12], &[&TLS13]] {
        let server = Server::tls(of_ca.clone().server_with(versions), |peer| {
            peer.answer_all(ok("{}").as_bytes())
        });
        assert!(client.get(&get(&server.https())).is_ok());
    }
}

/// A server that has the certificate, but not its key.
#[test]
fn a_certificate_that_is_pinned_and_stolen() {
    let (identity, pem) = Identity::self_signed(IsCa::NoCa);
    let (client, _file) = trusting(&pem);
    refuses(
        &client,
        identity.with_another_key(),
        "its certificate is not its own",
    );
}

fn other_name(params: &mut CertificateParams) {
    let other = CertificateParams::new(["www.example".to_owned()]).unwrap();
    params.subject_alt_names = other.subject_alt_names;
}

#[test]
fn wrong_in_itself() {
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    let cases: [(fn(&mut CertificateParams), _); 5] = [
        (
            expired,
            "its certificate has expired on 2001-01-01, or this clock, which says 2",
        ),
        (
            not_yet_valid,
            "its certificate is not valid yet: is the router's clock right? It says 2",
        ),
        (
            other_name,
            "its certificate is for another name: www.example",
        ),
        (
            |params| params.subject_alt_names.clear(),
            "its certificate names no host in subjectAltName, only a common name: a server",
        ),
        (
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            "its certificate cannot be used (it is the one of a CA)",
        ),
    ];
    for (change, words) in cases {
        refuses(&client, ca.identity_with(change), words);
    }
}

#[test]
fn not_for_servers() {
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    let identity = ca.identity_with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    refuses(
        &client,
        identity,
        "its certificate cannot be used (it is not for servers)",
    );
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
        assert!(cause.to_string().contains(words), "{cause:?}");
    }
}

/// Under TLS 1.2 it ends the handshake, under 1.3 the request.
#[test]
fn a_client_certificate_is_wanted() {
    let ca = Authority::new("CA");
    let (client, _file) = trusting(ca.pem());
    for version in [&TLS12, &TLS13] {
        let config = wanting_client(&ca, version);
        // What is not read of a connection that is closed resets it.
        let server = Server::tls(config, |peer| {
            peer.request();
            thread::sleep(Duration::from_millis(50));
        });
        for _ in 0..20 {
            let text = failure(&client, &get(&server.https())).to_string();
            assert!(text.contains("it refused to go on (alert "), "{text}");
        }
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
        matches!(&failure, Failure::Broken { cause, .. } if cause.to_string().contains("closed before")),
        "{failure:?}"
    );
    // With a length there is no doubt.
    let server = Server::tls(ca.identity().server(), |peer| peer.answer(ok("{}")));
    assert_eq!(body(&client.get(&get(&server.https())).unwrap()), "{}");
}
