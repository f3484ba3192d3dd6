//! The shipped configuration in a folder of its own, run by Debian's nginx
//! between a router and the simulator.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustix::process::{Pid, Signal, kill_process};
use wansync_sim::{KEY, Sim};
use wansync_test_support::waiting::wait_for;

/// The token of `user1`, as in the example of `relay-tokens.map`.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

/// A relay that runs until it is dropped.
pub struct Relay {
    nginx: Child,
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    address: SocketAddr,
}

/// The changes of a test to the usual relay.
#[derive(Default)]
pub struct Site<'a> {
    /// More lines of `relay-tokens.map`.
    pub tokens: &'a str,
    /// Texts of `relay-site.conf` and what to put in their place.
    pub edits: &'a [(&'a str, &'a str)],
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
        // Another process may take the port before nginx does.
        for _ in 0..10 {
            let address = free_address();
            listen_at(folder.path(), address);
            if let Some(nginx) = start(folder.path(), address) {
                return Relay {
                    nginx,
                    folder,
                    authority,
                    address,
                };
            }
        }
        panic!("nginx does not start: {}", said(folder.path()));
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

    /// Every file that nginx wrote, its own words included, in one text.
    pub fn written(&self) -> String {
        let texts = ["relay.log", "error.log", "said"]
            .map(|name| fs::read(self.folder.path().join(name)).expect(name));
        String::from_utf8_lossy(&texts.concat()).into_owned()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The master takes its workers with it; killed, it would leave them.
        let pid = Pid::from_child(&self.nginx);
        let _ = kill_process(pid, Signal::TERM);
        let _ = self.nginx.wait();
    }
}

/// Writes the shipped configuration, filled in as its comments say.
fn install(folder: &Path, sim: &Sim, site: &Site) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/relay");
    let read = |name: &str| fs::read_to_string(shipped.join(name)).expect(name);
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect(name);
    // An nginx of Debian would spool to /var/lib/nginx.
    let spool = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path spool/{what};"))
        .concat();
    fs::create_dir(folder.join("spool")).expect("a folder");
    let here = folder.to_str().expect("UTF-8");
    let main = edited(
        &read("nginx.conf"),
        &[
            ("http {", &format!("http {{{spool}")),
            ("/var/log/nginx/", &format!("{here}/")),
        ],
    );
    write("nginx.conf", &main);
    write("relay.conf", &read("relay.conf"));
    write(
        "relay-key.conf",
        &edited(&read("relay-key.conf"), &[("PROVIDER_KEY", KEY)]),
    );
    let tokens = edited(&read("relay-tokens.map"), &[(&format!("#{TOKEN}"), TOKEN)]);
    write("relay-tokens.map", &format!("{tokens}{}", site.tokens));
    let edits = [
        ("listen [::]:443 ssl;\n", ""),
        ("/etc/ssl/relay/", &format!("{here}/")),
        ("/var/log/nginx/", &format!("{here}/")),
        ("www.skydns.ru:443", &sim.https_addr().to_string()),
        (
            "/etc/ssl/certs/ca-certificates.crt",
            sim.ca_file().to_str().expect("UTF-8"),
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
        &[("listen 443 ssl;", &format!("listen {address} ssl;"))],
    );
    fs::write(folder.join("relay-site.conf"), site).expect("the site");
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// Debian's nginx, or that of `tests/setup`.
fn program() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-nginx/usr/sbin/nginx");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).map(|folder| folder.join("nginx"));
    let mut all = installed.chain(["/usr/sbin/nginx".into(), own]);
    all.find(|path| path.is_file())
        .expect("nginx: run tests/setup")
}

/// `None` if it ends instead of listening.
fn start(folder: &Path, address: SocketAddr) -> Option<Child> {
    let said = File::create(folder.join("said")).expect("a file");
    let mut nginx = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "--"])
        .arg(program())
        .arg("-p")
        .arg(folder)
        .arg("-e")
        .arg(folder.join("error.log"))
        .args(["-c", "nginx.conf", "-g", "daemon off; pid nginx.pid;"])
        .stdin(Stdio::null())
        .stdout(said.try_clone().expect("a file"))
        .stderr(said)
        .spawn()
        .expect("setpriv is there");
    let ended = wait_for(|| {
        if nginx.try_wait().expect("a child").is_some() {
            return Some(true);
        }
        // What answers may be the one who took the port: nginx ends then.
        let answers = folder.join("nginx.pid").exists() && TcpStream::connect(address).is_ok();
        answers.then_some(false)
    });
    match ended.expect("nginx listens, or ends") {
        true => None,
        false => Some(nginx),
    }
}

fn said(folder: &Path) -> String {
    fs::read_to_string(folder.join("said")).unwrap_or_default()
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
    let (params, key) = leaf(&["127.0.0.1"], "relay", None);
    let certificate = params.signed_by(&key, authority).expect("signed");
    write("ca.pem", &authority.pem());
    write("routers-ca.pem", &authority.pem());
    write("fullchain.pem", &certificate.pem());
    write("privkey.pem", &key.serialize_pem());
}
