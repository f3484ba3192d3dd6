//! The tables of methods agree with the services' documents, whose parameter
//! lists are kept as data: the same names, in the same order, required or not.

use wansync_core::service::method::{Method, Occurrence, Parameter};
use wansync_core::service::skydns_methods::METHODS;
use wansync_core::service::vpnki_resources::RESOURCES;

const SKYDNS: &str = include_str!("../../tests/data/methods/skydns.txt");
const VPNKI: &str = include_str!("../../tests/data/methods/vpnki.txt");

#[test]
fn the_methods_of_skydns_are_those_of_its_document() {
    assert_eq!(METHODS.len(), 29);
    assert_eq!(table(&METHODS), documented(SKYDNS));
}

#[test]
fn the_resources_of_vpnki_are_those_of_its_document() {
    assert_eq!(RESOURCES.len(), 6);
    assert_eq!(table(&RESOURCES), documented(VPNKI));
}

/// The lines of a document's list, without its comment.
fn documented(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// The same lines, from a table of the agent.
fn table(methods: &[Method]) -> Vec<String> {
    methods.iter().flat_map(lines).collect()
}

fn lines(method: &Method) -> Vec<String> {
    if method.parameters.is_empty() {
        return vec![method.name.to_owned()];
    }
    let line = |parameter: &Parameter| {
        let count = match parameter.count {
            Occurrence::One | Occurrence::Default(_) => "required",
            Occurrence::Optional => "optional",
            Occurrence::Many => "required repeated",
        };
        format!("{} {} {count}", method.name, parameter.name)
    };
    method.parameters.iter().map(line).collect()
}
