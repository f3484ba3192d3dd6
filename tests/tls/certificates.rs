//! Certificates, made by OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The address that every server here has.
pub const FOR_SERVER: &str = "subjectAltName=IP:127.0.0.1";
const FOR_CA: &str = "basicConstraints=critical,CA:TRUE";
/// Nothing but what is asked for.
const CONFIG: &str = "[req]\ndistinguished_name = name\n[name]\n";

/// A folder with certificates.
pub struct Certificates {
    folder: tempfile::TempDir,
}

/// A certificate and its key.
#[derive(Clone)]
pub struct Certified {
    /// The certificate, PEM.
    pub file: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// What a certificate is to be.
pub struct Wish<'a> {
    /// The whole name, `/CN=…`.
    pub name: &'a str,
    /// `rsa-2048`, of which there are keys in `tests/data/tls`, or `P-256`, or `ed25519`.
    pub key: &'a str,
    /// Nobody, for one that signs itself.
    pub issuer: Option<&'a Certified>,
    pub extensions: &'a [&'a str],
    /// The hash that it is signed with, `-sha256`.
    pub hash: &'a str,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Wish {
            name: "/CN=a server",
            key: "P-256",
            issuer: None,
            extensions: &[FOR_SERVER],
            hash: "-sha256",
        }
    }
}

impl Certified {
    pub fn pem(&self) -> String {
        fs::read_to_string(&self.file).expect("a certificate")
    }
}

impl Certificates {
    pub fn new() -> Certificates {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("config"), CONFIG).expect("a file");
        Certificates { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A CA that signs itself, or that another one signs.
    pub fn authority(&self, name: &str, key: &str, issuer: Option<&Certified>) -> Certified {
        self.make(&Wish {
            name,
            key,
            issuer,
            extensions: &[FOR_CA],
            ..Wish::default()
        })
    }

    /// A server's certificate.
    pub fn leaf(&self, key: &str, issuer: &Certified) -> Certified {
        self.make(&Wish {
            key,
            issuer: Some(issuer),
            ..Wish::default()
        })
    }

    pub fn make(&self, wish: &Wish<'_>) -> Certified {
        let file = self.new_path("pem");
        let mut openssl = Command::new("openssl");
        openssl.args([
            "req", "-x509", "-utf8", "-days", "30", wish.hash, "-subj", wish.name,
        ]);
        openssl.arg("-config").arg(self.path("config"));
        openssl.arg("-out").arg(&file);
        let key = match wish.key.starts_with("rsa-") {
            true => {
                let key = format!("tests/data/tls/{}.key", wish.key);
                let key = Path::new(env!("CARGO_MANIFEST_DIR")).join(key);
                openssl.arg("-key").arg(&key);
                key
            }
            false => {
                let key = self.new_path("key");
                let curve = format!("ec_paramgen_curve:{}", wish.key);
                match wish.key {
                    "ed25519" => openssl.args(["-newkey", "ed25519"]),
                    _ => openssl.args(["-newkey", "ec", "-pkeyopt", &curve]),
                };
                openssl.arg("-noenc").arg("-keyout").arg(&key);
                key
            }
        };
        if let Some(issuer) = wish.issuer {
            openssl
                .arg("-CA")
                .arg(&issuer.file)
                .arg("-CAkey")
                .arg(&issuer.key);
        }
        for extension in wish.extensions {
            openssl.args(["-addext", extension]);
        }
        let made = openssl
            .stdin(Stdio::null())
            .output()
            .expect("openssl: run tests/setup");
        assert!(
            made.status.success(),
            "{}: {}",
            wish.name,
            String::from_utf8_lossy(&made.stderr)
        );
        Certified { file, key }
    }

    /// The certificate with these bytes in the place of those, wherever they stand.
    pub fn altered(&self, certified: &Certified, those: &[u8], these: &[u8]) -> Certified {
        let mut der = CertificateDer::from_pem_file(&certified.file)
            .expect("PEM")
            .to_vec();
        let found: Vec<usize> = (0..=der.len() - those.len())
            .filter(|&at| der[at..].starts_with(those))
            .collect();
        assert!(!found.is_empty(), "nothing to alter");
        for at in found {
            der[at..at + these.len()].copy_from_slice(these);
        }
        let file = self.new_path("der");
        fs::write(&file, der).expect("a file");
        let pem = self.new_path("pem");
        let mut openssl = Command::new("openssl");
        openssl.args(["x509", "-inform", "der", "-in"]).arg(&file);
        let converted = openssl.arg("-out").arg(&pem).status();
        assert!(converted.expect("openssl").success());
        Certified {
            file: pem,
            key: certified.key.clone(),
        }
    }

    /// A file with these certificates, one after the other.
    pub fn bundle(&self, certificates: &[&Certified]) -> PathBuf {
        let text: String = certificates.iter().map(|one| one.pem()).collect();
        let file = self.new_path("pem");
        fs::write(&file, text).expect("a file");
        file
    }

    fn new_path(&self, ending: &str) -> PathBuf {
        let number = fs::read_dir(self.folder.path()).expect("a folder").count();
        self.path(&format!("{number}.{ending}"))
    }
}
