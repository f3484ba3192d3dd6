//! Pain 12: TLS that is not set up.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

use crate::support::{Ran, Router};
use crate::{AFTER_BACKOFF, fault, later};

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
        ("tls-expired", "its certificate has expired"),
        (
            "tls-not-yet-valid",
            "its certificate is not valid yet: is the router's clock right?",
        ),
        ("tls-wrong-name", "its certificate is for another name"),
        ("tls-self-signed", "its certificate is not trusted by"),
        ("tls-close", "it closed the connection"),
        ("tls-plain", "what came is not TLS"),
    ] {
        let router = Router::with_address("8.8.4.4");
        fault(&router, text);
        sends_nothing(&router, words);
        for _ in 0..10 {
            router.once().expect(75);
        }
        assert_eq!(router.sim.connections().len(), 1, "{text}");
        router.sim.clear();
        later(&router, AFTER_BACKOFF)
            .expect(0)
            .says("home: confirmed");
    }
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
