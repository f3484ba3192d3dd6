//! Chains as servers send them, and as they should not.

use crate::certificates::{Certificates, Certified, Wish};
use crate::{CONFIRMED, Case, pass};

const MINISTRY: &str = "/C=RU/O=The Ministry of Digital Development and Communications";

/// A look-alike of the Russian national hierarchy.
struct Hierarchy {
    root: Certified,
    sub: Certified,
    leaf: Certified,
}

impl Hierarchy {
    fn new(certificates: &Certificates) -> Hierarchy {
        let name = |name: &str| format!("{MINISTRY}/CN={name}");
        let root = certificates.authority(&name("Russian Trusted Root CA"), "rsa-4096", None);
        let sub = name("Russian Trusted Sub CA");
        let sub = certificates.authority(&sub, "rsa-3072", Some(&root));
        Hierarchy {
            leaf: certificates.leaf("rsa-2048", &sub),
            root,
            sub,
        }
    }
}

fn case<'a>(name: &'a str, leaf: &Certified, others: &[&'a Certified], words: &'a str) -> Case<'a> {
    Case {
        name,
        leaf: leaf.clone(),
        others: others.to_vec(),
        options: "",
        words,
    }
}

const MISSING: &str = "its issuer 'Russian Trusted Sub CA (The Ministry of Digital Development \
    and Communications)' is not in the file, and the server sends no certificate of it: an \
    intermediate certificate is missing, or the file lacks this CA";
const NO_ROOT: &str = "its chain ends at 'Russian Trusted Root CA (The Ministry of Digital \
    Development and Communications)', which is not in the file, and the server sends no \
    certificate of it: the file lacks this CA, or an intermediate certificate is missing";
const UNKNOWN_ROOT: &str = "its chain ends at 'Russian Trusted Root CA (The Ministry of Digital \
    Development and Communications)', which is not in the file; next";

#[test]
fn the_russian_hierarchy_in_the_file() {
    let certificates = Certificates::new();
    let Hierarchy { root, sub, leaf } = Hierarchy::new(&certificates);
    let other = certificates.authority("/CN=another CA", "P-256", None);
    pass(
        &certificates,
        &certificates.bundle(&[&other, &root]),
        &[
            case("whole", &leaf, &[&sub], CONFIRMED),
            case("with_the_root", &leaf, &[&sub, &root], CONFIRMED),
            case("in_another_order", &leaf, &[&root, &sub], CONFIRMED),
            case("with_a_stranger", &leaf, &[&other, &sub], CONFIRMED),
            case("twice", &leaf, &[&sub, &sub, &sub], CONFIRMED),
            case("no_intermediate", &leaf, &[], MISSING),
            case("the_root_instead", &leaf, &[&root], MISSING),
        ],
    )
    .expect(69);
    // An intermediate in the file is an anchor, too.
    pass(
        &certificates,
        &sub.file,
        &[case("by_the_sub", &leaf, &[], CONFIRMED)],
    )
    .expect(0);
}

#[test]
fn the_russian_hierarchy_unknown() {
    let certificates = Certificates::new();
    let Hierarchy { root, sub, leaf } = Hierarchy::new(&certificates);
    let other = certificates.authority("/CN=another CA", "P-256", None);
    pass(
        &certificates,
        &other.file,
        &[
            case("whole", &leaf, &[&sub], NO_ROOT),
            case("with_the_root", &leaf, &[&sub, &root], UNKNOWN_ROOT),
            case("in_another_order", &leaf, &[&root, &sub], UNKNOWN_ROOT),
            case("no_intermediate", &leaf, &[], MISSING),
        ],
    )
    .expect(69);
}

/// An old root vouches for a new one: either in the file is enough.
#[test]
fn a_root_that_another_one_signs() {
    let certificates = Certificates::new();
    let old = certificates.authority("/CN=the old root", "rsa-2048", None);
    let new = certificates.authority("/CN=the new root", "rsa-4096", None);
    // The same key and name, with another issuer.
    let cross = certificates.authority("/CN=the new root", "rsa-4096", Some(&old));
    let sub = certificates.authority("/CN=an issuer", "P-256", Some(&new));
    let leaf = certificates.leaf("P-256", &sub);
    let chain = [&sub, &cross];
    for trusted in [&old, &new] {
        pass(
            &certificates,
            &trusted.file,
            &[case("home", &leaf, &chain, CONFIRMED)],
        )
        .expect(0);
    }
    let stranger = certificates.authority("/CN=the new root", "P-256", None);
    let words = "its issuer 'the new root' has another key in the file";
    pass(
        &certificates,
        &stranger.file,
        &[case("home", &leaf, &chain, words)],
    )
    .expect(69);
}

#[test]
fn long_chains_and_those_that_may_not_be() {
    let certificates = Certificates::new();
    let root = certificates.authority("/CN=root", "P-256", None);
    let mut subs = vec![root.clone()];
    for level in 1..=7 {
        let name = format!("/CN=level {level}");
        let issuer = subs.last().expect("the root");
        subs.push(certificates.authority(&name, "P-256", Some(issuer)));
    }
    let short = certificates.make(&Wish {
        name: "/CN=may sign servers only",
        issuer: Some(&root),
        extensions: &["basicConstraints=critical,CA:TRUE,pathlen:0"],
        ..Wish::default()
    });
    let below = certificates.authority("/CN=below", "P-256", Some(&short));
    let no_ca = certificates.leaf("P-256", &root);
    let elsewhere = certificates.make(&Wish {
        name: "/CN=for example.com only",
        issuer: Some(&root),
        extensions: &[
            "basicConstraints=critical,CA:TRUE",
            "nameConstraints=critical,permitted;DNS:example.com,permitted;IP:192.0.2.0/255.255.255.0",
        ],
        ..Wish::default()
    });
    let leaf = |issuer: &Certified| certificates.leaf("P-256", issuer);
    let levels: Vec<&Certified> = subs[1..].iter().collect();
    pass(
        &certificates,
        &root.file,
        &[
            case("six", &leaf(&subs[6]), &levels[..6], CONFIRMED),
            case("seven", &leaf(&subs[7]), &levels, "(its chain is too long)"),
            case(
                "below",
                &leaf(&below),
                &[&below, &short],
                "(there are more between it and its CA than that allows)",
            ),
            case(
                "no_ca",
                &leaf(&no_ca),
                &[&no_ca],
                "(it was signed by one that may not sign)",
            ),
            case(
                "elsewhere",
                &leaf(&elsewhere),
                &[&elsewhere],
                "(its CA may not sign for this name)",
            ),
        ],
    )
    .expect(69);
}
