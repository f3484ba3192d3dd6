//! nginx as a provider would set it up: one process, a server for each line.

use std::fs;

use wansync_test_support::Router;
use wansync_test_support::nginx::{Nginx, SPOOL};

use crate::certificates::Certificates;
use crate::{ANSWER, CONFIRMED, configure, says};

const NOTHING_IN_COMMON: &str = "(alert 40, handshake_failure): it has no version, cipher, \
    curve or kind of certificate in common with wansync";

/// What a section is called, lines of nginx, and the words of the outcome.
const SERVERS: [(&str, &str, &str); 12] = [
    ("as_it_comes", "", CONFIRMED),
    ("secp384r1", "ssl_ecdh_curve secp384r1;", CONFIRMED),
    ("x25519", "ssl_ecdh_curve X25519;", CONFIRMED),
    ("p256", "ssl_ecdh_curve prime256v1;", CONFIRMED),
    (
        "secp384r1_12",
        "ssl_protocols TLSv1.2; ssl_ecdh_curve secp384r1;",
        CONFIRMED,
    ),
    (
        "chacha_12",
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-CHACHA20-POLY1305;",
        CONFIRMED,
    ),
    (
        "chacha_13",
        "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;",
        CONFIRMED,
    ),
    (
        "aes256_13",
        "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;",
        CONFIRMED,
    ),
    ("p521", "ssl_ecdh_curve secp521r1;", NOTHING_IN_COMMON),
    (
        "old",
        "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;",
        "(alert 70, protocol_version): it speaks neither TLS 1.2 nor 1.3",
    ),
    (
        "cbc",
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-SHA;",
        NOTHING_IN_COMMON,
    ),
    (
        "no_intermediate",
        "ssl_certificate leaf.pem; ssl_certificate_key leaf.key;",
        "its issuer 'an intermediate' is not in the file, and the server sends no certificate \
         of it: an intermediate certificate is missing",
    ),
];

#[test]
fn nginx_with_other_curves_ciphers_versions_and_chains() {
    let certificates = Certificates::new();
    let root = certificates.authority("/CN=root", "rsa-4096", None);
    let issuer = certificates.authority("/CN=an intermediate", "P-384", Some(&root));
    let leaf = certificates.leaf("rsa-2048", &issuer);
    let folder = certificates.path("nginx");
    fs::create_dir(&folder).expect("a folder");
    let chain = certificates.bundle(&[&leaf, &issuer]);
    for (from, to) in [
        (&chain, "chain.pem"),
        (&leaf.file, "leaf.pem"),
        (&leaf.key, "leaf.key"),
    ] {
        fs::copy(from, folder.join(to)).expect("a file");
    }
    let (_nginx, addresses) = Nginx::start(&folder, SERVERS.len(), |addresses| {
        let servers = SERVERS.iter().zip(addresses);
        let servers: String = servers.map(|((_, lines, _), address)| {
            let own = match lines.contains("ssl_certificate ") {
                true => "",
                false => "ssl_certificate chain.pem; ssl_certificate_key leaf.key;",
            };
            format!(
                "server {{ listen {address} ssl; {own} {lines} location / {{ return 200 '{ANSWER}'; }} }}\n"
            )
        })
        .collect();
        let text = format!("events {{}}\nhttp {{ {SPOOL} access_log off;\n{servers} }}\n");
        fs::write(folder.join("nginx.conf"), text).expect("a file");
    });
    let names = SERVERS.iter().map(|(name, ..)| *name);
    let sections: Vec<_> = names
        .zip(addresses.iter().map(|address| address.port()))
        .collect();
    let router = Router::new();
    configure(&router, &root.file, &sections);
    let ran = router.once().expect(69);
    for (name, _, words) in SERVERS {
        says(&ran, name, words);
    }
}
