//! The shipped configuration in a folder of its own, run by Debian's nginx
//! between a router and the simulator.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use wansync_sim::{KEY, Sim};
use wansync_test_support::nginx::{Nginx, SPOOL, js_module};

/// The token of `user1`, as in the example of `relay-tokens.map`.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

/// A relay that runs until it is dropped.
pub struct Relay {
    nginx: Nginx,
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    address: SocketAddr,
}

/// The changes of a test to the usual relay.
pub struct Site<'a> {
    /// More lines of `relay-tokens.map`.
    pub tokens: &'a str,
    /// Texts of `relay-site.conf` and what to put in their place.
    pub edits: &'a [(&'a str, &'a str)],
    /// The text in `relay-key.conf`.
    pub key: &'a str,
    /// The inside of a `location` of nginx's that stands in for SkyDNS.
    pub skydns: Option<&'a str>,
}

impl Default for Site<'_> {
    fn default() -> Self {
        Site {
            tokens: "",
            edits: &[],
            key: KEY,
            skydns: None,
        }
    }
}

impl Relay {
    pub fn before(sim: &Sim) -> Relay {
        Relay::with(sim, &Site::default())
    }

    pub fn with(sim: &Sim, site: &Site) -> Relay {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = authority("a relay's CA");
        install(folder.path(), sim, site);
        certificates(folder.path(), &authority);
        let (nginx, addresses) = Nginx::start(folder.path(), 2, |addresses| {
            listen_at(folder.path(), addresses[0]);
            stand_in_at(folder.path(), addresses[1], site.skydns);
        });
        Relay {
            nginx,
            folder,
            authority,
            address: addresses[0],
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL that a router has as `base_url`.
    pub fn url(&self) -> String {
        format!("https://{}/provider_api/", self.address)
    }

    /// The CA that the relay's certificate is of, PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A router's certificate with this subject, and its key: DER.
    pub fn certificate(&self, name: &str, organization: Option<&str>) -> (Vec<u8>, Vec<u8>) {
        let (params, key) = leaf(&[], name, organization);
        let signed = params.signed_by(&key, &self.authority).expect("signed");
        (signed.der().to_vec(), key.serialize_der())
    }

    /// The access log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("relay.log")).expect("the log")
    }

    /// Replaces `relay-tokens.map`, as its owner does.
    pub fn set_tokens(&self, tokens: &str) {
        fs::write(self.path("relay-tokens.map"), tokens).expect("the tokens");
        self.nginx.reload();
    }

    /// A file in the relay's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Every file that nginx wrote, its own words included, in one text.
    pub fn written(&self) -> String {
        let texts = ["relay.log", "error.log", "said"]
            .map(|name| fs::read(self.folder.path().join(name)).expect(name));
        String::from_utf8_lossy(&texts.concat()).into_owned()
    }
}

/// Writes the shipped configuration, filled in as its comments say.
fn install(folder: &Path, sim: &Sim, site: &Site) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/relay");
    let read = |name: &str| fs::read_to_string(shipped.join(name)).expect(name);
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect(name);
    let here = folder.to_str().expect("UTF-8");
    let main = edited(
        &read("nginx.conf"),
        &[
            ("worker_processes auto;", "worker_processes 1;"),
            ("http {", &format!("http {{{SPOOL} include stand-in.conf;")),
            ("/var/log/nginx/", &format!("{here}/")),
            (
                "include /etc/nginx/modules-enabled/*.conf;",
                &format!("load_module {};", js_module().display()),
            ),
        ],
    );
    write("nginx.conf", &main);
    for name in ["relay.conf", "relay-server.conf", "relay.js"] {
        write(name, &read(name));
    }
    write(
        "relay-key.conf",
        &edited(&read("relay-key.conf"), &[("PROVIDER_KEY", site.key)]),
    );
    let tokens = edited(&read("relay-tokens.map"), &[(&format!("#{TOKEN}"), TOKEN)]);
    write("relay-tokens.map", &format!("{tokens}{}", site.tokens));
    let (skydns, ca_file) = match site.skydns {
        None => (sim.https_addr().to_string(), sim.ca_file().to_owned()),
        Some(_) => ("stand-in".to_owned(), folder.join("ca.pem")),
    };
    let edits = [
        ("    listen [::]:443 ssl;\n", ""),
        ("/etc/ssl/relay/", &format!("{here}/")),
        ("/var/log/nginx/", &format!("{here}/")),
        ("www.skydns.ru:443", &skydns),
        (
            "/etc/ssl/certs/ca-certificates.crt",
            ca_file.to_str().expect("UTF-8"),
        ),
    ];
    let text = edited(&read("relay-site.conf"), &edits);
    write("site", &edited(&text, site.edits));
}

/// The text with each of these replaced, which must all be in it.
#[track_caller]
fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "no '{old}' in:\n{text}");
        text.replace(old, new)
    })
}

fn listen_at(folder: &Path, address: SocketAddr) {
    let site = fs::read_to_string(folder.join("site")).expect("the site");
    let site = edited(
        &site,
        &[("listen 443 ssl", &format!("listen {address} ssl"))],
    );
    fs::write(folder.join("relay-site.conf"), site).expect("the site");
}

/// Writes the server that stands in for SkyDNS, if there is one.
fn stand_in_at(folder: &Path, address: SocketAddr, inside: Option<&str>) {
    let server = inside.map(|inside| {
        format!(
            "server {{ listen {address} ssl; access_log off; ssl_certificate fullchain.pem;\n\
             ssl_certificate_key privkey.pem; root {}; location / {{ {inside} }} }}\n",
            folder.display()
        )
    });
    let file = folder.join("stand-in.conf");
    fs::write(file, server.unwrap_or_default()).expect("the stand-in");
    let site = folder.join("relay-site.conf");
    let text = fs::read_to_string(&site).expect("the site");
    fs::write(site, text.replace("stand-in", &address.to_string())).expect("the site");
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let (mut params, key) = leaf(&[], name, None);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, key).expect("a CA")
}

fn leaf(names: &[&str], name: &str, organization: Option<&str>) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(organization) = organization {
        params
            .distinguished_name
            .push(DnType::OrganizationName, organization);
    }
    params.distinguished_name.push(DnType::CommonName, name);
    (params, KeyPair::generate().expect("a key"))
}

fn certificates(folder: &Path, authority: &CertifiedIssuer<'static, KeyPair>) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect(name);
    let (params, key) = leaf(&["127.0.0.1", "www.skydns.ru"], "relay", None);
    let certificate = params.signed_by(&key, authority).expect("signed");
    write("ca.pem", &authority.pem());
    write("routers-ca.pem", &authority.pem());
    write("fullchain.pem", &certificate.pem());
    write("privkey.pem", &key.serialize_pem());
}
