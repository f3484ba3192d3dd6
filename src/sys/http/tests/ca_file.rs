//! CA files as they are found on routers.

use std::fs;
use std::path::Path;

use crate::sys::http::{CaFile, HttpClient, check_ca_file};
use wansync_core::failure::TlsFailure;

use super::authority::{Authority, Identity, TempFile, expired, not_yet_valid};
use super::server::{Server, ok};
use super::{get, tls_failure};

fn serving(identity: Identity) -> Server {
    Server::tls(identity.server(), |peer| {
        peer.answer_all(ok("{}").as_bytes())
    })
}

#[test]
fn unusable() {
    let server = serving(Authority::new("CA").identity());
    let check = |path: &Path, words: &str| {
        let client = HttpClient::new(path, true);
        let cause = tls_failure(&client, &get(&server.https()));
        assert!(
            matches!(&cause, TlsFailure::CaFile { cause, .. } if cause.to_string().contains(words)),
            "{cause:?}"
        );
        assert_eq!(check_ca_file(path), Err(cause));
    };
    check(Path::new("/nonexistent/ca.crt"), "No such file");
    check(&std::env::temp_dir(), "it is a directory");
    check(Path::new("/dev/null"), "it is not a file");
    for content in [
        "",
        "\n\n",
        "no certificate here",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB",
    ] {
        check(TempFile::new(content).path(), "holds no certificate");
    }
    check(
        TempFile::new(vec![b'x'; 4_000_000]).path(),
        "holds no certificate",
    );
    check(
        TempFile::new((0..=255).cycle().take(99_999).collect::<Vec<u8>>()).path(),
        "holds no",
    );
    let huge = TempFile::new("");
    let file = fs::OpenOptions::new()
        .write(true)
        .open(huge.path())
        .unwrap();
    file.set_len(100 << 20).unwrap();
    check(huge.path(), "larger than 4 MiB");
    let ca = Authority::new("CA");
    check(
        TempFile::new(ca.der()).path(),
        "it is not PEM but DER, which 'openssl x509 -inform der' converts",
    );
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    check(
        TempFile::new(key).path(),
        "it holds a private key, and no certificate",
    );
}

/// Those that are no use any more are counted, and so is what others should not read.
#[test]
fn what_a_file_holds() {
    let (good, key) = (Authority::new("CA"), rcgen::KeyPair::generate().unwrap());
    let old = good.intermediate("old", expired).pem();
    let early = good.intermediate("early", not_yet_valid).pem();
    let (good, key) = (good.pem(), key.serialize_pem());
    for (content, count, out_of_date, has_key) in [
        (good.clone(), 1, 0, false),
        (format!("{old}{good}{early}"), 3, 2, false),
        (old.clone(), 1, 1, false),
        (format!("{key}{good}"), 1, 0, true),
        (
            format!("{good}{}", key.replace("PRIVATE", "EC PRIVATE")),
            1,
            0,
            true,
        ),
    ] {
        let found = CaFile {
            count,
            out_of_date,
            has_key,
        };
        assert_eq!(check_ca_file(TempFile::new(content).path()), Ok(found));
    }
}

fn count_of(path: &Path) -> usize {
    check_ca_file(path).unwrap().count
}

#[test]
fn oddities() {
    let ca = Authority::new("CA");
    let server = serving(ca.identity());
    let pem = ca.pem().replace('\r', "");
    let other = Authority::new("other").pem().replace('\r', "");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let without_end = other
        .lines()
        .filter(|line| !line.contains("END"))
        .collect::<Vec<_>>();
    for (what, content, count) in [
        ("LF", pem.clone(), 1),
        ("CRLF", pem.replace('\n', "\r\n"), 1),
        ("no newline at the end", pem.trim_end().to_owned(), 1),
        ("blanks", pem.replace('\n', " \t\n\n"), 1),
        ("byte order mark", format!("\u{feff}{pem}"), 1),
        (
            "one line",
            format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----"),
            1,
        ),
        (
            "comments",
            format!("# a bundle\nCN=CA\n{other}\n== CA ==\n{pem}"),
            2,
        ),
        (
            "no newline between",
            format!("{}{pem}", other.trim_end()),
            2,
        ),
        (
            "no newline after a damaged one",
            format!("{}{pem}", other.trim_end().replacen('\n', "\nMII\n:\n", 1)),
            1,
        ),
        (
            "commented out",
            format!("{}\n{pem}", other.trim_end().replace('\n', "\n# ")),
            1,
        ),
        ("twice", format!("{pem}{pem}"), 2),
        (
            "trusted form",
            format!("{}{pem}", other.replace(" CERT", " TRUSTED CERT")),
            1,
        ),
        (
            "key",
            format!("{}{pem}", other.replace("CERTIFICATE", "PRIVATE KEY")),
            1,
        ),
        ("damaged", format!("{}{pem}", other.replace('M', "!")), 1),
        ("cut", format!("{}\n{pem}", &other[..other.len() / 2]), 1),
        ("no end", format!("{}\n{pem}", without_end.join("\n")), 1),
        (
            "rubbish inside",
            format!("{}{pem}", other.replacen('\n', "\nx: y\n", 1)),
            1,
        ),
        ("long line", format!("{}\n{pem}", "x".repeat(2_000_000)), 1),
    ] {
        let file = TempFile::new(content);
        assert_eq!(count_of(file.path()), count, "{what}");
        let client = HttpClient::new(file.path(), true);
        assert!(client.get(&get(&server.https())).is_ok(), "{what}");
    }
}

#[test]
fn a_bundle_of_many() {
    let authorities: Vec<_> = (0..142)
        .map(|n| Authority::new(&format!("CA {n}")))
        .collect();
    let bundle: String = authorities.iter().map(Authority::pem).collect();
    let file = TempFile::new(bundle);
    assert_eq!(count_of(file.path()), 142);
    let client = HttpClient::new(file.path(), true);
    for authority in [&authorities[0], &authorities[71], &authorities[141]] {
        let server = serving(authority.identity());
        assert!(client.get(&get(&server.https())).is_ok());
    }
}

/// A cross-signed root stands in the file under one issuer, in the chain under
/// another. Any of the ways through is taken.
#[test]
fn two_authorities_of_one_name() {
    let (first, second) = (Authority::new("CA"), Authority::new("CA"));
    let file = TempFile::new(format!("{}{}", first.pem(), second.pem()));
    let client = HttpClient::new(file.path(), true);
    for authority in [&first, &second] {
        assert!(
            client
                .get(&get(&serving(authority.identity()).https()))
                .is_ok()
        );
    }
}

/// The file is read at each handshake: what was put right counts at once.
#[test]
fn a_file_that_is_put_right() {
    let ca = Authority::new("CA");
    let server = serving(ca.identity());
    let file = TempFile::new("");
    let client = HttpClient::new(file.path(), true);
    let cause = tls_failure(&client, &get(&server.https()));
    assert!(matches!(cause, TlsFailure::CaFile { .. }));
    fs::write(file.path(), ca.pem()).unwrap();
    assert!(client.get(&get(&server.https())).is_ok());
}
