//! OpenSSL's `s_server` as SkyDNS.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use wansync_sim::KEY;

use crate::ANSWER;
use crate::certificates::{Certificates, Certified};

/// A server that runs until it is dropped.
pub struct Server {
    openssl: Child,
    pub port: u16,
    /// It ends when nobody can read what it writes.
    _said: BufReader<ChildStdout>,
}

impl Server {
    /// A server with this certificate, which sends these others after it, and with these
    /// options of `s_server`, separated by blanks.
    pub fn start(
        certificates: &Certificates,
        leaf: &Certified,
        others: &[&Certified],
        options: &str,
    ) -> Server {
        let mut openssl = Command::new("setpriv");
        openssl.args(["--pdeathsig", "KILL", "--", "openssl", "s_server"]);
        openssl.args(["-accept", "127.0.0.1:0", "-HTTP"]);
        openssl
            .arg("-cert")
            .arg(&leaf.file)
            .arg("-key")
            .arg(&leaf.key);
        if !others.is_empty() {
            openssl.arg("-cert_chain").arg(certificates.bundle(others));
        }
        let mut openssl = openssl
            .args(options.split_whitespace())
            .current_dir(answers(certificates))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("setpriv is there");
        let mut said = BufReader::new(openssl.stdout.take().expect("it is piped"));
        let port = port(&mut said).unwrap_or_else(|| panic!("s_server {options} does not listen"));
        Server {
            openssl,
            port,
            _said: said,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.openssl.kill();
        let _ = self.openssl.wait();
    }
}

/// `ACCEPT 127.0.0.1:43121` among the first lines.
fn port(said: &mut impl BufRead) -> Option<u16> {
    said.lines().map_while(Result::ok).find_map(|line| {
        let address = line.strip_prefix("ACCEPT ")?;
        address.rsplit(':').next()?.parse().ok()
    })
}

/// The folder of whole answers, by what is asked for.
fn answers(certificates: &Certificates) -> PathBuf {
    let folder = certificates.path("answers");
    let length = ANSWER.len();
    let answer = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{ANSWER}");
    let asked = format!("update_ip?key={KEY}&ident=user1&ip=8.8.4.4");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(asked), answer).expect("a file");
    folder
}
