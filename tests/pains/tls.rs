//! Pain 12: TLS that is not set up.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};

use crate::{AFTER_BACKOFF, fault, later, ten_passes_wait};
use wansync_test_support::{Ran, Router};

const STATIC: &str = "option source static\noption address 8.8.4.4";

/// A router that trusts this file.
fn trusting(content: Option<&[u8]>) -> Router {
    let router = Router::with_address("8.8.4.4");
    let file = router.path("ca.crt");
    if let Some(content) = content {
        fs::write(&file, content).expect("a CA file");
    }
    let main = format!("config wansync main\noption ca_file '{}'\n", file.display());
    router.configure_raw(format!("{main}{}", router.home(STATIC)).as_bytes());
    router
}

fn ca_of(router: &Router) -> String {
    fs::read_to_string(router.sim.ca_file()).expect("the simulator's CA")
}

#[track_caller]
fn sends_nothing(router: &Router, words: &str) -> Ran {
    let ran = router
        .once()
        .expect(69)
        .says("home: unconfirmed: TLS with 127.0.0.1 failed: ")
        .says(words);
    assert_eq!(router.sim.requests().len(), 0, "{words}");
    let status = router.home_status();
    assert_eq!(status["sends_left_today"], 24, "{words}");
    assert!(status["confirmed"].is_null(), "{words}");
    ran
}

/// "TLS error" was all that was said of a missing CA bundle.
#[test]
fn pain_12_a_ca_file_that_cannot_be_used() {
    for (content, words) in [
        (None, "cannot be used: No such file"),
        (Some(&b""[..]), "cannot be used: it holds no certificate"),
        (
            Some(&b"<html>not found</html>\n"[..]),
            "cannot be used: it holds no certificate",
        ),
    ] {
        let router = trusting(content);
        sends_nothing(&router, words).says(&router.path("ca.crt").display().to_string());
        fs::write(router.path("ca.crt"), ca_of(&router)).expect("a CA file");
        later(&router, AFTER_BACKOFF)
            .expect(0)
            .says("home: confirmed");
    }
}

/// An expired certificate was retried 5,842 times, under the same words as any
/// other trouble.
#[test]
fn pain_12_each_wrong_certificate_has_its_own_words() {
    for (text, words) in [
        ("tls-wrong-ca", "its certificate is not trusted by"),
        ("tls-wrong-ca", "its issuer 'wansync-sim CA "),
        ("tls-expired", "its certificate has expired on 2"),
        ("tls-expired", ", or this clock, which says 2"),
        (
            "tls-not-yet-valid",
            "its certificate is not valid yet: is the router's clock right?",
        ),
        (
            "tls-wrong-name",
            "its certificate is for another name: wrong.example",
        ),
        (
            "tls-no-name",
            "its certificate names no host in subjectAltName, only a common name: wansync-sim",
        ),
        ("tls-self-signed", "its certificate is not trusted by"),
        ("tls-self-signed", ": it is self-signed, as 'wansync-sim'"),
        ("tls-close", "it closed the connection"),
        ("tls-plain", "what came is not TLS"),
    ] {
        let router = Router::with_address("8.8.4.4");
        fault(&router, text);
        sends_nothing(&router, words);
        if !ten_passes_wait(&router, || router.once()) {
            continue;
        }
        router.sim.clear();
        later(&router, AFTER_BACKOFF)
            .expect(0)
            .says("home: confirmed");
    }
}

/// From now on this router's SkyDNS does this with its one connection.
fn serve(router: &Router, behaviour: impl FnOnce(TcpStream) + Send + 'static) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let config = fs::read_to_string(router.config()).expect("a configuration");
    let url = format!("https://127.0.0.1:{port}");
    router.configure_raw(config.replace(&router.sim.https_url(), &url).as_bytes());
    thread::spawn(move || behaviour(listener.accept().expect("a connection").0));
}

/// A router whose SkyDNS answers the client's hello with these bytes.
fn answered_by(bytes: &'static [u8]) -> Router {
    let router = Router::with_address("8.8.4.4");
    serve(&router, move |mut stream| {
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).expect("the head of a hello");
        let length = u16::from_be_bytes([hello[3], hello[4]]);
        let mut rest = vec![0; usize::from(length)];
        stream.read_exact(&mut rest).expect("a hello");
        // A client that has heard enough is gone.
        let _ = stream.write_all(bytes);
        let _ = stream.read_to_end(&mut rest);
    });
    router
}

/// A fault of TLS has a name that can be searched for.
#[test]
fn pain_12_each_refusal_of_tls_has_its_own_words() {
    for (bytes, words) in [
        (
            &b"\x15\x03\x03\x00\x02\x02\x28"[..],
            "it refused to go on (alert 40, handshake_failure)",
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x46",
            "it refused to go on (alert 70, protocol_version): it speaks neither TLS 1.2 nor 1.3",
        ),
        // The hello of a server that speaks TLS 1.1 at most.
        (
            b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
              01234567890123456789012345678901\x00\x00\x2f\x00",
            "it offers neither TLS 1.2 nor 1.3",
        ),
        (
            b"\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03",
            "it sent a TLS message that is damaged (Random)",
        ),
        (
            b"\x17\x03\x03\x00\x01\x00",
            "it sent a TLS message out of turn",
        ),
        (b"SSH-2.0-example\r\n", "what came is not TLS"),
    ] {
        answered_by(bytes)
            .once()
            .expect(69)
            .says("home: unconfirmed: TLS with 127.0.0.1 failed: ")
            .says(words);
    }
}

#[test]
fn pain_12_a_certificate_that_is_not_for_servers() {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.self_signed(&key).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate");
    let router = trusting(Some(certificate.pem().as_bytes()));
    serve(&router, move |mut stream| {
        let mut tls = ServerConnection::new(Arc::new(config)).expect("a connection");
        let _ = tls.complete_io(&mut stream);
    });
    router
        .once()
        .expect(69)
        .says("its certificate cannot be used (it is not for servers)");
}

/// One damaged or expired certificate in the bundle made all of it useless.
#[test]
fn pain_12_good_certificates_count_beside_bad_ones() {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(1999, 1, 1);
    params.not_after = date_time_ymd(2019, 1, 1);
    let expired = params.self_signed(&key).expect("a certificate").pem();
    let router = trusting(None);
    let good = ca_of(&router);
    let middle = good.len() / 2;
    let damaged = format!("{}\n?\u{0}?{}", &good[..middle], &good[middle..]);
    let cut = &good[..middle];
    for bundle in [
        format!("{expired}{good}"),
        format!("{damaged}{good}"),
        format!("{cut}\n{good}"),
        format!("{good}{cut}"),
        format!("# {cut}\n{damaged}\n{good}{expired}"),
    ] {
        let router = trusting(None);
        let bundle = bundle.replace(&good, &ca_of(&router));
        fs::write(router.path("ca.crt"), &bundle).expect("a CA file");
        let ran = router.once();
        assert_eq!(ran.code, Some(0), "{ran:?}\n{bundle}");
    }
    fs::write(router.path("ca.crt"), damaged).expect("a CA file");
    sends_nothing(&router, "it holds no certificate");
}
