//! TLS with the servers that are there: the program before OpenSSL's `s_server` and
//! before nginx, with certificates that OpenSSL made.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

mod certificates;
mod chains;
mod hostile;
mod matrix;
mod nginx;
mod server;
mod trust;

use std::iter;
use std::path::Path;

use certificates::{Certificates, Certified};
use server::Server;
use wansync_sim::KEY;
use wansync_test_support::{Ran, Router};

/// What SkyDNS answers to an update.
const ANSWER: &str = r#"{"response":{"status":"ok"}}"#;
const CONFIRMED: &str = "confirmed: 8.8.4.4";

/// A server, the name of the section that is sent to it, and the words of its outcome.
struct Case<'a> {
    name: &'a str,
    leaf: Certified,
    /// What it sends after its own certificate.
    others: Vec<&'a Certified>,
    /// Of `s_server`.
    options: &'a str,
    words: &'a str,
}

/// One pass over a section for each server.
#[track_caller]
fn pass(certificates: &Certificates, ca_file: &Path, cases: &[Case<'_>]) -> Ran {
    let serve =
        |case: &Case<'_>| Server::start(certificates, &case.leaf, &case.others, case.options);
    let servers: Vec<Server> = cases.iter().map(serve).collect();
    let ports: Vec<u16> = servers.iter().map(|server| server.port).collect();
    let router = Router::new();
    let sections: Vec<_> = cases.iter().map(|case| case.name).zip(ports).collect();
    configure(&router, ca_file, &sections);
    let ran = router.once();
    for case in cases {
        says(&ran, case.name, case.words);
    }
    ran
}

/// A section for each port of this machine.
fn configure(router: &Router, ca_file: &Path, sections: &[(&str, u16)]) {
    let main = format!(
        "config wansync 'main'\noption ca_file '{}'\n",
        ca_file.display()
    );
    let sections = sections.iter().map(|(name, port)| {
        format!(
            "config skydns '{name}'\noption base_url 'https://127.0.0.1:{port}/'\n\
             option ident 'user1'\noption key '{KEY}'\noption source 'static'\n\
             option address '8.8.4.4'\n"
        )
    });
    let text: String = iter::once(main).chain(sections).collect();
    router.configure_raw(text.as_bytes());
}

/// The section's line has these words.
#[track_caller]
fn says(ran: &Ran, section: &str, words: &str) {
    let (mark, said) = (format!("{section}: "), ran.said());
    let line = said.lines().find(|line| line.contains(&mark));
    let line = line.unwrap_or_else(|| panic!("nothing of {section}:\n{said}"));
    assert!(line.contains(words), "{section}: no '{words}' in\n{line}");
}
