//! The help: all methods, and the parameters of each. None of it needs a
//! configuration or a service.

use wansync_core::service::answer::Service;
use wansync_core::service::method::{Effect, Occurrence};

use crate::rows::all;
use wansync_test_support::{Ran, Router, program, ran};

const SERVICES: [(Service, usize); 2] = [(Service::Skydns, 29), (Service::Vpnki, 6)];

/// The program on its own.
fn run(words: &[&str]) -> Ran {
    let output = program().arg("-c").arg("/nowhere").args(words).output();
    ran(output.expect("the program runs"))
}

#[test]
fn a_list_has_a_line_for_each_method() {
    for (service, count) in SERVICES {
        let list = run(&[service.word(), "--list"]).expect(0);
        assert_eq!(list.stderr, "");
        let names: Vec<&str> = list.stdout.lines().map(first_word).collect();
        let methods: Vec<&str> = service.methods().iter().map(|m| m.name).collect();
        assert_eq!(names, methods);
        assert_eq!(names.len(), count);
        for (line, method) in list.stdout.lines().zip(service.methods()) {
            assert!(line.ends_with(method.summary), "{line}");
            for parameter in method.parameters.iter().filter(|p| p.is_required()) {
                assert!(line.contains(parameter.name), "{line}");
            }
        }
    }
}

fn first_word(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

#[test]
fn the_help_of_a_method_names_each_parameter_and_what_it_does() {
    for method in all() {
        let service = Service::of(method).word();
        let help = run(&[service, method.name, "--help"]).expect(0);
        assert_eq!(help.stderr, "", "{}", method.name);
        let usage = help.stdout.lines().next().unwrap_or_default();
        assert!(usage.starts_with(&format!("wansync {service} {}", method.name)));
        for parameter in method.parameters {
            let in_usage = match parameter.count {
                Occurrence::Optional | Occurrence::Default(_) => format!(" [{}=", parameter.name),
                Occurrence::One | Occurrence::Many => format!(" {}=", parameter.name),
            };
            assert!(usage.contains(&in_usage), "{usage}");
            let described = help.stdout.lines().any(|line| {
                line.strip_prefix("  ")
                    .is_some_and(|line| first_word(line) == parameter.name)
            });
            assert!(described, "{} of {}", parameter.name, help.stdout);
        }
        let asks = matches!(method.effect, Effect::Destroys(_)) || method.name == "update_ip";
        assert_eq!(help.stdout.contains("needs --yes"), asks, "{}", method.name);
        for option in [
            "--section NAME",
            "--key-file FILE",
            "--base-url URL",
            "--format text|json|csv",
            "--raw",
        ] {
            assert!(help.stdout.contains(option), "{option}: {}", help.stdout);
        }
        let makes = ["add_vpn", "add_tunnel"].contains(&method.name);
        let (yes, file) = ("  --yes\n", "  --output FILE\n");
        assert_eq!(help.stdout.contains(yes), asks || makes, "{}", help.stdout);
        assert_eq!(help.stdout.contains(file), makes, "{}", help.stdout);
        let has_moments = method.name.starts_with("stat_");
        let zone = "In which time zone VPNKI reads a moment is not documented";
        assert_eq!(help.stdout.contains(zone), has_moments, "{}", help.stdout);
        let example = format!("\n  wansync {service} {}", method.name);
        assert!(help.stdout.contains(&example), "{}", help.stdout);
    }
}

#[test]
fn the_usage_says_how_a_value_begins_with_an_at_sign() {
    for service in ["skydns", "vpnki"] {
        let help = run(&[service, "--help"]).expect(0);
        assert!(
            help.stdout.contains("NAME=@@TEXT is @TEXT"),
            "{}",
            help.stdout
        );
    }
}

#[test]
fn help_is_given_wherever_it_is_asked_for() {
    let expected = run(&["skydns", "add_ip", "--help"]).expect(0).stdout;
    for words in [
        &["skydns", "--help", "add_ip"][..],
        &[
            "skydns",
            "--format",
            "json",
            "add_ip",
            "ident=user1",
            "--help",
        ],
        &["skydns", "add_ip", "help"],
    ] {
        assert_eq!(run(words).stdout, expected, "{words:?}");
    }
    for service in ["skydns", "vpnki"] {
        let help = run(&[service, "--help"]).expect(0).stdout;
        for option in [
            "--list",
            "--section",
            "--key-file",
            "--base-url",
            "--format",
            "--raw",
            "--yes",
            "--output",
        ] {
            assert!(help.contains(option), "no {option} in {help}");
        }
    }
}

#[test]
fn help_sends_nothing_though_the_words_would_do() {
    let router = Router::with_address("8.8.4.4");
    router
        .run(&["skydns", "unsubscribe", "ident=user1", "--yes", "--help"])
        .expect(0)
        .says("wansync skydns unsubscribe ident=TEXT");
    assert!(router.sim.requests().is_empty());
}
