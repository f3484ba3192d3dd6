//! Each TLS fault is what its name says, to a client that checks.

mod common;

use std::io::ErrorKind;
use std::sync::Arc;

use common::{
    HANG, OK, SILENCE, client, connect, exchange, get_tls, get_tls_with, request, start, update,
};
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConnection, StreamOwned};
use wansync_sim::{Fault, Options, Sim, Times, TlsFault};

/// What the client's handshake failed with.
fn failure(which: TlsFault) -> String {
    let sim = start();
    sim.fault(Fault::Tls(which), Times::Next(1));
    let raw = get_tls(&sim, "localhost", &update());
    assert!(sim.wait_for_connections(1, HANG), "{which}");
    assert_eq!(sim.connections()[0].fault, Some(Fault::Tls(which)));
    assert!(sim.requests().is_empty());
    assert_eq!(get_tls(&sim, "localhost", &update()).body(), OK);
    raw.end.unwrap_err().to_string()
}

#[test]
fn wrong_certificates_are_refused_for_their_own_reason() {
    for (which, part) in [
        (TlsFault::WrongCa, "UnknownIssuer"),
        (TlsFault::SelfSigned, "UnknownIssuer"),
        (TlsFault::Expired, "certificate expired"),
        (TlsFault::NotYetValid, "certificate not valid yet"),
        (
            TlsFault::WrongName,
            "certificate not valid for name \"localhost\"",
        ),
        (TlsFault::NoName, "certificate not valid for name"),
    ] {
        let cause = failure(which);
        assert!(cause.contains(part), "{which}: {cause}");
    }
}

#[test]
fn handshakes_end_in_every_way() {
    failure(TlsFault::Close);
    failure(TlsFault::Reset);
    let cause = failure(TlsFault::Alert);
    assert!(cause.contains("HandshakeFailure"), "{cause}");
    let cause = failure(TlsFault::Plain);
    assert!(cause.contains("corrupt message"), "{cause}");
}

#[test]
fn a_handshake_stalls() {
    let sim = start();
    sim.fault(Fault::Tls(TlsFault::Stall), Times::All);
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(client(&sim, rustls::ALL_VERSIONS), name).unwrap();
    let socket = connect(sim.https_addr());
    socket.set_read_timeout(Some(SILENCE)).unwrap();
    let raw = exchange(StreamOwned::new(tls, socket), &request(&update()));
    assert_eq!(raw.ended_by(), Some(ErrorKind::WouldBlock));
}

#[test]
fn plain_http_on_the_https_port_can_be_read_as_such() {
    let sim = start();
    sim.fault(Fault::Tls(TlsFault::Plain), Times::Next(1));
    let raw = exchange(connect(sim.https_addr()), "\u{16}\u{3}\u{1}");
    assert_eq!(raw.status(), 400);
}

#[test]
fn versions_can_be_limited() {
    for (fault, offered, served) in [
        (TlsFault::Only12, &TLS12, true),
        (TlsFault::Only12, &TLS13, false),
        (TlsFault::Only13, &TLS12, false),
        (TlsFault::Only13, &TLS13, true),
    ] {
        let sim = start();
        sim.fault(Fault::Tls(fault), Times::All);
        let raw = get_tls_with(&sim, client(&sim, &[offered]), "localhost", &update());
        assert_eq!(raw.body() == OK, served, "{fault} {offered:?}");
        assert_eq!(sim.requests().len(), usize::from(served));
    }
}

#[test]
fn the_usual_certificate_is_for_all_its_names() {
    let options = Options {
        names: vec!["dns.example".to_owned(), "9.9.9.9".to_owned()],
        ..Options::default()
    };
    let sim = Sim::start(options);
    let names = [
        "localhost",
        "127.0.0.1",
        "www.skydns.ru",
        "vpnki.com",
        "dns.example",
        "9.9.9.9",
    ];
    for name in names {
        for version in [&TLS12, &TLS13] {
            let raw = get_tls_with(&sim, client(&sim, &[version]), name, &update());
            assert_eq!(raw.body(), OK, "{name}");
        }
    }
}

#[test]
fn a_client_that_does_not_trust_is_recorded() {
    let (sim, stranger) = (start(), start());
    let raw = get_tls_with(
        &sim,
        client(&stranger, rustls::ALL_VERSIONS),
        "localhost",
        &update(),
    );
    assert!(raw.end.unwrap_err().to_string().contains("UnknownIssuer"));
    assert!(sim.wait_for_connections(1, HANG));
    let error = sim.connections()[0].error.clone().unwrap();
    assert!(error.contains("UnknownCA"), "{error}");
}

#[test]
fn a_schedule_mixes_connections_and_requests_in_order() {
    let sim = start();
    let specs = ["status=503", "tls-expired", "none", "bom"];
    sim.schedule(specs.iter().map(|spec| spec.parse().unwrap()).collect());
    let trusting: Arc<_> = client(&sim, rustls::ALL_VERSIONS);
    let next = || get_tls_with(&sim, trusting.clone(), "localhost", &update());
    assert_eq!(next().status(), 503);
    assert!(next().end.unwrap_err().to_string().contains("expired"));
    assert_eq!(next().body(), OK);
    assert!(next().body().starts_with('\u{feff}'));
}
